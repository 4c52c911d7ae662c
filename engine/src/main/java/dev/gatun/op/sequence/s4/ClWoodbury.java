package dev.gatun.op.sequence.s4;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of [Woodbury]: a work-item is a node.
final class ClWoodbury {
  private static final ClSource SOURCE = ClSource.of(ClWoodbury.class, "woodbury.cl");
  private static final int GPU_GROUP = 64;
  private static final int CPU_GROUP = 8;

  private ClWoodbury() {}

  private static Launch launch(Woodbury op, DeviceInfo d, Launch.Builder l, Spec r) {
    Shape s = r.shape();
    long nodes = op.length() / 2 + 1;
    return l.computes(r.dtype())
        .define("CHANNELS", op.channels())
        .define("RANK", op.rank())
        .longs(op.length())
        .over(nodes, s.elems(0, s.rank() - 2), d.gpu() ? GPU_GROUP : CPU_GROUP, 1);
  }

  static List<Launch> forward(Woodbury op, DeviceInfo d, List<Spec> in) {
    Launch.Builder l = Launch.of(SOURCE, "woodbury").in(0, 1).out(0, 1);
    return List.of(launch(op, d, l, in.get(0)));
  }

  static List<Launch> backward(Woodbury op, DeviceInfo d, List<Spec> in) {
    Launch.Builder l = Launch.of(SOURCE, "woodbury_back").in(0, 1, 2, 3).out(0, 1);
    return List.of(launch(op, d, l, in.get(2)));
  }
}
