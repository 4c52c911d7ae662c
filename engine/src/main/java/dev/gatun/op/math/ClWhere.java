package dev.gatun.op.math;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.Arrays;
import java.util.List;

/// OpenCL launches of [Where], over axes merged as far as all operands allow.
final class ClWhere {
  private static final ClSource SOURCE = ClSource.of(ClWhere.class, "where.cl");
  private static final int CPU_CHUNK = 1024;
  private static final int GPU_GROUP = 64;

  private ClWhere() {}

  static List<Launch> of(DeviceInfo d, List<Spec> in, Spec z) {
    long[] r = new long[WherePlan.REGISTERS];
    Shape x = in.get(1).shape();
    if (!WherePlan.plan(r, in.get(0).shape(), x, in.get(2).shape(), z.shape())) {
      throw new IllegalStateException(
          "Where: broadcasts must merge to %d axes on an OpenCL device; got %s"
              .formatted(WherePlan.MAX_AXES, in));
    }
    long inner = r[WherePlan.INNER];
    Launch.Builder l =
        Launch.of(SOURCE, "choose")
            .define("E", Launch.bits(z.dtype()))
            .define("CHUNK", d.gpu() ? 1 : CPU_CHUNK)
            .in(0, 1, 2)
            .out(0)
            .longs(inner);
    for (int k = 0; k < WherePlan.OPERANDS; k++) {
      l.longs(WherePlan.repeats(r, k) ? 0 : 1);
    }
    l.longs(WherePlan.axes(r) - 1L).long16(outer(r, WherePlan.SIZE));
    for (int k = 0; k < WherePlan.OPERANDS; k++) {
      l.long16(outer(r, WherePlan.STRIDE + k * WherePlan.MAX_AXES));
    }
    long items = d.gpu() ? inner : Math.ceilDiv(inner, (long) CPU_CHUNK);
    long rows = inner == 0 ? 0 : r[WherePlan.ROWS];
    return List.of(l.over(items, rows, d.gpu() ? GPU_GROUP : 1, 1));
  }

  private static long[] outer(long[] r, int from) {
    return Arrays.copyOfRange(r, from + 1, from + WherePlan.axes(r));
  }
}
