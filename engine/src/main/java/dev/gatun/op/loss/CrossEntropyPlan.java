package dev.gatun.op.loss;

import dev.gatun.op.Call;
import dev.gatun.tensor.Spec;
import java.util.List;

/// How the rows of a [ClassLoss] are cut, as registers of its call. Free of vector types, as the
/// reference path asks for the size of scratch here.
final class CrossEntropyPlan {
  /// Logits of a block of rows.
  private static final int BLOCK = 16_384;

  /// Elements of a row that go through all steps at a time.
  static final int PIECE = 2048;

  // Registers; numbers that are no integers as the bits of a double.
  static final int CLASSES = 0;
  static final int ROWS = 1;
  static final int PER_BLOCK = 2;
  static final int EACH = 3;
  static final int DIVISOR = 4;
  static final int IGNORES = 5;
  static final int IGNORED = 6;
  static final int WEIGHTS = 7;
  static final int KEPT = 8;
  static final int SPREAD = 9;
  static final int TOTAL = 10;

  private CrossEntropyPlan() {}

  /// Fills the registers and checks all targets.
  static long[] plan(ClassLoss op, Call c, double smoothing) {
    long[] r = c.registers();
    r[CLASSES] = c.inShape(0).dim(-1);
    r[ROWS] = c.inShape(1).elems();
    r[PER_BLOCK] = perBlock(r[CLASSES]);
    r[EACH] = op.reduction() == Reduction.NONE ? 1 : 0;
    r[IGNORES] = op.ignored().isPresent() ? 1 : 0;
    r[IGNORED] = op.ignored().orElse(0);
    r[WEIGHTS] = op.weighted() ? c.inputs() - 1 : -1;
    r[DIVISOR] = Double.doubleToRawLongBits(op.divisor(c));
    r[KEPT] = Double.doubleToRawLongBits(1 - smoothing);
    r[SPREAD] = Double.doubleToRawLongBits(smoothing == 0 ? 0 : smoothing / r[CLASSES]);
    return r;
  }

  private static long perBlock(long classes) {
    return Math.max(1, BLOCK / Math.max(1, classes));
  }

  static int blocks(long rows, long classes) {
    long per = perBlock(classes);
    return Math.toIntExact((rows + per - 1) / per);
  }

  /// The number in register `which`.
  static double number(long[] r, int which) {
    return Double.longBitsToDouble(r[which]);
  }

  /// The class of row `i`, -1 where it does not count.
  static long target(Call c, long i) {
    long[] r = c.registers();
    long t = c.inSpec(1).dtype().readLong(c.in(1), i);
    return r[IGNORES] == 1 && t == r[IGNORED] ? -1 : t;
  }

  /// The weight of class `i`.
  static double weight(Call c, long i) {
    int w = (int) c.registers()[WEIGHTS];
    return w < 0 ? 1 : c.get(w, i);
  }

  /// Byte offset in scratch of the spread weights, after the blocks' sums, which are doubles.
  static long spread(long rows, long classes) {
    return 8L * blocks(rows, classes) + 63 & -64;
  }

  /// Element number of the spare room of worker `worker`, a piece and a cell.
  static long spare(long rows, long classes, int bytes, int worker) {
    long at = spread(rows, classes) + classes * bytes + 63 & -64;
    return at / bytes + (PIECE + 16L) * worker;
  }

  /// Bytes of scratch.
  static long scratch(List<Spec> in, double smoothing, int workers) {
    long rows = in.get(1).shape().elems();
    long classes = in.get(0).shape().dim(-1);
    int bytes = in.get(0).dtype().bytes();
    return smoothing == 0 ? spread(rows, classes) : spare(rows, classes, bytes, workers) * bytes;
  }
}
