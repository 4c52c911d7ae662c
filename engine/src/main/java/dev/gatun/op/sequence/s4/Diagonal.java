package dev.gatun.op.sequence.s4;

import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/// A diagonal state space model of each feature: `x' = lambda x + B u`, `y = 2 Re(C x)`,
/// discretised with step `dt`: S4D by zero-order hold or the bilinear rule, and DSS. All of it is
/// made of ops, so gradients with respect to every part come from them.
///
/// Source: Gu, Gupta, Goel, Re, arXiv 2206.11893 (S4D); Gupta, Gu, Berant, arXiv 2203.14343 (DSS).
///
/// @param lambda `[S, N]`: `S` divides the number of features `H`, feature `h` has copy `h mod S`
/// @param b `[S, N]`
/// @param c `[K, H, N]`, `K` channels
/// @param dt steps, `[H, 1]` or one for each mode, `[H, N]`
/// @param rule how it is discretised
public record Diagonal(Complex lambda, Complex b, Complex c, Tensor dt, Rule rule) {
  /// How a diagonal model is discretised.
  public enum Rule {
    /// Inputs are held for a step: `exp(dt lambda)`, `(exp(dt lambda) - 1) / lambda B`.
    HOLD,
    /// `(1 + dt lambda / 2) / (1 - dt lambda / 2)`, `dt / (1 - dt lambda / 2) B`.
    BILINEAR,
    /// As held, each mode's kernel divided by its sum over the whole length: for any `Re lambda`.
    /// The result has no factor 2.
    SOFTMAX
  }

  /// First eigenvalues and inputs of diagonal state space models, one of each pair of conjugates,
  /// in the order of their frequencies.
  ///
  /// Source: Gu, Gupta, Goel, Re, arXiv 2206.11893, section 4.
  public enum Spectrum {
    /// S4D-Lin: `-1/2 - i pi n`, the frequencies of Fourier series.
    LIN,
    /// S4D-Inv: `-1/2 - i (M / pi) (M / (2 n + 1) - 1)` for `M = 2 N`, close to LegS's.
    INV,
    /// S4D-LegS: the eigenvalues of HiPPO-LegS's normal part, and its input in their basis.
    LEGS,
    /// S4D-Real: `-(n + 1)`, nothing oscillates.
    REAL;

    /// `Re lambda`, `n` numbers below 0.
    public double[] real(int n) {
      double[] x = new double[n];
      for (int i = 0; i < n; i++) {
        x[i] = this == REAL ? -(i + 1) : -0.5;
      }
      return x;
    }

    /// `Im lambda`, `n` numbers, none above 0.
    ///
    /// @throws IllegalArgumentException if `n` is 0 and the spectrum LegS's
    public double[] imaginary(int n) {
      double m = 2.0 * n;
      double[] x = this == LEGS ? Hippo.LEGS.nplr(2 * n, 1).frequencies().clone() : new double[n];
      for (int i = 0; i < n; i++) {
        x[i] =
            switch (this) {
              case LIN -> -Math.PI * i;
              case INV -> -(m / Math.PI) * (m / (2.0 * i + 1) - 1);
              case LEGS -> x[i];
              case REAL -> 0;
            };
      }
      return x;
    }

    /// `B`, `n` real numbers: 1, or LegS's.
    public double[] input(int n) {
      if (this == LEGS) {
        return Hippo.LEGS.nplr(2 * n, 1).input();
      }
      double[] b = new double[n];
      Arrays.fill(b, 1);
      return b;
    }
  }

  /// What keeps the division of [Rule#SOFTMAX] finite.
  private static final double EPS = 1e-7;

  private Complex copies(Complex x) {
    long repeat = c.re().dim(1) / x.re().dim(0);
    return repeat == 1 ? x : x.view(t -> t.tile(repeat, 1));
  }

  /// `dt lambda`, `[H, N]`.
  private Complex exponents() {
    return copies(lambda).times(dt);
  }

  /// The same model with steps `factor` times as long: a signal sampled at another rate.
  public Diagonal resampled(double factor) {
    return new Diagonal(lambda, b, c, dt.mul(factor), rule);
  }

  /// The same model without modes whose frequency times `dt`, in cycles a step, is `band / 2` or
  /// more.
  public Diagonal limited(double band) {
    return new Diagonal(lambda, b, Dplr.limited(c, copies(lambda), dt, band), dt, rule);
  }

  /// The factor of the state in a step, `[H, N]`.
  public Complex discreteMatrix() {
    Complex x = exponents();
    if (rule == Rule.BILINEAR) {
      return x.times(0.5).plus(1).over(x.times(-0.5).plus(1));
    }
    return x.exp();
  }

  /// The factor of the input in a step, `[H, N]`.
  public Complex discreteInput() {
    Complex x = exponents();
    if (rule == Rule.BILINEAR) {
      return copies(b).times(dt).over(x.times(-0.5).plus(1));
    }
    return copies(b).times(x.expm1()).over(copies(lambda));
  }

  /// The logarithm of [#discreteMatrix].
  private Complex logarithms() {
    return rule == Rule.BILINEAR ? discreteMatrix().log() : exponents();
  }

  /// The convolution kernel `[K, H, length]`: `2 Re sum_n C B' lambda'^l`.
  public Tensor kernel(long length) {
    if (rule == Rule.SOFTMAX) {
      return normalised(length);
    }
    return series(c.times(discreteInput()), logarithms(), length);
  }

  /// What a state adds to the results: `[G, K, H, length]` for states `[G, H, N]`.
  public Tensor stateKernel(Complex state, long length) {
    Complex moved = state.times(discreteMatrix());
    return series(c.times(moved.view(t -> t.unsqueeze(1))), logarithms(), length);
  }

  private static Tensor series(Complex v, Complex x, long length) {
    Complex all = x.view(t -> t.broadcastTo(v.re().shape()));
    return new Vandermonde(length).of(v.re(), v.im(), all.re(), all.im());
  }

  /// DSS: where `Re lambda` is above 0, the modes are counted from the end, so that nothing grows.
  private Tensor normalised(long length) {
    Complex l = copies(lambda);
    Complex x = exponents();
    Tensor grows = l.re().greater(0).to(l.re().dtype());
    Tensor sign = grows.mul(-2).add(1);
    Complex falling = x.times(sign);
    Complex num = falling.expm1();
    Complex y = falling.times((double) length).expm1().times(l);
    Tensor size = y.re().square().add(y.im().square()).add(EPS);
    Complex w = c.times(copies(b)).times(num).times(y.conj()).times(size.reciprocal());
    Tensor forward = series(w.times(grows.neg().add(1)), falling, length);
    Tensor backward = series(w.times(grows), falling, length).flip(2);
    return forward.add(backward).mul(0.5);
  }

  /// The discretised model for steps one after the other.
  public Recurrence recurrence() {
    return Recurrence.of(discreteMatrix(), discreteInput(), List.of(), List.of(), c);
  }

  /// The states after one step from states `[B, H, N]` with inputs `[B, H]`.
  public Complex step(Complex state, Tensor u) {
    return recurrence().step(state, u);
  }

  /// `2 Re(C x)`, `[B, K, H]`, of states `[B, H, N]`.
  public Tensor output(Complex state) {
    return c.times(state.view(t -> t.unsqueeze(1))).twiceRealSum();
  }

  /// The states after inputs `u [B, H, L]` from `state [B, H, N]`.
  public Complex after(Tensor u, Complex state) {
    long length = u.dim(2);
    Complex x = logarithms();
    Complex all = x.view(t -> t.broadcastTo(state.re().shape()));
    Complex sum = sum(new VandermondeTransposed(false).apply(u.flip(2), all.re(), all.im()));
    Complex kept = state.times(x.times((double) length).exp());
    return kept.plus(sum.times(discreteInput()));
  }

  private static Complex sum(List<Tensor> parts) {
    return new Complex(parts.get(0), parts.get(1));
  }
}
