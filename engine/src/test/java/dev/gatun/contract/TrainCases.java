package dev.gatun.contract;

import java.util.List;

/// Cases of `dev.gatun.train`.
final class TrainCases {
  static final List<OpCase> ALL = List.of();

  private TrainCases() {}
}
