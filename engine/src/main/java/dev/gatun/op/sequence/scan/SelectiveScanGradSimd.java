package dev.gatun.op.sequence.scan;

import static dev.gatun.op.sequence.scan.SelectiveWork.BATCH;
import static dev.gatun.op.sequence.scan.SelectiveWork.CHANNELS;
import static dev.gatun.op.sequence.scan.SelectiveWork.GROUPS;
import static dev.gatun.op.sequence.scan.SelectiveWork.MODES;
import static dev.gatun.op.sequence.scan.SelectiveWork.PIECES;
import static dev.gatun.op.sequence.scan.SelectiveWork.ROWS;
import static dev.gatun.op.sequence.scan.SelectiveWork.STEPS;
import static dev.gatun.op.sequence.scan.SelectiveWork.WIDE;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Vector form of [SelectiveScan.Grad]: blocks as the scan's, chunks from the last to the first,
/// whose states are made anew from the one before them. What several blocks give to one result goes
/// to a copy of it for each of them, which are then added in order.
final class SelectiveScanGradSimd {
  private static final int FIRST = 2;
  private static final int BACK = -1;

  /// Elements of a block of sums.
  private static final int SUMS = 8192;

  // Arrays for each mode and channel.
  private static final int G = 4;
  private static final int DA = 5;
  private static final int DB = 6;
  private static final int DC = 7;

  // Arrays for each channel.
  private static final int DSKIP = 3;
  private static final int DBIAS = 4;

  // Arrays for each step and channel: the second is that of imaginary parts of outputs.
  private static final int DY = 6;
  private static final int DY_IM = 7;
  private static final int DX = 8;
  private static final int RATES = 9;

  // Arrays for each step of a vector.
  private static final int TO_DY = 10;
  private static final int TO_DX = 12;
  private static final int TO_B = 14;
  private static final int TO_C = 16;

  /// Registers of where copies of result `i` start.
  private static final int COPIES = SelectiveWork.FREE;

  private static final Workers.Body BODY =
      (c, phase, block, worker) -> {
        if (phase == BACK) {
          block(c, block, worker);
        } else {
          add(c, (int) phase, block);
        }
      };

  private SelectiveScanGradSimd() {}

  /// How many blocks give to result `i`.
  private static long copies(SelectiveScan op, int i, boolean variable, long batch, long pieces) {
    if (i == SelectiveScan.U || i == SelectiveScan.DELTA) {
      return 1;
    }
    if (op.gate() && i == op.gateAt() || op.state() && i == op.stateAt()) {
      return 1;
    }
    return variable ? pieces : batch;
  }

  static long scratch(SelectiveScan op, List<Spec> in, int workers) {
    long[] r = SelectiveWork.sizes(in, FIRST, true);
    long elems = r[SelectiveWork.OWN] * workers;
    for (int i = 0; i < op.inputs(); i++) {
      Spec s = in.get(FIRST + i);
      long k = copies(op, i, s.shape().rank() == 4, r[BATCH], r[PIECES]);
      elems += k > 1 ? k * s.shape().elems() : 0;
    }
    return elems * in.get(0).dtype().bytes();
  }

  static void run(SelectiveScan op, Call c, Workers w) {
    c.kernel(op);
    SelectiveWork.plan(c, op.complex(), FIRST, true);
    long[] r = c.registers();
    long at = r[SelectiveWork.OWN] * w.count();
    for (int i = 0; i < op.inputs(); i++) {
      r[COPIES + i] = at;
      long k = copies(op, i, SelectiveStepsSimd.variable(c, FIRST + i), r[BATCH], r[PIECES]);
      at += k > 1 ? k * c.outShape(i).elems() : 0;
    }
    w.run(BODY, c, BACK, SelectiveScanSimd.blocks(r));
    for (int i = 0; i < op.inputs(); i++) {
      if (copies(c, i) != 1) {
        w.run(BODY, c, i, Math.toIntExact(Math.ceilDiv(c.outShape(i).elems(), (long) SUMS)));
      }
    }
  }

  private static long copies(Call c, int i) {
    long[] r = c.registers();
    SelectiveScan op = (SelectiveScan) c.kernel();
    return copies(op, i, SelectiveStepsSimd.variable(c, FIRST + i), r[BATCH], r[PIECES]);
  }

  private static void add(Call c, int i, int block) {
    long elems = c.outShape(i).elems();
    long from = (long) block * SUMS;
    int n = (int) Math.min(SUMS, elems - from);
    int k = (int) copies(c, i);
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    if (k == 0) {
      s.clear(c.out(i), from, n);
    } else {
      s.sumRows(c.scratch(), c.registers()[COPIES + i] + from, elems, k, c.out(i), from, n);
    }
  }

  /// Where the block's own copy of result `i` is.
  private static MemorySegment own(Call c, int i) {
    return copies(c, i) > 1 ? c.scratch() : c.out(i);
  }

  private static long copy(Call c, int i, long k) {
    return copies(c, i) > 1 ? c.registers()[COPIES + i] + k * c.outShape(i).elems() : 0;
  }

  private static void block(Call c, int block, int worker) {
    SelectiveScan op = (SelectiveScan) c.kernel();
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long own = worker * r[SelectiveWork.OWN];
    int rows = (int) r[ROWS];
    int count = SelectiveStepsSimd.count(r, block);
    long channel = SelectiveStepsSimd.channel(r, block);
    long batch = SelectiveStepsSimd.batch(r, block);
    long state = batch * rows * r[CHANNELS] + channel;
    long states = SelectiveWork.modes(r, own, SelectiveStepsSimd.H);
    SelectiveStepsSimd.parameters(op, c, FIRST, block, own);
    s.gather(c.in(1), state, r[CHANNELS], w, SelectiveWork.modes(r, own, G), rows, count);
    s.clear(w, SelectiveWork.modes(r, own, DA), 3 * rows * r[WIDE]);
    s.clear(w, SelectiveWork.channels(r, own, DSKIP), 2 * r[WIDE]);
    MemorySegment kept = c.in(c.inputs() - 1);
    long starts = c.inShape(c.inputs() - 1).dim(1);
    for (long k = Math.ceilDiv(r[STEPS], SelectiveScan.CHUNK) - 1; k >= 0; k--) {
      if (k > 0) {
        long from = (batch * starts + k - 1) * rows * r[CHANNELS] + channel;
        s.gather(kept, from, r[CHANNELS], w, states, rows, count);
      } else if (op.state()) {
        s.gather(c.in(FIRST + op.stateAt()), state, r[CHANNELS], w, states, rows, count);
      } else {
        s.clear(w, states, rows * r[WIDE]);
      }
      long t = k * SelectiveScan.CHUNK;
      chunk(op, c, block, own, t, (int) Math.min(SelectiveScan.CHUNK, r[STEPS] - t));
    }
    long g = SelectiveWork.modes(r, own, G);
    if (op.state()) {
      s.scatter(w, g, c.out(op.stateAt()), state, r[CHANNELS], rows, count);
    }
    ofModes(c, SelectiveScan.A, block, SelectiveWork.modes(r, own, DA));
    if (!SelectiveStepsSimd.variable(c, FIRST + SelectiveScan.B)) {
      ofModes(c, SelectiveScan.B, block, SelectiveWork.modes(r, own, DB));
    }
    if (!SelectiveStepsSimd.variable(c, FIRST + SelectiveScan.C)) {
      ofModes(c, SelectiveScan.C, block, SelectiveWork.modes(r, own, DC));
    }
    if (op.skip()) {
      ofModes(c, op.skipAt(), block, SelectiveWork.channels(r, own, DSKIP));
    }
    if (op.bias()) {
      ofModes(c, op.biasAt(), block, SelectiveWork.channels(r, own, DBIAS));
    }
  }

  /// Writes what the block gives to result `i`, `[M, D]` or `[D]`.
  private static void ofModes(Call c, int i, int block, long from) {
    long[] r = c.registers();
    int rows = c.outShape(i).rank() == 1 ? 1 : (int) r[ROWS];
    long to = copy(c, i, SelectiveStepsSimd.batch(r, block)) + SelectiveStepsSimd.channel(r, block);
    SelectiveLoopsSimd.of(c.dtype())
        .scatter(
            c.scratch(),
            from,
            own(c, i),
            to,
            r[CHANNELS],
            rows,
            SelectiveStepsSimd.count(r, block));
  }

  private static void chunk(SelectiveScan op, Call c, int block, long own, long t, int rows) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int lanes = s.lanes();
    int vectors = Math.ceilDiv(SelectiveStepsSimd.count(r, block), lanes);
    int n = vectors * rows * lanes;
    long y = SelectiveWork.steps(r, own, SelectiveStepsSimd.Y);
    long z = SelectiveWork.steps(r, own, SelectiveStepsSimd.Z);
    long dy = SelectiveWork.steps(r, own, DY);
    long imaginary = SelectiveWork.steps(r, own, DY_IM);
    SelectiveStepsSimd.operands(op, c, FIRST, block, own, t, rows);
    s.clear(w, y, n);
    s.clear(w, SelectiveWork.steps(r, own, SelectiveStepsSimd.Y_IM), op.complex() ? n : 0);
    s.clear(w, SelectiveWork.steps(r, own, DX), n);
    s.clear(w, SelectiveWork.steps(r, own, RATES), n);
    s.clear(w, SelectiveWork.sums(r, own, 0), 2 * r[ROWS] * SelectiveScan.CHUNK * lanes);
    SelectiveStepsSimd.gather(c, 0, block, dy, t, rows);
    if (op.gate()) {
      SelectiveStepsSimd.gather(c, FIRST + op.gateAt(), block, z, t, rows);
      s.gate(w, dy, z, n);
    }
    if (op.complex()) {
      s.scale(w, dy, -2, imaginary, n);
      s.scale(w, dy, 2, dy, n);
    }
    for (int v = 0; v < vectors; v++) {
      for (int m = 0; m < r[MODES]; m++) {
        if (op.complex()) {
          SelectiveStepsSimd.gates(op, c, own, v, m, rows);
          SelectiveStepsSimd.advance(op, c, FIRST, own, v, m, rows);
        } else {
          trace(op, c, own, v, m, rows);
        }
        mode(op, c, own, v, m, rows);
      }
    }
    fold(c, SelectiveScan.B, block, SelectiveWork.sums(r, own, 0), t, rows);
    fold(c, SelectiveScan.C, block, SelectiveWork.sums(r, own, 1), t, rows);
    if (op.complex()) {
      s.scale(w, dy, 0.5, dy, n);
    }
    inputs(op, c, block, own, t, rows);
    if (op.gate()) {
      SelectiveStepsSimd.outputs(op, c, block, own, rows);
      SelectiveStepsSimd.gather(c, 0, block, dy, t, rows);
      s.gateSlope(w, dy, y, z, n);
      SelectiveStepsSimd.scatter(c, op.gateAt(), block, dy, t, rows);
    }
  }

  /// Gradients of what each step and channel has.
  private static void inputs(SelectiveScan op, Call c, int block, long own, long t, int rows) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int vectors = Math.ceilDiv(SelectiveStepsSimd.count(r, block), s.lanes());
    int n = vectors * rows * s.lanes();
    long dt = SelectiveWork.steps(r, own, SelectiveStepsSimd.DT);
    long u = SelectiveWork.steps(r, own, SelectiveStepsSimd.U);
    long dy = SelectiveWork.steps(r, own, DY);
    long dx = SelectiveWork.steps(r, own, DX);
    long rates = SelectiveWork.steps(r, own, RATES);
    s.addProduct(w, dx, u, rates, n);
    if (op.softplus()) {
      s.slope(w, dt, rates, n);
    }
    SelectiveStepsSimd.scatter(c, SelectiveScan.DELTA, block, rates, t, rows);
    if (op.bias()) {
      s.sumEach(w, rates, SelectiveWork.channels(r, own, DBIAS), rows, vectors);
    }
    s.mul(w, dx, dt, dx, n);
    if (op.skip()) {
      long skip = SelectiveWork.channels(r, own, SelectiveStepsSimd.SKIP);
      s.addEachProduct(w, dy, skip, dx, rows, vectors);
      s.dotEach(w, dy, u, SelectiveWork.channels(r, own, DSKIP), rows, vectors);
    }
    SelectiveStepsSimd.scatter(c, SelectiveScan.U, block, dx, t, rows);
  }

  /// Adds over channels what a chunk gives to `b` or `c`.
  private static void fold(Call c, int i, int block, long from, long t, int rows) {
    long[] r = c.registers();
    if (!SelectiveStepsSimd.variable(c, FIRST + i)) {
      return;
    }
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    int lanes = s.lanes();
    long group = SelectiveStepsSimd.group(r, block);
    long row = (SelectiveStepsSimd.batch(r, block) * r[STEPS] + t) * r[GROUPS] + group;
    long to = copy(c, i, block % r[PIECES]) + row * r[ROWS];
    for (int m = 0; m < r[ROWS]; m++) {
      long at = from + m * SelectiveStepsSimd.part(lanes);
      s.fold(c.scratch(), at, own(c, i), to + m, r[GROUPS] * r[ROWS], rows);
    }
  }

  /// Real states of mode `m` of vector `v` in a chunk, and, where the gate wants it, what they add
  /// to outputs.
  private static void trace(SelectiveScan op, Call c, long own, int v, int m, int rows) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int lanes = s.lanes();
    long step = (long) v * rows * lanes;
    long mode = (v * r[ROWS] + m) * lanes;
    long x = SelectiveWork.steps(r, own, SelectiveStepsSimd.X) + step;
    long b = SelectiveWork.rows(r, own, 0) + (long) m * rows;
    if (!SelectiveStepsSimd.variable(c, FIRST + SelectiveScan.B)) {
      long to = SelectiveWork.vector(r, own, SelectiveStepsSimd.TO_X);
      s.mulEach(w, x, SelectiveWork.modes(r, own, SelectiveStepsSimd.B) + mode, to, rows);
      x = to;
      b = SelectiveWork.ones(r, own);
    }
    long dt = SelectiveWork.steps(r, own, SelectiveStepsSimd.DT) + step;
    long rate = SelectiveWork.modes(r, own, SelectiveStepsSimd.RATE) + mode;
    long h = SelectiveWork.modes(r, own, SelectiveStepsSimd.H) + mode;
    long gate = SelectiveWork.vector(r, own, SelectiveStepsSimd.GATE);
    long states = SelectiveWork.vector(r, own, SelectiveStepsSimd.STATE);
    long most = SelectiveWork.channels(r, own, SelectiveStepsSimd.MOST) + (long) v * lanes;
    if (s.inRange(w, rate, most)) {
      s.retrace(w, dt, rate, x, b, h, gate, states, rows);
    } else {
      s.anyGates(w, dt, rate, gate, rows);
      s.trace(w, gate, x, b, h, states, rows);
    }
    long y = SelectiveWork.steps(r, own, SelectiveStepsSimd.Y) + step;
    if (op.gate() && SelectiveStepsSimd.variable(c, FIRST + SelectiveScan.C)) {
      long at = SelectiveWork.rows(r, own, 1) + (long) m * rows;
      s.addOutput(w, states + lanes, at, y, rows);
    } else if (op.gate()) {
      long each = SelectiveWork.modes(r, own, SelectiveStepsSimd.C) + mode;
      s.addEachProduct(w, states + lanes, each, y, rows, 1);
    }
  }

  private static void mode(SelectiveScan op, Call c, long own, int v, int m, int rows) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int lanes = s.lanes();
    long part = SelectiveStepsSimd.part(lanes);
    long modePart = r[MODES] * lanes;
    long step = (long) v * rows * lanes;
    long mode = (v * r[ROWS] + m) * lanes;
    boolean ofB = SelectiveStepsSimd.variable(c, FIRST + SelectiveScan.B);
    boolean ofC = SelectiveStepsSimd.variable(c, FIRST + SelectiveScan.C);
    long ones = SelectiveWork.ones(r, own);
    long b = ofB ? SelectiveWork.rows(r, own, 0) + (long) m * rows : ones;
    long cAt = ofC ? SelectiveWork.rows(r, own, 1) + (long) m * rows : ones;
    long constantB = SelectiveWork.modes(r, own, SelectiveStepsSimd.B) + mode;
    long constantC = SelectiveWork.modes(r, own, SelectiveStepsSimd.C) + mode;
    long up = SelectiveWork.steps(r, own, DY) + step;
    long upPart = SelectiveWork.steps(r, own, DY_IM) + step - up;
    long d = ofC ? up : SelectiveWork.vector(r, own, TO_DY);
    long dx = SelectiveWork.steps(r, own, DX) + step;
    long to = ofB ? dx : SelectiveWork.vector(r, own, TO_DX);
    long db = ofB ? SelectiveWork.sums(r, own, 0) + m * part : SelectiveWork.vector(r, own, TO_B);
    long dc = ofC ? SelectiveWork.sums(r, own, 1) + m * part : SelectiveWork.vector(r, own, TO_C);
    long dbPart = ofB ? r[MODES] * part : part;
    long dcPart = ofC ? r[MODES] * part : part;
    if (!ofC) {
      s.mulEach(w, up, constantC, d, rows);
      s.clear(w, dc, 2 * part);
    }
    if (!ofC && op.complex()) {
      s.mulEach(w, up + upPart, constantC + modePart, d + part, rows);
    }
    if (!ofB) {
      s.clear(w, to, 2 * part);
      s.clear(w, db, 2 * part);
    }
    long dt = SelectiveWork.steps(r, own, SelectiveStepsSimd.DT) + step;
    long a = SelectiveWork.modes(r, own, SelectiveStepsSimd.A) + mode;
    long gate = SelectiveWork.vector(r, own, SelectiveStepsSimd.GATE);
    long states = SelectiveWork.vector(r, own, SelectiveStepsSimd.STATE);
    long x = SelectiveWork.steps(r, own, SelectiveStepsSimd.X) + step;
    long rates = SelectiveWork.steps(r, own, RATES) + step;
    long da = SelectiveWork.modes(r, own, DA) + mode;
    long g = SelectiveWork.modes(r, own, G) + mode;
    if (op.complex()) {
      long past = SelectiveWork.vector(r, own, SelectiveStepsSimd.PAST);
      s.backTurning(
          w,
          dt,
          a,
          da,
          g,
          modePart,
          gate,
          past,
          states,
          part,
          x,
          b,
          ofB ? r[MODES] * rows : 0,
          cAt,
          ofC ? r[MODES] * rows : 0,
          d,
          ofC ? upPart : part,
          up,
          upPart,
          to,
          ofB ? 0 : part,
          rates,
          db,
          dbPart,
          dc,
          dcPart,
          rows);
    } else {
      s.back(w, dt, a, gate, states, x, b, cAt, d, up, to, rates, db, dc, da, g, rows);
    }
    for (int i = 0; i < (op.complex() ? 2 : 1); i++) {
      long at = mode + i * modePart;
      if (!ofB) {
        s.addEachProduct(w, to + i * part, constantB + i * modePart, dx, rows, 1);
        s.sumEach(w, db + i * part, SelectiveWork.modes(r, own, DB) + at, rows, 1);
      }
      if (!ofC) {
        s.sumEach(w, dc + i * part, SelectiveWork.modes(r, own, DC) + at, rows, 1);
      }
    }
  }
}
