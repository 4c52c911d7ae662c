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
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// Sums over pairs of conjugate poles at any nodes of the complex plane: `y[b, l] = sum_n v[b, n] /
/// (z[l] - w[b, n]) + conj(v[b, n]) / (z[l] - conj(w[b, n]))`: the multiplication of a Cauchy
/// matrix by a vector, for nodes on the imaginary axis, the unit circle or elsewhere. At the nodes
/// of S4 itself [BilinearCauchy] is faster and has no pole.
///
/// Both terms share a denominator and a real reciprocal: `2 (z Re v - Re(v conj w)) / ((z - w) (z -
/// conj w))`.
///
/// Shapes: real and imaginary parts of `v` and of `w`, each `[..., N]`, and of `z [L]`, F32 or F64;
/// the parts of `y [..., L]`. A row in which a number is not finite, `z` included, becomes NaN; so
/// does a node on a pole.
///
/// Gradient ([Grad]), by what real and imaginary part of `dy` mean in PyTorch: `dv = sum_l dy /
/// (conj z - conj w) + conj(dy / (z - w))`, `dw = conj(v)` times the same with squares, `dz = -sum
/// dy conj(dy/dz)`.
///
/// Cost: 20 operations and a division for a pair and a node. Error: `8 eps` of the sum of `|z| |v|
/// / (|z - w| |z - conj w|)`. Source: Gu, Goel, Re, arXiv 2111.00396, appendix C.3.
public record Cauchy() implements Kernel {
  private static final String NAMES = "v.re v.im w.re w.im z.re z.im";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(6, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Spec v = in.get(0);
    boolean fits =
        v.shape().rank() > 0
            && in.subList(0, 4).stream().allMatch(v::equals)
            && in.get(4).shape().rank() == 1
            && in.get(4).equals(in.get(5));
    Rules.require(fits, this, "v and w must be [..., N] and z [L]", NAMES, in);
    return Collections.nCopies(
        2, new Spec(v.dtype(), v.shape().with(-1, in.get(4).shape().dim(0))));
  }

  /// Real and imaginary part of a pair's term, then those of its denominator's inverse.
  static double[] term(double vr, double dot, double wr, double wi, double zr, double zi) {
    double a = zr - wr;
    double dr = a * a - (zi - wi) * (zi + wi);
    double di = 2 * a * zi;
    double inverse = 1 / (dr * dr + di * di);
    double p = dr * inverse;
    double q = -di * inverse;
    double nr = 2 * (zr * vr - dot);
    double ni = 2 * zi * vr;
    return new double[] {nr * p - ni * q, nr * q + ni * p, p, q};
  }

  /// The term of mode `at`, whose numbers are inputs from `first` on, at node `l`.
  static double[] term(Call c, int first, long at, long l) {
    double vr = c.get(first, at);
    double wr = c.get(first + 2, at);
    double wi = c.get(first + 3, at);
    double dot = vr * wr + c.get(first + 1, at) * wi;
    return term(vr, dot, wr, wi, c.get(first + 4, l), c.get(first + 5, l));
  }

  static double nan(Call c, int first, long row, long n, long nodes) {
    double zero = Vandermonde.nan(c, first, row, Math.toIntExact(n), 4);
    for (long l = 0; l < nodes; l++) {
      zero += 0 * c.get(first + 4, l) + 0 * c.get(first + 5, l);
    }
    return zero;
  }

  @Override
  public void reference(Call c) {
    long n = c.inShape(0).dim(-1);
    long nodes = c.inShape(4).dim(0);
    for (long row = 0; row < c.inShape(0).without(-1).elems(); row++) {
      double nan = nan(c, 0, row, n, nodes);
      for (long l = 0; l < nodes; l++) {
        double re = nan;
        double im = nan;
        for (long j = 0; j < n; j++) {
          double[] f = term(c, 0, row * n + j, l);
          re += f[0];
          im += f[1];
        }
        c.set(0, row * nodes + l, re);
        c.set(1, row * nodes + l, im);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    CauchySimd.forward(c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return CauchySimd.scratch(in.get(0)) * workers;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClCauchy.sums(d, in);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1, 2, 3, 4, 5);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Spec y = n.outSpec(0);
    Tensor zeros = n.in(0).scope().zeros(y.dtype(), y.shape());
    Tensor[] in = new Tensor[8];
    in[0] = dy.get(0).orElse(zeros);
    in[1] = dy.get(1).orElse(zeros);
    for (int i = 0; i < 6; i++) {
      in[2 + i] = n.in(i);
    }
    return new Grad().apply(in).stream().map(Optional::of).toList();
  }

  @Override
  public Cost cost(List<Spec> in) {
    double terms = 1.0 * in.get(0).shape().elems() * in.get(4).shape().dim(0);
    return new Cost(24 * terms, Cost.streaming(0, in, infer(in)).bytes());
  }

  /// Gradient of a [Cauchy]: with terms `f = n / d` and `e = conj(dy) / d`, `d Re v = 2 Re sum e (z
  /// - Re w)`, `d Im v = -2 Im w Re sum e`, `t = e ((z - Re w) f - Re v)`, `d Re w = 2 Re sum t`,
  ///   `d Im w = -2 Re sum e (Im v + Im w f)`, `dz = -2 conj(sum t)`. Inputs: `dy.re dy.im`, then
  ///   those of the sum; outputs: the gradients of the latter. What is not finite makes all results
  ///   NaN.
  public record Grad() implements Kernel {
    private static final String NAMES = "dy.re dy.im " + Cauchy.NAMES;

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(8, this, NAMES, in);
      Rules.computing(this, NAMES, in);
      List<Spec> inputs = in.subList(2, 8);
      boolean fits = new Cauchy().infer(inputs).equals(in.subList(0, 2));
      Rules.require(fits, this, "dy must be [..., L]", NAMES, in);
      return inputs;
    }

    static double nan(Call c) {
      double zero = 0;
      for (int i = 0; i < 8; i++) {
        for (long e = 0; e < c.inShape(i).elems(); e++) {
          zero += 0 * c.get(i, e);
        }
      }
      return zero;
    }

    @Override
    public void reference(Call c) {
      long n = c.inShape(2).dim(-1);
      int nodes = Math.toIntExact(c.inShape(6).dim(0));
      double nan = nan(c);
      double[] dz = new double[2 * nodes];
      for (long at = 0; at < c.inShape(2).elems(); at++) {
        double vr = c.get(2, at);
        double wr = c.get(4, at);
        double[] d = {nan, nan, nan, nan};
        for (int l = 0; l < nodes; l++) {
          double[] f = term(c, 2, at, l);
          double gr = c.get(0, at / n * nodes + l);
          double gi = -c.get(1, at / n * nodes + l);
          double er = gr * f[2] - gi * f[3];
          double ei = gr * f[3] + gi * f[2];
          double ar = c.get(6, l) - wr;
          double ai = c.get(7, l);
          double br = ar * f[0] - ai * f[1] - vr;
          double bi = ar * f[1] + ai * f[0];
          double tr = er * br - ei * bi;
          d[0] += 2 * (er * ar - ei * ai);
          d[1] -= 2 * c.get(5, at) * er;
          d[2] += 2 * tr;
          d[3] -= 2 * (er * (c.get(3, at) + c.get(5, at) * f[0]) - ei * c.get(5, at) * f[1]);
          dz[l] -= 2 * tr;
          dz[nodes + l] += 2 * (er * bi + ei * br);
        }
        for (int i = 0; i < 4; i++) {
          c.set(i, at, d[i]);
        }
      }
      for (int l = 0; l < nodes; l++) {
        c.set(4, l, nan + dz[l]);
        c.set(5, l, nan + dz[nodes + l]);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      CauchySimd.backward(c, w);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return CauchySimd.scratchOfGradient(in.get(2), in.get(6)) * workers;
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClCauchy.sumsBack(d, in);
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
      double terms = 1.0 * in.get(2).shape().elems() * in.get(6).shape().dim(0);
      return new Cost(100 * terms, Cost.streaming(0, in, infer(in)).bytes());
    }
  }
}
