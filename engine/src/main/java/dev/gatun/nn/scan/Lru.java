package dev.gatun.nn.scan;

import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// A linear recurrent unit, [dev.gatun.op.sequence.scan.Lru]. Parameters: `nu_log [N]`, `theta_log
/// [N]`, `gamma_log [N]`, `B_re`, `B_im [N, D]`, `C_re`, `C_im [D, N]`, `D [D]`. First values: the
/// squared moduli of eigenvalues uniform between 0.81 and 0.998, phases up to `2 pi`, inputs scaled
/// to unit variance of states. State: real and imaginary parts, `[B, N]` each. Reads modes of the
/// options.
///
/// Source: Orvieto et al., arXiv 2303.06349, section 3 and appendix A.
public final class Lru extends ScanLayer {
  private final ScanOptions options;
  private final Variable decay;
  private final Variable phase;
  private final Variable scale;
  private final Variable inRe;
  private final Variable inIm;
  private final Variable outRe;
  private final Variable outIm;
  private final Variable skip;

  private Lru(Scope scope, Scope initial, ScanOptions o, long seed) {
    options = o;
    DType t = o.type();
    Shape modes = Shape.of(o.modes());
    Tensor squared = initial.uniform(t, modes, seed).mul(0.998 - 0.81).add(0.81);
    decay = parameter("nu_log", scope, squared.log().mul(-0.5).log());
    Tensor angle = initial.uniform(t, modes, seed + 1).add(1e-6).mul(2 * Math.PI);
    phase = parameter("theta_log", scope, angle.log());
    scale = parameter("gamma_log", scope, squared.neg().add(1).sqrt().log());
    Shape in = Shape.of(o.modes(), o.features());
    double ofIn = 1 / Math.sqrt(2.0 * o.features());
    inRe = parameter("B_re", scope, initial.normal(t, in, seed + 2).mul(ofIn));
    inIm = parameter("B_im", scope, initial.normal(t, in, seed + 3).mul(ofIn));
    Shape out = Shape.of(o.features(), o.modes());
    double ofOut = 1 / Math.sqrt(o.modes());
    outRe = parameter("C_re", scope, initial.normal(t, out, seed + 4).mul(ofOut));
    outIm = parameter("C_im", scope, initial.normal(t, out, seed + 5).mul(ofOut));
    skip = parameter("D", scope, initial.normal(t, Shape.of(o.features()), seed + 6));
  }

  /// A block with random weights.
  public static Lru of(Scope scope, ScanOptions options, long seed) {
    try (Scope initial = scope.device().scope("initial")) {
      return new Lru(scope, initial, options, seed);
    }
  }

  @Override
  public ScanState start(Scope scope, long batch) {
    Shape s = Shape.of(batch, options.modes());
    return ScanState.of(scope.zeros(options.type(), s), scope.zeros(options.type(), s));
  }

  @Override
  public Result forward(Tensor x, ScanState state) {
    requireSequences(x);
    if (x.dim(1) == 0) {
      return new Result(x, state);
    }
    dev.gatun.op.sequence.scan.Lru unit =
        new dev.gatun.op.sequence.scan.Lru(
            borrow(decay, x),
            borrow(phase, x),
            borrow(scale, x),
            new Complex(borrow(inRe, x), borrow(inIm, x)),
            new Complex(borrow(outRe, x), borrow(outIm, x)),
            borrow(skip, x));
    Complex h = unit.states(x, Optional.of(new Complex(state.part(0), state.part(1))));
    Complex last = h.view(t -> t.slice(1, x.dim(1) - 1, x.dim(1)).squeeze(1));
    return new Result(unit.output(h, x), ScanState.of(last.re(), last.im()));
  }
}
