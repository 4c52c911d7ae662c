package dev.gatun.op.sequence.scan;

import static dev.gatun.op.sequence.scan.SelectiveWork.CHANNELS;
import static dev.gatun.op.sequence.scan.SelectiveWork.MODES;
import static dev.gatun.op.sequence.scan.SelectiveWork.ROWS;
import static dev.gatun.op.sequence.scan.SelectiveWork.STEPS;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Vector form of [SelectiveScan]: channels along the lanes. Chunk by chunk, what belongs to steps
/// is worked out for all channels of a block, then each mode of each vector of channels goes
/// through the chunk with its state in a register.
final class SelectiveScanSimd {
  private static final Workers.Body BODY = SelectiveScanSimd::block;

  private SelectiveScanSimd() {}

  static long scratch(List<Spec> in) {
    return SelectiveWork.sizes(in, 0, false)[SelectiveWork.OWN] * in.get(0).dtype().bytes();
  }

  static int blocks(long[] r) {
    return Math.toIntExact(
        r[SelectiveWork.BATCH] * r[SelectiveWork.GROUPS] * r[SelectiveWork.PIECES]);
  }

  static void run(SelectiveScan op, Call c, Workers w) {
    c.kernel(op);
    SelectiveWork.plan(c, op.complex(), 0, false);
    w.run(BODY, c, 0, blocks(c.registers()));
  }

  private static void block(Call c, long phase, int block, int worker) {
    SelectiveScan op = (SelectiveScan) c.kernel();
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long own = worker * r[SelectiveWork.OWN];
    int rows = (int) r[ROWS];
    int count = SelectiveStepsSimd.count(r, block);
    long channel = SelectiveStepsSimd.channel(r, block);
    long batch = SelectiveStepsSimd.batch(r, block);
    long states = SelectiveWork.modes(r, own, SelectiveStepsSimd.H);
    SelectiveStepsSimd.parameters(op, c, 0, block, own);
    if (op.state()) {
      long from = batch * rows * r[CHANNELS] + channel;
      s.gather(c.in(op.stateAt()), from, r[CHANNELS], w, states, rows, count);
    } else {
      s.clear(w, states, rows * r[SelectiveWork.WIDE]);
    }
    long starts = c.outShape(2).dim(1);
    for (long t = 0; t < r[STEPS]; t += SelectiveScan.CHUNK) {
      if (t > 0) {
        long to = (batch * starts + t / SelectiveScan.CHUNK - 1) * rows * r[CHANNELS] + channel;
        s.scatter(w, states, c.out(2), to, r[CHANNELS], rows, count);
      }
      chunk(op, c, block, own, t, (int) Math.min(SelectiveScan.CHUNK, r[STEPS] - t));
    }
    s.scatter(w, states, c.out(1), batch * rows * r[CHANNELS] + channel, r[CHANNELS], rows, count);
  }

  private static void chunk(SelectiveScan op, Call c, int block, long own, long t, int rows) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int lanes = s.lanes();
    int vectors = Math.ceilDiv(SelectiveStepsSimd.count(r, block), lanes);
    int n = vectors * rows * lanes;
    long y = SelectiveWork.steps(r, own, SelectiveStepsSimd.Y);
    SelectiveStepsSimd.operands(op, c, 0, block, own, t, rows);
    s.clear(w, y, n);
    s.clear(w, SelectiveWork.steps(r, own, SelectiveStepsSimd.Y_IM), op.complex() ? n : 0);
    boolean plain =
        !op.complex()
            && SelectiveStepsSimd.variable(c, SelectiveScan.B)
            && SelectiveStepsSimd.variable(c, SelectiveScan.C);
    for (int v = 0; v < vectors; v++) {
      if (plain && rows == 1 && stepped(c, own, v)) {
        continue;
      }
      for (int m = 0; m < r[MODES]; m++) {
        if (!plain || !scanned(c, own, v, m, rows)) {
          SelectiveStepsSimd.gates(op, c, own, v, m, rows);
          SelectiveStepsSimd.advance(op, c, 0, own, v, m, rows);
        }
      }
    }
    SelectiveStepsSimd.outputs(op, c, block, own, rows);
    if (op.gate()) {
      long z = SelectiveWork.steps(r, own, SelectiveStepsSimd.Z);
      SelectiveStepsSimd.gather(c, op.gateAt(), block, z, t, rows);
      s.gate(w, y, z, n);
    }
    SelectiveStepsSimd.scatter(c, 0, block, y, t, rows);
  }

  /// One step of the usual case; false where exponents are out of its range.
  private static boolean stepped(Call c, long own, int v) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long step = (long) v * s.lanes();
    long mode = step * r[ROWS];
    long rate = SelectiveWork.modes(r, own, SelectiveStepsSimd.RATE) + mode;
    long most = SelectiveWork.channels(r, own, SelectiveStepsSimd.MOST) + step;
    if (!s.allInRange(w, rate, most, (int) r[ROWS])) {
      return false;
    }
    s.step(
        w,
        SelectiveWork.steps(r, own, SelectiveStepsSimd.DT) + step,
        rate,
        SelectiveWork.steps(r, own, SelectiveStepsSimd.X) + step,
        SelectiveWork.rows(r, own, 0),
        SelectiveWork.rows(r, own, 1),
        SelectiveWork.steps(r, own, SelectiveStepsSimd.Y) + step,
        SelectiveWork.modes(r, own, SelectiveStepsSimd.H) + mode,
        (int) r[ROWS]);
    return true;
  }

  /// The usual case in one loop; false where exponents are out of its range.
  private static boolean scanned(Call c, long own, int v, int m, int rows) {
    long[] r = c.registers();
    SelectiveLoopsSimd s = SelectiveLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int lanes = s.lanes();
    long mode = (v * r[ROWS] + m) * lanes;
    long step = (long) v * rows * lanes;
    long rate = SelectiveWork.modes(r, own, SelectiveStepsSimd.RATE) + mode;
    long most = SelectiveWork.channels(r, own, SelectiveStepsSimd.MOST) + (long) v * lanes;
    if (!s.inRange(w, rate, most)) {
      return false;
    }
    s.scan(
        w,
        SelectiveWork.steps(r, own, SelectiveStepsSimd.DT) + step,
        rate,
        SelectiveWork.steps(r, own, SelectiveStepsSimd.X) + step,
        SelectiveWork.rows(r, own, 0) + (long) m * rows,
        SelectiveWork.rows(r, own, 1) + (long) m * rows,
        SelectiveWork.steps(r, own, SelectiveStepsSimd.Y) + step,
        SelectiveWork.modes(r, own, SelectiveStepsSimd.H) + mode,
        rows);
    return true;
  }
}
