package dev.gatun.contract;

import java.util.List;

/// Cases of further operators of `dev.gatun.op.math`: arithmetic, comparison, logic, rounding.
final class ElementwiseCases {
  static final List<OpCase> ALL = List.of();

  private ElementwiseCases() {}
}
