package dev.gatun.contract;

import java.util.List;

/// Cases of `dev.gatun.op.loss`.
final class LossCases {
  static final List<OpCase> ALL = List.of();

  private LossCases() {}
}
