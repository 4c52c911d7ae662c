package dev.gatun.op.sequence.ssd;

import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// Hydra's mixer: each element sees those before it by one scan and those behind it by another, and
/// itself by a diagonal, a quasiseparable matrix: `y = shift(Ssd(x)) + flip(shift(Ssd(flip x))) +
/// (W x + D) x`, where `shift` moves all by one step and starts with 0. Both directions run as one
/// [SsdCombined] of twice the batch. Gradients are those of the ops.
///
/// Source: Hwang et al., "Hydra: Bidirectional State Space Models Through Generalized Matrix
/// Mixers", arXiv 2407.09941, section 3.
///
/// @param heads `H`
/// @param groups `G`
/// @param chunk steps of a chunk
public record Quasiseparable(int heads, int groups, int chunk) {
  /// Parameters of the mixer.
  ///
  /// @param bias `[H]`, of both step sizes, which are softplus of `dt` and it
  /// @param logRates `[H]`: the rates are `-exp` of them
  /// @param skip `D [H]`
  /// @param diagonal `W [H, H P]`
  public record Weights(Tensor bias, Tensor logRates, Tensor skip, Tensor diagonal) {}

  /// The mixture of `x [B, T, H P]`, with `bc [B, T, 4 G N]`, `b` and `c` forward, then backward,
  /// and `dt [B, T, 2 H]`, forward, then backward.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor of(Tensor x, Tensor bc, Tensor dt, Weights w) {
    long batch = x.dim(0);
    long steps = x.dim(1);
    Tensor pairs = both(bc);
    Tensor in = x.concat(0, x.flip(1)).reshape(2 * batch, steps, heads, x.dim(2) / heads);
    long modes = pairs.dim(2) / 2 / groups;
    Tensor b = pairs.slice(2, 0, groups * modes).reshape(2 * batch, steps, groups, modes);
    Tensor c =
        pairs.slice(2, groups * modes, 2 * groups * modes).reshape(2 * batch, steps, groups, modes);
    Tensor step = SsdCombined.softplus(dt.add(w.bias().tile(2)));
    Tensor y =
        SsdCombined.plain()
            .withChunk(chunk)
            .scan(in, both(step), w.logRates().exp().neg(), b, c)
            .y();
    Tensor shifted = y.slice(1, 0, Math.max(0, steps - 1)).pad(1, Math.min(1, steps), 0);
    Tensor itself = x.linear(w.diagonal(), Optional.of(w.skip()), Activation.NONE);
    Tensor diagonal = x.reshape(batch, steps, heads, x.dim(2) / heads).mul(itself.unsqueeze(3));
    return shifted
        .slice(0, 0, batch)
        .add(shifted.slice(0, batch, 2 * batch).flip(1))
        .add(diagonal)
        .reshape(x.shape().dims());
  }

  /// The second half of the last axis behind the first along the batch, backward in time.
  private static Tensor both(Tensor x) {
    long half = x.dim(2) / 2;
    return x.slice(2, 0, half).concat(0, x.slice(2, half, 2 * half).flip(1));
  }
}
