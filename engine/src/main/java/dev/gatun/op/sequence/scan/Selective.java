package dev.gatun.op.sequence.scan;

import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A [SelectiveScan] in the layouts of Mamba's authors: sequences `[B, D, L]`, `A [D, N]`, states
/// `[B, D, N]`, and `B` and `C` `[D, N]`, `[B, N, L]` or `[B, G, N, L]`. Copies bring channels last
/// and back; where that matters, call the op. Gradients come from the op's.
///
/// @param softplus whether the step size is softplus of `delta` and its bias
/// @param skip `D [D]`
/// @param gate `z`, of the shape of `u`
/// @param bias `[D]`, added to `delta`
/// @param state before the first step; that of complex modes has `N` real parts, then imaginary
///   ones
public record Selective(
    boolean softplus,
    Optional<Tensor> skip,
    Optional<Tensor> gate,
    Optional<Tensor> bias,
    Optional<Tensor> state) {
  /// Without any of them.
  public static Selective plain() {
    return new Selective(
        false, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  /// With softplus, or without.
  public Selective withSoftplus(boolean on) {
    return new Selective(on, skip, gate, bias, state);
  }

  /// With `D`.
  public Selective withSkip(Tensor d) {
    return new Selective(softplus, Optional.of(d), gate, bias, state);
  }

  /// With a gate.
  public Selective withGate(Tensor z) {
    return new Selective(softplus, skip, Optional.of(z), bias, state);
  }

  /// With a bias of `delta`.
  public Selective withBias(Tensor b) {
    return new Selective(softplus, skip, gate, Optional.of(b), state);
  }

  /// With an initial state.
  public Selective withState(Tensor h) {
    return new Selective(softplus, skip, gate, bias, Optional.of(h));
  }

  /// The results of a scan.
  ///
  /// @param y of the shape of `u`
  /// @param last the state after the last step
  public record Result(Tensor y, Tensor last) {
    /// The last state of complex modes.
    public Complex complexLast() {
      long n = last.dim(2) / 2;
      return new Complex(last.slice(2, 0, n), last.slice(2, n, 2 * n));
    }
  }

  /// Real modes.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result scan(Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c) {
    return scan(false, u, delta, a.transpose(), operand(b), operand(c));
  }

  /// Complex modes.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result scan(Tensor u, Tensor delta, Complex a, Complex b, Complex c) {
    return scan(true, u, delta, parts(a), parts(b), parts(c));
  }

  /// One step of real modes: `u`, `delta` and the gate are `[B, D]`, `b` and `c` `[B, N]` or `[B,
  /// G, N]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result step(Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c) {
    Selective one = new Selective(softplus, skip, gate.map(z -> z.unsqueeze(2)), bias, state);
    Result r = one.scan(u.unsqueeze(2), delta.unsqueeze(2), a, b.unsqueeze(-1), c.unsqueeze(-1));
    return new Result(r.y().squeeze(2), r.last());
  }

  private Result scan(boolean complex, Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c) {
    SelectiveScan op =
        new SelectiveScan(
            complex,
            softplus,
            skip.isPresent(),
            gate.isPresent(),
            bias.isPresent(),
            state.isPresent());
    List<Tensor> in = new ArrayList<>(List.of(u.transpose(), delta.transpose(), a, b, c));
    skip.ifPresent(in::add);
    gate.map(Tensor::transpose).ifPresent(in::add);
    bias.ifPresent(in::add);
    state.map(Tensor::transpose).ifPresent(in::add);
    List<Tensor> out = op.apply(in.toArray(Tensor[]::new));
    return new Result(out.get(0).transpose(), out.get(1).transpose());
  }

  /// `[N, D]` or `[B, L, G, N]`.
  private static Tensor operand(Tensor x) {
    if (x.shape().rank() == 2) {
      return x.transpose();
    }
    Tensor groups = x.shape().rank() == 3 ? x.unsqueeze(1) : x;
    return groups.permute(0, 3, 1, 2);
  }

  private static Tensor parts(Complex x) {
    Tensor re = operand(x.re());
    return re.concat(re.shape().rank() == 2 ? 0 : 3, operand(x.im()));
  }
}
