package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.Accumulate;
import dev.gatun.device.Workers;

/// Vector form of [Min].
final class MinSimd {
  static final Workers.Body BODY =
      new States.Body(
          new OnePlaneSimd(
              Accumulate.of((a, x, p) -> a.min(x), (a, b) -> a.min(b), Double.POSITIVE_INFINITY),
              Math::min,
              (v, n) -> v));

  private MinSimd() {}
}
