package dev.gatun.op.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launch of [Solve]: a work-group is a matrix, its work-items share columns.
final class ClSolve {
  private static final ClSource SOURCE = ClSource.of(ClSolve.class, "solve.cl");
  private static final int GPU_GROUP = 64;

  private ClSolve() {}

  static List<Launch> launch(Solve op, DeviceInfo d, List<Spec> in) {
    Shape b = in.get(1).shape();
    long count = b.elems() == 0 ? 0 : b.elems(0, b.rank() - 2);
    int group = d.gpu() ? GPU_GROUP : 1;
    return List.of(
        Launch.of(SOURCE, "solve")
            .computes(in.get(1).dtype())
            .in(0, 1)
            .out(0)
            .scratch(Math.max(1, count * Solve.work(in) * Double.BYTES))
            .longs(b.dim(-2), b.dim(-1), op.transposed() ? 1 : 0)
            .over(count * group, group));
  }
}
