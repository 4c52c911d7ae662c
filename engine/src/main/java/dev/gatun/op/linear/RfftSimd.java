package dev.gatun.op.linear;

import dev.gatun.cpu.simd.FftF32;
import dev.gatun.cpu.simd.FftF64;
import dev.gatun.cpu.simd.FftPlan;
import dev.gatun.cpu.simd.FftRealF32;
import dev.gatun.cpu.simd.FftRealF64;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Vector form of [Rfft] and [Irfft]: blocks of rows, each a complex transform of half the length
/// (of the same length, where it is odd) in the worker's own memory. An instance is the plan of one
/// length and type, which the device's workers keep.
final class RfftSimd implements Workers.Body {
  private static final int ROWS = 0;
  private static final int EDGE = 1;
  private static final int INNER = 2;

  private static final int FORWARD = 0;
  private static final int INVERSE = 1;

  private final int n;
  private final boolean f64;
  private final boolean even;

  /// Length of the complex transform.
  private final int h;

  private final int bytes;
  private final FftPlan plan;
  private final MemorySegment roots;

  /// Bytes from the real to the imaginary parts of the roots.
  private final long part;

  /// Bytes from one complex row to the next.
  private final long step;

  /// Bytes of work memory of one worker.
  private final long own;

  private RfftSimd(long key) {
    n = Math.toIntExact(key / 2);
    f64 = key % 2 == 1;
    even = n % 2 == 0;
    h = even ? n / 2 : n;
    bytes = f64 ? Double.BYTES : Float.BYTES;
    plan = FftPlan.of(h, f64);
    roots = FftPlan.roots(h / 2 + 1, n, f64);
    part = (long) (h / 2 + 1) * bytes;
    step = step(h, bytes);
    own = scratch(n, f64 ? DType.F64 : DType.F32);
  }

  /// Rows start on a line of cache.
  private static long step(int h, int bytes) {
    return ((long) h * bytes + 63) / 64 * 64;
  }

  static void forward(Rfft op, Call c, Workers w) {
    long n = c.inShape(0).dim(-1);
    run(c, w, n, c.inShape(0).elems() / n, op.adjoint(), FORWARD);
  }

  static void inverse(Irfft op, Call c, Workers w) {
    run(c, w, op.n(), c.outShape(0).elems() / op.n(), !op.adjoint(), INVERSE);
  }

  private static void run(Call c, Workers w, long n, long rows, boolean divided, int phase) {
    RfftSimd body =
        w.tables().get(RfftSimd.class, FftSimd.key(n, c.dtype() == DType.F64), RfftSimd::new);
    long[] r = c.registers();
    r[ROWS] = rows;
    r[EDGE] = Double.doubleToRawLongBits(Rfft.edge(divided, n));
    r[INNER] = Double.doubleToRawLongBits(Rfft.inner(divided, n));
    w.run(body, c, phase, FftSimd.blocks(rows, body.rowsOfBlock()));
  }

  private int rowsOfBlock() {
    return FftSimd.rowsOfBlock(h, plan.group());
  }

  /// Bytes of work memory of one worker.
  static long scratch(long n, DType dtype) {
    boolean f64 = dtype == DType.F64;
    int h = Math.toIntExact(n % 2 == 0 ? n / 2 : n);
    long z = 2 * step(h, dtype.bytes()) * FftPlan.group(h, f64);
    return z + (FftPlan.work(h, f64) + 63) / 64 * 64;
  }

  @Override
  public void run(Call c, long phase, int block, int worker) {
    long rows = c.registers()[ROWS];
    long end = Math.min(rows, (long) (block + 1) * rowsOfBlock());
    for (long row = (long) block * rowsOfBlock(); row < end; row += plan.group()) {
      int count = (int) Math.min(plan.group(), end - row);
      if (phase == FORWARD) {
        forward(c, row, count, own * worker);
      } else {
        inverse(c, row, count, own * worker);
      }
    }
  }

  private long im(long re) {
    return re + step * plan.group();
  }

  private void transform(MemorySegment z, long re, long im, int count, long at) {
    long rest = at + 2 * step * plan.group();
    if (f64) {
      FftF64.rows(plan, z, re, im, step, count, z, re, im, step, 1, z, rest);
    } else {
      FftF32.rows(plan, z, re, im, step, count, z, re, im, step, 1, z, rest);
    }
  }

  private void forward(Call c, long row, int count, long at) {
    MemorySegment z = c.scratch();
    for (int i = 0; i < count; i++) {
      load(c.in(0), (row + i) * n * bytes, z, at + step * i);
    }
    transform(z, at, im(at), count, at);
    double edge = Double.longBitsToDouble(c.registers()[EDGE]);
    double inner = Double.longBitsToDouble(c.registers()[INNER]);
    int half = n / 2 + 1;
    for (int i = 0; i < count; i++) {
      long to = (row + i) * half * bytes;
      long re = at + step * i;
      spectrum(z, re, c.out(0), c.out(1), to, edge, inner);
      if (f64 && !(FftRealF64.isFinite(z, re) && FftRealF64.isFinite(z, im(re)))) {
        FftRealF64.spoil(c.out(0), to, half);
        FftRealF64.spoil(c.out(1), to, half);
      } else if (!f64 && !(FftRealF32.isFinite(z, re) && FftRealF32.isFinite(z, im(re)))) {
        FftRealF32.spoil(c.out(0), to, half);
        FftRealF32.spoil(c.out(1), to, half);
      }
    }
  }

  private void load(MemorySegment x, long from, MemorySegment z, long re) {
    if (!even) {
      MemorySegment.copy(x, from, z, re, (long) n * bytes);
      Lanes.clear(z, im(re), (long) n * bytes);
    } else if (f64) {
      FftRealF64.split(x, from, h, z, re, im(re));
    } else {
      FftRealF32.split(x, from, h, z, re, im(re));
    }
  }

  private void spectrum(
      MemorySegment z,
      long re,
      MemorySegment yr,
      MemorySegment yi,
      long to,
      double edge,
      double inner) {
    long im = im(re);
    if (even && f64) {
      FftRealF64.spectrum(z, re, im, h, roots, part, yr, to, yi, to, edge, inner);
    } else if (even) {
      FftRealF32.spectrum(z, re, im, h, roots, part, yr, to, yi, to, edge, inner);
    } else if (f64) {
      FftRealF64.scale(z, re, yr, to, n / 2 + 1, inner);
      FftRealF64.scale(z, im, yi, to, n / 2 + 1, inner);
      FftRealF64.scale(z, re, yr, to, 1, edge);
      FftRealF64.scale(z, im, yi, to, 1, 0);
    } else {
      FftRealF32.scale(z, re, yr, to, n / 2 + 1, inner);
      FftRealF32.scale(z, im, yi, to, n / 2 + 1, inner);
      FftRealF32.scale(z, re, yr, to, 1, edge);
      FftRealF32.scale(z, im, yi, to, 1, 0);
    }
  }

  private void inverse(Call c, long row, int count, long at) {
    MemorySegment z = c.scratch();
    double edge = Double.longBitsToDouble(c.registers()[EDGE]);
    double inner = Double.longBitsToDouble(c.registers()[INNER]);
    for (int i = 0; i < count; i++) {
      halves(c, (row + i) * (n / 2 + 1) * bytes, z, at + step * i, edge, inner);
    }
    // The inverse is the transform with real and imaginary parts exchanged.
    transform(z, im(at), at, count, at);
    for (int i = 0; i < count; i++) {
      store(z, at + step * i, c.out(0), (row + i) * n * bytes);
    }
  }

  private void halves(Call c, long from, MemorySegment z, long re, double edge, double inner) {
    MemorySegment xr = c.in(0);
    MemorySegment xi = c.in(1);
    long im = im(re);
    if (even && f64) {
      FftRealF64.halves(xr, from, xi, from, h, roots, part, z, re, im, edge, inner);
    } else if (even) {
      FftRealF32.halves(xr, from, xi, from, h, roots, part, z, re, im, edge, inner);
    } else if (f64) {
      FftRealF64.mirror(xr, from, xi, from, n, z, re, im, edge, inner);
    } else {
      FftRealF32.mirror(xr, from, xi, from, n, z, re, im, edge, inner);
    }
  }

  private void store(MemorySegment z, long re, MemorySegment y, long to) {
    if (!even) {
      MemorySegment.copy(z, re, y, to, (long) n * bytes);
    } else if (f64) {
      FftRealF64.join(z, re, im(re), h, y, to);
    } else {
      FftRealF32.join(z, re, im(re), h, y, to);
    }
    if (f64 && !(FftRealF64.isFinite(z, re) && FftRealF64.isFinite(z, im(re)))) {
      FftRealF64.spoil(y, to, n);
    } else if (!f64 && !(FftRealF32.isFinite(z, re) && FftRealF32.isFinite(z, im(re)))) {
      FftRealF32.spoil(y, to, n);
    }
  }
}
