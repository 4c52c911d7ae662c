package dev.gatun.contract;

import java.util.List;

/// Cases of further operators of `dev.gatun.op.reduce`: statistics, extremes, running sums.
final class AxisCases {
  static final List<OpCase> ALL = List.of();

  private AxisCases() {}
}
