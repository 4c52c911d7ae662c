package dev.gatun.op.sequence.ssd;

import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// An [Ssd] with what Mamba-2 puts around it: step sizes `dt`, of which `x` and the rates `A` are
/// multiples, the skip `D` and the gate: `y = (Ssd(dt x, dt A, B, C) + D x) silu(z)`. Written in
/// ops; gradients are theirs.
///
/// @param chunk steps of a chunk
/// @param softplus whether the step size is softplus of `dt` and its bias; the identity above 20,
///   as the authors have it
/// @param bias `[H]`, added to `dt`
/// @param skip `D`, `[H]` or `[H, P]`
/// @param gate `z`, of the shape of `x`
/// @param state `[B, H, P, N]`, before the first step
public record SsdCombined(
    int chunk,
    boolean softplus,
    Optional<Tensor> bias,
    Optional<Tensor> skip,
    Optional<Tensor> gate,
    Optional<Tensor> state) {
  /// Without any of them, in chunks of [Ssd#CHUNK].
  public static SsdCombined plain() {
    return new SsdCombined(
        Ssd.CHUNK, false, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  /// In chunks of so many steps.
  public SsdCombined withChunk(int steps) {
    return new SsdCombined(steps, softplus, bias, skip, gate, state);
  }

  /// With softplus, or without.
  public SsdCombined withSoftplus(boolean on) {
    return new SsdCombined(chunk, on, bias, skip, gate, state);
  }

  /// With a bias of `dt`.
  public SsdCombined withBias(Tensor b) {
    return new SsdCombined(chunk, softplus, Optional.of(b), skip, gate, state);
  }

  /// With `D`.
  public SsdCombined withSkip(Tensor d) {
    return new SsdCombined(chunk, softplus, bias, Optional.of(d), gate, state);
  }

  /// With a gate.
  public SsdCombined withGate(Tensor z) {
    return new SsdCombined(chunk, softplus, bias, skip, Optional.of(z), state);
  }

  /// With an initial state.
  public SsdCombined withState(Tensor s) {
    return new SsdCombined(chunk, softplus, bias, skip, gate, Optional.of(s));
  }

  /// The results of a scan.
  ///
  /// @param y of the shape of `x`
  /// @param last the state after the last step
  public record Result(Tensor y, Tensor last) {}

  /// The scan of `x [B, T, H, P]` with `dt [B, T, H]`, rates `a [H]`, `b` and `c [B, T, G, N]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result scan(Tensor x, Tensor dt, Tensor a, Tensor b, Tensor c) {
    Tensor raw = bias.map(dt::add).orElse(dt);
    Tensor step = softplus ? softplus(raw) : raw;
    List<Tensor> in = new ArrayList<>(List.of(x.mul(step.unsqueeze(3)), step.mul(a), b, c));
    state.ifPresent(in::add);
    List<Tensor> out = new Ssd(chunk, state.isPresent()).apply(in.toArray(Tensor[]::new));
    Tensor y = out.get(0);
    if (skip.isPresent()) {
      Tensor d = skip.get();
      y = y.add(x.mul(d.shape().rank() == 1 ? d.unsqueeze(1) : d));
    }
    return new Result(gate.isPresent() ? y.mul(gate.get().silu()) : y, out.get(1));
  }

  /// Softplus, the identity above 20.
  static Tensor softplus(Tensor raw) {
    return raw.greater(20).where(raw, raw.softplus());
  }

  /// One step: `x` and the gate are `[B, H, P]`, `dt [B, H]`, `b` and `c [B, G, N]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result step(Tensor x, Tensor dt, Tensor a, Tensor b, Tensor c) {
    SsdCombined one =
        new SsdCombined(chunk, softplus, bias, skip, gate.map(z -> z.unsqueeze(1)), state);
    Result r = one.scan(x.unsqueeze(1), dt.unsqueeze(1), a, b.unsqueeze(1), c.unsqueeze(1));
    return new Result(r.y().squeeze(1), r.last());
  }
}
