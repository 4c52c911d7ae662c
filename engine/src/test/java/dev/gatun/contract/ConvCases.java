package dev.gatun.contract;

import java.util.List;

/// Cases of convolutions and pooling of `dev.gatun.op.linear`.
final class ConvCases {
  static final List<OpCase> ALL = List.of();

  private ConvCases() {}
}
