package dev.gatun.op.sequence.attention;

import static dev.gatun.op.sequence.attention.AttentionPlan.KEYS;
import static dev.gatun.op.sequence.attention.AttentionPlan.QUERIES;

import dev.gatun.cpu.simd.AttentionTile;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Vector form of [Nearest]: tiles as in attention, rows in the place of queries, centroids in that
/// of keys, and the greatest score and its number instead of a softmax.
final class NearestSimd {
  private static final Workers.Body HALVES = (c, phase, block, worker) -> halves(c, block);
  private static final Workers.Body TILE = NearestSimd::tile;

  private NearestSimd() {}

  /// Bytes of half the squares of all centroids.
  static long halves(Shape centroids, int size) {
    return centroids.elems(0, 2) * size + 63 & -64;
  }

  /// Bytes of a worker: panels of rows, scores, the greatest ones and their numbers.
  static long perWorker(long d, int size) {
    return QUERIES * (d + KEYS + 2) * size + 63 & -64;
  }

  static void run(Call c, Workers w) {
    Shape x = c.inShape(0);
    w.run(HALVES, c, 0, Math.toIntExact(c.inShape(1).dim(0)));
    long tiles = AttentionRules.blocks(x.dim(2));
    w.run(TILE, c, 0, Math.toIntExact(x.dim(0) * x.dim(1) * tiles));
  }

  private static void halves(Call c, int head) {
    AttentionTile t = AttentionPlan.tile(c.dtype());
    Shape m = c.inShape(1);
    int d = Math.toIntExact(m.dim(2));
    MemorySegment x = c.in(1);
    for (long r = head * m.dim(1), end = r + m.dim(1); r < end; r++) {
      long at = r * d * t.size();
      t.set(c.scratch(), r * t.size(), t.dot(x, at, x, at, d) / 2);
    }
  }

  private static void tile(Call c, long phase, int block, int worker) {
    DType type = c.dtype();
    AttentionTile t = AttentionPlan.tile(type);
    int size = t.size();
    Shape x = c.inShape(0);
    Shape centroids = c.inShape(1);
    int d = Math.toIntExact(x.dim(3));
    long tiles = AttentionRules.blocks(x.dim(2));
    long head = block / tiles;
    long first = block % tiles * QUERIES;
    int rows = (int) Math.min(QUERIES, x.dim(2) - first);
    int columns = (int) AttentionPlan.wide(rows, t.panel());
    long row = head * x.dim(2) + first;
    MemorySegment m = c.scratch();
    long panels = halves(centroids, size) + worker * perWorker(d, size);
    long scores = panels + (long) QUERIES * d * size;
    long best = scores + (long) QUERIES * KEYS * size;
    t.pack(c.in(0), row * d * size, rows, d, 1, m, panels, columns);
    t.fill(m, best, QUERIES, Double.NEGATIVE_INFINITY);
    t.fill(m, best + (long) QUERIES * size, QUERIES, 0);
    long count = centroids.dim(1);
    long from = centroids.dim(0) == 1 ? 0 : head % x.dim(1) * count;
    for (long k = 0; k < count; k += KEYS) {
      int n = (int) Math.min(KEYS, count - k);
      long at = (from + k) * d * size;
      t.scores(c.in(1), at, (long) d * size, n, m, panels, d, columns, m, scores);
      t.greatest(m, scores, n, columns, m, (from + k) * size, (double) k, best);
    }
    for (int r = 0; r < rows; r++) {
      long nearest = (long) t.get(m, best + (long) (QUERIES + r) * size);
      c.out(0).set(ValueLayout.JAVA_LONG_UNALIGNED, (row + r) * Long.BYTES, nearest);
    }
  }
}
