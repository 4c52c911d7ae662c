package dev.gatun.op.loss;

import static dev.gatun.op.loss.ElementLossPlan.BLOCK;
import static dev.gatun.op.loss.ElementLossPlan.EACH;
import static dev.gatun.op.loss.ElementLossPlan.ELEMS;
import static dev.gatun.op.loss.ElementLossPlan.FIRST;
import static dev.gatun.op.loss.ElementLossPlan.PARAMETER;
import static dev.gatun.op.loss.ElementLossPlan.PIECE;
import static dev.gatun.op.loss.ElementLossPlan.SCALE;
import static dev.gatun.op.loss.ElementLossPlan.WEIGHT;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.ReduceF32;
import dev.gatun.cpu.simd.ReduceF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Blocks of an [ElementLoss] or its gradient over the loops of one loss: piece by piece the loss,
/// its weight, then its sum or the incoming gradient, all in the first-level cache.
record ElementLossSimd(Piece f32, Piece f64) implements Workers.Body {
  /// Works out `n` losses or slopes.
  @FunctionalInterface
  interface Piece {
    /// From elements `at` of `x` and `t` and `pAt` of the parameter `p` into elements `yAt` of `y`,
    /// with a row of [ElementLossPlan#PIECE] elements of `spare` from element `spareAt` on.
    void run(
        MemorySegment x,
        MemorySegment t,
        long at,
        MemorySegment p,
        long pAt,
        MemorySegment y,
        long yAt,
        MemorySegment spare,
        long spareAt,
        int n);
  }

  private static final Loop.Binary MUL_F32 = Loop.f32((FloatVector x, FloatVector y) -> x.mul(y));
  private static final Loop.Binary MUL_F64 = Loop.f64((DoubleVector x, DoubleVector y) -> x.mul(y));

  /// A loss of one step, `f(x, t, p)`.
  static ElementLossSimd of(Loop.Ternary f32, Loop.Ternary f64) {
    return new ElementLossSimd(one(f32), one(f64));
  }

  private static Piece one(Loop.Ternary f) {
    return (x, t, at, p, pAt, y, yAt, spare, spareAt, n) -> f.run(x, at, t, at, p, pAt, y, yAt, n);
  }

  static void forward(ElementLoss op, Call c, Workers w) {
    long n = plan(op, c, 0, 1);
    w.run(op.body(), c, 0, ElementLossPlan.blocks(n));
    if (op.reduction() != Reduction.NONE) {
      double sum = 0;
      long at = ElementLossPlan.sums(c.dtype().bytes());
      for (int i = 0, blocks = ElementLossPlan.blocks(n); i < blocks; i++) {
        sum += c.scratch().get(Lanes.DOUBLE, at + 8L * i);
      }
      c.set(0, 0, op.reduction() == Reduction.MEAN ? sum / n : sum);
    }
  }

  static void gradient(ElementLossGrad op, Call c, Workers w) {
    long n = plan(op.loss(), c, 1, op.scale(c.inShape(1).elems()));
    w.run(op.target() ? op.loss().dtBody() : op.loss().dxBody(), c, 0, ElementLossPlan.blocks(n));
  }

  /// Fills registers and the row of the parameter, returns the number of elements.
  private static long plan(ElementLoss op, Call c, int first, double scale) {
    long[] r = c.registers();
    long n = c.inShape(first).elems();
    r[ELEMS] = n;
    r[FIRST] = first;
    r[EACH] = op.reduction() == Reduction.NONE ? 1 : 0;
    r[WEIGHT] = op.weighted() ? first + 2 : -1;
    r[PARAMETER] = op.positive() ? c.inputs() - 1 : -1;
    r[SCALE] = Double.doubleToRawLongBits(scale);
    fill(c.scratch(), 0, op.parameter(), (int) Math.min(n, PIECE), c.dtype());
    return n;
  }

  private static void fill(MemorySegment y, long at, double value, int n, DType type) {
    for (int i = 0; i < n; i++) {
      type.write(y, at + i, value);
    }
  }

  @Override
  public void run(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    DType type = c.dtype();
    long rows = ElementLossPlan.rows(type.bytes(), r[ELEMS], worker);
    long from = (long) block * BLOCK;
    long to = Math.min(r[ELEMS], from + BLOCK);
    double sum = 0;
    for (long at = from; at < to; at += PIECE) {
      sum += piece(c, at, (int) Math.min(PIECE, to - at), rows);
    }
    c.scratch().set(Lanes.DOUBLE, ElementLossPlan.sums(type.bytes()) + 8L * block, sum);
  }

  /// One piece; returns the sum of its losses where they are reduced.
  private double piece(Call c, long at, int n, long rows) {
    long[] r = c.registers();
    MemorySegment spare = c.scratch();
    boolean f32 = c.dtype() == DType.F32;
    int first = (int) r[FIRST];
    boolean summed = first == 0 && r[EACH] == 0;
    MemorySegment y = summed ? spare : c.out(0);
    long yAt = summed ? rows : at;
    long pAt = r[PARAMETER] < 0 ? 0 : repeat(c, (int) r[PARAMETER], at, rows + PIECE, n);
    (f32 ? this.f32 : f64)
        .run(c.in(first), c.in(first + 1), at, spare, pAt, y, yAt, spare, rows + 2 * PIECE, n);
    Loop.Binary mul = f32 ? MUL_F32 : MUL_F64;
    if (r[WEIGHT] >= 0) {
      long wAt = repeat(c, (int) r[WEIGHT], at, rows + 3 * PIECE, n);
      mul.run(y, yAt, 0, spare, wAt, 0, y, yAt, 1, n);
    }
    if (first == 1 && r[EACH] == 1) {
      mul.run(y, yAt, 0, c.in(0), at, 0, y, yAt, 1, n);
    } else if (first == 1) {
      mul.runScalar(y, yAt, c.get(0, 0) * Double.longBitsToDouble(r[SCALE]), y, yAt, n);
    }
    return summed ? sum(y, yAt, rows + 4 * PIECE, n, f32) : 0;
  }

  private static double sum(MemorySegment y, long at, long cell, int n, boolean f32) {
    if (f32) {
      ReduceF32.sumRows(y, at, y, cell, 0, 1, n, 1);
      return y.get(Lanes.FLOAT, cell * Float.BYTES);
    }
    ReduceF64.sumRows(y, at, y, cell, 0, 1, n, 1);
    return y.get(Lanes.DOUBLE, cell * Double.BYTES);
  }

  /// Elements `at` to `at + n` of input `i` repeated over all of `x`, into scratch from element
  /// `to` on, by copies that double in length; returns `to`.
  private static long repeat(Call c, int i, long at, long to, int n) {
    long size = c.dtype().bytes();
    long period = c.inShape(i).elems();
    long done = 0;
    while (done < Math.min(n, period)) {
      long from = (at + done) % period;
      long m = Math.min(Math.min(n, period) - done, period - from);
      MemorySegment.copy(c.in(i), from * size, c.scratch(), (to + done) * size, m * size);
      done += m;
    }
    while (done < n) {
      long m = Math.min(n - done, done);
      MemorySegment.copy(c.scratch(), to * size, c.scratch(), (to + done) * size, m * size);
      done += m;
    }
    return to;
  }
}
