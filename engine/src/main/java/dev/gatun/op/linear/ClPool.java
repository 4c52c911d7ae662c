package dev.gatun.op.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of pools and their gradients.
final class ClPool {
  private static final ClSource SOURCE = ClSource.of(ClPool.class, "window.cl", "pool.cl");
  private static final int CPU_CHUNK = 64;
  private static final int GPU_GROUP = 64;

  private ClPool() {}

  /// @param counted whether padding counts in a mean
  static List<Launch> forward(Pool op, DeviceInfo d, Spec x, boolean max, boolean counted) {
    Shape y = op.infer(List.of(x)).get(0).shape();
    long[] g = grid(op, x.shape(), y);
    Launch.Builder l = program(d, "pool", x, max).in(0).out(0).long16(g).longs(counted ? 1 : 0);
    return List.of(over(l, d, g[3], g[2], x.shape()));
  }

  /// @param inputs of the gradient, `dy` last
  static List<Launch> back(
      Pool op, DeviceInfo d, Spec x, Shape y, int[] inputs, boolean max, boolean counted) {
    long[] g = grid(op, x.shape(), y);
    Launch.Builder l = program(d, "back", x, max).in(inputs).out(0).long16(g);
    return List.of(over(l.longs(counted ? 1 : 0), d, g[1], g[0], x.shape()));
  }

  private static long[] grid(Pool op, Shape x, Shape y) {
    return ClWindow.of(op.window(), op.axes() == 1 ? 1 : op.kernelH(), op.kernelW(), x, y);
  }

  private static Launch.Builder program(DeviceInfo d, String entry, Spec x, boolean max) {
    Launch.Builder l =
        Launch.of(SOURCE, entry).computes(x.dtype()).define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
    return max ? l.define("MAX", 1) : l;
  }

  private static Launch over(Launch.Builder l, DeviceInfo d, long columns, long rows, Shape x) {
    int chunk = d.gpu() ? 1 : CPU_CHUNK;
    return l.over3(
        Math.ceilDiv(columns, (long) chunk), rows, x.elems(0, 2), d.gpu() ? GPU_GROUP : 1);
  }
}
