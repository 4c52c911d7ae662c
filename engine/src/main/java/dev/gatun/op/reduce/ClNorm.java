package dev.gatun.op.reduce;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of norms of runs and their gradients: a GPU's group shares a run.
final class ClNorm {
  private static final ClSource SOURCE = ClSource.of(ClNorm.class, "norm.cl");
  private static final int GPU_GROUP = 64;
  private static final int CPU_WEIGHTS = 64;
  private static final long WORK = 4096;

  /// Elements that one sum of a weight's gradient takes before it is joined with others.
  private static final long PIECE = 256;

  private final DeviceInfo d;
  private final RowNorm norm;
  private final Spec x;
  private final long runs;
  private final long n;
  private final long per;
  private final int lanes;

  private ClNorm(DeviceInfo d, RowNorm norm, Spec x) {
    this.d = d;
    this.norm = norm;
    this.x = x;
    runs = norm.runs(x.shape());
    n = runs == 0 ? 1 : norm.run(x.shape());
    per = d.gpu() ? 1 : Math.max(1, WORK / n);
    lanes = d.lanes(x.dtype().bytes());
  }

  static List<Launch> forward(RowNorm norm, DeviceInfo d, Spec x) {
    ClNorm c = new ClNorm(d, norm, x);
    Launch.Builder l = c.program("norm").define("FORWARD", 1).in(0);
    if (norm.gate()) {
      l.in(1);
    }
    return c.forward(c.weights(l, norm.weightInput(), norm.biasInput()).out(0, 1));
  }

  /// With `residual` as input 1; `norm` says how.
  static List<Launch> added(RowNorm norm, DeviceInfo d, Spec x) {
    ClNorm c = new ClNorm(d, norm, x);
    Launch.Builder l = c.program("norm").define("FORWARD", 1).define("RESIDUAL", 1).in(0, 1);
    return c.forward(c.weights(l, 2, norm.weight() ? 3 : 2).out(0, 1, 2));
  }

  private List<Launch> forward(Launch.Builder l) {
    if (runs == 0) {
      return List.of();
    }
    return List.of(over(sizes(l).real(x.dtype(), norm.eps())));
  }

  static List<Launch> back(RowNormGrad op, DeviceInfo d, Spec x) {
    RowNorm norm = op.norm();
    ClNorm c = new ClNorm(d, norm, x);
    Launch.Builder l = c.gated(c.program("norm_back").in(0, 1, RowNormGrad.X));
    boolean needsBias = norm.gate() && norm.normBeforeGate() && norm.bias();
    if (norm.weight()) {
      l.define("WEIGHT", 1).in(op.weight());
    }
    if (needsBias) {
      l.define("BIAS", 1).in(op.bias());
    }
    l.out(0);
    if (norm.gate()) {
      l.out(1);
    }
    List<Launch> all = new ArrayList<>();
    if (c.runs > 0) {
      all.add(c.over(c.sizes(l)));
    }
    if (norm.weight() || norm.bias()) {
      c.weightsBack(all);
    }
    return all;
  }

  private void weightsBack(List<Launch> all) {
    Shape s = x.shape();
    long width = norm.width(s);
    long repeat = norm.repeat(s);
    long count = width / repeat;
    long periods = s.elems() == 0 ? 0 : s.elems() / width;
    long length = Math.max(1, PIECE / repeat);
    long pieces = Math.ceilDiv(periods, length);
    long bytes = Math.max(1, pieces * 2 * count) * x.dtype().bytes();
    int each = d.gpu() ? 1 : CPU_WEIGHTS;
    Launch.Builder l = gated(program("weights_back").in(0, 1, RowNormGrad.X));
    all.add(
        l.scratch(bytes)
            .longs(periods, length, n, width, repeat)
            .over(Math.ceilDiv(count, (long) each), pieces, d.gpu() ? GPU_GROUP : 1, 1));
    if (norm.weight()) {
      all.add(sum(norm.weightInput(), bytes, pieces, count, 0));
    }
    if (norm.bias()) {
      all.add(sum(norm.biasInput(), bytes, pieces, count, 1));
    }
  }

  private Launch sum(int output, long bytes, long pieces, long count, long which) {
    return program("weights_sum")
        .scratch(bytes)
        .out(output)
        .longs(pieces, count, which)
        .over(count, GPU_GROUP);
  }

  private Launch.Builder gated(Launch.Builder l) {
    return norm.gate() ? l.in(RowNormGrad.GATE) : l;
  }

  private Launch.Builder weights(Launch.Builder l, int weight, int bias) {
    if (norm.weight()) {
      l.define("WEIGHT", 1).in(weight);
    }
    return norm.bias() ? l.define("BIAS", 1).in(bias) : l;
  }

  private Launch.Builder program(String entry) {
    DType t = x.dtype();
    Launch.Builder l =
        Launch.of(SOURCE, entry)
            .computes(t)
            .define("LANES", n < lanes ? 1 : lanes)
            .define("GROUP", d.gpu() ? GPU_GROUP : 1)
            .define("WEIGHTS_EACH", d.gpu() ? 1 : CPU_WEIGHTS)
            .define("CENTRED", norm.centred() ? 1 : 0);
    if (norm.gate()) {
      l.define("GATE", 1);
    }
    return norm.gate() && !norm.normBeforeGate() ? l.define("GATE_FIRST", 1) : l;
  }

  private Launch.Builder sizes(Launch.Builder l) {
    return l.longs(runs, per, n, norm.width(x.shape()), norm.repeat(x.shape()));
  }

  private Launch over(Launch.Builder l) {
    if (d.gpu()) {
      l.with(new Launch.Local(GPU_GROUP * (long) x.dtype().bytes()));
    }
    return l.over(d.gpu() ? GPU_GROUP : 1, Math.ceilDiv(runs, per), d.gpu() ? GPU_GROUP : 1, 1);
  }
}
