package dev.gatun.decode.cache;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Combine;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/// Keys and values of `size` tokens of each sequence, in slots that the cache chooses, alike for
/// all sequences.
final class TokenRows {
  private final long batch;
  private final long size;
  private final Rows keys;
  private final Rows values;

  TokenRows(Scope home, CacheSpec s, long size) {
    batch = s.batch();
    this.size = size;
    keys = new Rows(home, s.dtype(), batch, s.heads(), size, s.keyDim());
    values = new Rows(home, s.dtype(), batch, s.heads(), size, s.valueDim());
  }

  long bytes() {
    return keys.bytes() + values.bytes();
  }

  Rows keys() {
    return keys;
  }

  Rows values() {
    return values;
  }

  /// Places of `n` tokens: token `t` in slot `slot(t)` of `size`, or left out where that is -1.
  static long[] places(long batch, long n, long size, LongUnaryOperator slot) {
    long[] places = new long[Math.toIntExact(batch * n)];
    for (int t = 0; t < n; t++) {
      long s = slot.applyAsLong(t);
      for (int b = 0; b < batch; b++) {
        places[(int) (b * n) + t] = s < 0 ? -1 : b * size + s;
      }
    }
    return places;
  }

  void write(Tensor k, Tensor v, LongUnaryOperator slot) {
    long[] places = places(batch, k.dim(2), size, slot);
    keys.write(k, places);
    values.write(v, places);
  }

  /// As a ring: tokens `first, first + 1, ..`, each over the one `size` before it.
  void writeRing(Tensor k, Tensor v, long first) {
    long n = k.dim(2);
    write(k, v, t -> t < n - size || first + t < 0 ? -1 : (first + t) % size);
  }

  /// Attention over the slots as they lie. Query `i` sees two runs of them, `[runs[4 i], runs[4 i +
  /// 1])` and `[runs[4 i + 2], runs[4 i + 3])`.
  Attention.Result attend(Tensor q, long[] runs, AttentionOptions options) {
    Scope step = q.scope();
    Tensor seen = step.tensor(Shape.of(runs.length / 4, 4), runs);
    AttentionOptions own = options.withMask(Mask.none()).with(Operand.RUNS, seen);
    return Attention.of(q, keys.in(step), values.in(step), own);
  }

  /// Sets the runs of query `i` to the slots of tokens `[from, to)` of a ring.
  void ringRuns(long[] runs, int i, long from, long to) {
    if (from >= to) {
      return;
    }
    long begin = from % size;
    long end = begin + (to - from);
    runs[4 * i] = end > size ? 0 : begin;
    runs[4 * i + 1] = end > size ? end - size : end;
    runs[4 * i + 2] = end > size ? begin : end;
    runs[4 * i + 3] = end > size ? size : end;
  }

  /// The attention over all keys from those over parts.
  static Attention.Result combine(List<Attention.Result> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    Combine.Result all =
        Combine.of(
            parts.stream().map(Attention.Result::o).toList(),
            parts.stream().map(Attention.Result::lse).toList());
    return new Attention.Result(all.o(), all.lse(), Optional.empty());
  }
}
