package dev.gatun.op.sequence.scan;

import static dev.gatun.op.sequence.scan.SelectiveWork.CHANNELS;
import static dev.gatun.op.sequence.scan.SelectiveWork.GROUPS;
import static dev.gatun.op.sequence.scan.SelectiveWork.MODES;
import static dev.gatun.op.sequence.scan.SelectiveWork.PIECES;
import static dev.gatun.op.sequence.scan.SelectiveWork.ROWS;
import static dev.gatun.op.sequence.scan.SelectiveWork.STEPS;
import static dev.gatun.op.sequence.scan.SelectiveWork.WIDE;

import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// What a block of [SelectiveScan] and one of its gradient do alike: the numbers of the channels,
/// and the operands of a chunk of steps.
final class SelectiveStepsSimd {
  private static final double LOG2E = 1.4426950408889634;

  // Arrays for each mode and channel.
  static final int A = 0;
  static final int H = 1;
  static final int B = 2;
  static final int C = 3;

  /// `A log2(e)`, where it is the exponent of a size.
  static final int RATE = 8;

  // Arrays for each channel.
  static final int SKIP = 0;
  static final int BIAS = 1;
  static final int MOST = 2;

  // Arrays for each step and channel.
  static final int DT = 0;
  static final int X = 1;
  static final int U = 2;
  static final int Y = 3;
  static final int Y_IM = 4;
  static final int Z = 5;

  // Arrays for each step of a vector, with room for imaginary parts.
  static final int GATE = 0;
  static final int PAST = 2;
  static final int STATE = 4;
  static final int TO_X = 6;
  static final int TO_Y = 8;

  private SelectiveStepsSimd() {}

  /// Row of the batch.
  static long batch(long[] r, long block) {
    return block / (r[GROUPS] * r[PIECES]);
  }

  static long group(long[] r, long block) {
    return block / r[PIECES] % r[GROUPS];
  }

  /// First channel.
  static long channel(long[] r, long block) {
    return group(r, block) * (r[CHANNELS] / r[GROUPS]) + block % r[PIECES] * r[WIDE];
  }

  /// Number of channels.
  static int count(long[] r, long block) {
    return (int) Math.min(r[WIDE], r[CHANNELS] / r[GROUPS] - block % r[PIECES] * r[WIDE]);
  }

  static boolean variable(Call c, int i) {
    return c.inShape(i).rank() == 4;
  }

  /// Reads what does not depend on the time.
  static void parameters(SelectiveScan op, Call c, int first, long block, long own) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long channel = channel(r, block);
    int count = count(r, block);
    int rows = (int) r[ROWS];
    int lanes = s.lanes();
    s.gather(c.in(first + SelectiveScan.A), channel, r[CHANNELS], w, modes(r, own, A), rows, count);
    for (int v = 0; v * lanes < count; v++) {
      long at = (long) v * rows * lanes;
      s.scale(w, modes(r, own, A) + at, LOG2E, modes(r, own, RATE) + at, (int) r[MODES] * lanes);
    }
    for (int i = B; i <= C; i++) {
      int of = first + (i == B ? SelectiveScan.B : SelectiveScan.C);
      if (!variable(c, of)) {
        s.gather(c.in(of), channel, r[CHANNELS], w, modes(r, own, i), rows, count);
      }
    }
    if (op.skip()) {
      long to = SelectiveWork.channels(r, own, SKIP);
      s.gather(c.in(first + op.skipAt()), channel, 0, w, to, 1, count);
    }
    if (op.bias()) {
      long to = SelectiveWork.channels(r, own, BIAS);
      s.gather(c.in(first + op.biasAt()), channel, 0, w, to, 1, count);
    }
    for (int i = 0; i < SelectiveScan.CHUNK; i++) {
      s.set(w, SelectiveWork.ones(r, own) + i, 1);
    }
  }

  static long modes(long[] r, long own, int k) {
    return SelectiveWork.modes(r, own, k);
  }

  /// Reads the operands of steps from `t` on, and step sizes.
  static void operands(
      SelectiveScan op, Call c, int first, long block, long own, long t, int rows) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int count = count(r, block);
    int lanes = s.lanes();
    int vectors = Math.ceilDiv(count, lanes);
    int n = vectors * rows * lanes;
    long dt = SelectiveWork.steps(r, own, DT);
    long u = SelectiveWork.steps(r, own, U);
    gather(c, first + SelectiveScan.DELTA, block, dt, t, rows);
    if (op.bias()) {
      s.addEach(w, SelectiveWork.channels(r, own, BIAS), dt, rows, vectors);
    }
    if (op.softplus()) {
      s.softplus(w, dt, n);
    }
    gather(c, first + SelectiveScan.U, block, u, t, rows);
    s.mul(w, dt, u, SelectiveWork.steps(r, own, X), n);
    for (int v = 0; v < vectors; v++) {
      long most = SelectiveWork.channels(r, own, MOST) + (long) v * lanes;
      s.largest(w, dt + (long) v * rows * lanes, most, rows);
    }
    transpose(c, first + SelectiveScan.B, block, SelectiveWork.rows(r, own, 0), t, rows);
    transpose(c, first + SelectiveScan.C, block, SelectiveWork.rows(r, own, 1), t, rows);
  }

  /// Reads steps from `t` on of the block's channels of an operand `[B, L, D]`.
  static void gather(Call c, int i, long block, long to, long t, int rows) {
    long[] r = c.registers();
    long from = (batch(r, block) * r[STEPS] + t) * r[CHANNELS] + channel(r, block);
    SelectiveLoopsSimd.of(c.dtype())
        .gather(c.in(i), from, r[CHANNELS], c.scratch(), to, rows, count(r, block));
  }

  /// Writes them to result `i`.
  static void scatter(Call c, int i, long block, long from, long t, int rows) {
    long[] r = c.registers();
    long to = (batch(r, block) * r[STEPS] + t) * r[CHANNELS] + channel(r, block);
    SelectiveLoopsSimd.of(c.dtype())
        .scatter(c.scratch(), from, c.out(i), to, r[CHANNELS], rows, count(r, block));
  }

  private static void transpose(Call c, int i, long block, long to, long t, int rows) {
    if (!variable(c, i)) {
      return;
    }
    long[] r = c.registers();
    long groups = c.inShape(i).dim(2);
    long group = groups == 1 ? 0 : group(r, block);
    long from = ((batch(r, block) * r[STEPS] + t) * groups + group) * r[ROWS];
    SelectiveLoopsSimd.of(c.dtype())
        .transpose(c.in(i), from, groups * r[ROWS], c.scratch(), to, rows, (int) r[ROWS]);
  }

  /// Gates of mode `n` of vector `v`.
  static void gates(SelectiveScan op, Call c, long own, int v, int n, int rows) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    int lanes = s.lanes();
    long dt = SelectiveWork.steps(r, own, DT) + (long) v * rows * lanes;
    long mode = (v * r[ROWS] + n) * lanes;
    long gate = SelectiveWork.vector(r, own, GATE);
    long most = SelectiveWork.channels(r, own, MOST) + (long) v * lanes;
    if (s.inRange(c.scratch(), modes(r, own, RATE) + mode, most)) {
      s.gates(c.scratch(), dt, modes(r, own, RATE) + mode, gate, rows);
    } else {
      s.anyGates(c.scratch(), dt, modes(r, own, RATE) + mode, gate, rows);
    }
    if (op.complex()) {
      long angle = modes(r, own, A) + mode + r[MODES] * lanes;
      s.turn(c.scratch(), dt, angle, gate, part(lanes), rows);
    }
  }

  /// How far the imaginary parts of an array of steps of a vector are from the real ones.
  static long part(int lanes) {
    return (long) SelectiveScan.CHUNK * lanes;
  }

  /// Moves mode `n` of vector `v` on by a chunk, with gates that are there, and adds what it gives
  /// to `Y`.
  static void advance(SelectiveScan op, Call c, int first, long own, int v, int n, int rows) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int lanes = s.lanes();
    long part = part(lanes);
    long modePart = r[MODES] * lanes;
    long step = (long) v * rows * lanes;
    long mode = (v * r[ROWS] + n) * lanes;
    boolean ofB = variable(c, first + SelectiveScan.B);
    boolean ofC = variable(c, first + SelectiveScan.C);
    long ones = SelectiveWork.ones(r, own);
    long x = SelectiveWork.steps(r, own, X) + step;
    long xPart = 0;
    if (!ofB) {
      long to = SelectiveWork.vector(r, own, TO_X);
      s.mulEach(w, x, modes(r, own, B) + mode, to, rows);
      if (op.complex()) {
        s.mulEach(w, x, modes(r, own, B) + mode + modePart, to + part, rows);
        xPart = part;
      }
      x = to;
    }
    long y = SelectiveWork.steps(r, own, Y) + step;
    long imaginary = SelectiveWork.steps(r, own, Y_IM) + step;
    long to = ofC ? y : SelectiveWork.vector(r, own, TO_Y);
    if (!ofC) {
      s.clear(w, to, 2 * part);
    }
    long b = ofB ? SelectiveWork.rows(r, own, 0) + (long) n * rows : ones;
    long cAt = ofC ? SelectiveWork.rows(r, own, 1) + (long) n * rows : ones;
    long gate = SelectiveWork.vector(r, own, GATE);
    long h = modes(r, own, H) + mode;
    if (op.complex()) {
      long past = SelectiveWork.vector(r, own, PAST);
      long states = SelectiveWork.vector(r, own, STATE);
      long yPart = ofC ? imaginary - y : part;
      long bPart = ofB ? r[MODES] * rows : 0;
      long cPart = ofC ? r[MODES] * rows : 0;
      s.advanceTurning(
          w, gate, past, states, part, x, xPart, b, bPart, cAt, cPart, to, yPart, h, modePart,
          rows);
    } else {
      s.advance(w, gate, x, b, cAt, to, h, rows);
    }
    if (!ofC) {
      s.addEachProduct(w, to, modes(r, own, C) + mode, y, rows, 1);
    }
    if (!ofC && op.complex()) {
      s.addEachProduct(w, to + part, modes(r, own, C) + mode + modePart, imaginary, rows, 1);
    }
  }

  /// What modes give, before the gate.
  static void outputs(SelectiveScan op, Call c, long block, long own, int rows) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    int vectors = Math.ceilDiv(count(r, block), s.lanes());
    long y = SelectiveWork.steps(r, own, Y);
    if (op.complex()) {
      long imaginary = SelectiveWork.steps(r, own, Y_IM);
      s.twiceDifference(c.scratch(), y, imaginary, vectors * rows * s.lanes());
    }
    if (op.skip()) {
      long u = SelectiveWork.steps(r, own, U);
      s.addEachProduct(c.scratch(), u, SelectiveWork.channels(r, own, SKIP), y, rows, vectors);
    }
  }
}
