package dev.gatun.op.loss;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of losses of classes: rows, then their sum and that of their weights.
final class ClClassLoss {
  private static final ClSource SOURCE = ClSource.of(ClClassLoss.class, "classes.cl");
  private static final int GPU_GROUP = 64;
  private static final long WORK = 4096;

  private final ClassLoss op;
  private final DeviceInfo d;
  private final Spec x;
  private final Spec targets;
  private final DType type;
  private final long rows;
  private final long classes;
  private final List<Launch> all = new ArrayList<>();

  private ClClassLoss(ClassLoss op, DeviceInfo d, List<Spec> in) {
    this.op = op;
    this.d = d;
    x = in.get(0);
    targets = in.get(1);
    type = x.dtype();
    rows = targets.shape().elems();
    classes = x.shape().dim(-1);
  }

  static List<Launch> entropy(CrossEntropy op, DeviceInfo d, List<Spec> in) {
    ClClassLoss c = new ClClassLoss(op, d, in);
    Launch.Builder l = c.weights(c.program("entropies").define("SMOOTHED", 1).in(0, 1), 2);
    c.all.add(c.over(c.sizes(c.result(l).out(1)).real(c.type, op.smoothing())));
    return c.joined();
  }

  static List<Launch> likelihood(Nll op, DeviceInfo d, List<Spec> in) {
    ClClassLoss c = new ClClassLoss(op, d, in);
    c.all.add(c.over(c.sizes(c.result(c.weights(c.program("likelihoods").in(0, 1), 2)))));
    return c.joined();
  }

  static List<Launch> entropyBack(CrossEntropy.Grad op, DeviceInfo d, List<Spec> in) {
    ClClassLoss c = new ClClassLoss(op, d, in);
    c.divisor(4, new Launch.Scratch(0, c.type.bytes()));
    Launch.Builder l = c.program("entropies_back").define("SMOOTHED", 1).in(0, 1, 2, 3);
    l = c.weights(l, 4).scratch(c.type.bytes()).out(0);
    c.all.add(c.over(c.sizes(l).real(c.type, op.smoothing()).longs(c.step())));
    return c.all;
  }

  static List<Launch> likelihoodBack(Nll.Grad op, DeviceInfo d, List<Spec> in) {
    ClClassLoss c = new ClClassLoss(op, d, in);
    c.divisor(3, new Launch.Scratch(0, c.type.bytes()));
    Launch.Builder l = c.weights(c.program("likelihoods_back").in(1, 2), 3);
    c.all.add(c.over(c.sizes(l.scratch(c.type.bytes()).out(0)).longs(c.step())));
    return c.all;
  }

  private long step() {
    return op.reduction() == Reduction.NONE ? 1 : 0;
  }

  /// Where rows' losses go: the result, or the second piece of work memory.
  private Launch.Builder result(Launch.Builder l) {
    return op.reduction() == Reduction.NONE ? l.out(0) : l.with(new Launch.Scratch(0, rowBytes()));
  }

  private long rowBytes() {
    return Launch.roundUp(Math.max(1, rows) * type.bytes(), 128);
  }

  private List<Launch> joined() {
    if (op.reduction() != Reduction.NONE) {
      Launch.Scratch divisor = new Launch.Scratch(rowBytes(), type.bytes());
      divisor(2, divisor);
      all.add(
          program("mean")
              .with(new Launch.Scratch(0, rowBytes()))
              .with(divisor)
              .out(0)
              .longs(rows)
              .over(1, 1));
    }
    return all;
  }

  /// The sum of the weights of all rows; `fixed` inputs come before the weights.
  private void divisor(int fixed, Launch.Scratch to) {
    Launch.Builder l = sizes(weights(program("divisors").in(1), fixed).with(to));
    l.longs(op.reduction() == Reduction.MEAN ? 1 : 0);
    all.add(checked(l).over(1, 1));
  }

  private Launch.Builder program(String entry) {
    Launch.Builder l =
        Launch.of(SOURCE, entry)
            .computes(type)
            .define("I", Launch.name(targets.dtype()))
            .define("LANES", d.lanes(type.bytes()))
            .define("CHUNK", chunk());
    return op.ignored().isPresent() ? l.define("IGNORED", 1) : l;
  }

  private Launch.Builder weights(Launch.Builder l, int at) {
    return op.weighted() ? l.define("WEIGHT", 1).in(at) : l;
  }

  private Launch.Builder sizes(Launch.Builder l) {
    return l.longs(rows, classes, op.ignored().orElse(0));
  }

  private Launch.Builder checked(Launch.Builder l) {
    return l.checks(op + ": targets must lie in [0, " + classes + ")");
  }

  private Launch over(Launch.Builder l) {
    return checked(l).over(Math.ceilDiv(rows, chunk()), d.gpu() ? GPU_GROUP : 1);
  }

  private long chunk() {
    return d.gpu() ? 1 : Math.max(1, WORK / Math.max(1, classes));
  }
}
