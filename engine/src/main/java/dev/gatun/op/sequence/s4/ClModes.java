package dev.gatun.op.sequence.s4;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of sums over geometric series.
final class ClModes {
  private static final ClSource SOURCE = ClSource.of(ClModes.class, "modes.cl");
  private static final int GPU_GROUP = 64;

  /// Vectors of a piece.
  private static final long STEPS = 16;

  /// Pieces of so many vectors that a work-item sums, each from a power made in double.
  private static final long PIECES = 4;

  private ClModes() {}

  private static Launch.Builder program(DeviceInfo d, String entry, DType t) {
    return Launch.of(SOURCE, entry)
        .computes(t)
        .define("LANES", d.lanes(t.bytes()))
        .define("STEPS", STEPS)
        .define("PIECES", PIECES);
  }

  static List<Launch> series(DeviceInfo d, List<Spec> in, long length) {
    Shape v = in.get(0).shape();
    DType t = in.get(0).dtype();
    long width = d.lanes(t.bytes());
    long items = Math.ceilDiv(length, PIECES * STEPS * width);
    int exact = d.doubles() ? Double.BYTES : t.bytes();
    long laneBytes = v.elems() * (2 * width + 2) * t.bytes();
    Launch.Scratch lanes = new Launch.Scratch(0, Math.max(t.bytes(), laneBytes), t.bytes());
    Launch.Scratch starts =
        new Launch.Scratch(
            Launch.roundUp(laneBytes, 128),
            Math.max(exact, v.elems() * (2 * items + 2) * exact),
            exact);
    return List.of(
        program(d, "powers", t)
            .in(0, 1, 2, 3)
            .with(lanes)
            .with(starts)
            .longs(v.elems(), items)
            .over(v.elems(), d.gpu() ? GPU_GROUP : 1),
        program(d, "series", t)
            .in(0, 1, 2, 3)
            .with(lanes)
            .with(starts)
            .out(0)
            .longs(v.dim(-1), length, items)
            .over(items, v.without(-1).elems(), d.gpu() ? GPU_GROUP : 1, 1));
  }

  static List<Launch> transposed(DeviceInfo d, List<Spec> in, boolean moments) {
    Shape x = in.get(1).shape();
    DType t = in.get(1).dtype();
    Launch.Builder l = program(d, "transposed", t).in(0, 1, 2).out(0, 1);
    if (moments) {
      l.define("MOMENTS", 1).out(2, 3);
    }
    long groups = Math.ceilDiv(x.dim(-1), (long) d.lanes(t.bytes()));
    return List.of(
        l.longs(in.get(0).shape().dim(-1), x.dim(-1))
            .over(groups, x.without(-1).elems(), d.gpu() ? GPU_GROUP : 1, 1));
  }
}
