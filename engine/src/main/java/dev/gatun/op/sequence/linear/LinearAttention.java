package dev.gatun.op.sequence.linear;

import dev.gatun.op.sequence.linear.FastWeights.Decay;
import dev.gatun.op.sequence.linear.FastWeights.Mode;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import dev.gatun.op.sequence.scan.Scan;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/// The linear-attention family by the names of its forms, each a call of [FastWeights]:
///
///     Result r = LinearAttention.plain().gatedDelta(q, k, v, g, beta);
///     Result more = LinearAttention.plain().withState(r.last()).gatedDelta(...); // goes on
///
/// Queries and keys are `[B, T, G, K]`, values `[B, T, H, V]`, `H` a multiple of `G`, and states
/// `[B, H, K, V]`; a step is a call with `T = 1`. Decays are logarithms. Queries are multiplied by
/// a scale, usually `K^-1/2`.
///
/// @param scale of queries; empty for the form's own
/// @param state to start from; empty for 0
/// @param mode of computation on a CPU
public record LinearAttention(OptionalDouble scale, Optional<Tensor> state, Mode mode) {
  /// Added to the sums of weights that results are divided by.
  private static final double LEAST_WEIGHT = 1e-10;

  /// What a form gives.
  ///
  /// @param y results, `[B, T, H, V]`
  /// @param last the state after the last step, `[B, H, K, V]`
  public record Result(Tensor y, Tensor last) {}

  /// What a normalised form gives.
  ///
  /// @param y results, `[B, T, H, V]`
  /// @param last the state after the last step, `[B, H, K, V]`
  /// @param sums of keys up to the last step, `[B, H, K]`
  public record Normalised(Tensor y, Tensor last, Tensor sums) {}

  /// Without initial state, with each form's own scale.
  public static LinearAttention plain() {
    return new LinearAttention(OptionalDouble.empty(), Optional.empty(), Mode.AUTO);
  }

  /// With queries multiplied by `s`.
  public LinearAttention withScale(double s) {
    return new LinearAttention(OptionalDouble.of(s), state, mode);
  }

  /// Starting from `s [B, H, K, V]`.
  public LinearAttention withState(Tensor s) {
    return new LinearAttention(scale, Optional.of(s), mode);
  }

  /// In another mode.
  public LinearAttention by(Mode m) {
    return new LinearAttention(scale, state, m);
  }

  private Result run(FastWeights op, Tensor... in) {
    List<Tensor> all = new ArrayList<>(List.of(in));
    state.ifPresent(all::add);
    FastWeights whole = op.withState(state.isPresent()).by(mode);
    List<Tensor> out = whole.apply(all.toArray(Tensor[]::new));
    return new Result(out.get(0), out.get(1));
  }

  private FastWeights op(Decay decay, Update update, Tensor q) {
    return FastWeights.of(
        decay, update, scale.orElse(1 / Math.sqrt((double) Math.max(1, q.dim(-1)))));
  }

  /// The same, with a scale of 1 unless another was asked for.
  private LinearAttention unscaled() {
    return withScale(scale.orElse(1));
  }

  /// Linear attention: `S += k v^T`. Katharopoulos et al., 2006.16236, section 3.3.
  public Result linear(Tensor q, Tensor k, Tensor v) {
    return run(op(Decay.NONE, Update.ADD, q), q, k, v);
  }

  /// Linear attention whose results are divided by the sums of their weights, `q . sum_j k_j`, plus
  /// `1e-10`. Equation 12 there.
  ///
  /// @param sums of the keys before, `[B, H, K]`; empty for 0
  public Normalised normalised(Tensor q, Tensor k, Tensor v, Optional<Tensor> sums) {
    Tensor one = v.scope().full(v.dtype(), v.shape().with(3, 1), 1);
    LinearAttention weights = new LinearAttention(scale, sums.map(s -> s.unsqueeze(3)), mode);
    Result r = linear(q, k, v);
    Result z = weights.linear(q, k, one);
    return new Normalised(r.y().div(z.y().add(LEAST_WEIGHT)), r.last(), z.last().squeeze(3));
  }

  /// Prefix-linear attention of JRT: what encodes a prompt, `keys [B, M, H, K]` and `values [B, M,
  /// H, V]`, is seen by all tokens, and tokens see those before them. Arora et al., "Just read
  /// twice", 2407.05483, section 4. An initial state is not looked at: it is the prompt's.
  public Normalised prefix(Tensor q, Tensor k, Tensor v, Tensor keys, Tensor values) {
    Tensor start = keys.permute(0, 2, 3, 1).matmul(values.permute(0, 2, 1, 3));
    return withState(start).normalised(q, k, v, Optional.of(keys.sum(1)));
  }

  /// Retention: head `h` decays by `1 - 2^(-5 - h)` a step. Sun et al., 2307.08621, equation 8.
  public Result retention(Tensor q, Tensor k, Tensor v) {
    int heads = Math.toIntExact(v.dim(2));
    double[] g =
        IntStream.range(0, heads).mapToDouble(h -> Math.log1p(-Math.pow(2, -5 - h))).toArray();
    Tensor rates = v.scope().tensor(v.dtype(), Shape.of(1, 1, heads), g);
    return simpleGla(q, k, v, rates.broadcastTo(v.shape().without(3)));
  }

  /// Linear attention with a decay `g [B, T, H]` for each head. Yang et al., 2312.06635, table 1;
  /// Mamba-2 is the same.
  public Result simpleGla(Tensor q, Tensor k, Tensor v, Tensor g) {
    return run(op(Decay.HEAD, Update.ADD, q), q, k, v, g);
  }

  /// Gated linear attention: decays `gk [B, T, H, K]` for each element of keys. Yang et al.,
  /// 2312.06635, section 4.
  public Result gla(Tensor q, Tensor k, Tensor v, Tensor gk) {
    return run(op(Decay.KEY, Update.ADD, q), q, k, v, gk);
  }

  /// RWKV-5.2: decays `w` and bonus `u`, both `[H, K]`; queries are not scaled unless asked for.
  /// Peng et al., "Eagle and Finch", 2404.05892, equations 13 to 16.
  ///
  /// @param w logarithms of decays, `-exp` of the model's parameter
  public Result rwkv5(Tensor r, Tensor k, Tensor v, Tensor w, Tensor u) {
    return rwkv6(r, k, v, w.broadcastTo(v.shape().with(3, k.dim(3))), u);
  }

  /// RWKV-6: decays `w [B, T, H, K]` that depend on the time. Equations 17 to 20 there.
  public Result rwkv6(Tensor r, Tensor k, Tensor v, Tensor w, Tensor u) {
    FastWeights op = unscaled().op(Decay.KEY, Update.ADD, r).withBonus();
    return run(op, r, k, v, w, u);
  }

  /// RWKV-7: `S = diag(e^w) S + b (a^T S) + k v^T`, with `a` the negative removal key and `b` the
  /// replacement key times the rate of learning in context, all `[B, T, H, K]`; queries are not
  /// scaled unless asked for. Peng et al., "RWKV-7 Goose", 2503.14456, equation 17.
  public Result rwkv7(Tensor r, Tensor w, Tensor k, Tensor v, Tensor a, Tensor b) {
    return unscaled().dplr(r, k, v, w, a, b);
  }

  /// The generalised delta rule: a transition that is diagonal plus low rank, `S = diag(e^gk) S + b
  /// (a^T S) + k v^T`, `gk`, `a`, `b [B, T, H, K]`.
  public Result dplr(Tensor q, Tensor k, Tensor v, Tensor gk, Tensor a, Tensor b) {
    return run(op(Decay.KEY, Update.DPLR, q), q, k, v, gk, a, b);
  }

  /// The delta rule: `beta [B, T, H]`, or `[B, T, H, V]`. Schlag et al., 2102.11174; Yang et al.,
  /// 2406.06484, equation 2.
  public Result delta(Tensor q, Tensor k, Tensor v, Tensor beta) {
    return run(op(Decay.NONE, Update.DELTA, q), q, k, v, beta);
  }

  /// The delta rule after a decay `g [B, T, H]`. Yang et al., 2412.06464, equation 10.
  public Result gatedDelta(Tensor q, Tensor k, Tensor v, Tensor g, Tensor beta) {
    return run(op(Decay.HEAD, Update.DELTA, q), q, k, v, g, beta);
  }

  /// Kimi delta attention: the delta rule after decays `g [B, T, H, K]`. Kimi team, 2510.26692,
  /// equation 1.
  public Result kda(Tensor q, Tensor k, Tensor v, Tensor g, Tensor beta) {
    return run(op(Decay.KEY, Update.DELTA, q), q, k, v, g, beta);
  }

  /// HGRN, elementwise: `h_t = e^g h_(t-1) + x_t`, all `[B, T, D]`, by [Scan]. The initial state is
  /// `[B, D]`. Qin et al., 2311.04823.
  public Result hgrn(Tensor x, Tensor g) {
    List<Tensor> in = new ArrayList<>(List.of(g.exp(), x));
    state.ifPresent(in::add);
    List<Tensor> out = Scan.affine(1).apply(in.toArray(Tensor[]::new));
    return new Result(out.get(0), out.get(1));
  }
}
