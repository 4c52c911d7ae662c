package dev.gatun.contract;

import java.util.List;

/// Cases of operators of `dev.gatun.op.shape` that choose or place elements.
final class IndexCases {
  static final List<OpCase> ALL = List.of();

  private IndexCases() {}
}
