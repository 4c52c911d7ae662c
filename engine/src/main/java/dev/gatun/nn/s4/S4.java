package dev.gatun.nn.s4;

import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Dplr;
import dev.gatun.op.sequence.s4.Hippo;
import dev.gatun.op.sequence.s4.Nplr;
import dev.gatun.op.sequence.s4.Recurrence;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Arrays;

/// S4: each feature is a [Dplr] model that starts as one of HiPPO's measures, `A =
/// diag(-exp(A_real)
/// - i A_imag) - P P^H`, discretised by the bilinear rule with step `exp(inv_dt)`.
///
/// Parameters: `inv_dt [H]`, `A_real`, `A_imag [S, N]`, `B [S, N, 2]`, `P [R, S, N, 2]`, `C
/// [kernels, H, N, 2]`, `D [K, H]`; numbers in pairs are real and imaginary parts. `C` is trained
/// in the form `C (I - A'^length)` for the layer's own length, so that no power of a matrix is
/// taken; shorter sequences get the beginning of that kernel, longer ones twice the length as often
/// as needed.
///
/// Source: Gu, Goel, Re, "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv
/// 2111.00396.
public final class S4 extends SsmLayer {
  private final Variable logStep;
  private final Variable logReal;
  private final Variable frequency;
  private final Variable b;
  private final Variable p;
  private final Variable c;
  private final long length;

  private S4(Scope scope, Scope initial, Dplr model, SsmOptions o, long length, long seed) {
    super(scope, initial, o, seed);
    this.length = length;
    DType t = o.dtype();
    logStep = parameter("inv_dt", scope, model.dt().log().to(t));
    logReal = parameter("A_real", scope, model.lambda().re().neg().log().to(t));
    frequency = parameter("A_imag", scope, model.lambda().im().neg().to(t));
    b = parameter("B", scope, model.b().pairs().to(t));
    p = parameter("P", scope, model.p().pairs().to(t));
    c = parameter("C", scope, model.forLength(length).c().pairs().to(t));
  }

  /// A layer that starts as `measure`, of its own rank, with random `C` and `D`.
  ///
  /// @param length the length that kernels are made for: that of most sequences
  /// @throws IllegalArgumentException if `length` is not positive, or `measure` has no normal form
  public static S4 of(Scope scope, SsmOptions options, Hippo measure, long length, long seed) {
    if (length < 1) {
      throw new IllegalArgumentException("S4: length must be positive; got " + length);
    }
    try (Scope initial = scope.device().scope("initial")) {
      int n = options.modes();
      DType t = initial.device().doubles() ? DType.F64 : options.dtype();
      Nplr nplr = measure.nplr(2 * n, measure.rank());
      double[] real = new double[n];
      // Fourier's normal part does not decay at all.
      Arrays.fill(real, Math.min(nplr.real(), -1e-4));
      Complex lambda = new Complex(row(initial, t, real), row(initial, t, nplr.frequencies()));
      Complex b = Complex.real(row(initial, t, nplr.input()));
      Complex p =
          new Complex(rows(initial, t, nplr.correctionRe()), rows(initial, t, nplr.correctionIm()));
      int s = options.copies();
      Shape shape = Shape.of(options.kernels(), options.features(), n);
      Dplr model =
          new Dplr(
              lambda.view(x -> x.tile(s, 1)),
              b.view(x -> x.tile(s, 1)),
              p.view(x -> x.tile(1, s, 1)),
              normal(initial, t, shape, seed + 1),
              logSteps(initial, options, Shape.of(options.features()), seed + 3).exp().to(t));
      return new S4(scope, initial, model, options, length, seed);
    }
  }

  private static Tensor row(Scope s, DType t, double[] x) {
    return s.tensor(t, Shape.of(1, x.length), x);
  }

  private static Tensor rows(Scope s, DType t, double[][] x) {
    double[] all = Arrays.stream(x).flatMapToDouble(Arrays::stream).toArray();
    return s.tensor(t, Shape.of(x.length, 1, x[0].length), all);
  }

  /// The length that kernels are made for.
  public long length() {
    return length;
  }

  private Dplr model(Tensor like) {
    Complex lambda = new Complex(borrow(logReal, like).exp().neg(), borrow(frequency, like).neg());
    return new Dplr(
        lambda,
        Complex.ofPairs(borrow(b, like)),
        Complex.ofPairs(borrow(p, like)),
        Complex.ofPairs(borrow(c, like)),
        borrow(logStep, like).exp());
  }

  /// What kernels of `length` come from.
  private record Made(Dplr model, long nodes) {}

  private Made made(Tensor like, long least) {
    Dplr model = model(like);
    long made = length;
    while (made < least) {
      model = model.doubled(made);
      made *= 2;
    }
    return new Made(model, made);
  }

  @Override
  Tensor kernel(Tensor like, long n) {
    Made m = made(like, n);
    return m.model.kernel(m.nodes).slice(2, 0, n);
  }

  @Override
  Tensor stateKernel(Tensor state, long n) {
    Made m = made(state, n);
    return m.model
        .stateKernel(Recurrence.unpacked(state, options().features()), m.nodes)
        .slice(3, 0, n);
  }

  @Override
  Tensor after(Tensor u, Tensor state) {
    return Recurrence.packed(model(u).after(u, Recurrence.unpacked(state, options().features())));
  }

  @Override
  Recurrence recurrence(Tensor like) {
    return model(like).fromLength(length).recurrence();
  }
}
