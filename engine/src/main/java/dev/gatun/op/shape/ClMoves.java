package dev.gatun.op.shape;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// OpenCL launches of ops that move or set elements of any type.
final class ClMoves {
  private static final ClSource SOURCE = ClSource.of(ClMoves.class, "move.cl");
  private static final int CPU_CHUNK = 256;
  private static final int CPU_GROUP = 16;
  private static final int GPU_GROUP = 64;

  private ClMoves() {}

  /// Row-major from a strided view.
  static List<Launch> copy(DeviceInfo d, Spec x) {
    Shape s = x.shape();
    long inner = s.rank() == 0 ? 1 : s.dim(-1);
    long rows = inner == 0 ? 0 : s.elems() / inner;
    long[] sizes = new long[s.rank()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = s.dim(-1 - i);
    }
    return List.of(
        program(d, "copy", x.dtype())
            .in(0)
            .out(0)
            .longs(inner, s.rank())
            .long16(sizes)
            .with(new Launch.Strides(0))
            .over(items(d, inner), rows, group(d), 1));
  }

  /// `value` everywhere.
  static List<Launch> fill(DeviceInfo d, Spec y, double value) {
    long n = y.shape().elems();
    return List.of(
        program(d, "fill", y.dtype())
            .out(0)
            .longs(n, bits(y.dtype(), value))
            .over(items(d, n), group(d)));
  }

  private static long bits(DType t, double value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment s = arena.allocate(8, 8);
      t.write(s, 0, value);
      return s.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private static Launch.Builder program(DeviceInfo d, String entry, DType t) {
    return Launch.of(SOURCE, entry)
        .define("E", Launch.bits(t))
        .define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
  }

  private static long items(DeviceInfo d, long n) {
    return d.gpu() ? n : Math.ceilDiv(n, (long) CPU_CHUNK);
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : CPU_GROUP;
  }
}
