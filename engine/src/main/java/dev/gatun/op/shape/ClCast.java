package dev.gatun.op.shape;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of conversions, and of ramps, which are rounded in the same way.
final class ClCast {
  private static final ClSource SOURCE = ClSource.of(ClCast.class, "cast.cl");
  private static final int CPU_CHUNK = 1024;
  private static final int GPU_GROUP = 64;

  private ClCast() {}

  static List<Launch> cast(DeviceInfo d, Spec x, DType to) {
    long n = x.shape().elems();
    Launch.Builder l =
        program(d, "cast", to)
            .define("FROM", Launch.name(x.dtype()))
            .define("FROM_" + x.dtype(), 1);
    return over(l.in(0).out(0).longs(n), d, n);
  }

  /// `start + i step`, worked out in F64 where the device has it.
  static List<Launch> ramp(DeviceInfo d, DType to, long n, double start, double step, double last) {
    DType between = d.doubles() ? DType.F64 : DType.F32;
    Launch.Builder l = program(d, "ramp", to).define("FROM_" + between, 1);
    l.out(0).longs(n).real(between, start).real(between, step).real(between, last);
    return over(l, d, n);
  }

  private static Launch.Builder program(DeviceInfo d, String entry, DType to) {
    return Launch.of(SOURCE, entry)
        .define("TO", Launch.name(to))
        .define("TO_" + to, 1)
        .define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
  }

  private static List<Launch> over(Launch.Builder l, DeviceInfo d, long n) {
    return List.of(d.gpu() ? l.over(n, GPU_GROUP) : l.over(Math.ceilDiv(n, (long) CPU_CHUNK), 1));
  }
}
