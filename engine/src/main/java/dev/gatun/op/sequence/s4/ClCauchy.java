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

  /// Products of a group that a work-item makes at once.
  private static final long PRODUCTS = 4;

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
    long n = v.dim(-1);
    long m = v.dim(-2);
    long groups = v.elems(0, v.rank() - 2);
    long nodes = length / 2 + 1;
    long placeBytes = 4 * nodes * t.bytes();
    Launch.Scratch place = new Launch.Scratch(0, placeBytes, t.bytes());
    long tableBytes = ((3 + 2 * m) * groups * n + groups) * t.bytes();
    Launch.Scratch table =
        new Launch.Scratch(
            Launch.roundUp(placeBytes, 128), Math.max(t.bytes(), tableBytes), t.bytes());
    return List.of(
        program(d, "places", t).with(place).longs(length).over(nodes, group(d)),
        program(d, "modes", t)
            .in(0, 1, 2, 3, 4)
            .with(table)
            .longs(n, m, groups)
            .over(groups, group(d)),
        program(d, "bilinear", t)
            .with(place)
            .with(table)
            .out(0, 1)
            .longs(n, m, groups, length)
            .over(
                Math.ceilDiv(nodes, (long) d.lanes(t.bytes())),
                groups * Math.ceilDiv(m, PRODUCTS),
                group(d),
                1));
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
    Launch.Scratch spoilt = new Launch.Scratch(0, t.bytes(), t.bytes());
    return List.of(
        program(d, "finite", t).in(4, 5).with(spoilt).longs(nodes).over(1, 1),
        program(d, "sums", t)
            .in(0, 1, 2, 3, 4, 5)
            .with(spoilt)
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
