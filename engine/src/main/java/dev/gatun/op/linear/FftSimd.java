package dev.gatun.op.linear;

import dev.gatun.cpu.simd.FftF32;
import dev.gatun.cpu.simd.FftF64;
import dev.gatun.cpu.simd.FftPlan;
import dev.gatun.cpu.simd.FftRealF32;
import dev.gatun.cpu.simd.FftRealF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;

/// Vector form of [Fft]: blocks of rows. An instance is the plan of one length and type, which the
/// device's workers keep: a plan takes longer than a transform.
final class FftSimd implements Workers.Body {
  private static final int ROWS = 0;
  private static final int INVERSE = 1;
  private static final int SCALE = 2;

  /// Elements of a block of short rows.
  private static final int BLOCK = 4_096;

  private final FftPlan plan;
  private final int n;
  private final boolean f64;
  private final long work;

  private FftSimd(long key) {
    n = Math.toIntExact(key / 2);
    f64 = key % 2 == 1;
    plan = FftPlan.of(n, f64);
    work = work(n, f64);
  }

  static void run(Fft op, Call c, Workers w) {
    Shape x = c.inShape(0);
    long n = x.dim(-1);
    FftSimd body = w.tables().get(FftSimd.class, key(n, c.dtype() == DType.F64), FftSimd::new);
    long[] r = c.registers();
    r[ROWS] = x.elems() / n;
    r[INVERSE] = op.inverse() ? 1 : 0;
    r[SCALE] = Double.doubleToRawLongBits(op.scaled() ? 1.0 / n : 1);
    w.run(body, c, 0, blocks(r[ROWS], rowsOfBlock(body.n, body.plan.group())));
  }

  /// What plans are kept by.
  static long key(long n, boolean f64) {
    return 2 * n + (f64 ? 1 : 0);
  }

  static int rowsOfBlock(int n, int group) {
    return group * Math.max(1, BLOCK / (n * group));
  }

  static int blocks(long rows, int each) {
    return Math.toIntExact((rows + each - 1) / each);
  }

  /// Bytes of work memory of one worker.
  static long scratch(Spec x) {
    return work(Math.toIntExact(x.shape().dim(-1)), x.dtype() == DType.F64);
  }

  private static long work(int n, boolean f64) {
    return (FftPlan.work(n, f64) + 63) / 64 * 64;
  }

  @Override
  public void run(Call c, long phase, int block, int worker) {
    long rows = c.registers()[ROWS];
    int each = rowsOfBlock(n, plan.group());
    long end = Math.min(rows, (long) (block + 1) * each);
    for (long row = (long) block * each; row < end; row += plan.group()) {
      int count = (int) Math.min(plan.group(), end - row);
      rows(c, row, count, work * worker);
    }
  }

  private void rows(Call c, long row, int count, long at) {
    long[] r = c.registers();
    boolean inverse = r[INVERSE] == 1;
    double scale = Double.longBitsToDouble(r[SCALE]);
    // The inverse is the transform with real and imaginary parts exchanged.
    MemorySegment xr = c.in(inverse ? 1 : 0);
    MemorySegment xi = c.in(inverse ? 0 : 1);
    MemorySegment yr = c.out(inverse ? 1 : 0);
    MemorySegment yi = c.out(inverse ? 0 : 1);
    long step = (long) n * (f64 ? Double.BYTES : Float.BYTES);
    long o = row * step;
    MemorySegment work = c.scratch();
    if (f64) {
      FftF64.rows(plan, xr, o, xi, o, step, count, yr, o, yi, o, step, scale, work, at);
    } else {
      FftF32.rows(plan, xr, o, xi, o, step, count, yr, o, yi, o, step, scale, work, at);
    }
    for (int i = 0; i < count; i++) {
      spoilUnlessFinite(yr, yi, o + i * step);
    }
  }

  private void spoilUnlessFinite(MemorySegment yr, MemorySegment yi, long at) {
    if (f64 && !(FftRealF64.isFinite(yr, at) && FftRealF64.isFinite(yi, at))) {
      FftRealF64.spoil(yr, at, n);
      FftRealF64.spoil(yi, at, n);
    } else if (!f64 && !(FftRealF32.isFinite(yr, at) && FftRealF32.isFinite(yi, at))) {
      FftRealF32.spoil(yr, at, n);
      FftRealF32.spoil(yi, at, n);
    }
  }
}
