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

/// Layer, RMS and group norm as one computation: rows of [#width] elements, each cut into runs of
/// [#run] elements that are normalised on their own; one weight for every [#repeat] neighbours.
///
/// Inputs: `x`, then the gate, the weight and the bias, where there are. The mean and the
/// reciprocal deviation of each run are kept for the gradient.
interface RowNorm extends Kernel {
  double eps();

  boolean weight();

  boolean bias();

  /// Whether the mean is taken off first.
  boolean centred();

  default boolean gate() {
    return false;
  }

  default boolean normBeforeGate() {
    return true;
  }

  /// Elements that share statistics.
  long run(Shape x);

  /// Elements after which the weights repeat.
  long width(Shape x);

  /// Neighbours that share a weight.
  default long repeat(Shape x) {
    return 1;
  }

  /// The op's own rule for `x` and the number of groups.
  void check(List<Spec> in, String names);

  default String names() {
    return "x" + (gate() ? " gate" : "") + (weight() ? " weight" : "") + (bias() ? " bias" : "");
  }

  default int weightInput() {
    return gate() ? 2 : 1;
  }

  default int biasInput() {
    return weightInput() + (weight() ? 1 : 0);
  }

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(1 + (gate() ? 1 : 0) + (weight() ? 1 : 0) + (bias() ? 1 : 0), this, names(), in);
    Rules.computing(this, names(), in);
    check(in, names());
    Spec x = in.get(0);
    Rules.require(
        !gate() || in.get(1).equals(x), this, "x and gate must agree in shape", names(), in);
    Shape weights = Shape.of(width(x.shape()) / repeat(x.shape()));
    Rules.require(
        in.stream().skip(weightInput()).allMatch(s -> s.shape().equals(weights)),
        this,
        "weight and bias must be " + weights,
        names(),
        in);
    return List.of(x, x.withShape(Shape.of(runs(x.shape()), 2)));
  }

  default long runs(Shape x) {
    return x.elems() == 0 ? 0 : x.elems() / run(x);
  }

  @Override
  default void reference(Call c) {
    Shape x = c.inShape(0);
    long n = run(x);
    for (long r = 0, runs = runs(x); r < runs; r++) {
      double mean = 0;
      for (long i = r * n; centred() && i < (r + 1) * n; i++) {
        mean += gated(c, i) / n;
      }
      double square = 0;
      for (long i = r * n; i < (r + 1) * n; i++) {
        square += (gated(c, i) - mean) * (gated(c, i) - mean);
      }
      double rstd = 1 / Math.sqrt(square / n + eps());
      c.set(1, 2 * r, mean);
      c.set(1, 2 * r + 1, rstd);
      for (long i = r * n; i < (r + 1) * n; i++) {
        long w = i % width(x) / repeat(x);
        double h = (gated(c, i) - mean) * rstd * (weight() ? c.get(weightInput(), w) : 1);
        double y = h + (bias() ? c.get(biasInput(), w) : 0);
        c.set(0, i, gate() && normBeforeGate() ? y * silu(c.get(1, i)) : y);
      }
    }
  }

  private double gated(Call c, long i) {
    return gate() && !normBeforeGate() ? c.get(0, i) * silu(c.get(1, i)) : c.get(0, i);
  }

  static double silu(double z) {
    return z / (1 + Math.exp(-z));
  }

  @Override
  default void simd(Call c, Workers w) {
    RowNormSimd.forward(this, c, w);
  }

  @Override
  default List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClNorm.forward(this, d, in.get(0));
  }

  /// Weight and bias, spread out where few neighbours share them.
  @Override
  default long scratch(List<Spec> in, int workers) {
    Shape x = in.get(0).shape();
    return x.elems() == 0 || repeat(x) == 1 || repeat(x) >= NormPlan.CHANNEL
        ? 0
        : 2 * width(x) * in.get(0).dtype().bytes();
  }

  @Override
  default Keep keep() {
    boolean needsBias = gate() && normBeforeGate() && bias();
    long all = (1L << 1 + (gate() ? 1 : 0) + (weight() ? 1 : 0) + (needsBias ? 1 : 0)) - 1;
    return new Keep(all, 0, 1);
  }

  @Override
  default List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    List<Tensor> in = new ArrayList<>(List.of(dy.get(0).orElseThrow(), n.saved(0)));
    int kept = Long.bitCount(keep().inputs());
    for (int i = 0; i < kept; i++) {
      in.add(n.in(i));
    }
    List<Tensor> d = new RowNormGrad(this).apply(in.toArray(Tensor[]::new));
    List<Optional<Tensor>> out = new ArrayList<>();
    for (int i = 0; i < n.inputs(); i++) {
      out.add(n.needs(i) ? Optional.of(d.get(i)) : Optional.empty());
    }
    return out;
  }

  @Override
  default Cost cost(List<Spec> in) {
    return Cost.streaming(gate() ? 25 : 8, in, infer(in).subList(0, 1));
  }
}
