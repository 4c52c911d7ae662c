package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// [Elements] of F64.
abstract class ElementsF64 implements Elements {
  private static final int LANES = F64.length();
  private static final long SIZE = Double.BYTES;
  private static final long W = LANES * SIZE;

  @Override
  public int size() {
    return Double.BYTES;
  }

  @Override
  public void fill(MemorySegment y, long at, long n, double value) {
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(DOUBLE, at + i * SIZE, value);
    }
  }

  @Override
  public void set(MemorySegment y, long at, double value) {
    y.set(DOUBLE, at, value);
  }

  @Override
  public double get(MemorySegment x, long at) {
    return x.get(DOUBLE, at);
  }

  @Override
  public void scale(MemorySegment x, long at, int n, double factor, MemorySegment y, long yAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    double f = factor;
    int full = F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(x, at + i * SIZE).mul(f).intoMemorySegment(y, yAt + i * SIZE, ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(DOUBLE, yAt + i * SIZE, x.get(DOUBLE, at + i * SIZE) * f);
    }
  }

  @Override
  public void sum(MemorySegment x, long at, int n, MemorySegment y, long yAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(x, at + i * SIZE)
          .add(load(y, yAt + i * SIZE))
          .intoMemorySegment(y, yAt + i * SIZE, ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(DOUBLE, yAt + i * SIZE, x.get(DOUBLE, at + i * SIZE) + y.get(DOUBLE, yAt + i * SIZE));
    }
  }

  @Override
  public void scaleRows(
      MemorySegment factor, long factorAt, int m, int wide, MemorySegment c, long cAt, long cRow) {
    c = Lanes.offHeap(c);
    factor = Lanes.offHeap(factor);
    for (int r = 0; r < m; r++) {
      double f = factor.get(DOUBLE, factorAt + r * SIZE);
      if (f != 1) {
        scale(c, cAt + r * cRow, wide, f, c, cAt + r * cRow);
      }
    }
  }

  @Override
  public double dot(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x.get(DOUBLE, xAt + i * SIZE) * y.get(DOUBLE, yAt + i * SIZE);
    }
    return sum;
  }

  @Override
  public boolean isFinite(MemorySegment x, long at, int n) {
    x = Lanes.offHeap(x);
    DoubleVector a = DoubleVector.zero(F64);
    DoubleVector b = a;
    DoubleVector zero = a;
    int i = 0;
    for (int full = n - 2 * LANES; i <= full; i += 2 * LANES) {
      a = load(x, at + i * SIZE).fma(zero, a);
      b = load(x, at + i * SIZE + W).fma(zero, b);
    }
    double sum = Fold.sum(a.add(b));
    for (; i < n; i++) {
      sum += 0 * x.get(DOUBLE, at + i * SIZE);
    }
    return sum == 0;
  }
}
