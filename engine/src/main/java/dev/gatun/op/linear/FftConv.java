package dev.gatun.op.linear;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.op.math.NormalCdf;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Each channel convolved with a filter as long as the sequence, by Fourier transforms: `y =
/// gelu(p)` or `y = p` with
///
/// `p[b, h, t] = sum_(s <= t) k[h, t - s] u[b, h, s] + sum_(s >= t) rev[h, s - t] u[b, h, s] + d[h]
/// u[b, h, t]`
///
/// where the second sum and the last term are there only if asked for; lag 0 is in both sums. With
/// a period `N` the first sum is circular instead: `u` and `k` followed by zeros up to `N`, wrapped
/// around, and the first `L` results.
///
/// Shapes: `u`, `y [B, H, L]`, `k [H, K]`, `rev [H, R]` with `0 < K, R <= L`, `d [H]`; F32 or F64.
///
/// Gradient, with `g = dy gelu'(p)`: `du` is the same sums with the filters exchanged plus `d g`,
/// `dk = sum_(b, t) g[t] u[t - l]`, `drev = sum_(b, t) g[t] u[t + l]`, `dd = sum g u`, in one pass
/// ([Grad]).
///
/// Cost: with `h >= L` of small radices, a complex transform of length `h` forth and one back for
/// each row, one more for each filter; five for each row of the gradient. Multiplied by `e^(i pi j
/// / 2 h)` first, a circular convolution of length `h` is one modulo `z^h - i`, whose real and
/// imaginary parts are the whole linear convolution: nothing is padded to `2 L` and there is no
/// pass for real data ("right-angle" convolution: Crandall, Fagin, Math. Comp. 62, 1994). Spectra
/// never leave the worker's own memory. Error: `3 eps log2(2 h)` of the product of the norms of
/// both rows. A row becomes NaN before `d` where it or its filter holds an infinity or a NaN.
/// Source: Romero et al., arXiv 2102.02611; Poli et al., Hyena, arXiv 2302.10866.
///
/// @param reverse whether there is a filter that looks ahead
/// @param skip whether there is `d`
/// @param gelu whether the exact GELU is applied last
/// @param period `N`, at least `L`; 0 for a convolution that does not wrap around
public record FftConv(boolean reverse, boolean skip, boolean gelu, long period) implements Kernel {
  static final int U = 0;
  static final int K = 1;
  static final int REVERSE = 2;

  /// The convolution of `u` with `k`, and what else there is.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(
      Tensor u, Tensor k, Optional<Tensor> reverse, Optional<Tensor> d, boolean gelu) {
    List<Tensor> in = new ArrayList<>(List.of(u, k));
    reverse.ifPresent(in::add);
    d.ifPresent(in::add);
    return new FftConv(reverse.isPresent(), d.isPresent(), gelu, 0).of(in.toArray(Tensor[]::new));
  }

  /// The convolution of `u` with `k` that wraps around after `period` elements.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit or `period` is less than `L`
  public static Tensor circular(Tensor u, Tensor k, long period) {
    return new FftConv(false, false, false, period).of(u, k);
  }

  /// Input number of `d`.
  int d() {
    return reverse ? 3 : 2;
  }

  int inputs() {
    return 2 + (reverse ? 1 : 0) + (skip ? 1 : 0);
  }

  String names() {
    return "u k" + (reverse ? " rev" : "") + (skip ? " d" : "");
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(inputs(), this, names(), in);
    Rules.computing(this, names(), in);
    Shape u = in.get(U).shape();
    Rules.require(
        u.rank() == 3 && u.dim(2) > 0 && u.dim(2) <= Fft.MOST / 2,
        this,
        "u must be [B, H, L] with L from 1 to 2^26",
        names(),
        in);
    Rules.require(isFilter(in.get(K).shape(), u), this, "k must be [H, 1 to L]", names(), in);
    Rules.require(
        !reverse || isFilter(in.get(REVERSE).shape(), u),
        this,
        "rev must be [H, 1 to L]",
        names(),
        in);
    Rules.require(
        !skip || in.get(d()).shape().equals(Shape.of(u.dim(1))),
        this,
        "d must be [H]",
        names(),
        in);
    Rules.require(
        period == 0 || period >= u.dim(2) && !reverse,
        this,
        "a period must be at least L, without a filter that looks ahead",
        names(),
        in);
    return List.of(in.get(U));
  }

  private static boolean isFilter(Shape k, Shape u) {
    return k.rank() == 2 && k.dim(0) == u.dim(1) && k.dim(1) > 0 && k.dim(1) <= u.dim(2);
  }

  /// The filter at `lag`, which is negative for inputs to come; inputs are counted from `first`.
  double filter(Call c, int first, long h, long lag) {
    long length = c.inShape(first + K).dim(1);
    double sum = lag >= 0 && lag < length ? c.get(first + K, h * length + lag) : 0;
    if (reverse) {
      long other = c.inShape(first + REVERSE).dim(1);
      sum += lag <= 0 && -lag < other ? c.get(first + REVERSE, h * other - lag) : 0;
    }
    if (period > 0 && lag < 0 && lag + period < length) {
      sum += c.get(first + K, h * length + lag + period);
    }
    return sum;
  }

  /// The filter at lags from `1 - l` to `l - 1`.
  double[] filters(Call c, int first, long h) {
    int l = Math.toIntExact(c.inShape(first + U).dim(2));
    double[] k = new double[2 * l - 1];
    for (int i = 0; i < k.length; i++) {
      k[i] = filter(c, first, h, i - l + 1L);
    }
    return k;
  }

  static double[] row(Call c, int input, long row, int l) {
    double[] x = new double[l];
    for (int t = 0; t < l; t++) {
      x[t] = c.get(input, row * l + t);
    }
    return x;
  }

  /// `p` of one row.
  double[] before(double[] u, double[] k, double d) {
    int l = u.length;
    double nan = Dft.nanUnlessFinite(u) + Dft.nanUnlessFinite(k);
    double[] p = new double[l];
    for (int t = 0; t < l; t++) {
      double sum = 0;
      for (int s = 0; s < l; s++) {
        sum += k[t - s + l - 1] * u[s];
      }
      p[t] = nan + sum + (skip ? d * u[t] : 0);
    }
    return p;
  }

  @Override
  public void reference(Call c) {
    Shape s = c.inShape(U);
    int l = Math.toIntExact(s.dim(2));
    for (long row = 0; row < s.dim(0) * s.dim(1); row++) {
      long h = row % s.dim(1);
      double[] p = before(row(c, U, row, l), filters(c, 0, h), skip ? c.get(d(), h) : 0);
      for (int t = 0; t < l; t++) {
        c.set(0, row * l + t, gelu ? NormalCdf.gelu(p[t]) : p[t]);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    FftConvSimd.forward(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClFftConv.forward(this, d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return FftConvSimd.scratch(in.get(U)) * workers;
  }

  @Override
  public Keep keep() {
    return new Keep((1L << inputs()) - 1, 0, 0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    List<Tensor> in = new ArrayList<>(List.of(dy.get(0).orElseThrow()));
    for (int i = 0; i < n.inputs(); i++) {
      in.add(n.in(i));
    }
    List<Tensor> out = new Grad(this).apply(in.toArray(Tensor[]::new));
    List<Optional<Tensor>> dx = new ArrayList<>();
    for (int i = 0; i < n.inputs(); i++) {
      dx.add(n.needs(i) ? Optional.of(out.get(i)) : Optional.empty());
    }
    return dx;
  }

  @Override
  public Cost cost(List<Spec> in) {
    double h = in.get(U).shape().dim(-1);
    double flops = 10 * Math.log(2 * h) / Math.log(2) + 20 + (gelu ? 40 : 0);
    return Cost.streaming(flops, in, infer(in));
  }

  /// Gradients of a [FftConv] in one pass. Inputs: `dy`, then those of the convolution. Outputs:
  /// the gradient of each input of the convolution. What a convolution becomes where its operands
  /// are not finite, the gradients become too.
  public record Grad(FftConv conv) implements Kernel {
    private String names() {
      return "dy " + conv.names();
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(1 + conv.inputs(), this, names(), in);
      Rules.computing(this, names(), in);
      List<Spec> inputs = in.subList(1, in.size());
      conv.infer(inputs);
      Rules.require(in.get(0).equals(in.get(1)), this, "dy must have u's shape", names(), in);
      return inputs;
    }

    @Override
    public void reference(Call c) {
      Shape s = c.inShape(1 + U);
      for (long h = 0; h < s.dim(1); h++) {
        referenceChannel(c, h, s);
      }
    }

    private void referenceChannel(Call c, long h, Shape s) {
      int l = Math.toIntExact(s.dim(2));
      double[] k = conv.filters(c, 1, h);
      double d = conv.skip ? c.get(1 + conv.d(), h) : 0;
      double[] dk = new double[2 * l - 1];
      double dd = 0;
      for (long b = 0; b < s.dim(0); b++) {
        long row = b * s.dim(1) + h;
        double[] u = row(c, 1 + U, row, l);
        double[] g = row(c, 0, row, l);
        double[] p = conv.gelu ? conv.before(u, k, d) : u;
        double nan = 0;
        for (int t = 0; t < l; t++) {
          g[t] *= conv.gelu ? NormalCdf.geluDerivative(p[t]) : 1;
          dd += g[t] * u[t];
        }
        nan += Dft.nanUnlessFinite(g);
        for (int i = 0; i < l; i++) {
          double du = nan + Dft.nanUnlessFinite(k) + (conv.skip ? d * g[i] : 0);
          for (int t = 0; t < l; t++) {
            du += k[t - i + l - 1] * g[t];
            dk[t - i + l - 1] += g[t] * u[i];
          }
          c.set(U, row * l + i, du);
        }
        dk[0] += nan + Dft.nanUnlessFinite(u);
      }
      referenceFilters(c, h, dk, Dft.nanUnlessFinite(dk), dd);
    }

    private void referenceFilters(Call c, long h, double[] dk, double nan, double dd) {
      int zero = dk.length / 2;
      int length = Math.toIntExact(c.inShape(1 + K).dim(1));
      for (int i = 0; i < length; i++) {
        long far = i - conv.period;
        double wrapped = conv.period > 0 && -far <= zero ? dk[Math.toIntExact(zero + far)] : 0;
        c.set(K, h * length + i, nan + dk[zero + i] + wrapped);
      }
      if (conv.reverse) {
        int other = Math.toIntExact(c.inShape(1 + REVERSE).dim(1));
        for (int i = 0; i < other; i++) {
          c.set(REVERSE, h * other + i, nan + dk[zero - i]);
        }
      }
      if (conv.skip) {
        c.set(conv.d(), h, dd);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      FftConvSimd.backward(conv, c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClFftConv.back(conv, d, in);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return FftConvSimd.scratchOfGradient(in.get(0)) * workers;
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
      double h = in.get(0).shape().dim(-1);
      double flops = 20 * Math.log(2 * h) / Math.log(2) + 40 + (conv.gelu ? 80 : 0);
      return Cost.streaming(flops, in, infer(in).subList(0, 1));
    }
  }
}
