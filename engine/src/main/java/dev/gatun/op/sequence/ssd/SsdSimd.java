package dev.gatun.op.sequence.ssd;

import static dev.gatun.op.sequence.ssd.SsdWork.CHANNELS;
import static dev.gatun.op.sequence.ssd.SsdWork.CHUNK;
import static dev.gatun.op.sequence.ssd.SsdWork.GROUPS;
import static dev.gatun.op.sequence.ssd.SsdWork.HEADS;
import static dev.gatun.op.sequence.ssd.SsdWork.MODES;
import static dev.gatun.op.sequence.ssd.SsdWork.OF_B;
import static dev.gatun.op.sequence.ssd.SsdWork.OF_X;
import static dev.gatun.op.sequence.ssd.SsdWork.SIZE;
import static dev.gatun.op.sequence.ssd.SsdWork.STEPS;
import static dev.gatun.op.sequence.ssd.SsdWork.WIDE;

import dev.gatun.cpu.simd.DecayTile;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// Vector form of [Ssd]: chunk by chunk, all matrices of one in the second cache. States lie
/// transposed, `[N, P]`, so that both products with them have channels in the lanes.
final class SsdSimd {
  private static final Workers.Body CHUNKS = SsdSimd::block;
  private static final Workers.Body STEP = SsdSimd::steps;

  /// Up to so many steps go one by one, each reading and writing the state.
  private static final int FEW = 4;

  // Vectors.
  private static final int SUMS = 0;
  private static final int GATES = 2;
  private static final int LATER = 3;

  private SsdSimd() {}

  static void run(Ssd op, Call c, Workers w) {
    c.kernel(op);
    SsdWork.plan(op, c, 0);
    long[] r = c.registers();
    if (r[STEPS] <= FEW) {
      w.run(STEP, c, 0, Math.toIntExact(r[SsdWork.BATCH] * r[HEADS]));
      return;
    }
    w.run(CHUNKS, c, 0, Math.toIntExact(SsdWork.blocks(r)));
    if (!allFine(c)) {
      op.reference(c);
    }
  }

  /// Whether no block met a number that is not finite.
  static boolean allFine(Call c) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    boolean fine = true;
    for (long k = 0; k < SsdWork.blocks(r); k++) {
      fine &= s.get(c.scratch(), k * r[SIZE]) == 0;
    }
    return fine;
  }

  private static void steps(Call c, long phase, int block, int worker) {
    Ssd op = (Ssd) c.kernel();
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    long batch = block / r[HEADS];
    long head = block % r[HEADS];
    long group = head / (r[HEADS] / r[GROUPS]);
    long at = SsdWork.ofState(r, batch, head);
    int n = (int) r[MODES];
    int rows = (int) r[CHANNELS];
    MemorySegment last = c.out(1);
    MemorySegment from = op.state() ? c.in(Ssd.STATE) : last;
    if (!op.state()) {
      Lanes.clear(last, at, (long) rows * n * r[SIZE]);
    } else if (r[STEPS] == 0) {
      s.scale(from, at, rows * n, 1, last, at);
    }
    for (long t = 0; t < r[STEPS]; t++) {
      double a = s.get(c.in(Ssd.A), ((batch * r[STEPS] + t) * r[HEADS] + head) * r[SIZE]);
      long x = SsdWork.ofHead(r, batch, t, head);
      long b = SsdWork.ofGroup(r, batch, t, group);
      s.step(
          from,
          at,
          Math.exp(a),
          c.in(Ssd.X),
          x,
          rows,
          c.in(Ssd.B),
          b,
          c.in(Ssd.C),
          b,
          n,
          last,
          at,
          c.out(0),
          x);
      from = last;
    }
  }

  // Tiles: of the group, then of a head.

  private static long b(long[] r, long own) {
    return SsdWork.tile(r, own, 0);
  }

  private static long c(long[] r, long own) {
    return SsdWork.tile(r, own, r[OF_B]);
  }

  private static long turned(long[] r, long own) {
    return SsdWork.tile(r, own, 2 * r[OF_B]);
  }

  private static long square(long[] r, long own) {
    return SsdWork.tile(r, own, 3 * r[OF_B]);
  }

  private static long gated(long[] r, long own) {
    return SsdWork.tile(r, own, 3 * r[OF_B] + 1);
  }

  private static long some(long[] r, long own) {
    return SsdWork.tile(r, own, 3 * r[OF_B] + 2);
  }

  private static long x(long[] r, long own) {
    return SsdWork.tile(r, own, 3 * r[OF_B] + 3);
  }

  private static long state(long[] r, long own, int head) {
    return SsdWork.state(r, own, 3 * r[OF_B] + 3 + r[OF_X], head);
  }

  private static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long own = SsdWork.own(r, worker);
    int heads = SsdWork.heads(r, block);
    boolean fine = true;
    for (int h = 0; h < heads; h++) {
      fine &= start(c, block, own, h);
    }
    for (long t = 0; t < r[STEPS]; t += r[CHUNK]) {
      int q = (int) Math.min(r[CHUNK], r[STEPS] - t);
      fine &= group(c, block, own, t, q);
      for (int h = 0; h < heads; h++) {
        fine &= head(c, block, own, t, q, h);
      }
    }
    for (int h = 0; h < heads; h++) {
      end(c, block, own, h);
    }
    s.set(w, block * r[SIZE], fine ? 0 : 1);
  }

  private static boolean start(Call c, int block, long own, int h) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long to = state(r, own, h);
    Lanes.clear(w, to, r[SsdWork.WHOLE]);
    if (!((Ssd) c.kernel()).state()) {
      return true;
    }
    boolean fine = true;
    long at = SsdWork.ofState(r, SsdWork.batch(r, block), SsdWork.head(r, block) + h);
    long row = r[MODES] * r[SIZE];
    for (int p = 0; p < r[OF_X]; p++) {
      for (int k = 0; k < r[OF_B]; k++) {
        int rows = SsdWork.columns(r[CHANNELS], p);
        int columns = SsdWork.columns(r[MODES], k);
        long from = at + p * WIDE * row + (long) k * WIDE * r[SIZE];
        fine &= s.read(c.in(Ssd.STATE), from, row, rows, columns, w, some(r, own));
        s.transpose(w, some(r, own), rows, columns, part(r, s, to, p, k));
      }
    }
    return fine;
  }

  private static void end(Call c, int block, long own, int h) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long from = state(r, own, h);
    long at = SsdWork.ofState(r, SsdWork.batch(r, block), SsdWork.head(r, block) + h);
    long row = r[MODES] * r[SIZE];
    for (int p = 0; p < r[OF_X]; p++) {
      for (int k = 0; k < r[OF_B]; k++) {
        int rows = SsdWork.columns(r[CHANNELS], p);
        int columns = SsdWork.columns(r[MODES], k);
        long to = at + p * WIDE * row + (long) k * WIDE * r[SIZE];
        // The state lies with modes as rows.
        s.transpose(
            w, part(r, s, from, p, k), /* rows= */ columns, /* columns= */ rows, some(r, own));
        s.write(w, some(r, own), rows, columns, c.out(1), to, row);
      }
    }
  }

  /// Square `k` of panel `p` of a state.
  private static long part(long[] r, DecayTile s, long state, int p, int k) {
    return state + p * SsdTilesSimd.stateGap(s, r[OF_B]) + SsdWork.row(r, (long) k * WIDE);
  }

  private static boolean group(Call c, int block, long own, long t, int q) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long at = SsdWork.ofGroup(r, SsdWork.batch(r, block), t, SsdWork.group(r, block));
    long row = r[GROUPS] * r[MODES] * r[SIZE];
    long gap = SsdTilesSimd.gap(r);
    boolean fine = SsdTilesSimd.load(s, c.in(Ssd.B), at, row, q, r[MODES], w, b(r, own), gap);
    fine &= SsdTilesSimd.load(s, c.in(Ssd.C), at, row, q, r[MODES], w, c(r, own), gap);
    SsdTilesSimd.transpose(s, w, b(r, own), gap, q, r[MODES], turned(r, own));
    SsdTilesSimd.square(s, w, c(r, own), turned(r, own), gap, q, r[MODES], square(r, own));
    return fine;
  }

  private static boolean head(Call c, int block, long own, long t, int q, int h) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long batch = SsdWork.batch(r, block);
    long head = SsdWork.head(r, block) + h;
    long at = SsdWork.ofHead(r, batch, t, head);
    long row = r[HEADS] * r[CHANNELS] * r[SIZE];
    long gap = SsdTilesSimd.gap(r);
    long sums = SsdWork.vector(r, own, SUMS);
    long gates = SsdWork.vector(r, own, GATES);
    long later = SsdWork.vector(r, own, LATER);
    long logs = ((batch * r[STEPS] + t) * r[HEADS] + head) * r[SIZE];
    boolean fine = SsdTilesSimd.load(s, c.in(Ssd.X), at, row, q, r[CHANNELS], w, x(r, own), gap);
    fine &= s.sums(c.in(Ssd.A), logs, r[HEADS] * r[SIZE], q, w, sums);
    long m = gated(r, own);
    s.exps(w, sums, q, w, gates);
    s.gates(w, sums, q, w, m);
    s.write(w, m + SsdWork.row(r, q - 1), 1, WIDE, w, later, 0);
    s.gate(w, square(r, own), m, q, m);
    double f = s.get(w, gates + (q - 1) * r[SIZE]);
    long y = some(r, own);
    for (int p = 0; p < r[OF_X]; p++) {
      int columns = SsdWork.columns(r[CHANNELS], p);
      int wide = SsdTilesSimd.wide(s, columns);
      long in = x(r, own) + p * gap;
      long to = part(r, s, state(r, own, h), p, 0);
      SsdTilesSimd.clear(s, w, y, q);
      SsdTilesSimd.byState(s, w, c(r, own), gap, q, r[MODES], to, wide, y);
      s.scaleEach(w, y, gates, q, y);
      SsdTilesSimd.lower(s, w, m, in, q, wide, y);
      s.write(w, y, q, columns, c.out(0), at + SsdWork.row(r, p), row);
      s.scaleEach(w, in, later, q, in);
      s.decay(w, to, (int) r[MODES], f, to);
      SsdTilesSimd.toState(s, w, b(r, own), gap, q, r[MODES], in, wide, to);
    }
    return fine;
  }
}
