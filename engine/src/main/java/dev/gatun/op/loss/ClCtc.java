package dev.gatun.op.loss;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of [Ctc] and its gradient.
final class ClCtc {
  private static final ClSource SOURCE = ClSource.of(ClCtc.class, "ctc.cl");
  private static final int GPU_GROUP = 64;

  private ClCtc() {}

  static List<Launch> forward(Ctc op, DeviceInfo d, List<Spec> in) {
    long batch = in.get(0).shape().dim(0);
    Launch.Builder l = sizes(program("forward", in).in(0, 1, 2, 3).out(1, 2), op, in);
    return List.of(
        checked(l, op).over(batch, group(d)),
        program("reduced", in)
            .with(new Launch.Out(2))
            .in(3)
            .out(0)
            .longs(batch, isMean(op), isEach(op), op.zeroInfinity() ? 1 : 0)
            .over(1, 1));
  }

  static List<Launch> back(Ctc.Grad op, DeviceInfo d, List<Spec> in) {
    Shape x = in.get(0).shape();
    long row = 2 * in.get(1).shape().dim(1) + 3 + x.dim(2);
    Launch.Builder l = program("back", in).in(0, 1, 2, 3, 4, 5, 6).out(0);
    l = sizes(l.scratch(Math.max(1, x.dim(0)) * row * Double.BYTES), op.ctc(), in);
    l.longs(isMean(op.ctc()), isEach(op.ctc()), op.ctc().zeroInfinity() ? 1 : 0);
    return List.of(checked(l, op).over(x.dim(0), group(d)));
  }

  private static long isMean(Ctc op) {
    return op.reduction() == Reduction.MEAN ? 1 : 0;
  }

  private static long isEach(Ctc op) {
    return op.reduction() == Reduction.NONE ? 1 : 0;
  }

  private static Launch.Builder sizes(Launch.Builder l, Ctc op, List<Spec> in) {
    Shape x = in.get(0).shape();
    return l.longs(x.dim(0), x.dim(1), x.dim(2), in.get(1).shape().dim(1), op.blank());
  }

  private static Launch.Builder checked(Launch.Builder l, Kernel op) {
    return l.checks(op + ": lengths and labels must be in range, and no label the blank");
  }

  /// Literals are doubles: the program is not built as others of F32 are.
  private static Launch.Builder program(String entry, List<Spec> in) {
    return Launch.of(SOURCE, entry)
        .define("T", Launch.name(in.get(0).dtype()))
        .define("TARGETS", Launch.name(in.get(1).dtype()))
        .define("FRAMES", Launch.name(in.get(2).dtype()))
        .define("LABELS", Launch.name(in.get(3).dtype()));
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : 1;
  }
}
