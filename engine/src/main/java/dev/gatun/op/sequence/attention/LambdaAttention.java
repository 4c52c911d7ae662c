package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.OptionalLong;

/// LM-Infinite over a whole sequence: each query sees the last `local` keys, its own among them, at
/// their true distances, and of the first `global` keys those further back, at one distance,
/// however far they are.
///
/// The last keys are rotated as ever; for the first ones the query stands at `min(limit, T - 1)`
/// and they at 0. Two attentions are put together by [Combine]; the first `local` queries need the
/// first part only.
///
/// Shapes: `q [B, H, T, D]`, `k [B, Hk, T, D]` and `v [B, Hk, T, Dv]`, none rotated. Gradient: of
/// all three. Cost: `2 (D + Dv) (local + global)` flops a query. Error: that of rotation, attention
/// and combination. Source: Han et al., arXiv 2308.16137, section 4.
public final class LambdaAttention {
  private static final int TIME = 2;

  private LambdaAttention() {}

  /// What the sequence gives.
  ///
  /// @param o `[B, H, T, Dv]`
  /// @param lse `[B, H, T]`
  public record Result(Tensor o, Tensor lse) {}

  /// Attends under the mask of the shape of a lambda.
  ///
  /// @param local last keys
  /// @param global first keys
  /// @param limit distance of the first keys; the true one where absent
  /// @throws IllegalArgumentException if `local` is below 1, `global` or `limit` negative, lengths
  ///   differ, or shapes or types do not fit
  public static Result of(
      Tensor q, Tensor k, Tensor v, long local, long global, OptionalLong limit, Rotary rotary) {
    long length = Whole.length("LambdaAttention", q, k, v);
    if (local < 1 || global < 0 || limit.orElse(0) < 0) {
      throw new IllegalArgumentException(
          "LambdaAttention: local must be at least 1, global and limit not negative; got %d, %d, %s"
              .formatted(local, global, limit));
    }
    Tensor turned = Rope.of(q, rotary, rotary.tables(q.scope(), q.dtype(), 0, length));
    Tensor keys = Rope.of(k, rotary, rotary.keyTables(k.scope(), k.dtype(), 0, length));
    Attention.Result near =
        Attention.of(turned, keys, v, AttentionOptions.of(Mask.window(local - 1, 0)));
    if (length <= local || global == 0) {
      return new Result(near.o(), near.lse());
    }
    long first = Math.min(global, length);
    Tensor late = turned.slice(TIME, local, length);
    Tensor early = keys.slice(TIME, 0, first);
    if (limit.isPresent()) {
      long at = Math.min(limit.getAsLong(), length - 1);
      late = at(q.slice(TIME, local, length), rotary, rotary.tables(q.scope(), q.dtype(), at, 1));
      early = at(k.slice(TIME, 0, first), rotary, rotary.keyTables(k.scope(), k.dtype(), 0, 1));
    }
    // Query `local + i` sees the keys up to `i`: the first that are not near.
    Attention.Result far =
        Attention.of(
            late, early, v.slice(TIME, 0, first), AttentionOptions.of(Mask.causalTopLeft()));
    Combine.Result both =
        Combine.of(
            List.of(near.o().slice(TIME, local, length), far.o()),
            List.of(near.lse().slice(TIME, local, length), far.lse()));
    return new Result(
        near.o().slice(TIME, 0, local).concat(TIME, both.o()),
        near.lse().slice(TIME, 0, local).concat(TIME, both.lse()));
  }

  /// All rows turned by the one position of `tables`.
  private static Tensor at(Tensor x, Rotary rotary, Rotary.Tables tables) {
    Shape all = Shape.of(x.dim(TIME), tables.cos().dim(-1));
    return Rope.of(
        x, rotary, new Rotary.Tables(tables.cos().broadcastTo(all), tables.sin().broadcastTo(all)));
  }
}
