package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static dev.gatun.cpu.simd.ReduceF32.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// [Elements] of F32.
abstract class ElementsF32 implements Elements {
  private static final int LANES = F32.length();
  private static final long SIZE = Float.BYTES;
  private static final long W = LANES * SIZE;

  @Override
  public int size() {
    return Float.BYTES;
  }

  @Override
  public void fill(MemorySegment y, long at, long n, double value) {
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(FLOAT, at + i * SIZE, (float) value);
    }
  }

  @Override
  public void set(MemorySegment y, long at, double value) {
    y.set(FLOAT, at, (float) value);
  }

  @Override
  public double get(MemorySegment x, long at) {
    return x.get(FLOAT, at);
  }

  @Override
  public void scale(MemorySegment x, long at, int n, double factor, MemorySegment y, long yAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    float f = (float) factor;
    int full = F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(x, at + i * SIZE).mul(f).intoMemorySegment(y, yAt + i * SIZE, ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(FLOAT, yAt + i * SIZE, x.get(FLOAT, at + i * SIZE) * f);
    }
  }

  @Override
  public void sum(MemorySegment x, long at, int n, MemorySegment y, long yAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(x, at + i * SIZE)
          .add(load(y, yAt + i * SIZE))
          .intoMemorySegment(y, yAt + i * SIZE, ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(FLOAT, yAt + i * SIZE, x.get(FLOAT, at + i * SIZE) + y.get(FLOAT, yAt + i * SIZE));
    }
  }

  @Override
  public void scaleRows(
      MemorySegment factor, long factorAt, int m, int wide, MemorySegment c, long cAt, long cRow) {
    c = Lanes.offHeap(c);
    factor = Lanes.offHeap(factor);
    for (int r = 0; r < m; r++) {
      float f = factor.get(FLOAT, factorAt + r * SIZE);
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
      sum += (double) x.get(FLOAT, xAt + i * SIZE) * y.get(FLOAT, yAt + i * SIZE);
    }
    return sum;
  }

  @Override
  public boolean isFinite(MemorySegment x, long at, int n) {
    x = Lanes.offHeap(x);
    FloatVector a = FloatVector.zero(F32);
    FloatVector b = a;
    FloatVector zero = a;
    int i = 0;
    for (int full = n - 2 * LANES; i <= full; i += 2 * LANES) {
      a = load(x, at + i * SIZE).fma(zero, a);
      b = load(x, at + i * SIZE + W).fma(zero, b);
    }
    float sum = Fold.sum(a.add(b));
    for (; i < n; i++) {
      sum += 0 * x.get(FLOAT, at + i * SIZE);
    }
    return sum == 0;
  }
}
