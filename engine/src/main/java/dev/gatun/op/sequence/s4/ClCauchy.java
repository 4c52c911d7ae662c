package dev.gatun.op.sequence.s4;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of Cauchy sums.
final class ClCauchy {
  private static final ClSource SOURCE = ClSource.of(ClCauchy.class, "cauchy.cl");
  private static final int GPU_GROUP = 64;

  private ClCauchy() {}

  private static Launch.Builder program(DeviceInfo d, String entry, DType t) {
    return Launch.of(SOURCE, entry).computes(t).define("LANES", d.lanes(t.bytes()));
  }

  private static int group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : 1;
  }

  static List<Launch> bilinear(DeviceInfo d, List<Spec> in, long length) {
    Shape v = in.get(0).shape();
    DType t = in.get(0).dtype();
    long vectors = Math.ceilDiv(length / 2 + 1, (long) d.lanes(t.bytes()));
    return List.of(
        program(d, "bilinear", t)
            .in(0, 1, 2, 3, 4)
            .out(0, 1)
            .longs(v.dim(-1), v.dim(-2), length)
            .over(vectors, v.elems(0, v.rank() - 1), group(d), 1));
  }

  static List<Launch> bilinearBack(DeviceInfo d, List<Spec> in, long length) {
    Shape v = in.get(2).shape();
    DType t = in.get(2).dtype();
    long groups = v.elems(0, v.rank() - 2);
    return List.of(
        program(d, "bilinear_back", t)
            .in(0, 1, 2, 3, 4, 5, 6)
            .out(0, 1, 2, 3)
            .longs(v.dim(-1), v.dim(-2), length)
            .over(v.dim(-1), groups, group(d), 1),
        program(d, "step_back", t)
            .in(4, 5, 6)
            .out(2, 3, 4)
            .longs(groups, v.dim(-1))
            .over(groups, group(d)));
  }

  static List<Launch> sums(DeviceInfo d, List<Spec> in) {
    Shape v = in.get(0).shape();
    DType t = in.get(0).dtype();
    long nodes = in.get(4).shape().dim(0);
    return List.of(
        program(d, "sums", t)
            .in(0, 1, 2, 3, 4, 5)
            .out(0, 1)
            .longs(v.dim(-1), nodes)
            .over(
                Math.ceilDiv(nodes, (long) d.lanes(t.bytes())),
                v.without(-1).elems(),
                group(d),
                1));
  }

  static List<Launch> sumsBack(DeviceInfo d, List<Spec> in) {
    Shape v = in.get(2).shape();
    DType t = in.get(2).dtype();
    long rows = v.without(-1).elems();
    long nodes = in.get(6).shape().dim(0);
    long vectors = Math.ceilDiv(nodes, (long) d.lanes(t.bytes()));
    return List.of(
        back(d, "poles_back", t)
            .out(0, 1, 2, 3)
            .longs(rows, v.dim(-1), nodes)
            .over(v.elems(), group(d)),
        back(d, "nodes_back", t).out(4, 5).longs(rows, v.dim(-1), nodes).over(vectors, group(d)));
  }

  private static Launch.Builder back(DeviceInfo d, String entry, DType t) {
    return program(d, entry, t).in(0, 1, 2, 3, 4, 5, 6, 7);
  }
}
