package dev.gatun.op.sequence.attention;

import static dev.gatun.op.sequence.attention.DecodePlan.DECAY;
import static dev.gatun.op.sequence.attention.DecodePlan.KEYS;
import static dev.gatun.op.sequence.attention.DecodePlan.PITCH;
import static dev.gatun.op.sequence.attention.DecodePlan.QUERIES;
import static dev.gatun.op.sequence.attention.DecodePlan.ROWS;

import dev.gatun.cpu.simd.DecodeSoftmaxF32;
import dev.gatun.cpu.simd.DecodeSoftmaxF64;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// What each row of [AttentionDecodeSimd] sees and adds: a table that the calling thread fills
/// before the blocks start. Row `row` of head `head` (key heads of all batches) is row `head rows +
/// row` of the queries.
final class DecodeRows {
  private DecodeRows() {}

  static void fill(Attention op, Call c) {
    Shape q = c.inShape(Attention.Q);
    long sq = q.dim(2);
    for (long row = 0; row < q.dim(0) * q.dim(1) * sq; row++) {
      long i = row % sq;
      long h = row / sq % q.dim(1);
      long b = row / sq / q.dim(1);
      long keys = length(op, c, Operand.KEY_LENGTHS, b, c.registers()[KEYS]);
      long queries = length(op, c, Operand.QUERY_LENGTHS, b, sq);
      long at = row * DecodePlan.ROW;
      runs(op, c, at, b, h, i, queries, keys);
      put(c, at + DecodePlan.POSITION, op.mask().position(i, queries, keys));
      double slope = 0;
      if (op.has(Operand.SLOPES)) {
        int in = op.input(Operand.SLOPES);
        slope = c.get(in, (c.inShape(in).rank() == 2 ? b * q.dim(1) : 0) + h);
      }
      put(c, at + DecodePlan.SLOPE, Double.doubleToRawLongBits(slope));
      double sink =
          op.has(Operand.SINK) ? c.get(op.input(Operand.SINK), h) : Double.NEGATIVE_INFINITY;
      put(c, at + DecodePlan.SINK, Double.doubleToRawLongBits(sink));
      put(c, at + DecodePlan.BEYOND, i < queries ? 0 : 1);
    }
  }

  private static long length(Attention op, Call c, Operand o, long b, long all) {
    return op.has(o) ? Math.clamp((long) c.get(op.input(o), b), 0L, all) : all;
  }

  /// The runs of the mask, or of the operand as far as the mask leaves them.
  private static void runs(
      Attention op, Call c, long at, long b, long h, long i, long queries, long keys) {
    Mask m = op.mask();
    long begin = m.begin(i, queries, keys);
    long end = Math.min(keys, m.end(i, queries, keys));
    if (op.has(Operand.RUNS)) {
      int in = op.input(Operand.RUNS);
      Shape s = c.inShape(in);
      long of = 0;
      if (s.rank() == 4) {
        of = (s.dim(0) == 1 ? 0 : b) * s.dim(1) + (s.dim(1) == 1 ? 0 : h);
      }
      of = (of * c.registers()[QUERIES] + i) * 4;
      for (int k = 0; k < 4; k += 2) {
        long from = Math.max(begin, (long) c.get(in, of + k));
        run(c, at + k, from, Math.min(end, (long) c.get(in, of + k + 1)));
      }
      return;
    }
    long sinks = m.sinkBegin(i, queries, keys);
    run(c, at, sinks, Math.min(keys, m.sinkEnd(i, queries, keys)));
    run(c, at + DecodePlan.RUN_2, begin, end);
  }

  private static void run(Call c, long at, long from, long to) {
    boolean some = from < to;
    put(c, at, some ? from : 0);
    put(c, at + 1, some ? to : 0);
  }

  private static void put(Call c, long at, long v) {
    c.scratch().set(java.lang.foreign.ValueLayout.JAVA_LONG, at * Long.BYTES, v);
  }

  static long get(Call c, int head, int row, int number) {
    long at = (head * c.registers()[ROWS] + row) * DecodePlan.ROW + number;
    return c.scratch().get(java.lang.foreign.ValueLayout.JAVA_LONG, at * Long.BYTES);
  }

  static void set(Call c, int head, int row, int number, long v) {
    put(c, (head * c.registers()[ROWS] + row) * DecodePlan.ROW + number, v);
  }

  /// First key of any row's run, past all keys where no row has one.
  static long least(Call c, int head, int run) {
    long least = Long.MAX_VALUE;
    for (int row = 0; row < c.registers()[ROWS]; row++) {
      boolean some = get(c, head, row, run) < get(c, head, row, run + 1);
      least = some ? Math.min(least, get(c, head, row, run)) : least;
    }
    return least;
  }

  /// End of the rows' runs.
  static long most(Call c, int head, int run) {
    long most = 0;
    for (int row = 0; row < c.registers()[ROWS]; row++) {
      most = Math.max(most, get(c, head, row, run + 1));
    }
    return most;
  }

  /// Adds the slopes to `count` scores of each row, those of the keys from `key`.
  static void slope(Call c, int head, long scores, long key, int count) {
    int pitch = (int) c.registers()[PITCH];
    long bytes = c.dtype().bytes();
    for (int row = 0; row < c.registers()[ROWS]; row++) {
      double slope = Double.longBitsToDouble(get(c, head, row, DecodePlan.SLOPE));
      double distance = get(c, head, row, DecodePlan.POSITION) - key;
      long at = scores + row * bytes;
      if (bytes == Double.BYTES) {
        DecodeSoftmaxF64.slope(c.scratch(), at, pitch, count, slope, distance);
      } else {
        DecodeSoftmaxF32.slope(c.scratch(), at, pitch, count, slope, distance);
      }
    }
  }

  /// Adds the decays.
  static void decay(Call c, int head, long scores, long key, int count) {
    long[] r = c.registers();
    int pitch = (int) r[PITCH];
    int in = (int) r[DECAY];
    long bytes = c.dtype().bytes();
    for (int row = 0; row < r[ROWS]; row++) {
      long first = (head * r[ROWS] + row) / r[QUERIES] * r[KEYS];
      long p = Math.clamp(get(c, head, row, DecodePlan.POSITION), 0L, r[KEYS] - 1);
      double of = c.get(in, first + p);
      long at = scores + row * bytes;
      long from = (first + key) * bytes;
      if (bytes == Double.BYTES) {
        DecodeSoftmaxF64.decay(c.scratch(), at, pitch, count, of, c.in(in), from);
      } else {
        DecodeSoftmaxF32.decay(c.scratch(), at, pitch, count, of, c.in(in), from);
      }
    }
  }

  /// Sets the scores of keys that a row does not see, or that lie outside `lo` to `hi`, to -inf.
  static void hide(Call c, int head, long scores, long key, int count, long lo, long hi) {
    long bytes = c.dtype().bytes();
    for (int row = 0; row < c.registers()[ROWS]; row++) {
      long a = Math.max(lo, get(c, head, row, DecodePlan.RUN_1));
      long b = Math.min(hi, get(c, head, row, DecodePlan.RUN_1 + 1));
      long x = Math.max(lo, get(c, head, row, DecodePlan.RUN_2));
      long y = Math.min(hi, get(c, head, row, DecodePlan.RUN_2 + 1));
      boolean all = a <= key && key + count <= b || x <= key && key + count <= y;
      for (int i = 0; i < count && !all; i++) {
        long j = key + i;
        if (!(j >= a && j < b) && !(j >= x && j < y)) {
          hide(c.scratch(), scores + row * bytes, c.registers()[PITCH] * i, bytes);
        }
      }
    }
  }

  private static void hide(MemorySegment s, long at, long i, long bytes) {
    if (bytes == Double.BYTES) {
      s.set(Lanes.DOUBLE, at + i * bytes, Double.NEGATIVE_INFINITY);
    } else {
      s.set(Lanes.FLOAT, at + i * bytes, Float.NEGATIVE_INFINITY);
    }
  }

  /// Computes rows with numbers that are not finite by the definition.
  static void exact(Attention op, Call c) {
    Shape q = c.inShape(Attention.Q);
    for (long row = 0; row < q.dim(0) * q.dim(1) * q.dim(2); row++) {
      long at = (row * DecodePlan.ROW + DecodePlan.INEXACT) * Long.BYTES;
      if (c.scratch().get(java.lang.foreign.ValueLayout.JAVA_LONG, at) != 0) {
        exact(op, c, row);
      }
    }
  }

  private static void exact(Attention op, Call c, long row) {
    op.row(new Scores(op, c, 0), c, row);
  }
}
