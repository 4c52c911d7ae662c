package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StreamingAttentionTest {
  /// The published procedure: before each token the cache drops what does not fit, then all its
  /// keys are rotated by their indices in it.
  private static Attention.Result steps(
      Tensor q, Tensor k, Tensor v, long start, long recent, Rotary rotary) {
    List<Attention.Result> results = new ArrayList<>();
    for (long t = 0; t < q.dim(2); t++) {
      Tensor keys = held(k, t + 1, start, recent);
      Tensor values = held(v, t + 1, start, recent);
      Tensor query = Rope.of(q.slice(2, t, t + 1), rotary, keys.dim(2) - 1);
      results.add(
          Attention.of(query, Rope.of(keys, rotary, 0), values, AttentionOptions.of(Mask.none())));
    }
    return Alike.joined(results);
  }

  private static Tensor held(Tensor x, long length, long start, long recent) {
    return length <= start + recent
        ? x.slice(2, 0, length)
        : x.slice(2, 0, start).concat(2, x.slice(2, length - recent, length));
  }

  @Test
  void equalsTheCacheStepByStep() {
    try (Alike a = new Alike(DType.F64)) {
      Tensor q = a.leaf(1, 2, 4, 30, 6);
      Tensor k = a.leaf(2, 2, 2, 30, 6);
      Tensor v = a.leaf(3, 2, 2, 30, 5);
      for (boolean pairs : new boolean[] {false, true}) {
        Rotary rotary = Rotary.of(6).withBase(100).withInterleaved(pairs);
        for (long[] size :
            new long[][] {{4, 8}, {0, 8}, {1, 1}, {0, 1}, {7, 1}, {4, 26}, {4, 25}, {40, 3}}) {
          StreamingAttention.Result r = StreamingAttention.of(q, k, v, size[0], size[1], rotary);
          Attention.Result want = steps(q, k, v, size[0], size[1], rotary);
          a.same(
              size[0] + " and " + size[1],
              List.of(
                  want.o(),
                  want.lse(),
                  held(k, 30, size[0], size[1]),
                  held(v, 30, size[0], size[1])),
              List.of(r.o(), r.lse(), r.keys(), r.values()),
              q,
              k,
              v);
          long[] lengths = new long[30];
          for (int t = 0; t < 30; t++) {
            lengths[t] = Math.min(t + 1, size[0] + size[1]);
          }
          assertArrayEquals(lengths, r.lengths().toLongArray());
        }
      }
    }
  }

  /// Distances alone count, so what the sequence was before does not.
  @Test
  void scalingsAndDecayWithDistanceApplyToo() {
    try (Alike a = new Alike(DType.F64)) {
      Tensor q = a.leaf(1, 1, 2, 30, 8);
      Tensor k = a.leaf(2, 1, 2, 30, 8);
      Tensor v = a.leaf(3, 1, 2, 30, 8);
      Rotary rotary = Rotary.of(8).withScaling(Rotary.Scaling.Yarn.of(4, 16));
      StreamingAttention.Result r = StreamingAttention.of(q, k, v, 2, 9, rotary);
      Attention.Result want = steps(q, k, v, 2, 9, rotary);
      a.same("yarn", List.of(want.o()), List.of(r.o()), q, k, v);
    }
  }

  @Test
  void saysWhatDoesNotFit() {
    try (Alike a = new Alike(DType.F32)) {
      Tensor x = a.leaf(1, 1, 2, 4, 8);
      Rotary r = Rotary.of(8);
      Alike.says("recent at least 1; got 1 and 0", () -> StreamingAttention.of(x, x, x, 1, 0, r));
      Alike.says("start must not", () -> StreamingAttention.of(x, x, x, -1, 1, r));
      Alike.says("with one T > 0", () -> StreamingAttention.of(x, x.slice(2, 0, 3), x, 1, 1, r));
    }
  }
}
