package dev.gatun.op.reduce;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Gradients of a [RowNorm] in one pass. Inputs: `dy`, the kept statistics, then what the norm
/// keeps of its inputs. Outputs: the gradient of each input of the norm.
record RowNormGrad(RowNorm norm) implements Kernel {
  static final int X = 2;
  static final int GATE = 3;

  int weight() {
    return X + norm.weightInput();
  }

  int bias() {
    return X + norm.biasInput();
  }

  private String names() {
    return "dy stats " + norm.names();
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2 + Long.bitCount(norm.keep().inputs()), this, names(), in);
    Rules.computing(this, names(), in);
    Spec x = in.get(X);
    Rules.require(
        in.get(0).equals(x) && in.get(1).shape().equals(Shape.of(norm.runs(x.shape()), 2)),
        this,
        "dy must have the shape of x and stats two numbers a run",
        names(),
        in);
    List<Spec> out = new ArrayList<>(List.of(x));
    if (norm.gate()) {
      out.add(x);
    }
    Spec weights = x.withShape(Shape.of(norm.width(x.shape()) / norm.repeat(x.shape())));
    for (int i = 0; i < (norm.weight() ? 1 : 0) + (norm.bias() ? 1 : 0); i++) {
      out.add(weights);
    }
    return out;
  }

  @Override
  public void reference(Call c) {
    Shape x = c.inShape(X);
    long n = norm.run(x);
    long width = norm.width(x) / norm.repeat(x);
    double[] dw = new double[Math.toIntExact(width)];
    double[] db = new double[dw.length];
    for (long r = 0, runs = norm.runs(x); r < runs; r++) {
      referenceRun(c, r * n, n, c.get(1, 2 * r), c.get(1, 2 * r + 1), dw, db);
    }
    for (int i = 0; i < dw.length; i++) {
      if (norm.weight()) {
        c.set(norm.weightInput(), i, dw[i]);
      }
      if (norm.bias()) {
        c.set(norm.biasInput(), i, db[i]);
      }
    }
  }

  private void referenceRun(
      Call c, long from, long n, double mean, double rstd, double[] dw, double[] db) {
    boolean before = norm.gate() && norm.normBeforeGate();
    boolean after = norm.gate() && !norm.normBeforeGate();
    double sum = 0;
    double dot = 0;
    for (long i = from; i < from + n; i++) {
      double s = norm.gate() ? RowNorm.silu(c.get(GATE, i)) : 1;
      double h = ((after ? s : 1) * c.get(X, i) - mean) * rstd;
      int w = (int) (i % norm.width(c.inShape(X)) / norm.repeat(c.inShape(X)));
      double g = c.get(0, i) * (before ? s : 1);
      dw[w] += g * h;
      db[w] += g;
      g *= norm.weight() ? c.get(weight(), w) : 1;
      sum += norm.centred() ? g / n : 0;
      dot += g * h / n;
    }
    for (long i = from; i < from + n; i++) {
      double z = norm.gate() ? c.get(GATE, i) : 0;
      double s = norm.gate() ? RowNorm.silu(z) : 1;
      double x = c.get(X, i);
      double h = ((after ? s : 1) * x - mean) * rstd;
      long w = i % norm.width(c.inShape(X)) / norm.repeat(c.inShape(X));
      double weight = norm.weight() ? c.get(weight(), w) : 1;
      double du = rstd * (c.get(0, i) * (before ? s : 1) * weight - sum - h * dot);
      c.set(0, i, after ? du * s : du);
      if (norm.gate()) {
        double y = h * weight + (before && norm.bias() ? c.get(bias(), w) : 0);
        c.set(1, i, (before ? c.get(0, i) * y : du * x) * siluSlope(z));
      }
    }
  }

  private static double siluSlope(double z) {
    double s = 1 / (1 + Math.exp(-z));
    return s * (1 + z * (1 - s));
  }

  @Override
  public void simd(Call c, Workers w) {
    RowNormGradSimd.run(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClNorm.back(this, d, in.get(X));
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return NormPlan.gradientScratch(this, in.get(X), workers);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  /// @throws IllegalStateException always
  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    throw new IllegalStateException(
        this + ": there is no second derivative; got a request for one");
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(norm.gate() ? 40 : 14, in, infer(in).subList(0, norm.gate() ? 2 : 1));
  }
}
