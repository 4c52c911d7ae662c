package dev.gatun.op.sequence.attention;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of [Rope].
final class ClRope {
  private static final ClSource SOURCE = ClSource.of(ClRope.class, "rope.cl");
  private static final int GPU_GROUP = 64;
  private static final long WORK = 2048;

  private ClRope() {}

  static List<Launch> of(Rope op, DeviceInfo d, List<Spec> in) {
    Shape x = in.get(0).shape();
    Shape t = in.get(1).shape();
    long rows = x.without(-1).elems();
    int axes = t.rank() == 2 ? 0 : x.rank() - 2;
    long[] sizes = new long[axes];
    long[] strides = new long[axes];
    long step = t.dim(-2);
    for (int k = 0; k < axes; k++) {
      int a = axes - 1 - k;
      sizes[k] = x.dim(a);
      strides[k] = t.dim(a) == 1 ? 0 : step;
      step *= t.dim(a);
    }
    long chunk = d.gpu() ? 1 : Math.max(1, WORK / Math.max(1, x.dim(-1)));
    return List.of(
        Launch.of(SOURCE, "rope")
            .computes(in.get(0).dtype())
            .define("INTERLEAVED", op.interleaved() ? 1 : 0)
            .define("CHUNK", chunk)
            .in(0, 1, 2)
            .out(0)
            .longs(x.dim(-1) == 0 ? 0 : rows, x.dim(-2), x.dim(-1), t.dim(-1), axes)
            .long16(sizes)
            .long16(strides)
            .real(in.get(0).dtype(), op.inverse() ? -1 : 1)
            .over(Math.ceilDiv(rows, chunk), d.gpu() ? GPU_GROUP : 1));
  }
}
