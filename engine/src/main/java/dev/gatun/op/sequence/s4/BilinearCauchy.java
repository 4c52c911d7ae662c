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
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// The Cauchy sum of S4 at the roots of unity, without a pole: for `k` from 0 to `L / 2`, with
/// `omega = exp(-2 pi i k / L)`, `a = 2 (1 - omega)`, `b = 1 + omega`,
///
/// `R[g, m, k] = sum_n 2 v[g, m, n] / (a - b w[g, n]) + 2 conj(v[g, m, n]) / (a - b conj(w[g,
/// n]))`.
///
/// With `z = a / b`, the node of the bilinear transform, that is `2 / b` times the sum of `v / (z -
/// w)` and its conjugate, but where `b` is 0, at half the sampling rate, nothing is infinite. Put
/// `theta = pi k / L`, `c = cos theta`, `s = sin theta`; then
///
/// `R = 2 exp(i theta) sum_n (2 i s Re v - c Re(v conj w)) / (c^2 |w|^2 - 4 s^2 - 4 i s c Re w)`:
///
/// one real reciprocal for both conjugates, shared by all `M` sets of numerators.
///
/// Shapes: real and imaginary parts of `v [..., M, N]` and of `w [..., N]`, F32 or F64; the parts
/// of `R [..., M, L/2 + 1]`. A group in which a number is not finite, or a `|w|` is below 1e-9
/// (1e-75 in F64) as at a pole, becomes NaN.
///
/// Gradient: [Grad]. Cost: 6 operations, a division and `4 M` multiply-adds for a mode and a node.
/// Error: some eps of the largest `|R|`: no node comes near a pole by rounding, and `c |w| - 2 s`,
/// which is small at the frequency of a mode, is computed from parts that hold twice the digits of
/// F32. The authors' form in F32 loses `L eps`. Source: Gu, Goel, Re, "Efficiently Modeling Long
/// Sequences with Structured State Spaces", arXiv 2111.00396, appendix C.3.
///
/// @param length `L`, 1 or more
public record BilinearCauchy(long length) implements Kernel {
  private static final String NAMES = "v.re v.im lambda.re lambda.im dt";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(5, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Spec v = in.get(0);
    Spec w = in.get(2);
    Shape dt = in.get(4).shape();
    boolean fits =
        v.shape().rank() > 1
            && v.shape().without(-2).equals(w.shape())
            && v.equals(in.get(1))
            && w.equals(in.get(3))
            && dt.equals(w.shape().without(-1));
    Rules.require(fits, this, "v must be [..., M, N], lambda [..., N], dt [...]", NAMES, in);
    Rules.require(length > 0, this, "length must be 1 or more", NAMES, in);
    return Collections.nCopies(2, new Spec(v.dtype(), v.shape().with(-1, length / 2 + 1)));
  }

  /// What all numbers of a mode are with one product `m`: `|w|^2`, `Re w`, `Re v`, `Re(v conj w)`.
  static double[] mode(Call c, int first, long product, long mode) {
    double vr = c.get(first, product);
    double dt = c.get(first + 4, mode / c.inShape(first).dim(-1));
    double wr = dt * c.get(first + 2, mode);
    double wi = dt * c.get(first + 3, mode);
    return new double[] {wr * wr + wi * wi, wr, vr, vr * wr + c.get(first + 1, product) * wi};
  }

  /// The least `|w|` whose fourth power, which is what node 0 is divided by, is a normal number.
  static double least(DType type) {
    return type == DType.F32 ? 1e-9 : 1e-75;
  }

  /// 0, or NaN if a number of the group is not finite or a `w` is too small; `first` is the input
  /// number of `v`.
  static double nan(Call c, int from, int to, long group, long groups, int first) {
    double zero = 0;
    long n = c.inShape(first).dim(-1);
    for (long j = group * n; j < (group + 1) * n; j++) {
      double size = Math.hypot(c.get(first + 2, j), c.get(first + 3, j)) * c.get(first + 4, group);
      zero += Math.abs(size) < least(c.dtype()) ? Double.NaN : 0;
    }
    for (int i = from; i < to; i++) {
      long size = c.inShape(i).elems() / groups;
      for (long e = group * size; e < (group + 1) * size; e++) {
        zero += 0 * c.get(i, e);
      }
    }
    return zero;
  }

  static double cos(long k, long length) {
    return 2 * k == length ? 0 : Math.cos(Math.PI * k / length);
  }

  /// Real and imaginary part of a term and, behind them, of its denominator's inverse.
  static double[] term(double[] mode, double c, double s) {
    double dr = c * c * mode[0] - 4 * s * s;
    double di = -4 * s * c * mode[1];
    double inverse = 1 / (dr * dr + di * di);
    double p = dr * inverse;
    double q = di * inverse;
    double nr = -c * mode[3];
    double ni = 2 * s * mode[2];
    return new double[] {nr * p + ni * q, ni * p - nr * q, p, -q};
  }

  @Override
  public void reference(Call c) {
    Shape v = c.inShape(0);
    int n = Math.toIntExact(v.dim(-1));
    long m = v.dim(-2);
    long groups = v.elems(0, v.rank() - 2);
    long nodes = length / 2 + 1;
    for (long row = 0; row < groups * m; row++) {
      double nan = nan(c, 0, 5, row / m, groups, 0);
      for (long k = 0; k < nodes; k++) {
        double cos = cos(k, length);
        double sin = Math.sin(Math.PI * k / length);
        double re = nan;
        double im = nan;
        for (int j = 0; j < n; j++) {
          double[] f = term(mode(c, 0, row * n + j, row / m * n + j), cos, sin);
          re += f[0];
          im += f[1];
        }
        c.set(0, row * nodes + k, 2 * (cos * re - sin * im));
        c.set(1, row * nodes + k, 2 * (cos * im + sin * re));
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    BilinearCauchySimd.forward(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return BilinearCauchySimd.scratch(in.get(0)) * workers;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClCauchy.bilinear(d, in, length);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1, 2, 3, 4);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Spec y = n.outSpec(0);
    Tensor zeros = n.in(0).scope().zeros(y.dtype(), y.shape());
    Tensor re = dy.get(0).orElse(zeros);
    Tensor im = dy.get(1).orElse(zeros);
    return new Grad(this)
        .apply(re, im, n.in(0), n.in(1), n.in(2), n.in(3), n.in(4)).stream()
            .map(Optional::of)
            .toList();
  }

  @Override
  public Cost cost(List<Spec> in) {
    Shape v = in.get(0).shape();
    double terms = 1.0 * v.without(-2).elems() * (length / 2 + 1);
    return new Cost(terms * (8 + 8 * v.dim(-2)), Cost.streaming(0, in, infer(in)).bytes());
  }

  /// Gradient of a [BilinearCauchy]. With `h = conj(dR) 2 exp(i theta)`, terms `f = n / d` and `e =
  /// h / d`: `d Re v = sum_k -2 s Im e`, `d Re(v conj w) = sum_k -c Re e`, `d |w|^2 = sum -c^2 Re(e
  /// f)`, `d Re w = sum -4 s c Im(e f)`. Inputs: `dR.re dR.im`, then those of the sum; outputs: the
  /// gradients of the latter. A group in which a number is not finite becomes NaN.
  public record Grad(BilinearCauchy of) implements Kernel {
    private static final String NAMES = "dy.re dy.im " + BilinearCauchy.NAMES;

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(7, this, NAMES, in);
      Rules.computing(this, NAMES, in);
      List<Spec> inputs = in.subList(2, 7);
      Rules.require(
          of.infer(inputs).equals(in.subList(0, 2)), this, "dy must be [..., M, F]", NAMES, in);
      return inputs;
    }

    @Override
    public void reference(Call c) {
      Shape v = c.inShape(2);
      int n = Math.toIntExact(v.dim(-1));
      int m = Math.toIntExact(v.dim(-2));
      long groups = v.elems(0, v.rank() - 2);
      for (long g = 0; g < groups; g++) {
        double nan = nan(c, 0, 7, g, groups, 2);
        double dt = 0;
        for (int j = 0; j < n; j++) {
          dt += mode(c, g, m, n, j, nan);
        }
        c.set(4, g, nan + dt);
      }
    }

    /// Returns what the mode adds to the gradient of `dt`.
    private double mode(Call c, long g, int m, int n, int j, double nan) {
      double dt = c.get(6, g);
      double wr = dt * c.get(4, g * n + j);
      double wi = dt * c.get(5, g * n + j);
      double dwr = nan;
      double dwi = nan;
      for (int i = 0; i < m; i++) {
        long at = (g * m + i) * n + j;
        double[] sums = sums(c, g * m + i, BilinearCauchy.mode(c, 2, at, g * n + j));
        c.set(0, at, nan + sums[0] + wr * sums[1]);
        c.set(1, at, nan + wi * sums[1]);
        dwr += c.get(2, at) * sums[1] + 2 * wr * sums[2] + sums[3];
        dwi += c.get(3, at) * sums[1] + 2 * wi * sums[2];
      }
      c.set(2, g * n + j, dt * dwr);
      c.set(3, g * n + j, dt * dwi);
      return c.get(4, g * n + j) * dwr + c.get(5, g * n + j) * dwi;
    }

    /// Gradients of `Re v`, `Re(v conj w)`, `|w|^2` and of `Re w` where it stands alone.
    private double[] sums(Call c, long row, double[] mode) {
      long nodes = of.length / 2 + 1;
      double[] sums = new double[4];
      for (long k = 0; k < nodes; k++) {
        double cos = cos(k, of.length);
        double sin = Math.sin(Math.PI * k / of.length);
        double gr = c.get(0, row * nodes + k);
        double gi = c.get(1, row * nodes + k);
        double hr = 2 * (gr * cos + gi * sin);
        double hi = 2 * (gr * sin - gi * cos);
        double[] f = term(mode, cos, sin);
        double er = hr * f[2] - hi * f[3];
        double ei = hi * f[2] + hr * f[3];
        sums[0] -= 2 * sin * ei;
        sums[1] -= cos * er;
        sums[2] -= cos * cos * (er * f[0] - ei * f[1]);
        sums[3] -= 4 * sin * cos * (er * f[1] + ei * f[0]);
      }
      return sums;
    }

    @Override
    public void simd(Call c, Workers w) {
      BilinearCauchySimd.backward(of, c, w);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return BilinearCauchySimd.scratchOfGradient(in.get(0)) * workers;
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClCauchy.bilinearBack(d, in, of.length);
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
      Shape v = in.get(2).shape();
      double terms = 1.0 * v.elems() * (of.length / 2 + 1);
      return new Cost(40 * terms, Cost.streaming(0, in, infer(in)).bytes());
    }
  }
}
