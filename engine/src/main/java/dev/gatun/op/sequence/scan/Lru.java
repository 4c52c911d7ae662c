package dev.gatun.op.sequence.scan;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The linear recurrent unit: `h_t = lambda h_(t-1) + exp(gammaLog) (B x_t)`, `y_t = Re(C h_t) + D
/// x_t` with `lambda = exp(-exp(nuLog) + i exp(thetaLog))`, which is within the unit circle
/// whatever the parameters are. Source: Orvieto et al., "Resurrecting Recurrent Neural Networks for
/// Long Sequences", arXiv 2303.06349, section 3.
///
/// @param nuLog `[N]`, logarithm of the decay
/// @param thetaLog `[N]`, logarithm of the phase
/// @param gammaLog `[N]`, logarithm of the inputs' scale
/// @param b `[N, D]`
/// @param c `[D, N]`
/// @param d `[D]`
public record Lru(Tensor nuLog, Tensor thetaLog, Tensor gammaLog, Complex b, Complex c, Tensor d) {
  /// `lambda [N]`.
  public Complex lambda() {
    return new Complex(nuLog.exp().neg(), thetaLog.exp()).exp();
  }

  private Complex input(Tensor x) {
    Complex u = b.view(t -> x.linear(t, Optional.empty(), Activation.NONE));
    return u.times(gammaLog.exp());
  }

  /// All states `[.., T, N]` for `x [.., T, D]`, from `h0 [.., N]` or 0.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Complex states(Tensor x, Optional<Complex> h0) {
    Complex u = input(x);
    int rank = u.re().shape().rank();
    long[] dims = new long[rank];
    Arrays.fill(dims, 1);
    dims[rank - 1] = nuLog.dim(0);
    Complex a = lambda().view(t -> t.reshape(dims));
    List<Tensor> in = new ArrayList<>(List.of(a.re(), a.im(), u.re(), u.im()));
    h0.ifPresent(h -> in.addAll(List.of(h.re(), h.im())));
    List<Tensor> h = Scan.complex(rank - 2).apply(in.toArray(Tensor[]::new));
    return new Complex(h.get(0), h.get(1));
  }

  /// The next state for `x [.., D]`, from `h [.., N]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Complex step(Tensor x, Complex h) {
    return lambda().times(h).plus(input(x));
  }

  /// `y [.., D]` from states `[.., N]` and inputs `[.., D]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor output(Complex h, Tensor x) {
    Tensor re = h.re().linear(c.re(), Optional.empty(), Activation.NONE);
    Tensor im = h.im().linear(c.im(), Optional.empty(), Activation.NONE);
    return re.sub(im).add(x.mul(d));
  }
}
