package dev.gatun.op.sequence.attention;

import dev.gatun.cpu.simd.Convert;
import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.TrigLanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Vector form of [RotaryTable]: pieces of angles in double, their cosines and sines, the factors,
/// and one rounding.
final class RotaryTableSimd {
  /// Elements of a block of work, and of a piece of it.
  private static final int BLOCK = 8192;

  private static final int PIECE = 1024;

  // Registers; the last four are doubles.
  private static final int H = 0;
  private static final int OFFSET = 1;
  private static final int DECAYS = 2;
  private static final int MAGNITUDE = 3;
  private static final int RATE = 4;
  private static final int CENTER = 5;

  private static final Loop.Binary MUL = Loop.f64((DoubleVector x, DoubleVector y) -> x.mul(y));
  private static final Loop.Unary EXP = Loop.f64((DoubleVector x) -> ExpLanes.f64(x));
  private static final Loop.Unary COS =
      Loop.patchedF64(TrigLanes.LIMIT_F64, (DoubleVector x) -> TrigLanes.cos(x), StrictMath::cos);
  private static final Loop.Unary SIN =
      Loop.patchedF64(TrigLanes.LIMIT_F64, (DoubleVector x) -> TrigLanes.sin(x), StrictMath::sin);

  private static final Workers.Body BODY = RotaryTableSimd::block;

  private RotaryTableSimd() {}

  /// Frequencies and logarithms of decays, then for each worker angles, cosines and decays.
  static long scratch(Rotary rotary, int workers) {
    return (rotary.dim() + 3L * PIECE * workers) * Double.BYTES;
  }

  /// Positions are the input, or, where there is none, count from `offset` on.
  static void run(Call c, Workers w, Rotary rotary, boolean keys, long offset) {
    long[] r = c.registers();
    int h = Math.toIntExact(rotary.dim() / 2);
    r[H] = h;
    r[OFFSET] = offset;
    r[DECAYS] = rotary.xpos().isPresent() ? 1 : 0;
    r[MAGNITUDE] = Double.doubleToRawLongBits(rotary.scaling().magnitude());
    if (rotary.xpos().isPresent()) {
      Rotary.XPos x = rotary.xpos().get();
      r[RATE] = Double.doubleToRawLongBits((keys ? -1 : 1) / x.scaleBase());
      r[CENTER] = Double.doubleToRawLongBits(x.center());
    }
    for (int i = 0; i < h; i++) {
      DType.F64.write(c.scratch(), i, rotary.frequency(i));
    }
    for (int i = 0; i < h * r[DECAYS]; i++) {
      DType.F64.write(c.scratch(), h + i, Math.log(rotary.decay(i)));
    }
    w.run(BODY, c, 0, Math.toIntExact((c.outShape(0).elems() + BLOCK - 1) / BLOCK));
  }

  private static void block(Call c, long phase, int block, int worker) {
    long at = (long) block * BLOCK;
    long end = Math.min(c.outShape(0).elems(), at + BLOCK);
    long spare = 2 * c.registers()[H] + 3L * PIECE * worker;
    for (; at < end; at += PIECE) {
      piece(c, at, (int) Math.min(PIECE, end - at), spare);
    }
  }

  private static void piece(Call c, long at, int n, long angles) {
    long[] r = c.registers();
    MemorySegment s = c.scratch();
    long cos = angles + PIECE;
    long decay = cos + PIECE;
    rows(c, at, n, 0, angles, 1, 0);
    COS.run(s, angles, s, cos, n);
    SIN.run(s, angles, s, angles, n);
    if (r[DECAYS] == 1) {
      double rate = Double.longBitsToDouble(r[RATE]);
      rows(c, at, n, r[H], decay, rate, Double.longBitsToDouble(r[CENTER]));
      EXP.run(s, decay, s, decay, n);
      MUL.run(s, cos, 0, s, decay, 0, s, cos, 1, n);
      MUL.run(s, angles, 0, s, decay, 0, s, angles, 1, n);
    }
    double a = Double.longBitsToDouble(r[MAGNITUDE]);
    if (a != 1) {
      MUL.runScalar(s, cos, a, s, cos, n);
      MUL.runScalar(s, angles, a, s, angles, n);
    }
    store(c, cos, 0, at, n);
    store(c, angles, 1, at, n);
  }

  /// To element `to` of scratch the products of `rate (t - center)` and the numbers from element
  /// `factors` on, for `n` elements of the tables from `at` on.
  private static void rows(
      Call c, long at, int n, long factors, long to, double rate, double center) {
    long h = c.registers()[H];
    MemorySegment s = c.scratch();
    for (int done = 0; done < n; ) {
      long row = (at + done) / h;
      long i = (at + done) % h;
      int m = (int) Math.min(n - done, h - i);
      double t = rate * (position(c, row) - center);
      MUL.runScalar(s, factors + i, t, s, to + done, m);
      done += m;
    }
  }

  private static double position(Call c, long row) {
    if (c.inputs() == 0) {
      return (double) (c.registers()[OFFSET] + row);
    }
    return (double) c.inSpec(0).dtype().readLong(c.in(0), row);
  }

  private static void store(Call c, long from, int i, long at, int n) {
    if (c.outSpec(0).dtype() == DType.F32) {
      Convert.f64ToF32(c.scratch(), from * 8, c.out(i), at * 4, n);
    } else {
      MemorySegment.copy(c.scratch(), from * 8, c.out(i), at * 8, n * 8L);
    }
  }
}
