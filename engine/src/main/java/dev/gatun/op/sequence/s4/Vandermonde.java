package dev.gatun.op.sequence.s4;

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
import java.util.List;
import java.util.Optional;

/// Sums of geometric series with complex ratios and their conjugates: `y[b, l] = 2 Re sum_n v[b, n]
/// exp(x[b, n] l)` for `l` from 0 to `length - 1`: the kernel of a diagonal state space model whose
/// modes decay by `exp(x)` a step.
///
/// Shapes: real and imaginary parts of `v` and of `x`, each `[..., N]`, F32 or F64; `y [...,
/// length]`. A row in which a number is not finite becomes NaN.
///
/// Gradient: `dv = 2 sum_l dy[l] conj(exp(x l))`, `dx = 2 conj(v) sum_l dy[l] l conj(exp(x l))`,
/// both by [VandermondeTransposed].
///
/// Cost: 2 multiply-adds an element and mode. `exp(x (64 q + r))` is `exp(64 x q) exp(x r)`: both
/// factors come from products in double, so no exponential is taken for an element, and the phase
/// has no error that grows with `l`: `(N + 4) eps` of the sum of `2 |v exp(x l)|` in F32, `(N + 64
/// + l / 64) eps` in F64. Terms below the least normal number are 0. Source: Gu et al., "On the
///   Parameterization and Initialization of Diagonal State Space Models", arXiv 2206.11893, section
///   3.3.
///
/// @param length number of results a row
public record Vandermonde(long length) implements Kernel {
  static final String NAMES = "v.re v.im x.re x.im";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(4, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Spec v = in.get(0);
    Rules.require(v.shape().rank() > 0, this, "v must be [..., N]", NAMES, in);
    Rules.require(in.stream().allMatch(v::equals), this, "v and x must have one shape", NAMES, in);
    Rules.require(length >= 0, this, "length must be 0 or more", NAMES, in);
    return List.of(new Spec(v.dtype(), v.shape().with(-1, length)));
  }

  /// NaN if any of the four numbers of a mode of row `row` is not finite, else 0.
  static double nan(Call c, int first, long row, int n, int inputs) {
    double zero = 0;
    for (int i = first; i < first + inputs; i++) {
      for (int k = 0; k < n; k++) {
        zero += 0 * c.get(i, row * n + k);
      }
    }
    return zero;
  }

  @Override
  public void reference(Call c) {
    int n = Math.toIntExact(c.inShape(0).dim(-1));
    long rows = c.inShape(0).without(-1).elems();
    for (long row = 0; row < rows; row++) {
      double nan = nan(c, 0, row, n, 4);
      for (long l = 0; l < length; l++) {
        double sum = nan;
        for (int k = 0; k < n; k++) {
          long at = row * n + k;
          double size = Math.exp(c.get(2, at) * l);
          double angle = c.get(3, at) * l;
          sum += size * (c.get(0, at) * Math.cos(angle) - c.get(1, at) * Math.sin(angle));
        }
        c.set(0, row * length + l, 2 * sum);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    VandermondeSimd.series(c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    Shape v = in.get(0).shape();
    return VandermondeSimd.scratch(v.dim(-1), in.get(0).dtype()) * workers;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClModes.series(d, in, length);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1, 2, 3);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    List<Tensor> s =
        new VandermondeTransposed(true).apply(dy.get(0).orElseThrow(), n.in(2), n.in(3));
    Complex moment = new Complex(s.get(2), s.get(3)).times(2);
    Complex dv = new Complex(s.get(0), s.get(1)).times(2).conj();
    Complex dx = new Complex(n.in(0), n.in(1)).times(moment).conj();
    return List.of(
        Optional.of(dv.re()), Optional.of(dv.im()), Optional.of(dx.re()), Optional.of(dx.im()));
  }

  @Override
  public Cost cost(List<Spec> in) {
    double n = in.get(0).shape().dim(-1);
    return Cost.streaming(4 * n, in, infer(in));
  }
}
