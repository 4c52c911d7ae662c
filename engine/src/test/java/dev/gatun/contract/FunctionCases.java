package dev.gatun.contract;

import java.util.List;

/// Cases of functions of `dev.gatun.op.math`: roots, trigonometry, activations.
final class FunctionCases {
  static final List<OpCase> ALL = List.of();

  private FunctionCases() {}
}
