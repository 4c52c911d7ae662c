package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static dev.gatun.cpu.simd.ReduceF32.load;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// [DecayTile] of F32.
final class DecayTileF32 extends ElementsF32 implements DecayTile {
  private static final int LANES = F32.length();
  private static final long SIZE = Float.BYTES;
  private static final long ROW = WIDE * SIZE;
  private static final FloatVector NUMBERS = FloatVector.zero(F32).addIndex(1);

  static final DecayTileF32 ONLY = new DecayTileF32();

  private DecayTileF32() {}

  @Override
  public AttentionTile products() {
    return AttentionTileF32.ONLY;
  }

  @Override
  public boolean read(
      MemorySegment x, long at, long row, int rows, int width, MemorySegment y, long yAt) {
    if (width == WIDE) {
      return readWide(x, at, row, rows, y, yAt);
    }
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    float sum = 0;
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < width; i++) {
        float e = x.get(FLOAT, at + r * row + i * SIZE);
        sum += 0 * e;
        y.set(FLOAT, yAt + r * ROW + i * SIZE, e);
      }
      for (int i = width; i < WIDE; i++) {
        y.set(FLOAT, yAt + r * ROW + i * SIZE, 0);
      }
    }
    return sum == 0;
  }

  private static boolean readWide(
      MemorySegment x, long at, long row, int rows, MemorySegment y, long yAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    FloatVector zero = FloatVector.zero(F32);
    FloatVector sum = zero;
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < WIDE; i += LANES) {
        FloatVector e = load(x, at + r * row + i * SIZE);
        sum = e.fma(zero, sum);
        e.intoMemorySegment(y, yAt + r * ROW + i * SIZE, ORDER);
      }
    }
    return Fold.sum(sum) == 0;
  }

  @Override
  public void write(
      MemorySegment x, long at, int rows, int width, MemorySegment y, long yAt, long row) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = F32.loopBound(width);
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < full; i += LANES) {
        load(x, at + r * ROW + i * SIZE).intoMemorySegment(y, yAt + r * row + i * SIZE, ORDER);
      }
      for (int i = full; i < width; i++) {
        y.set(FLOAT, yAt + r * row + i * SIZE, x.get(FLOAT, at + r * ROW + i * SIZE));
      }
    }
  }

  @Override
  public boolean sums(MemorySegment x, long at, long row, int n, MemorySegment y, long yAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    double high = 0;
    double low = 0;
    boolean fine = true;
    for (int i = 0; i < n; i++) {
      float e = x.get(FLOAT, at + i * row);
      fine &= e < Float.POSITIVE_INFINITY;
      double a = Math.max(e, -1000);
      double sum = high + a;
      double part = sum - high;
      low += (high - (sum - part)) + (a - part);
      high = sum;
      float rounded = (float) high;
      y.set(FLOAT, yAt + i * SIZE, rounded);
      y.set(FLOAT, yAt + ROW + i * SIZE, (float) (high - rounded + low));
    }
    for (int i = n; i < WIDE; i++) {
      y.set(FLOAT, yAt + i * SIZE, 0);
      y.set(FLOAT, yAt + ROW + i * SIZE, 0);
    }
    return fine;
  }

  @Override
  public void exps(MemorySegment s, long at, int n, MemorySegment y, long yAt) {
    s = Lanes.offHeap(s);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i += LANES) {
      FloatVector e = load(s, at + i * SIZE).add(load(s, at + ROW + i * SIZE));
      power(e).intoMemorySegment(y, yAt + i * SIZE, ORDER);
    }
    for (int i = n; i < WIDE; i++) {
      y.set(FLOAT, yAt + i * SIZE, 0);
    }
  }

  /// `exp(x)`, 0 where that would be subnormal.
  private static FloatVector power(FloatVector x) {
    FloatVector y = ExpLanes.nonPositiveF32(x);
    return y.blend(Float.POSITIVE_INFINITY, x.compare(GT, 89f)).blend(0f, x.compare(LT, -87f));
  }

  @Override
  public void gates(MemorySegment s, long at, int n, MemorySegment y, long yAt) {
    s = Lanes.offHeap(s);
    y = Lanes.offHeap(y);
    for (int j = 0; j < WIDE; j += LANES) {
      FloatVector high = load(s, at + j * SIZE);
      FloatVector low = load(s, at + ROW + j * SIZE);
      FloatVector number = NUMBERS.add(j);
      int above = Math.min(j, n);
      for (int i = 0; i < above; i++) {
        FloatVector.zero(F32).intoMemorySegment(y, yAt + i * ROW + j * SIZE, ORDER);
      }
      for (int i = above; i < n; i++) {
        FloatVector d = FloatVector.broadcast(F32, s.get(FLOAT, at + i * SIZE)).sub(high);
        d = d.add(FloatVector.broadcast(F32, s.get(FLOAT, at + ROW + i * SIZE)).sub(low));
        d = d.blend(-1000f, number.compare(GT, i));
        power(d).intoMemorySegment(y, yAt + i * ROW + j * SIZE, ORDER);
      }
    }
  }

  @Override
  public void gate(MemorySegment s, long aAt, long bAt, int rows, long yAt) {
    s = Lanes.offHeap(s);
    int n = rows * WIDE;
    for (int i = 0; i < n; i += LANES) {
      FloatVector b = load(s, bAt + i * SIZE);
      FloatVector y = load(s, aAt + i * SIZE).mul(b);
      y.blend(0f, b.compare(EQ, 0f)).intoMemorySegment(s, yAt + i * SIZE, ORDER);
    }
  }

  @Override
  public void scaleEach(MemorySegment s, long xAt, long fAt, int rows, long yAt) {
    s = Lanes.offHeap(s);
    for (int r = 0; r < rows; r++) {
      FloatVector f = FloatVector.broadcast(F32, s.get(FLOAT, fAt + r * SIZE));
      for (int i = 0; i < WIDE; i += LANES) {
        load(s, xAt + r * ROW + i * SIZE)
            .mul(f)
            .intoMemorySegment(s, yAt + r * ROW + i * SIZE, ORDER);
      }
    }
  }

  @Override
  public void dots(MemorySegment s, long aAt, long bAt, int rows, long yAt) {
    s = Lanes.offHeap(s);
    for (int r = 0; r < rows; r++) {
      DoubleVector sum = DoubleVector.zero(F64);
      for (int i = 0; i < WIDE; i += F64.length()) {
        long at = r * ROW + i * SIZE;
        sum = Widening.load(s, aAt + at).fma(Widening.load(s, bAt + at), sum);
      }
      long to = yAt + r * (long) Double.BYTES;
      s.set(DOUBLE, to, s.get(DOUBLE, to) + Fold.sum(sum));
    }
  }

  @Override
  public void crossings(MemorySegment s, long aAt, long bAt, int n, long yAt) {
    s = Lanes.offHeap(s);
    int lanes = F64.length();
    for (int i = 0; i < n; i++) {
      DoubleVector sum = DoubleVector.zero(F64);
      for (int j = 0; j <= i; j += lanes) {
        long at = i * ROW + j * SIZE;
        DoubleVector b = Widening.load(s, bAt + at);
        DoubleVector z = Widening.load(s, aAt + at).mul(b).blend(0.0, b.compare(EQ, 0.0));
        sum = sum.add(z);
        long to = yAt + j * (long) Double.BYTES;
        DoubleVector.fromMemorySegment(F64, s, to, ORDER).sub(z).intoMemorySegment(s, to, ORDER);
      }
      long to = yAt + i * (long) Double.BYTES;
      s.set(DOUBLE, to, s.get(DOUBLE, to) + Fold.sum(sum));
    }
  }

  @Override
  public void decay(MemorySegment s, long at, int rows, double f, long yAt) {
    s = Lanes.offHeap(s);
    int n = rows * WIDE;
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = load(s, at + i * SIZE).mul((float) f);
      x.blend(0f, x.abs().compare(LT, Float.MIN_NORMAL))
          .intoMemorySegment(s, yAt + i * SIZE, ORDER);
    }
  }

  @Override
  public void transpose(MemorySegment s, long xAt, int rows, int columns, long yAt) {
    s = Lanes.offHeap(s);
    for (int j = 0; j < columns; j++) {
      long from = xAt + j * SIZE;
      long to = yAt + j * ROW;
      for (int i = 0; i < rows; i++) {
        s.set(FLOAT, to + i * SIZE, s.get(FLOAT, from + i * ROW));
      }
    }
  }

  @Override
  @SuppressWarnings("TooManyParameters")
  public void step(
      MemorySegment h,
      long hAt,
      double f,
      MemorySegment x,
      long xAt,
      int rows,
      MemorySegment b,
      long bAt,
      MemorySegment c,
      long cAt,
      int n,
      MemorySegment next,
      long nextAt,
      MemorySegment y,
      long yAt) {
    h = Lanes.offHeap(h);
    x = Lanes.offHeap(x);
    b = Lanes.offHeap(b);
    c = Lanes.offHeap(c);
    next = Lanes.offHeap(next);
    y = Lanes.offHeap(y);
    float g = (float) f;
    int full = F32.loopBound(n);
    for (int r = 0; r < rows; r++) {
      long from = hAt + (long) r * n * SIZE;
      long to = nextAt + (long) r * n * SIZE;
      float in = x.get(FLOAT, xAt + r * SIZE);
      FloatVector sum = FloatVector.zero(F32);
      for (int i = 0; i < full; i += LANES) {
        FloatVector v = load(h, from + i * SIZE).mul(g);
        v = load(b, bAt + i * SIZE).lanewise(FMA, in, v);
        v.intoMemorySegment(next, to + i * SIZE, ORDER);
        sum = v.fma(load(c, cAt + i * SIZE), sum);
      }
      float out = Fold.sum(sum);
      for (int i = full; i < n; i++) {
        float v = Math.fma(in, b.get(FLOAT, bAt + i * SIZE), g * h.get(FLOAT, from + i * SIZE));
        next.set(FLOAT, to + i * SIZE, v);
        out = Math.fma(v, c.get(FLOAT, cAt + i * SIZE), out);
      }
      y.set(FLOAT, yAt + r * SIZE, out);
    }
  }
}
