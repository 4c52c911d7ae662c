package dev.gatun.op.sequence.attention;

import static dev.gatun.op.sequence.attention.DecodePlan.CAP;
import static dev.gatun.op.sequence.attention.DecodePlan.D;
import static dev.gatun.op.sequence.attention.DecodePlan.DV;
import static dev.gatun.op.sequence.attention.DecodePlan.FACTORS;
import static dev.gatun.op.sequence.attention.DecodePlan.KEYS;
import static dev.gatun.op.sequence.attention.DecodePlan.LANES;
import static dev.gatun.op.sequence.attention.DecodePlan.PITCH;
import static dev.gatun.op.sequence.attention.DecodePlan.ROWS;
import static dev.gatun.op.sequence.attention.DecodePlan.SCALE;
import static dev.gatun.op.sequence.attention.DecodePlan.SCORES;
import static dev.gatun.op.sequence.attention.DecodePlan.STREAM_BYTES;

import dev.gatun.cpu.simd.DecodePairsF32;
import dev.gatun.cpu.simd.DecodeScoresF32;
import dev.gatun.cpu.simd.DecodeScoresF64;
import dev.gatun.cpu.simd.DecodeSoftmaxF32;
import dev.gatun.cpu.simd.DecodeSoftmaxF64;
import dev.gatun.cpu.simd.DecodeValuesF32;
import dev.gatun.cpu.simd.DecodeValuesF64;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// The steps of a chunk of [AttentionDecodeSimd] in the type of the call. `work` is the byte offset
/// of the worker's scratch, `part` that of the split's part.
final class DecodeChunk {
  /// Rows up to which products have their lanes along the width.
  private static final int DOTS = 2;

  private DecodeChunk() {}

  private static boolean wide(Call c) {
    return c.dtype().bytes() == Double.BYTES;
  }

  /// Whether lanes are queries; keys that came from elsewhere may not be aligned.
  private static boolean lanes(Call c) {
    return c.registers()[ROWS] > DOTS && c.in(Attention.K).address() % c.dtype().bytes() == 0;
  }

  private static boolean pairs(Call c) {
    long[] r = c.registers();
    return !wide(c)
        && lanes(c)
        && DecodePairsF32.applies(c.in(Attention.K), (int) r[D], (int) r[PITCH]);
  }

  /// Copies the scaled queries of a head.
  static void prepare(Call c, int head, long work) {
    long[] r = c.registers();
    int rows = (int) r[ROWS];
    int d = (int) r[D];
    int pitch = (int) r[PITCH];
    double cap = Double.longBitsToDouble(r[CAP]);
    double factor = Double.longBitsToDouble(r[SCALE]) / (cap > 0 ? cap : 1);
    MemorySegment q = c.in(Attention.Q);
    MemorySegment s = c.scratch();
    long at = (long) head * rows * d;
    boolean lanes = lanes(c);
    long ones = work + r[FACTORS] + DecodePlan.MOST_ROWS * (long) c.dtype().bytes();
    if (pairs(c)) {
      DecodePairsF32.pack(q, at * Float.BYTES, rows, d, (float) factor, pitch, s, work);
      for (int i = 0; i < rows; i++) {
        s.set(Lanes.FLOAT, ones + i * (long) Float.BYTES, 1);
      }
    } else if (wide(c)) {
      DecodeSoftmaxF64.pack(q, at * Double.BYTES, rows, d, factor, lanes, pitch, s, work);
      for (int i = 0; i < rows; i++) {
        s.set(Lanes.DOUBLE, ones + i * (long) Double.BYTES, 1);
      }
    } else {
      DecodeSoftmaxF32.pack(q, at * Float.BYTES, rows, d, (float) factor, lanes, pitch, s, work);
      for (int i = 0; i < rows; i++) {
        s.set(Lanes.FLOAT, ones + i * (long) Float.BYTES, 1);
      }
    }
  }

  static void products(Call c, int head, long work, long key, long apart, int count) {
    long[] r = c.registers();
    long bytes = c.dtype().bytes();
    long row = r[D] * bytes;
    long at = (head * r[KEYS] + key) * row;
    long to = work + r[SCORES];
    int d = (int) r[D];
    int pitch = (int) r[PITCH];
    MemorySegment k = c.in(Attention.K);
    MemorySegment s = c.scratch();
    long step = pitch * bytes;
    long far = apart * row;
    long streams = r[STREAM_BYTES];
    if (pairs(c)) {
      DecodePairsF32.products(k, at, row, far, s, work, pitch, d, count, s, to, step, streams);
      return;
    }
    if (lanes(c)) {
      if (wide(c)) {
        int n = DecodeSoftmaxF64.vectors(pitch);
        DecodeScoresF64.lanes(k, at, row, far, s, work, n, d, count, s, to, step, streams);
      } else {
        int n = DecodeSoftmaxF32.vectors(pitch);
        DecodeScoresF32.lanes(k, at, row, far, s, work, n, d, count, s, to, step, streams);
      }
      return;
    }
    for (int i = 0; i < r[ROWS]; i++) {
      long q = work + i * row;
      long y = to + i * bytes;
      if (wide(c)) {
        DecodeScoresF64.dots(k, at, row, far, s, q, d, count, s, y, step, streams);
      } else {
        DecodeScoresF32.dots(k, at, row, far, s, q, d, count, s, y, step, streams);
      }
    }
  }

  static void cap(Call c, long work, int count) {
    long[] r = c.registers();
    double cap = Double.longBitsToDouble(r[CAP]);
    int n = count * (int) r[PITCH];
    for (int s = 0; s < 4; s++) {
      long at = work + r[SCORES] + s * r[STREAM_BYTES];
      if (wide(c)) {
        DecodeSoftmaxF64.cap(c.scratch(), at, n, cap);
      } else {
        DecodeSoftmaxF32.cap(c.scratch(), at, n, (float) cap);
      }
    }
  }

  /// Makes scores exponentials, relative to the greatest so far, adds them to the part's sums, and
  /// writes what the part's rows are to be multiplied with.
  static void softmax(Call c, long part, long work, int count) {
    long[] r = c.registers();
    int pitch = (int) r[PITCH];
    MemorySegment s = c.scratch();
    long scores = work + r[SCORES];
    long lanes = work + r[LANES];
    long sums = lanes + (r[FACTORS] - r[LANES]) / 2;
    Lanes.clear(s, sums, (r[FACTORS] - r[LANES]) / 2);
    if (wide(c)) {
      DecodeSoftmaxF64.finish(s, scores, r[STREAM_BYTES], pitch, count);
      DecodeSoftmaxF64.greatest(s, scores, r[STREAM_BYTES], pitch, count, lanes);
    } else {
      DecodeSoftmaxF32.finish(s, scores, r[STREAM_BYTES], pitch, count);
      DecodeSoftmaxF32.greatest(s, scores, r[STREAM_BYTES], pitch, count, lanes);
    }
    for (int i = 0; i < r[ROWS]; i++) {
      shift(c, part, work, lanes, i);
    }
    for (int i = 0; i < 4; i++) {
      long at = scores + i * r[STREAM_BYTES];
      if (wide(c)) {
        DecodeSoftmaxF64.exp(s, at, pitch, count, lanes, sums);
      } else {
        DecodeSoftmaxF32.exp(s, at, pitch, count, lanes, sums);
      }
    }
    for (int i = 0; i < r[ROWS]; i++) {
      long at = part + DecodePlan.figure(r, c.dtype().bytes(), r[ROWS] + i);
      double sum =
          wide(c)
              ? DecodeSoftmaxF64.sumOf(s, sums, pitch, i)
              : DecodeSoftmaxF32.sumOf(s, sums, pitch, i);
      s.set(Lanes.DOUBLE, at, s.get(Lanes.DOUBLE, at) + sum);
    }
  }

  private static void shift(Call c, long part, long work, long lanes, int row) {
    long[] r = c.registers();
    int pitch = (int) r[PITCH];
    long bytes = c.dtype().bytes();
    MemorySegment s = c.scratch();
    long at = part + DecodePlan.figure(r, bytes, row);
    long sum = part + DecodePlan.figure(r, bytes, r[ROWS] + row);
    double old = s.get(Lanes.DOUBLE, at);
    double most =
        wide(c)
            ? DecodeSoftmaxF64.greatestOf(s, lanes, pitch, row)
            : DecodeSoftmaxF32.greatestOf(s, lanes, pitch, row);
    double now = Math.max(old, most);
    double factor = old == now ? 1 : Math.exp(old - now);
    double top = now == Double.NEGATIVE_INFINITY ? 0 : now;
    s.set(Lanes.DOUBLE, at, now);
    s.set(Lanes.DOUBLE, sum, s.get(Lanes.DOUBLE, sum) * factor);
    if (wide(c)) {
      s.set(Lanes.DOUBLE, work + r[FACTORS] + row * bytes, factor);
      DecodeSoftmaxF64.fill(s, lanes, pitch, row, top);
    } else {
      s.set(Lanes.FLOAT, work + r[FACTORS] + row * bytes, (float) factor);
      DecodeSoftmaxF32.fill(s, lanes, pitch, row, (float) top);
    }
  }

  /// Adds values `first` to `first + count` of each stream, times their exponentials.
  static void values(
      Call c,
      int head,
      long part,
      long work,
      long key,
      long apart,
      int first,
      int count,
      long factors) {
    long[] r = c.registers();
    long bytes = c.dtype().bytes();
    long row = r[DV] * bytes;
    long at = (head * r[KEYS] + key + first) * row;
    long step = r[PITCH] * bytes;
    long p = work + r[SCORES] + first * step;
    int rows = (int) r[ROWS];
    int dv = (int) r[DV];
    long far = apart * row;
    long streams = r[STREAM_BYTES];
    MemorySegment v = c.in(Attention.V);
    MemorySegment s = c.scratch();
    if (wide(c)) {
      DecodeValuesF64.add(
          s, p, step, streams, v, at, row, far, count, rows, dv, s, part, row, factors);
    } else {
      DecodeValuesF32.add(
          s, p, step, streams, v, at, row, far, count, rows, dv, s, part, row, factors);
    }
  }
}
