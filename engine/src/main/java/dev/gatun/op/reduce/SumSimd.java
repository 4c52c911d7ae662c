package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.ReduceF32;
import dev.gatun.cpu.simd.ReduceF64;
import dev.gatun.device.Workers;

/// Vector form of [Sum] and [Mean].
final class SumSimd {
  static final Workers.Body PASS =
      new PassSimd(
          new PassSimd.Form(ReduceF32::sumRows, ReduceF32::sumColumns),
          new PassSimd.Form(ReduceF64::sumRows, ReduceF64::sumColumns));

  private SumSimd() {}
}
