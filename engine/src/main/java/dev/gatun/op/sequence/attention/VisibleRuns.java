package dev.gatun.op.sequence.attention;

import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The two runs of keys that each query of a tile sees, from mask, lengths and [Operand#RUNS], and
/// what holds for all queries of the tile. They lie in work memory at [AttentionPlan#RUNS]: rows of
/// begins and ends, first of the earlier run, then of the later; an empty one begins at the
/// greatest long and ends at the least.
final class VisibleRuns {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final long ROW = AttentionPlan.QUERIES * 8L;

  // At AttentionPlan.BOUNDS, for either run: least and greatest begin, least and greatest end.
  private static final int LEAST_BEGIN = 0;
  private static final int GREATEST_BEGIN = 1;
  private static final int LEAST_END = 2;
  private static final int GREATEST_END = 3;

  private VisibleRuns() {}

  /// Length of the sequence of batch `b`, at most `all`.
  static long length(Attention op, Call c, int first, Operand o, long b, long all) {
    if (!op.has(o)) {
      return all;
    }
    int in = first + op.input(o);
    return Math.clamp(integer(c, in, b), 0L, all);
  }

  private static long integer(Call c, int in, long at) {
    return c.inSpec(in).dtype() == DType.I32
        ? c.in(in).get(ValueLayout.JAVA_INT_UNALIGNED, at * 4)
        : c.in(in).get(ValueLayout.JAVA_LONG_UNALIGNED, at * 8);
  }

  /// Writes runs and bounds of queries `i0` to `i0 + rows` of head `h` of batch `b` to the worker's
  /// memory from `mine` on.
  static void find(Attention op, Call c, int first, long b, long h, long i0, int rows, long mine) {
    MemorySegment m = c.scratch();
    long sq = length(op, c, first, Operand.QUERY_LENGTHS, b, c.inShape(first).dim(2));
    long sk = length(op, c, first, Operand.KEY_LENGTHS, b, c.inShape(first + 1).dim(2));
    Mask mask = op.mask();
    boolean given = op.has(Operand.RUNS);
    for (int run = 0; run < 2; run++) {
      bounds(m, mine, run, Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE);
    }
    for (int r = 0; r < rows; r++) {
      long i = i0 + r;
      long begin = mask.begin(i, sq, sk);
      long end = mask.end(i, sq, sk);
      if (given) {
        long at = given(op, c, first, b, h, i);
        int in = first + op.input(Operand.RUNS);
        for (int run = 0; run < 2; run++) {
          long from = Math.max(begin, integer(c, in, at + 2L * run));
          set(m, mine, run, r, from, Math.min(end, integer(c, in, at + 2L * run + 1)));
        }
      } else {
        set(m, mine, 0, r, mask.sinkBegin(i, sq, sk), mask.sinkEnd(i, sq, sk));
        set(m, mine, 1, r, begin, end);
      }
    }
  }

  private static long given(Attention op, Call c, int first, long b, long h, long i) {
    Shape s = c.inShape(first + op.input(Operand.RUNS));
    long sq = s.dim(-2);
    if (s.rank() == 2) {
      return i * 4;
    }
    long at = (s.dim(0) == 1 ? 0 : b) * s.dim(1) + (s.dim(1) == 1 ? 0 : h);
    return (at * sq + i) * 4;
  }

  private static void set(MemorySegment m, long mine, int run, int r, long begin, long end) {
    boolean empty = begin >= end;
    long from = empty ? Long.MAX_VALUE : begin;
    long to = empty ? Long.MIN_VALUE : end;
    long at = mine + AttentionPlan.RUNS + 2L * run * ROW + r * 8L;
    m.set(LONG, at, from);
    m.set(LONG, at + ROW, to);
    long least = empty ? Long.MAX_VALUE : from;
    long most = empty ? Long.MIN_VALUE : to;
    bounds(
        m,
        mine,
        run,
        Math.min(least, bound(m, mine, run, LEAST_BEGIN)),
        Math.max(from, bound(m, mine, run, GREATEST_BEGIN)),
        Math.min(to, bound(m, mine, run, LEAST_END)),
        Math.max(most, bound(m, mine, run, GREATEST_END)));
  }

  private static void bounds(
      MemorySegment m, long mine, int run, long from, long lastFrom, long firstTo, long to) {
    long at = mine + AttentionPlan.BOUNDS + run * 32L;
    m.set(LONG, at, from);
    m.set(LONG, at + 8, lastFrom);
    m.set(LONG, at + 16, firstTo);
    m.set(LONG, at + 24, to);
  }

  private static long bound(MemorySegment m, long mine, int run, int which) {
    return m.get(LONG, mine + AttentionPlan.BOUNDS + run * 32L + which * 8L);
  }

  /// First key from `j` on that some query may see, or the greatest long.
  static long next(MemorySegment m, long mine, long j) {
    long next = Long.MAX_VALUE;
    for (int run = 0; run < 2; run++) {
      if (j < bound(m, mine, run, GREATEST_END)) {
        next = Math.min(next, Math.max(j, bound(m, mine, run, LEAST_BEGIN)));
      }
    }
    return next;
  }

  /// Where the stretch of such keys that holds `j` ends.
  static long stretch(MemorySegment m, long mine, long j) {
    long end = j;
    for (int again = 0; again < 2; again++) {
      for (int run = 0; run < 2; run++) {
        if (bound(m, mine, run, LEAST_BEGIN) <= end) {
          end = Math.max(end, bound(m, mine, run, GREATEST_END));
        }
      }
    }
    return end;
  }

  /// Whether every query sees all keys from `j` to `end`.
  static boolean all(MemorySegment m, long mine, long j, long end) {
    for (int run = 0; run < 2; run++) {
      if (bound(m, mine, run, GREATEST_BEGIN) <= j && bound(m, mine, run, LEAST_END) >= end) {
        return true;
      }
    }
    return false;
  }

  /// Last key that query `r` sees, or a negative number.
  static long last(MemorySegment m, long mine, int r) {
    long at = mine + AttentionPlan.RUNS + r * 8L;
    long end = Math.max(m.get(LONG, at + ROW), m.get(LONG, at + 3 * ROW));
    return Math.max(end, 0) - 1;
  }

  /// First of the keys `j` to `j + n` that some of `lanes` queries from number `from` on sees,
  /// counted from `j`; `n` where none does.
  static int reachBegin(MemorySegment m, long mine, int from, int lanes, long j, int n) {
    long least = n;
    for (int r = from; r < from + lanes; r++) {
      for (int run = 0; run < 2; run++) {
        long begin = near(m, mine, 2 * run, r, j, n);
        long end = near(m, mine, 2 * run + 1, r, j, n);
        least = begin < end && end > 0 ? Math.min(least, Math.max(0, begin)) : least;
      }
    }
    return (int) least;
  }

  /// One past the last of them; 0 where none does.
  static int reachEnd(MemorySegment m, long mine, int from, int lanes, long j, int n) {
    long most = 0;
    for (int r = from; r < from + lanes; r++) {
      for (int run = 0; run < 2; run++) {
        long begin = near(m, mine, 2 * run, r, j, n);
        long end = near(m, mine, 2 * run + 1, r, j, n);
        most = begin < end && begin < n ? Math.max(most, Math.min(n, end)) : most;
      }
    }
    return (int) most;
  }

  /// Whether each of those queries sees all keys from `j` to `j + n` in one run.
  static boolean all(MemorySegment m, long mine, int from, int lanes, long j, int n) {
    boolean all = true;
    for (int r = from; r < from + lanes; r++) {
      boolean one = false;
      for (int run = 0; run < 2; run++) {
        one |= near(m, mine, 2 * run, r, j, n) <= 0 && near(m, mine, 2 * run + 1, r, j, n) >= n;
      }
      all &= one;
    }
    return all;
  }

  /// Ends of a run of query `r` relative to key `j`, within `[-1, n + 1]`: 0 and 1 of the earlier,
  /// 2 and 3 of the later run.
  static long near(MemorySegment m, long mine, int which, int r, long j, int n) {
    long end = m.get(LONG, mine + AttentionPlan.RUNS + which * ROW + r * 8L);
    return Math.clamp(Math.clamp(end, -2L, Long.MAX_VALUE / 2) - j, -1L, n + 1L);
  }
}
