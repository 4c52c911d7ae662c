package dev.gatun.nn.s4;

import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Diagonal;
import dev.gatun.op.sequence.s4.Recurrence;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// S4D: each feature is a [Diagonal] model, `lambda = -exp(A_real) - i A_imag`, with step
/// `exp(inv_dt)`; with [Diagonal.Rule#SOFTMAX] it is DSS.
///
/// Parameters: `inv_dt [H, 1]`, or `[H, N]` for a step of each mode; `A_real`, `A_imag [S, N]`, `B
/// [S, N, 2]`, `C [kernels, H, N, 2]`, `D [K, H]`; numbers in pairs are real and imaginary parts.
/// Real models ([Diagonal.Spectrum#REAL]) have no `A_imag`, and `B` and `C` without pairs.
///
/// Source: Gu, Gupta, Goel, Re, "On the Parameterization and Initialization of Diagonal State Space
/// Models", arXiv 2206.11893.
public final class S4d extends SsmLayer {
  private final Variable logStep;
  private final Variable logReal;
  private final Optional<Variable> frequency;
  private final Variable b;
  private final Variable c;
  private final Diagonal.Rule rule;

  private S4d(
      Scope scope,
      Scope initial,
      SsmOptions o,
      Diagonal.Spectrum spectrum,
      Diagonal.Rule rule,
      boolean tied,
      long seed) {
    super(scope, initial, o, seed);
    this.rule = rule;
    int n = o.modes();
    DType t = o.dtype();
    boolean real = spectrum == Diagonal.Spectrum.REAL;
    Shape steps = Shape.of(o.features(), tied ? 1 : n);
    logStep = parameter("inv_dt", scope, logSteps(initial, o, steps, seed + 3));
    logReal = parameter("A_real", scope, copies(initial, o, spectrum.real(n)).neg().log());
    frequency =
        real
            ? Optional.empty()
            : Optional.of(
                parameter("A_imag", scope, copies(initial, o, spectrum.imaginary(n)).neg()));
    Tensor input = copies(initial, o, spectrum.input(n));
    b = parameter("B", scope, real ? input : Complex.real(input).pairs());
    Complex out = normal(initial, t, Shape.of(o.kernels(), o.features(), n), seed + 1);
    c = parameter("C", scope, real ? out.re().mul(Math.sqrt(2)) : out.pairs());
  }

  private static Tensor copies(Scope s, SsmOptions o, double[] x) {
    return s.tensor(o.dtype(), Shape.of(1, x.length), x).tile(o.copies(), 1);
  }

  /// A layer with this spectrum, random `C` and `D`, and one step a feature.
  public static S4d of(
      Scope scope, SsmOptions options, Diagonal.Spectrum spectrum, Diagonal.Rule rule, long seed) {
    return of(scope, options, spectrum, rule, true, seed);
  }

  /// The same; unless `tied`, each mode has a step of its own.
  public static S4d of(
      Scope scope,
      SsmOptions options,
      Diagonal.Spectrum spectrum,
      Diagonal.Rule rule,
      boolean tied,
      long seed) {
    try (Scope initial = scope.device().scope("initial")) {
      return new S4d(scope, initial, options, spectrum, rule, tied, seed);
    }
  }

  private Diagonal model(Tensor like) {
    Tensor re = borrow(logReal, like).exp().neg();
    if (frequency.isEmpty()) {
      Complex input = Complex.real(borrow(b, like));
      Complex output = Complex.real(borrow(c, like));
      return new Diagonal(Complex.real(re), input, output, borrow(logStep, like).exp(), rule);
    }
    Complex lambda = new Complex(re, borrow(frequency.get(), like).neg());
    return new Diagonal(
        lambda,
        Complex.ofPairs(borrow(b, like)),
        Complex.ofPairs(borrow(c, like)),
        borrow(logStep, like).exp(),
        rule);
  }

  @Override
  Tensor kernel(Tensor like, long length) {
    return model(like).kernel(length);
  }

  @Override
  Tensor stateKernel(Tensor state, long length) {
    return recurrent(state).stateKernel(Recurrence.unpacked(state, options().features()), length);
  }

  @Override
  Tensor after(Tensor u, Tensor state) {
    return Recurrence.packed(
        recurrent(u).after(u, Recurrence.unpacked(state, options().features())));
  }

  @Override
  Recurrence recurrence(Tensor like) {
    return recurrent(like).recurrence();
  }

  /// The softmax divides by a sum over all of a sequence: there is no next element.
  private Diagonal recurrent(Tensor like) {
    if (rule == Diagonal.Rule.SOFTMAX) {
      throw new IllegalStateException("S4d: a softmax over the length has no state and no steps");
    }
    return model(like);
  }
}
