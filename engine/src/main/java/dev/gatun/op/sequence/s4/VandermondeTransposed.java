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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// A real sequence against geometric series with complex ratios: `s[b, n] = sum_l u[b, l] exp(x[b,
/// n] l)`, and if asked for the moments `m[b, n] = sum_l l u[b, l] exp(x[b, n] l)`: the state that
/// a diagonal state space model is in after a sequence read backwards, and the gradient of
/// [Vandermonde].
///
/// Shapes: `u [..., L]`, real and imaginary parts of `x [..., N]` with the same leading axes, F32
/// or F64; the parts of `s`, then those of `m`, `[..., N]`. A row in which a number is not finite
/// becomes NaN.
///
/// Gradient, of `s` alone: `du[l] = Re sum_n conj(ds[n]) exp(x[n] l)` by [Vandermonde], `dx = ds
/// conj(m)`.
///
/// Cost: 2 multiply-adds an element and mode, 4 with moments. Error: `(64 + L / 64) eps` of the sum
/// of `|u exp(x l)|` (of `|l u exp(x l)|`). Source: as [Vandermonde].
///
/// @param moments whether there is `m`
public record VandermondeTransposed(boolean moments) implements Kernel {
  static final String NAMES = "u x.re x.im";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(3, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Shape u = in.get(0).shape();
    Shape x = in.get(1).shape();
    boolean fits =
        u.rank() > 0
            && u.rank() == x.rank()
            && u.without(-1).equals(x.without(-1))
            && in.get(1).equals(in.get(2));
    Rules.require(fits, this, "u must be [..., L] and x [..., N]", NAMES, in);
    return Collections.nCopies(moments ? 4 : 2, in.get(1));
  }

  private static double nan(Call c, long row, int length) {
    double zero = 0;
    for (int l = 0; l < length; l++) {
      zero += 0 * c.get(0, row * length + l);
    }
    return zero;
  }

  @Override
  public void reference(Call c) {
    int length = Math.toIntExact(c.inShape(0).dim(-1));
    int n = Math.toIntExact(c.inShape(1).dim(-1));
    for (long row = 0; row < c.inShape(0).without(-1).elems(); row++) {
      double nan = Vandermonde.nan(c, 1, row, n, 2) + nan(c, row, length);
      for (int k = 0; k < n; k++) {
        long at = row * n + k;
        double[] sums = {nan, nan, nan, nan};
        for (int l = 0; l < length; l++) {
          double size = c.get(0, row * length + l) * Math.exp(c.get(1, at) * l);
          double re = size * Math.cos(c.get(2, at) * l);
          double im = size * Math.sin(c.get(2, at) * l);
          sums[0] += re;
          sums[1] += im;
          sums[2] += l * re;
          sums[3] += l * im;
        }
        for (int i = 0; i < c.outputs(); i++) {
          c.set(i, at, sums[i]);
        }
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    VandermondeSimd.transposed(c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return VandermondeSimd.scratch(in.get(1).shape().dim(-1), in.get(1).dtype()) * workers;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClModes.transposed(d, in, moments);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1, 2);
  }

  /// @throws IllegalStateException if the gradient is asked for through moments
  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    if (dy.subList(2, dy.size()).stream().anyMatch(Optional::isPresent)) {
      throw new IllegalStateException(this + ": moments have no gradient; got a request for one");
    }
    Tensor x = n.in(1);
    Tensor zeros = x.scope().zeros(x.dtype(), x.shape());
    Complex ds = new Complex(dy.get(0).orElse(zeros), dy.get(1).orElse(zeros));
    List<Optional<Tensor>> d = new ArrayList<>(Collections.nCopies(3, Optional.empty()));
    if (n.needs(0)) {
      Vandermonde series = new Vandermonde(n.inSpec(0).shape().dim(-1));
      Complex g = ds.conj();
      Tensor twice = series.of(g.re(), g.im(), x, n.in(2));
      d.set(0, Optional.of(twice.mul(0.5)));
    }
    if (n.needs(1) || n.needs(2)) {
      List<Tensor> s = new VandermondeTransposed(true).apply(n.in(0), x, n.in(2));
      Complex dx = ds.times(new Complex(s.get(2), s.get(3)).conj());
      d.set(1, Optional.of(dx.re()));
      d.set(2, Optional.of(dx.im()));
    }
    return d;
  }

  @Override
  public Cost cost(List<Spec> in) {
    double pairs = 1.0 * in.get(0).shape().elems() * in.get(1).shape().dim(-1);
    return new Cost((moments ? 8 : 4) * pairs, Cost.streaming(0, in, infer(in)).bytes());
  }
}
