package dev.gatun.contract;

import java.util.List;

/// Cases of `dev.gatun.op.reduce`.
final class ReduceCases {
  static final List<OpCase> ALL = List.of();

  private ReduceCases() {}
}
