package dev.gatun.contract;

import java.util.List;

/// Cases of `dev.gatun.op.linear`.
final class LinearCases {
  static final List<OpCase> ALL = List.of();

  private LinearCases() {}
}
