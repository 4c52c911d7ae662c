package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.load;
import static jdk.incubator.vector.VectorOperators.GT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// What `dev.gatun.op.sequence.scan.SelectiveScan` does to each step by itself, F32. Work arrays
/// lie in one segment as `[vectors][rows][lanes]`, so that a vector of channels walks through
/// memory in order; offsets are in elements. Numbers of a channel are `[vectors][lanes]`.
public final class SelectiveRowsF32 {
  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;

  private SelectiveRowsF32() {}

  private static void store(FloatVector v, MemorySegment s, long at) {
    v.intoMemorySegment(s, at * SIZE, Lanes.ORDER);
  }

  /// Reads rows of channels, `stride` apart.
  public static void gather(
      MemorySegment x, long from, long stride, MemorySegment s, long to, int rows, int vectors) {
    x = Lanes.offHeap(x);
    s = Lanes.offHeap(s);
    for (int t = 0; t < rows; t++) {
      for (int v = 0; v < vectors; v++) {
        store(
            load(x, (from + t * stride + v * LANES) * SIZE), s, to + ((long) v * rows + t) * LANES);
      }
    }
  }

  /// Writes rows of channels, `stride` apart.
  public static void scatter(
      MemorySegment s, long from, MemorySegment y, long to, long stride, int rows, int vectors) {
    s = Lanes.offHeap(s);
    y = Lanes.offHeap(y);
    for (int t = 0; t < rows; t++) {
      for (int v = 0; v < vectors; v++) {
        store(
            load(s, (from + ((long) v * rows + t) * LANES) * SIZE), y, to + t * stride + v * LANES);
      }
    }
  }

  /// Reads rows of `count` channels, fewer than a vector has, and zeros after them.
  public static void gatherPart(
      MemorySegment x, long from, long stride, MemorySegment s, long to, int rows, int count) {
    Lanes.clear(s, to * SIZE, rows * LANES * SIZE);
    for (int t = 0; t < rows; t++) {
      for (int i = 0; i < count; i++) {
        float e = x.get(Lanes.FLOAT, (from + t * stride + i) * SIZE);
        s.set(Lanes.FLOAT, (to + (long) t * LANES + i) * SIZE, e);
      }
    }
  }

  /// Writes rows of `count` channels, fewer than a vector has.
  public static void scatterPart(
      MemorySegment s, long from, MemorySegment y, long to, long stride, int rows, int count) {
    for (int t = 0; t < rows; t++) {
      for (int i = 0; i < count; i++) {
        float e = s.get(Lanes.FLOAT, (from + (long) t * LANES + i) * SIZE);
        y.set(Lanes.FLOAT, (to + t * stride + i) * SIZE, e);
      }
    }
  }

  /// Reads `rows` rows of `n` numbers, `stride` apart, as columns.
  public static void transpose(
      MemorySegment x, long from, long stride, MemorySegment s, long to, int rows, int n) {
    x = Lanes.offHeap(x);
    s = Lanes.offHeap(s);
    for (int m = 0; m < n; m++) {
      long at = to + (long) m * rows;
      for (int t = 0; t < rows; t++) {
        s.set(Lanes.FLOAT, (at + t) * SIZE, x.get(Lanes.FLOAT, (from + t * stride + m) * SIZE));
      }
    }
  }

  /// Softplus in place; above 20 the identity, as the authors have it.
  public static void softplus(MemorySegment s, long at, int n) {
    s = Lanes.offHeap(s);
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = load(s, (at + i) * SIZE);
      store(SoftplusLanes.softplus(x).blend(x, x.compare(GT, 20f)), s, at + i);
    }
  }

  /// `d *= ` the slope of softplus, from its result `y`.
  public static void slope(MemorySegment s, long y, long d, int n) {
    s = Lanes.offHeap(s);
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = load(s, (y + i) * SIZE);
      FloatVector slope = ExpLanes.expm1F32(x.neg()).neg();
      store(slope.blend(1f, x.compare(GT, 20f)).mul(load(s, (d + i) * SIZE)), s, d + i);
    }
  }

  /// `to = x y`
  public static void mul(MemorySegment s, long x, long y, long to, int n) {
    s = Lanes.offHeap(s);
    for (int i = 0; i < n; i += LANES) {
      store(load(s, (x + i) * SIZE).mul(load(s, (y + i) * SIZE)), s, to + i);
    }
  }

  /// `to += x y`
  public static void addProduct(MemorySegment s, long x, long y, long to, int n) {
    s = Lanes.offHeap(s);
    for (int i = 0; i < n; i += LANES) {
      FloatVector sum = load(s, (to + i) * SIZE);
      store(load(s, (x + i) * SIZE).fma(load(s, (y + i) * SIZE), sum), s, to + i);
    }
  }

  /// `to = x factor`
  public static void scale(MemorySegment s, long x, float factor, long to, int n) {
    s = Lanes.offHeap(s);
    for (int i = 0; i < n; i += LANES) {
      store(load(s, (x + i) * SIZE).mul(factor), s, to + i);
    }
  }

  /// `y = 2 (y - x)`
  public static void twiceDifference(MemorySegment s, long y, long x, int n) {
    s = Lanes.offHeap(s);
    for (int i = 0; i < n; i += LANES) {
      store(load(s, (y + i) * SIZE).sub(load(s, (x + i) * SIZE)).mul(2f), s, y + i);
    }
  }

  /// `y *= z sigmoid(z)`
  public static void gate(MemorySegment s, long y, long z, int n) {
    s = Lanes.offHeap(s);
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = load(s, (z + i) * SIZE);
      store(x.mul(SigmoidLanes.f32(x)).mul(load(s, (y + i) * SIZE)), s, y + i);
    }
  }

  /// `d *= y` times the slope of `z sigmoid(z)`.
  public static void gateSlope(MemorySegment s, long d, long y, long z, int n) {
    s = Lanes.offHeap(s);
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = load(s, (z + i) * SIZE);
      FloatVector gate = SigmoidLanes.f32(x);
      FloatVector slope = gate.fma(x.sub(x.mul(gate)), gate);
      FloatVector up = load(s, (d + i) * SIZE).mul(load(s, (y + i) * SIZE));
      store(up.mul(slope), s, d + i);
    }
  }

  /// `to += p`
  public static void addEach(MemorySegment s, long p, long to, int rows, int vectors) {
    s = Lanes.offHeap(s);
    for (int v = 0; v < vectors; v++) {
      FloatVector each = load(s, (p + v * LANES) * SIZE);
      long row = to + (long) v * rows * LANES;
      for (int t = 0; t < rows; t++) {
        store(load(s, (row + t * LANES) * SIZE).add(each), s, row + t * LANES);
      }
    }
  }

  /// `to += x p`
  public static void addEachProduct(
      MemorySegment s, long x, long p, long to, int rows, int vectors) {
    s = Lanes.offHeap(s);
    for (int v = 0; v < vectors; v++) {
      FloatVector each = load(s, (p + v * LANES) * SIZE);
      long from = x + (long) v * rows * LANES;
      long row = to + (long) v * rows * LANES;
      for (int t = 0; t < rows; t++) {
        FloatVector sum = load(s, (row + t * LANES) * SIZE);
        store(each.fma(load(s, (from + t * LANES) * SIZE), sum), s, row + t * LANES);
      }
    }
  }

  /// `to = x p`
  public static void mulEach(MemorySegment s, long x, long p, long to, int rows) {
    s = Lanes.offHeap(s);
    FloatVector each = load(s, p * SIZE);
    for (int t = 0; t < rows; t++) {
      store(load(s, (x + t * LANES) * SIZE).mul(each), s, to + t * LANES);
    }
  }

  /// `p += sum of x over rows`
  public static void sumEach(MemorySegment s, long x, long p, int rows, int vectors) {
    s = Lanes.offHeap(s);
    for (int v = 0; v < vectors; v++) {
      FloatVector sum = FloatVector.zero(Lanes.F32);
      for (int t = 0; t < rows; t++) {
        sum = sum.add(load(s, (x + ((long) v * rows + t) * LANES) * SIZE));
      }
      store(sum.add(load(s, (p + v * LANES) * SIZE)), s, p + v * LANES);
    }
  }

  /// `p += sum of x y over rows`
  public static void dotEach(MemorySegment s, long x, long y, long p, int rows, int vectors) {
    s = Lanes.offHeap(s);
    for (int v = 0; v < vectors; v++) {
      FloatVector sum = FloatVector.zero(Lanes.F32);
      for (int t = 0; t < rows; t++) {
        long at = ((long) v * rows + t) * LANES;
        sum = load(s, (x + at) * SIZE).fma(load(s, (y + at) * SIZE), sum);
      }
      store(sum.add(load(s, (p + v * LANES) * SIZE)), s, p + v * LANES);
    }
  }

  /// The largest magnitude of each lane over rows; NaN if there is one.
  public static void largest(MemorySegment s, long x, long to, int rows) {
    s = Lanes.offHeap(s);
    FloatVector most = FloatVector.zero(Lanes.F32);
    for (int t = 0; t < rows; t++) {
      most = most.max(load(s, (x + t * LANES) * SIZE).abs());
    }
    store(most, s, to);
  }

  /// Sums over lanes of `rows` vectors, to numbers that lie `stride` apart.
  public static void fold(
      MemorySegment s, long x, MemorySegment y, long to, long stride, int rows) {
    s = Lanes.offHeap(s);
    y = Lanes.offHeap(y);
    for (int t = 0; t < rows; t++) {
      float sum = Fold.sum(load(s, (x + t * LANES) * SIZE));
      y.set(Lanes.FLOAT, (to + t * stride) * SIZE, sum);
    }
  }

  /// `y = sum of k rows of s, apart elements apart`
  public static void sumRows(
      MemorySegment s, long x, long apart, int k, MemorySegment y, long to, int n) {
    s = Lanes.offHeap(s);
    y = Lanes.offHeap(y);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      FloatVector sum = load(s, (x + i) * SIZE);
      for (int j = 1; j < k; j++) {
        sum = sum.add(load(s, (x + j * apart + i) * SIZE));
      }
      store(sum, y, to + i);
    }
    for (int i = full; i < n; i++) {
      float sum = s.get(Lanes.FLOAT, (x + i) * SIZE);
      for (int j = 1; j < k; j++) {
        sum += s.get(Lanes.FLOAT, (x + j * apart + i) * SIZE);
      }
      y.set(Lanes.FLOAT, (to + i) * SIZE, sum);
    }
  }
}
