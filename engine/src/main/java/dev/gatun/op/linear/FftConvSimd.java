package dev.gatun.op.linear;

import dev.gatun.cpu.simd.FftConvF32;
import dev.gatun.cpu.simd.FftConvF64;
import dev.gatun.cpu.simd.FftF32;
import dev.gatun.cpu.simd.FftF64;
import dev.gatun.cpu.simd.FftPlan;
import dev.gatun.cpu.simd.FftRealF32;
import dev.gatun.cpu.simd.FftRealF64;
import dev.gatun.cpu.simd.GeluLanes;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [FftConv] and its gradient: a block is one channel of some rows of the batch, of
/// all of them for the gradient, whose filters sum over the batch. An instance is the plan of one
/// length and type, which the device's workers keep.
///
/// Work memory of a worker: complex rows, first the filter's spectrum, and what a transform wants.
final class FftConvSimd implements Workers.Body {
  private static final int FORWARD = 0;
  private static final int BACKWARD = 1;

  // Registers: sizes, the flags, and the inputs' first number.
  private static final int BATCH = 0;
  private static final int CHANNELS = 1;
  private static final int CHUNKS = 2;
  private static final int REVERSE = 3;
  private static final int SKIP = 4;
  private static final int GELU = 5;
  private static final int PERIOD = 6;
  private static final int FIRST = 7;

  /// Rows of the batch that share a filter's spectrum.
  private static final int CHUNK = 16;

  private static final Loop.Unary GELU_F32 = Loop.f32(GeluLanes::f32);
  private static final Loop.Unary GELU_F64 = Loop.f64(GeluLanes::f64);
  private static final Loop.Binary SLOPE_F32 =
      Loop.f32((FloatVector dy, FloatVector p) -> dy.mul(GeluLanes.derivative(p)));
  private static final Loop.Binary SLOPE_F64 =
      Loop.f64((DoubleVector dy, DoubleVector p) -> dy.mul(GeluLanes.derivative(p)));

  private final int l;
  private final boolean f64;
  private final int h;
  private final int bytes;
  private final FftPlan plan;
  private final MemorySegment roots;
  private final long part;
  private final long step;
  private final int group;
  private final long own;
  private final long ownOfGradient;

  private FftConvSimd(long key) {
    l = Math.toIntExact(key / 2);
    f64 = key % 2 == 1;
    bytes = f64 ? Double.BYTES : Float.BYTES;
    h = FftPlan.good(l);
    plan = FftPlan.of(h, f64);
    roots = FftPlan.roots(h, 4L * h, f64);
    part = (long) h * bytes;
    step = step(h, bytes);
    group = plan.group();
    own = scratch(l, f64);
    ownOfGradient = scratchOfGradient(l, f64);
  }

  private static long step(int h, int bytes) {
    return ((long) h * bytes + 63) / 64 * 64;
  }

  static long scratch(Spec u) {
    return scratch(Math.toIntExact(u.shape().dim(2)), u.dtype() == DType.F64);
  }

  static long scratchOfGradient(Spec u) {
    return scratchOfGradient(Math.toIntExact(u.shape().dim(2)), u.dtype() == DType.F64);
  }

  private static long scratch(int l, boolean f64) {
    int h = FftPlan.good(l);
    long step = step(h, f64 ? Double.BYTES : Float.BYTES);
    return 2 * step * (1 + FftPlan.group(h, f64)) + work(h, f64);
  }

  private static long scratchOfGradient(int l, boolean f64) {
    int h = FftPlan.good(l);
    return 9 * step(h, f64 ? Double.BYTES : Float.BYTES) + work(h, f64);
  }

  private static long work(int h, boolean f64) {
    return (FftPlan.work(h, f64) + 63) / 64 * 64;
  }

  static void forward(FftConv op, Call c, Workers w) {
    run(op, c, w, 0, (c.inShape(0).dim(0) + CHUNK - 1) / CHUNK, FORWARD);
  }

  static void backward(FftConv op, Call c, Workers w) {
    run(op, c, w, 1, 1, BACKWARD);
  }

  private static void run(FftConv op, Call c, Workers w, int first, long chunks, int phase) {
    Shape u = c.inShape(first);
    FftConvSimd body =
        w.tables()
            .get(
                FftConvSimd.class, FftSimd.key(u.dim(2), c.dtype() == DType.F64), FftConvSimd::new);
    long[] r = c.registers();
    r[BATCH] = u.dim(0);
    r[CHANNELS] = u.dim(1);
    r[CHUNKS] = chunks;
    r[REVERSE] = op.reverse() ? first + FftConv.REVERSE : -1;
    r[SKIP] = op.skip() ? first + op.d() : -1;
    r[GELU] = op.gelu() ? 1 : 0;
    r[PERIOD] = op.period();
    r[FIRST] = first;
    w.run(body, c, phase, Math.toIntExact(chunks * u.dim(1)));
  }

  @Override
  public void run(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long channel = block / r[CHUNKS];
    long at = (phase == FORWARD ? own : ownOfGradient) * worker;
    filter(c, channel, at, at + (phase == FORWARD ? 2 * (1 + group) : 9) * step);
    if (phase == BACKWARD) {
      backward(c, channel, at);
      return;
    }
    long begin = block % r[CHUNKS] * CHUNK;
    long end = Math.min(r[BATCH], begin + CHUNK);
    for (long b = begin; b < end; b += group) {
      forward(c, channel, b, (int) Math.min(group, end - b), at);
    }
  }

  private double skip(Call c, long channel) {
    int d = (int) c.registers()[SKIP];
    return d < 0 ? 0 : c.get(d, channel);
  }

  private long row(Call c, long b, long channel) {
    return (b * c.registers()[CHANNELS] + channel) * l * bytes;
  }

  /// The filter's spectrum, divided by `h`, into the first complex row.
  private void filter(Call c, long channel, long at, long rest) {
    long[] r = c.registers();
    int first = (int) r[FIRST];
    MemorySegment z = c.scratch();
    MemorySegment k = c.in(first + FftConv.K);
    int length = (int) c.inShape(first + FftConv.K).dim(1);
    long from = channel * length * bytes;
    long im = at + step;
    MemorySegment.copy(k, from, z, at, (long) length * bytes);
    Lanes.clear(z, at + (long) length * bytes, (long) (h - length) * bytes);
    Lanes.clear(z, im, (long) h * bytes);
    if (r[REVERSE] >= 0) {
      int other = (int) c.inShape((int) r[REVERSE]).dim(1);
      long o = channel * other * bytes;
      if (f64) {
        FftConvF64.ahead(c.in((int) r[REVERSE]), o, other, z, at, im, h);
      } else {
        FftConvF32.ahead(c.in((int) r[REVERSE]), o, other, z, at, im, h);
      }
    }
    if (r[PERIOD] > 0) {
      // Lag m - N of the filter: what wraps around.
      long m = Math.max(1, r[PERIOD] - l + 1);
      int n = (int) Math.max(0, length - m);
      long to = im + (h - r[PERIOD] + m) * bytes;
      if (f64) {
        FftRealF64.scale(k, from + m * bytes, z, n == 0 ? im : to, n, -1);
      } else {
        FftRealF32.scale(k, from + m * bytes, z, n == 0 ? im : to, n, -1);
      }
    }
    // Times e^(i pi j / 2h), the conjugate of the table's root: with both parts exchanged.
    multiply(z, im, at, roots, 0, part, im, at);
    transform(z, at, im, 1, 1.0 / h, rest);
  }

  private void forward(Call c, long channel, long b, int count, long at) {
    MemorySegment z = c.scratch();
    MemorySegment u = c.in(0);
    long zr = at + 2 * step;
    long zi = zr + step * group;
    for (int i = 0; i < count; i++) {
      twist(u, row(c, b + i, channel), z, zr + step * i, zi + step * i);
    }
    long rest = at + 2 * step * (1 + group);
    transform(z, zr, zi, count, 1, rest);
    for (int i = 0; i < count; i++) {
      long o = step * i;
      multiply(z, zr + o, zi + o, z, at, at + step, zr + o, zi + o);
    }
    transform(z, zi, zr, count, 1, rest);
    double d = skip(c, channel);
    for (int i = 0; i < count; i++) {
      long o = row(c, b + i, channel);
      untwist(c, z, zr + step * i, zi + step * i, u, o, d, c.out(0), o);
      if (c.registers()[GELU] == 1) {
        (f64 ? GELU_F64 : GELU_F32).run(c.out(0), o / bytes, c.out(0), o / bytes, l);
      }
    }
  }

  private void transform(MemorySegment z, long re, long im, int count, double scale, long rest) {
    if (f64) {
      FftF64.rows(plan, z, re, im, step, count, z, re, im, step, scale, z, rest);
    } else {
      FftF32.rows(plan, z, re, im, step, count, z, re, im, step, scale, z, rest);
    }
  }

  private void multiply(
      MemorySegment z, long re, long im, MemorySegment t, long tr, long ti, long yr, long yi) {
    if (f64) {
      FftF64.multiply(z, re, z, im, t, tr, ti, h, z, yr, z, yi, 1);
    } else {
      FftF32.multiply(z, re, z, im, t, tr, ti, h, z, yr, z, yi, 1);
    }
  }

  private void twist(MemorySegment x, long from, MemorySegment z, long re, long im) {
    if (f64) {
      FftConvF64.twist(x, from, l, roots, part, z, re, im, h);
    } else {
      FftConvF32.twist(x, from, l, roots, part, z, re, im, h);
    }
  }

  /// `y = Re(z e^(-i pi t / 2h)) + d x`, or NaN.
  private void untwist(
      Call c,
      MemorySegment z,
      long re,
      long im,
      MemorySegment x,
      long from,
      double d,
      MemorySegment y,
      long to) {
    boolean skip = c.registers()[SKIP] >= 0;
    if (f64) {
      FftConvF64.untwist(z, re, im, roots, part, l, y, to);
      if (skip) {
        FftConvF64.add(x, from, l, d, y, to);
      }
    } else {
      FftConvF32.untwist(z, re, im, roots, part, l, y, to);
      if (skip) {
        FftConvF32.add(x, from, l, d, y, to);
      }
    }
  }

  private void backward(Call c, long channel, long at) {
    long[] r = c.registers();
    MemorySegment z = c.scratch();
    long ur = at + 2 * step;
    long gr = at + 4 * step;
    long sum = at + 6 * step;
    long g = at + 8 * step;
    long rest = at + 9 * step;
    double d = skip(c, channel);
    double dd = 0;
    Lanes.clear(z, sum, 2 * step);
    for (long b = 0; b < r[BATCH]; b++) {
      long o = row(c, b, channel);
      twist(c.in(1), o, z, ur, ur + step);
      transform(z, ur, ur + step, 1, 1, rest);
      if (r[GELU] == 1) {
        slope(c, o, d, at, rest);
      } else {
        MemorySegment.copy(c.in(0), o, z, g, (long) l * bytes);
      }
      dd += dot(z, g, c.in(1), o);
      twist(z, g, z, gr, gr + step);
      transform(z, gr, gr + step, 1, 1, rest);
      accumulate(z, gr, ur, sum);
      // Times the conjugate of the filter's spectrum: with both parts exchanged.
      multiply(z, gr + step, gr, z, at, at + step, gr + step, gr);
      transform(z, gr + step, gr, 1, 1, rest);
      untwist(c, z, gr, gr + step, z, g, d, c.out(0), o);
    }
    transform(z, sum + step, sum, 1, 1.0 / h, rest);
    multiply(z, sum, sum + step, roots, 0, part, sum, sum + step);
    filters(c, channel, z, sum);
    if (r[SKIP] >= 0) {
      c.set((int) r[SKIP] - 1, channel, dd);
    }
  }

  /// `g = dy gelu'(p)`, with `p` from the spectrum of `u`, which stays.
  private void slope(Call c, long o, double d, long at, long rest) {
    MemorySegment z = c.scratch();
    long ur = at + 2 * step;
    long gr = at + 4 * step;
    long g = at + 8 * step;
    if (f64) {
      FftF64.multiply(z, ur, z, ur + step, z, at, at + step, h, z, gr, z, gr + step, 1);
    } else {
      FftF32.multiply(z, ur, z, ur + step, z, at, at + step, h, z, gr, z, gr + step, 1);
    }
    transform(z, gr + step, gr, 1, 1, rest);
    untwist(c, z, gr, gr + step, c.in(1), o, d, z, g);
    (f64 ? SLOPE_F64 : SLOPE_F32).run(c.in(0), o / bytes, 0, z, g / bytes, 0, z, g / bytes, 1, l);
  }

  private double dot(MemorySegment x, long from, MemorySegment y, long o) {
    return f64 ? FftConvF64.dot(x, from, y, o, l) : FftConvF32.dot(x, from, y, o, l);
  }

  private void accumulate(MemorySegment z, long gr, long ur, long sum) {
    if (f64) {
      FftConvF64.accumulate(z, gr, gr + step, ur, ur + step, h, sum, sum + step);
    } else {
      FftConvF32.accumulate(z, gr, gr + step, ur, ur + step, h, sum, sum + step);
    }
  }

  /// Lags from 0 are the real parts, lags `-a` the imaginary ones of element `h - a`, negated.
  private void filters(Call c, long channel, MemorySegment z, long sum) {
    long[] r = c.registers();
    MemorySegment dk = c.out(FftConv.K);
    int length = (int) c.outShape(FftConv.K).dim(1);
    long to = channel * length * bytes;
    MemorySegment.copy(z, sum, dk, to, (long) length * bytes);
    if (r[PERIOD] > 0) {
      long m = Math.max(1, r[PERIOD] - l + 1);
      int n = (int) Math.max(0, length - m);
      if (n > 0 && f64) {
        FftConvF64.add(z, sum + step + (h - r[PERIOD] + m) * bytes, n, -1, dk, to + m * bytes);
      } else if (n > 0) {
        FftConvF32.add(z, sum + step + (h - r[PERIOD] + m) * bytes, n, -1, dk, to + m * bytes);
      }
    }
    boolean finite =
        f64
            ? FftRealF64.isFinite(z, sum) && FftRealF64.isFinite(z, sum + step)
            : FftRealF32.isFinite(z, sum) && FftRealF32.isFinite(z, sum + step);
    spoil(dk, to, length, finite);
    if (r[REVERSE] >= 0) {
      MemorySegment drev = c.out(FftConv.REVERSE);
      int other = (int) c.outShape(FftConv.REVERSE).dim(1);
      long o = channel * other * bytes;
      if (f64) {
        FftConvF64.behind(z, sum, sum + step, h, drev, o, other);
      } else {
        FftConvF32.behind(z, sum, sum + step, h, drev, o, other);
      }
      spoil(drev, o, other, finite);
    }
  }

  private void spoil(MemorySegment y, long at, int n, boolean finite) {
    if (!finite && f64) {
      FftRealF64.spoil(y, at, n);
    } else if (!finite) {
      FftRealF32.spoil(y, at, n);
    }
  }
}
