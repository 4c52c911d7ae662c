package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.stream.LongStream;

/// StreamingLLM over a whole sequence: each query sees the first `start` and the last `recent`
/// keys, its own among them, as if they were all that ever was: positions count what the cache
/// holds, not what was dropped.
///
/// That is exact with one rotation a key. Query `t` of a cache that has dropped `d_t = max(0, t + 1
/// - start - recent)` keys stands at `t - d_t`, a recent key `j` at `j - d_t`, a start key at `j`:
///   the distance to recent keys is the true one, and that to start keys is shorter by `d_t`. So
///   keys and queries turn by their positions, and a second copy of the queries turns by `t - d_t`
///   for the start keys; two attentions are put together by [Combine].
///
/// Shapes: `q [B, H, T, D]`, `k [B, Hk, T, D]` and `v [B, Hk, T, Dv]`, none rotated. Gradient: of
/// all three. Cost: `2 (D + Dv) (start + recent)` flops a query. Error: that of rotation, attention
/// and combination. Source: Xiao et al., arXiv 2309.17453, section 3.2.
public final class StreamingAttention {
  private static final int TIME = 2;

  private StreamingAttention() {}

  /// What the sequence gives, and the cache that it leaves behind.
  ///
  /// @param o `[B, H, T, Dv]`
  /// @param lse `[B, H, T]`
  /// @param keys what the cache holds in the end, not rotated
  /// @param values likewise
  /// @param lengths I64 `[T]`: keys in the cache after each token
  public record Result(Tensor o, Tensor lse, Tensor keys, Tensor values, Tensor lengths) {}

  /// Streams `k` and `v` through a cache of `start + recent` keys.
  ///
  /// @param start first keys that stay for ever
  /// @param recent last keys, that of the query among them
  /// @throws IllegalArgumentException if `start` is negative, `recent` below 1, lengths differ, or
  ///   shapes or types do not fit
  public static Result of(Tensor q, Tensor k, Tensor v, long start, long recent, Rotary rotary) {
    long length = Whole.length("StreamingAttention", q, k, v);
    if (start < 0 || recent < 1) {
      throw new IllegalArgumentException(
          "StreamingAttention: start must not be negative, recent at least 1; got %d and %d"
              .formatted(start, recent));
    }
    Combine.Result all = attend(q, k, v, Math.min(start, length), recent, rotary);
    long held = start + recent;
    Tensor lengths =
        q.scope()
            .tensor(
                Shape.of(length),
                LongStream.rangeClosed(1, length).map(t -> Math.min(t, held)).toArray());
    return new Result(
        all.o(),
        all.lse(),
        held(k, length, start, recent),
        held(v, length, start, recent),
        lengths);
  }

  private static Combine.Result attend(
      Tensor q, Tensor k, Tensor v, long start, long recent, Rotary rotary) {
    long length = q.dim(TIME);
    Tensor turned = Rope.of(q, rotary, rotary.tables(q.scope(), q.dtype(), 0, length));
    Tensor keys = Rope.of(k, rotary, rotary.keyTables(k.scope(), k.dtype(), 0, length));
    if (start + recent >= length) {
      Attention.Result all = Attention.of(turned, keys, v, AttentionOptions.of(Mask.causal()));
      return new Combine.Result(all.o(), all.lse());
    }
    Attention.Result last =
        Attention.of(
            turned,
            keys.slice(TIME, start, length),
            v.slice(TIME, start, length),
            AttentionOptions.of(Mask.window(recent - 1, 0)));
    if (start == 0) {
      return new Combine.Result(last.o(), last.lse());
    }
    long[] positions =
        LongStream.range(0, length).map(t -> Math.min(t, start + recent - 1)).toArray();
    Tensor at = q.scope().tensor(Shape.of(length), positions);
    Attention.Result first =
        Attention.of(
            Rope.of(q, rotary, rotary.tables(q.dtype(), at)),
            keys.slice(TIME, 0, start),
            v.slice(TIME, 0, start),
            AttentionOptions.of(Mask.causalTopLeft()));
    return Combine.of(List.of(first.o(), last.o()), List.of(first.lse(), last.lse()));
  }

  private static Tensor held(Tensor x, long length, long start, long recent) {
    return start + recent >= length
        ? x
        : x.slice(TIME, 0, start).concat(TIME, x.slice(TIME, length - recent, length));
  }
}
