package dev.gatun.op.sequence.attention;

import static dev.gatun.op.sequence.attention.DecodePlan.CAP;
import static dev.gatun.op.sequence.attention.DecodePlan.DECAY;
import static dev.gatun.op.sequence.attention.DecodePlan.DV;
import static dev.gatun.op.sequence.attention.DecodePlan.FACTORS;
import static dev.gatun.op.sequence.attention.DecodePlan.HEADS;
import static dev.gatun.op.sequence.attention.DecodePlan.KEYS;
import static dev.gatun.op.sequence.attention.DecodePlan.PART;
import static dev.gatun.op.sequence.attention.DecodePlan.PARTS;
import static dev.gatun.op.sequence.attention.DecodePlan.ROWS;
import static dev.gatun.op.sequence.attention.DecodePlan.SCORES;
import static dev.gatun.op.sequence.attention.DecodePlan.SLOPED;
import static dev.gatun.op.sequence.attention.DecodePlan.SPLIT;
import static dev.gatun.op.sequence.attention.DecodePlan.SPLITS;
import static dev.gatun.op.sequence.attention.DecodePlan.STREAM_BYTES;
import static dev.gatun.op.sequence.attention.DecodePlan.WORKER;
import static dev.gatun.op.sequence.attention.DecodePlan.WORKERS;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// Attention of few queries over many keys, bound by how fast memory delivers keys and values: each
/// is read once for all rows of [DecodePlan]. Within a split the keys that any row sees go chunk by
/// chunk, a chunk being as many keys from each of four quarters: scores, softmax, weighted values.
/// The parts of the splits are then combined in their order.
///
/// A row whose result is not finite is computed again by the definition: only there does a number
/// under a mask show.
final class AttentionDecodeSimd {
  private static final Workers.Body SPLIT_BODY = AttentionDecodeSimd::split;
  private static final Workers.Body COMBINE = (c, phase, head, worker) -> combine(c, head);

  /// Values of a stream that stay in the first-level cache while tiles go over them.
  private static final int NEAR = 16;

  private AttentionDecodeSimd() {}

  static boolean applies(Attention op, Call c) {
    return DecodePlan.applies(op, c.inShape(Attention.Q), c.inShape(Attention.K));
  }

  static void run(Attention op, Call c, Workers w) {
    c.kernel(op);
    long[] r = c.registers();
    DecodePlan.fill(r, op, c.inShape(Attention.Q), c.inShape(Attention.V), c.dtype().bytes());
    DecodeRows.fill(op, c);
    int heads = Math.toIntExact(c.inShape(Attention.Q).dim(0) * r[HEADS]);
    w.run(SPLIT_BODY, c, 0, Math.toIntExact(heads * r[SPLITS]));
    w.run(COMBINE, c, 0, heads);
    DecodeRows.exact(op, c);
  }

  private static void split(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int head = block / (int) r[SPLITS];
    long from = block % r[SPLITS] * r[SPLIT];
    long to = Math.min(r[KEYS], from + r[SPLIT]);
    long part = r[PARTS] + block * r[PART];
    long work = r[WORKERS] + worker * r[WORKER];
    clear(c, part);
    long a = Math.max(from, DecodeRows.least(c, head, DecodePlan.RUN_1));
    long b = Math.min(to, DecodeRows.most(c, head, DecodePlan.RUN_1));
    long x = Math.max(from, DecodeRows.least(c, head, DecodePlan.RUN_2));
    long y = Math.min(to, DecodeRows.most(c, head, DecodePlan.RUN_2));
    if (a >= b && x >= y) {
      return;
    }
    DecodeChunk.prepare(c, head, work);
    if (a < b && x < y && x <= b && a <= y) {
      run(c, head, part, work, Math.min(a, x), Math.max(b, y));
      return;
    }
    run(c, head, part, work, a, b);
    run(c, head, part, work, x, y);
  }

  private static void clear(Call c, long part) {
    long[] r = c.registers();
    long bytes = c.dtype().bytes();
    MemorySegment s = c.scratch();
    Lanes.clear(s, part, r[ROWS] * r[DV] * bytes);
    for (long i = 0; i < r[ROWS]; i++) {
      s.set(Lanes.DOUBLE, part + DecodePlan.figure(r, bytes, i), Double.NEGATIVE_INFINITY);
      s.set(Lanes.DOUBLE, part + DecodePlan.figure(r, bytes, r[ROWS] + i), 0);
    }
  }

  /// Keys `lo` to `hi`, in four streams; those left over are the last of four keys of which the
  /// others are hidden.
  private static void run(Call c, int head, long part, long work, long lo, long hi) {
    long quarter = Math.max(0, hi - lo) / 4;
    for (long i = 0; i < quarter; i += DecodePlan.STREAM) {
      int count = (int) Math.min(DecodePlan.STREAM, quarter - i);
      chunk(c, head, part, work, lo + i, quarter, count, lo, hi);
    }
    if (lo + 4 * quarter < hi) {
      chunk(c, head, part, work, Math.max(0, hi - 4), 1, 1, lo + 4 * quarter, hi);
    }
  }

  /// Keys `key` to `key + count` and the same `apart`, `2 apart` and `3 apart` keys further.
  private static void chunk(
      Call c, int head, long part, long work, long key, long apart, int count, long lo, long hi) {
    long[] r = c.registers();
    DecodeChunk.products(c, head, work, key, apart, count);
    if (Double.longBitsToDouble(r[CAP]) > 0) {
      DecodeChunk.cap(c, work, count);
    }
    for (int s = 0; s < 4; s++) {
      long at = work + r[SCORES] + s * r[STREAM_BYTES];
      if (r[SLOPED] != 0) {
        DecodeRows.slope(c, head, at, key + s * apart, count);
      }
      if (r[DECAY] >= 0) {
        DecodeRows.decay(c, head, at, key + s * apart, count);
      }
      DecodeRows.hide(c, head, at, key + s * apart, count, lo, hi);
    }
    DecodeChunk.softmax(c, part, work, count);
    long ones = work + r[FACTORS] + DecodePlan.MOST_ROWS * (long) c.dtype().bytes();
    for (int i = 0; i < count; i += NEAR) {
      long factors = i == 0 ? work + r[FACTORS] : ones;
      DecodeChunk.values(c, head, part, work, key, apart, i, Math.min(NEAR, count - i), factors);
    }
  }

  private static void combine(Call c, int head) {
    long[] r = c.registers();
    boolean wide = c.dtype().bytes() == Double.BYTES;
    for (int row = 0; row < r[ROWS]; row++) {
      double sink = Double.longBitsToDouble(DecodeRows.get(c, head, row, DecodePlan.SINK));
      long beyond = DecodeRows.get(c, head, row, DecodePlan.BEYOND);
      long inexact = combine(c, head, row, sink, beyond != 0, wide) ? 0 : 1;
      DecodeRows.set(c, head, row, DecodePlan.INEXACT, inexact);
    }
  }

  /// False if the result is not finite.
  private static boolean combine(
      Call c, int head, int row, double sink, boolean beyond, boolean wide) {
    long[] r = c.registers();
    MemorySegment s = c.scratch();
    long bytes = wide ? Double.BYTES : Float.BYTES;
    long part = r[PARTS] + head * r[SPLITS] * r[PART];
    long greatest = part + DecodePlan.figure(r, bytes, row);
    long sum = part + DecodePlan.figure(r, bytes, r[ROWS] + row);
    double max = sink;
    for (long i = 0; i < r[SPLITS]; i++) {
      max = Math.max(max, s.get(Lanes.DOUBLE, greatest + i * r[PART]));
    }
    double top = max == Double.NEGATIVE_INFINITY ? 0 : max;
    double total = Math.exp(sink - top);
    for (long i = 0; i < r[SPLITS]; i++) {
      double factor = Math.exp(s.get(Lanes.DOUBLE, greatest + i * r[PART]) - top);
      total += factor * s.get(Lanes.DOUBLE, sum + i * r[PART]);
      s.set(Lanes.DOUBLE, greatest + i * r[PART], factor);
    }
    long out = head * r[ROWS] + row;
    boolean finite = Double.isFinite(total);
    for (long x = 0; x < r[DV]; x++) {
      double o = 0;
      for (long i = 0; i < r[SPLITS]; i++) {
        long at = part + i * r[PART] + (row * r[DV] + x) * bytes;
        double v = wide ? s.get(Lanes.DOUBLE, at) : s.get(Lanes.FLOAT, at);
        o += s.get(Lanes.DOUBLE, greatest + i * r[PART]) * v;
      }
      o = total == 0 || beyond ? 0 : o / total;
      finite &= Double.isFinite(o);
      set(c, 0, out * r[DV] + x, o, wide);
    }
    ((Attention) c.kernel()).softmax(c, out, top, total, max);
    return finite;
  }

  private static void set(Call c, int output, long at, double v, boolean wide) {
    if (wide) {
      c.out(output).set(Lanes.DOUBLE, at * Double.BYTES, v);
    } else {
      c.out(output).set(Lanes.FLOAT, at * Float.BYTES, (float) v);
    }
  }
}
