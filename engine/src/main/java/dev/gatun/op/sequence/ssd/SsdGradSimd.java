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

/// Vector form of [Ssd.Grad]. Head by head, the states at the starts of chunks are made first, then
/// chunks are gone through from the last, with the gradient of the state behind each. States and
/// their gradients lie as `[P, N]`; the gradient also transposed.
///
/// With `R = (dY X^T) * L` and `M = (C B^T) * L`: `dX = M^T dY + later B G`, `dC = R B + gates dY
/// S`, `dB = R^T C + later X G`. The gradient of `a_k` sums what crosses step `k`: rows of `R * (C
/// B^T)` from `k` on less its columns from `k` on, in double, since what is subtracted is most of
/// it, the states that leave before `k` and those that came in.
final class SsdGradSimd {
  private static final Workers.Body CHUNKS = SsdGradSimd::block;
  private static final Workers.Body SUMS_OF_COPIES = SsdGradSimd::sum;
  private static final int PART = 4096;

  // Inputs before those of the scan.
  private static final int DY = 0;
  private static final int DLAST = 1;
  private static final int FIRST = 2;

  // Vectors.
  private static final int SUMS = 0;
  private static final int GATES = 2;
  private static final int LATER = 3;

  // Vectors of F64.
  private static final int CROSSING = 8;
  private static final int LEAVING = 10;
  private static final int STATE = 12;

  private SsdGradSimd() {}

  static void run(Ssd.Grad op, Call c, Workers w) {
    c.kernel(op);
    SsdWork.plan(op.of(), c, FIRST);
    long[] r = c.registers();
    if (r[HEADS] == 0) {
      long bytes = c.outShape(Ssd.B).elems() * r[SIZE];
      Lanes.clear(c.out(Ssd.B), 0, bytes);
      Lanes.clear(c.out(Ssd.C), 0, bytes);
      return;
    }
    w.run(CHUNKS, c, 0, Math.toIntExact(SsdWork.blocks(r)));
    if (!SsdSimd.allFine(c)) {
      op.reference(c);
    } else if (r[SsdWork.COPY] > 0) {
      int parts = Math.toIntExact(Math.ceilDiv(c.outShape(Ssd.B).elems(), (long) PART));
      w.run(SUMS_OF_COPIES, c, 0, 2 * parts);
    }
  }

  /// Sums the copies of a part of the gradient of `b` or `c`.
  private static void sum(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    int which = block % 2;
    long from = (long) (block / 2) * PART;
    int n = (int) Math.min(PART, c.outShape(Ssd.B).elems() - from);
    MemorySegment y = c.out(Ssd.B + which);
    long at = from * r[SIZE];
    s.scale(c.scratch(), copy(r, 0, which) + at, n, 1, y, at);
    for (long k = 1; k < r[SsdWork.PIECES]; k++) {
      s.sum(c.scratch(), copy(r, k, which) + at, n, y, at);
    }
  }

  private static long copy(long[] r, long piece, int which) {
    return r[SsdWork.COPIES_AT] + (2 * piece + which) * r[SsdWork.COPY];
  }

  // Tiles.

  private static long x(long[] r, long own) {
    return SsdWork.tile(r, own, 0);
  }

  private static long dy(long[] r, long own) {
    return SsdWork.tile(r, own, r[OF_X]);
  }

  private static long turnedX(long[] r, long own) {
    return SsdWork.tile(r, own, 2 * r[OF_X]);
  }

  /// Of `b`: 0; of `c`: 1; of `b` transposed: 2; for their gradients: 3 to 5.
  private static long modes(long[] r, long own, int k) {
    return SsdWork.tile(r, own, 3 * r[OF_X] + k * r[OF_B]);
  }

  private static long square(long[] r, long own, int k) {
    return SsdWork.tile(r, own, 3 * r[OF_X] + 6 * r[OF_B] + k);
  }

  private static long state(long[] r, long own, long k) {
    return SsdWork.state(r, own, 3 * r[OF_X] + 6 * r[OF_B] + 4, k);
  }

  private static long chunks(long[] r) {
    return Math.ceilDiv(r[STEPS], r[CHUNK]);
  }

  private static long gradient(long[] r, long own) {
    return state(r, own, chunks(r));
  }

  private static long turnedGradient(long[] r, long own) {
    return state(r, own, chunks(r) + 1);
  }

  private static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    long own = SsdWork.own(r, worker);
    boolean fine = true;
    for (int h = 0; h < SsdWork.heads(r, block); h++) {
      fine &= states(c, block, own, h);
      fine &= start(c, block, own, h);
      for (long k = chunks(r) - 1; k >= 0; k--) {
        fine &= chunk(c, block, own, k, h);
      }
      end(c, block, own, h);
    }
    s.set(c.scratch(), block * r[SIZE], fine ? 0 : 1);
  }

  private static int steps(long[] r, long k) {
    return (int) Math.min(r[CHUNK], r[STEPS] - k * r[CHUNK]);
  }

  private static long ofState(long[] r, int block, int h) {
    return SsdWork.ofState(r, SsdWork.batch(r, block), SsdWork.head(r, block) + h);
  }

  /// States at the starts of chunks.
  private static boolean states(Call c, int block, long own, int h) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long gap = SsdTilesSimd.stateGap(s, r[OF_X]);
    long row = r[MODES] * r[SIZE];
    boolean fine = true;
    if (((Ssd.Grad) c.kernel()).of().state()) {
      long at = ofState(r, block, h);
      MemorySegment from = c.in(FIRST + Ssd.STATE);
      fine =
          SsdTilesSimd.load(
              s, from, at, row, (int) r[CHANNELS], r[MODES], w, state(r, own, 0), gap);
    } else {
      SsdTilesSimd.clear(s, w, state(r, own, 0), (int) (r[OF_X] * r[OF_B] * WIDE));
    }
    for (long k = 0; k < chunks(r) - 1; k++) {
      int q = steps(r, k);
      fine &= heads(c, block, own, k, h);
      fine &= group(c, block, own, k, Ssd.B, 0);
      double f = s.get(w, SsdWork.vector(r, own, GATES) + (q - 1) * r[SIZE]);
      for (int n = 0; n < r[OF_B]; n++) {
        long b = modes(r, own, 0) + n * r[SsdWork.TILE];
        long to = state(r, own, k + 1) + n * gap;
        s.decay(w, state(r, own, k) + n * gap, (int) r[CHANNELS], f, to);
        s.scaleEach(w, b, SsdWork.vector(r, own, LATER), q, b);
        int wide = SsdTilesSimd.wide(s, SsdWork.columns(r[MODES], n));
        SsdTilesSimd.toState(s, w, x(r, own), r[SsdWork.TILE], q, r[CHANNELS], b, wide, to);
      }
    }
    return fine;
  }

  /// The gradient of the last state.
  private static boolean start(Call c, int block, long own, int h) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long to = gradient(r, own);
    boolean fine =
        SsdTilesSimd.load(
            s,
            c.in(DLAST),
            ofState(r, block, h),
            r[MODES] * r[SIZE],
            (int) r[CHANNELS],
            r[MODES],
            w,
            to,
            SsdTilesSimd.stateGap(s, r[OF_X]));
    turn(c, own);
    return fine;
  }

  /// The gradient of the first state.
  private static void end(Call c, int block, long own, int h) {
    if (!((Ssd.Grad) c.kernel()).of().state()) {
      return;
    }
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    SsdTilesSimd.store(
        s,
        c.scratch(),
        gradient(r, own),
        SsdTilesSimd.stateGap(s, r[OF_X]),
        (int) r[CHANNELS],
        r[MODES],
        c.out(Ssd.STATE),
        ofState(r, block, h),
        r[MODES] * r[SIZE]);
  }

  /// Transposes the gradient of the state.
  private static void turn(Call c, long own) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    for (int p = 0; p < r[OF_X]; p++) {
      for (int n = 0; n < r[OF_B]; n++) {
        s.transpose(
            c.scratch(),
            gradient(r, own) + n * SsdTilesSimd.stateGap(s, r[OF_X]) + SsdWork.row(r, p * WIDE),
            SsdWork.columns(r[CHANNELS], p),
            SsdWork.columns(r[MODES], n),
            turnedGradient(r, own)
                + p * SsdTilesSimd.stateGap(s, r[OF_B])
                + SsdWork.row(r, n * WIDE));
      }
    }
  }

  /// Reads `x` and the gates of chunk `k`: [#GATES], [#LATER] and, in square 1, `L`.
  private static boolean heads(Call c, int block, long own, long k, int h) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int q = steps(r, k);
    long batch = SsdWork.batch(r, block);
    long head = SsdWork.head(r, block) + h;
    long t = k * r[CHUNK];
    long logs = ((batch * r[STEPS] + t) * r[HEADS] + head) * r[SIZE];
    long sums = SsdWork.vector(r, own, SUMS);
    long gates = square(r, own, 1);
    boolean fine = panels(c, FIRST + Ssd.X, block, k, h, x(r, own));
    fine &= s.sums(c.in(FIRST + Ssd.A), logs, r[HEADS] * r[SIZE], q, w, sums);
    s.exps(w, sums, q, w, SsdWork.vector(r, own, GATES));
    s.gates(w, sums, q, w, gates);
    long later = SsdWork.vector(r, own, LATER);
    s.write(w, gates + SsdWork.row(r, q - 1), 1, WIDE, w, later, 0);
    return fine;
  }

  /// Reads rows of input `i`, which is like `x`.
  private static boolean panels(Call c, int i, int block, long k, int h, long to) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    long head = SsdWork.head(r, block) + h;
    long at = SsdWork.ofHead(r, SsdWork.batch(r, block), k * r[CHUNK], head);
    long row = r[HEADS] * r[CHANNELS] * r[SIZE];
    return SsdTilesSimd.load(
        s, c.in(i), at, row, steps(r, k), r[CHANNELS], c.scratch(), to, r[SsdWork.TILE]);
  }

  /// Reads `b` or `c`.
  private static boolean group(Call c, int block, long own, long k, int i, int to) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    return SsdTilesSimd.load(
        s,
        c.in(FIRST + i),
        SsdWork.ofGroup(r, SsdWork.batch(r, block), k * r[CHUNK], SsdWork.group(r, block)),
        r[GROUPS] * r[MODES] * r[SIZE],
        steps(r, k),
        r[MODES],
        c.scratch(),
        modes(r, own, to),
        r[SsdWork.TILE]);
  }

  private static boolean chunk(Call c, int block, long own, long k, int h) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int q = steps(r, k);
    long gap = r[SsdWork.TILE];
    boolean fine = heads(c, block, own, k, h);
    fine &= panels(c, DY, block, k, h, dy(r, own));
    fine &= group(c, block, own, k, Ssd.B, 0);
    fine &= group(c, block, own, k, Ssd.C, 1);
    SsdTilesSimd.transpose(s, w, x(r, own), gap, q, r[CHANNELS], turnedX(r, own));
    SsdTilesSimd.transpose(s, w, modes(r, own, 0), gap, q, r[MODES], modes(r, own, 2));
    long m = square(r, own, 0);
    long gates = square(r, own, 1);
    long weights = square(r, own, 2);
    SsdTilesSimd.square(s, w, modes(r, own, 1), modes(r, own, 2), gap, q, r[MODES], m);
    SsdTilesSimd.square(s, w, dy(r, own), turnedX(r, own), gap, q, r[CHANNELS], weights);
    s.gate(w, m, gates, q, m);
    SsdTilesSimd.clear(s, w, SsdWork.vector(r, own, CROSSING), 8);
    s.crossings(w, weights, m, q, SsdWork.vector(r, own, CROSSING));
    s.gate(w, weights, gates, q, weights);
    ofX(c, block, own, k, h);
    for (int n = 0; n < r[OF_B]; n++) {
      ofModes(c, own, k, n);
    }
    deliver(c, block, k, h, modes(r, own, 3), 1);
    deliver(c, block, k, h, modes(r, own, 4), 0);
    ofGates(c, block, own, k, h);
    toPast(c, own, q);
    return fine;
  }

  private static void ofX(Call c, int block, long own, long k, int h) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int q = steps(r, k);
    long gap = r[SsdWork.TILE];
    long head = SsdWork.head(r, block) + h;
    long at = SsdWork.ofHead(r, SsdWork.batch(r, block), k * r[CHUNK], head);
    long y = square(r, own, 3);
    for (int p = 0; p < r[OF_X]; p++) {
      int columns = SsdWork.columns(r[CHANNELS], p);
      int wide = SsdTilesSimd.wide(s, columns);
      long g = turnedGradient(r, own) + p * SsdTilesSimd.stateGap(s, r[OF_B]);
      SsdTilesSimd.clear(s, w, y, q);
      SsdTilesSimd.byState(s, w, modes(r, own, 0), gap, q, r[MODES], g, wide, y);
      s.scaleEach(w, y, SsdWork.vector(r, own, LATER), q, y);
      SsdTilesSimd.upper(s, w, square(r, own, 0), dy(r, own) + p * gap, q, wide, y);
      long row = r[HEADS] * r[CHANNELS] * r[SIZE];
      s.write(w, y, q, columns, c.out(Ssd.X), at + SsdWork.row(r, p), row);
    }
  }

  /// Panel `n` of the gradients of `c` and `b`, and what the gradient of the gates takes from them.
  private static void ofModes(Call c, long own, long k, int n) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int q = steps(r, k);
    long gap = r[SsdWork.TILE];
    int wide = SsdTilesSimd.wide(s, SsdWork.columns(r[MODES], n));
    long h = state(r, own, k) + n * SsdTilesSimd.stateGap(s, r[OF_X]);
    long g = gradient(r, own) + n * SsdTilesSimd.stateGap(s, r[OF_X]);
    long b = modes(r, own, 0) + n * gap;
    long in = modes(r, own, 1) + n * gap;
    long dc = modes(r, own, 3) + n * gap;
    long db = modes(r, own, 4) + n * gap;
    long more = modes(r, own, 5) + n * gap;
    long weights = square(r, own, 2);
    SsdTilesSimd.clear(s, w, dc, q);
    SsdTilesSimd.byState(s, w, dy(r, own), gap, q, r[CHANNELS], h, wide, dc);
    s.scaleEach(w, dc, SsdWork.vector(r, own, GATES), q, dc);
    s.dots(w, in, dc, q, SsdWork.vector(r, own, CROSSING));
    SsdTilesSimd.lower(s, w, weights, b, q, wide, dc);
    SsdTilesSimd.clear(s, w, db, q);
    SsdTilesSimd.upper(s, w, weights, in, q, wide, db);
    SsdTilesSimd.clear(s, w, more, q);
    SsdTilesSimd.byState(s, w, x(r, own), gap, q, r[CHANNELS], g, wide, more);
    s.scaleEach(w, more, SsdWork.vector(r, own, LATER), q, more);
    s.dots(w, b, more, q, SsdWork.vector(r, own, LEAVING));
    s.sum(w, more, q * WIDE, w, db);
    for (int p = 0; p < r[OF_X]; p++) {
      long at = SsdWork.row(r, p * WIDE);
      int rows = SsdWork.columns(r[CHANNELS], p);
      s.dots(w, h + at, g + at, rows, SsdWork.vector(r, own, STATE));
    }
  }

  /// Writes panels of the gradient of `b` (0) or `c` (1), or adds them to what other heads gave.
  private static void deliver(Call c, int block, long k, int h, long from, int which) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    boolean one = r[SsdWork.COPY] == 0;
    MemorySegment y = one ? c.out(Ssd.B + which) : w;
    long at =
        (one ? 0 : copy(r, SsdWork.piece(r, block), which))
            + SsdWork.ofGroup(r, SsdWork.batch(r, block), k * r[CHUNK], SsdWork.group(r, block));
    long row = r[GROUPS] * r[MODES] * r[SIZE];
    if (h == 0) {
      SsdTilesSimd.store(s, w, from, r[SsdWork.TILE], steps(r, k), r[MODES], y, at, row);
    } else {
      SsdTilesSimd.add(s, w, from, r[SsdWork.TILE], steps(r, k), r[MODES], y, at, row);
    }
  }

  private static void ofGates(Call c, int block, long own, long k, int h) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int q = steps(r, k);
    long size = r[SIZE];
    long step = r[HEADS] * size;
    long head = SsdWork.head(r, block) + h;
    long at = ((SsdWork.batch(r, block) * r[STEPS] + k * r[CHUNK]) * r[HEADS] + head) * size;
    MemorySegment y = c.out(Ssd.A);
    double left = 0;
    for (int p = 0; p < WIDE; p++) {
      left += at(c, own, STATE, p);
    }
    left *= s.get(w, SsdWork.vector(r, own, GATES) + (q - 1) * size);
    // What leaves in steps before this one; then, going back, less of it.
    for (int i = 0; i < q - 1; i++) {
      left += at(c, own, LEAVING, i);
    }
    double crossing = 0;
    for (int i = q - 1; i >= 0; i--) {
      crossing += at(c, own, CROSSING, i);
      s.set(y, at + i * step, crossing + left);
      left -= i > 0 ? at(c, own, LEAVING, i - 1) : 0;
    }
  }

  /// Number `i` of a vector of F64.
  private static double at(Call c, long own, int vector, long i) {
    long at = SsdWork.vector(c.registers(), own, vector) + i * Double.BYTES;
    return c.scratch().get(Lanes.DOUBLE, at);
  }

  /// The gradient of the state before the chunk.
  private static void toPast(Call c, long own, int q) {
    long[] r = c.registers();
    DecayTile s = SsdTilesSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long gap = r[SsdWork.TILE];
    double f = s.get(w, SsdWork.vector(r, own, GATES) + (q - 1) * r[SIZE]);
    for (int n = 0; n < r[OF_B]; n++) {
      long g = gradient(r, own) + n * SsdTilesSimd.stateGap(s, r[OF_X]);
      long in = modes(r, own, 1) + n * gap;
      int wide = SsdTilesSimd.wide(s, SsdWork.columns(r[MODES], n));
      s.scaleEach(w, in, SsdWork.vector(r, own, GATES), q, in);
      s.decay(w, g, (int) r[CHANNELS], f, g);
      SsdTilesSimd.toState(s, w, dy(r, own), gap, q, r[CHANNELS], in, wide, g);
    }
    turn(c, own);
  }
}
