package dev.gatun.contract;

import java.util.List;

/// Cases of Fourier transforms and what stands on them, in `dev.gatun.op.linear`.
final class FourierCases {
  static final List<OpCase> ALL = List.of();

  private FourierCases() {}
}
