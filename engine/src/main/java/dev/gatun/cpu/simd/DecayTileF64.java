package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static dev.gatun.cpu.simd.ReduceF64.load;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// [DecayTile] of F64.
final class DecayTileF64 extends ElementsF64 implements DecayTile {
  private static final int LANES = F64.length();
  private static final long SIZE = Double.BYTES;
  private static final long ROW = WIDE * SIZE;
  private static final DoubleVector NUMBERS = DoubleVector.zero(F64).addIndex(1);

  static final DecayTileF64 ONLY = new DecayTileF64();

  private DecayTileF64() {}

  @Override
  public AttentionTile products() {
    return AttentionTileF64.ONLY;
  }

  @Override
  public boolean read(
      MemorySegment x, long at, long row, int rows, int width, MemorySegment y, long yAt) {
    if (width == WIDE) {
      return readWide(x, at, row, rows, y, yAt);
    }
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    double sum = 0;
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < width; i++) {
        double e = x.get(DOUBLE, at + r * row + i * SIZE);
        sum += 0 * e;
        y.set(DOUBLE, yAt + r * ROW + i * SIZE, e);
      }
      for (int i = width; i < WIDE; i++) {
        y.set(DOUBLE, yAt + r * ROW + i * SIZE, 0);
      }
    }
    return sum == 0;
  }

  private static boolean readWide(
      MemorySegment x, long at, long row, int rows, MemorySegment y, long yAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    DoubleVector zero = DoubleVector.zero(F64);
    DoubleVector sum = zero;
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < WIDE; i += LANES) {
        DoubleVector e = load(x, at + r * row + i * SIZE);
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
    int full = F64.loopBound(width);
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < full; i += LANES) {
        load(x, at + r * ROW + i * SIZE).intoMemorySegment(y, yAt + r * row + i * SIZE, ORDER);
      }
      for (int i = full; i < width; i++) {
        y.set(DOUBLE, yAt + r * row + i * SIZE, x.get(DOUBLE, at + r * ROW + i * SIZE));
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
      double e = x.get(DOUBLE, at + i * row);
      fine &= e < Double.POSITIVE_INFINITY;
      double a = Math.max(e, -1000);
      double sum = high + a;
      double part = sum - high;
      low += (high - (sum - part)) + (a - part);
      high = sum;

      y.set(DOUBLE, yAt + i * SIZE, high);
      y.set(DOUBLE, yAt + ROW + i * SIZE, low);
    }
    for (int i = n; i < WIDE; i++) {
      y.set(DOUBLE, yAt + i * SIZE, 0);
      y.set(DOUBLE, yAt + ROW + i * SIZE, 0);
    }
    return fine;
  }

  @Override
  public void exps(MemorySegment s, long at, int n, MemorySegment y, long yAt) {
    s = Lanes.offHeap(s);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i += LANES) {
      DoubleVector e = load(s, at + i * SIZE).add(load(s, at + ROW + i * SIZE));
      power(e).intoMemorySegment(y, yAt + i * SIZE, ORDER);
    }
    for (int i = n; i < WIDE; i++) {
      y.set(DOUBLE, yAt + i * SIZE, 0);
    }
  }

  /// `exp(x)`, 0 where that would be subnormal.
  private static DoubleVector power(DoubleVector x) {
    DoubleVector y = ExpLanes.nonPositiveF64(x);
    return y.blend(Double.POSITIVE_INFINITY, x.compare(GT, 710.0))
        .blend(0.0, x.compare(LT, -708.0));
  }

  @Override
  public void gates(MemorySegment s, long at, int n, MemorySegment y, long yAt) {
    s = Lanes.offHeap(s);
    y = Lanes.offHeap(y);
    for (int j = 0; j < WIDE; j += LANES) {
      DoubleVector high = load(s, at + j * SIZE);
      DoubleVector low = load(s, at + ROW + j * SIZE);
      DoubleVector number = NUMBERS.add(j);
      int above = Math.min(j, n);
      for (int i = 0; i < above; i++) {
        DoubleVector.zero(F64).intoMemorySegment(y, yAt + i * ROW + j * SIZE, ORDER);
      }
      for (int i = above; i < n; i++) {
        DoubleVector d = DoubleVector.broadcast(F64, s.get(DOUBLE, at + i * SIZE)).sub(high);
        d = d.add(DoubleVector.broadcast(F64, s.get(DOUBLE, at + ROW + i * SIZE)).sub(low));
        d = d.blend(-1000.0, number.compare(GT, i));
        power(d).intoMemorySegment(y, yAt + i * ROW + j * SIZE, ORDER);
      }
    }
  }

  @Override
  public void gate(MemorySegment s, long aAt, long bAt, int rows, long yAt) {
    s = Lanes.offHeap(s);
    int n = rows * WIDE;
    for (int i = 0; i < n; i += LANES) {
      DoubleVector b = load(s, bAt + i * SIZE);
      DoubleVector y = load(s, aAt + i * SIZE).mul(b);
      y.blend(0.0, b.compare(EQ, 0.0)).intoMemorySegment(s, yAt + i * SIZE, ORDER);
    }
  }

  @Override
  public void scaleEach(MemorySegment s, long xAt, long fAt, int rows, long yAt) {
    s = Lanes.offHeap(s);
    for (int r = 0; r < rows; r++) {
      DoubleVector f = DoubleVector.broadcast(F64, s.get(DOUBLE, fAt + r * SIZE));
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
      for (int i = 0; i < WIDE; i += LANES) {
        long at = r * ROW + i * SIZE;
        sum = load(s, aAt + at).fma(load(s, bAt + at), sum);
      }
      s.set(DOUBLE, yAt + r * SIZE, s.get(DOUBLE, yAt + r * SIZE) + Fold.sum(sum));
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
        DoubleVector b = load(s, bAt + at);
        DoubleVector z = load(s, aAt + at).mul(b).blend(0.0, b.compare(EQ, 0.0));
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
      DoubleVector x = load(s, at + i * SIZE).mul(f);
      x.blend(0.0, x.abs().compare(LT, Double.MIN_NORMAL))
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
        s.set(DOUBLE, to + i * SIZE, s.get(DOUBLE, from + i * ROW));
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
    double g = f;
    int full = F64.loopBound(n);
    for (int r = 0; r < rows; r++) {
      long from = hAt + (long) r * n * SIZE;
      long to = nextAt + (long) r * n * SIZE;
      double in = x.get(DOUBLE, xAt + r * SIZE);
      DoubleVector sum = DoubleVector.zero(F64);
      for (int i = 0; i < full; i += LANES) {
        DoubleVector v = load(h, from + i * SIZE).mul(g);
        v = load(b, bAt + i * SIZE).lanewise(FMA, in, v);
        v.intoMemorySegment(next, to + i * SIZE, ORDER);
        sum = v.fma(load(c, cAt + i * SIZE), sum);
      }
      double out = Fold.sum(sum);
      for (int i = full; i < n; i++) {
        double v = Math.fma(in, b.get(DOUBLE, bAt + i * SIZE), g * h.get(DOUBLE, from + i * SIZE));
        next.set(DOUBLE, to + i * SIZE, v);
        out = Math.fma(v, c.get(DOUBLE, cAt + i * SIZE), out);
      }
      y.set(DOUBLE, yAt + r * SIZE, out);
    }
  }
}
