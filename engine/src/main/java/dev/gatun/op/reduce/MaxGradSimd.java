package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Vector form of [Max.Grad]: counts the maxima of a row, then shares `dy` among them. Blocks are
/// whole rows, or pieces of long ones whose counts wait in scratch for the second phase.
final class MaxGradSimd {
  private static final int BLOCK = 16_384;
  private static final int LANES_F = Lanes.F32.length();
  private static final int LANES = Lanes.F64.length();

  private static final Workers.Body ROWS = MaxGradSimd::rows;
  private static final Workers.Body COUNT = MaxGradSimd::countPiece;
  private static final Workers.Body SHARE = MaxGradSimd::sharePiece;

  private MaxGradSimd() {}

  static void run(Call c, Workers w) {
    Shape x = c.inShape(0);
    if (x.elems() == 0) {
      return;
    }
    if (x.dim(1) > BLOCK) {
      int blocks = Math.toIntExact(x.dim(0) * pieces(x));
      w.run(COUNT, c, 0, blocks);
      w.run(SHARE, c, 1, blocks);
    } else {
      long rows = rowsPerBlock(x);
      w.run(ROWS, c, 0, Math.toIntExact((x.dim(0) + rows - 1) / rows));
    }
  }

  /// Bytes for a count of each piece.
  static long scratch(Shape x) {
    return x.dim(1) > BLOCK ? x.dim(0) * pieces(x) * Long.BYTES : 0;
  }

  private static long pieces(Shape x) {
    return (x.dim(1) + BLOCK - 1) / BLOCK;
  }

  private static long rowsPerBlock(Shape x) {
    return BLOCK / x.dim(1);
  }

  private static void rows(Call c, long phase, int block, int worker) {
    Shape x = c.inShape(0);
    int n = (int) x.dim(1);
    long begin = block * rowsPerBlock(x);
    long end = Math.min(x.dim(0), begin + rowsPerBlock(x));
    for (long r = begin; r < end; r++) {
      share(c, r, r * n, n, count(c, r, r * n, n));
    }
  }

  private static void countPiece(Call c, long phase, int block, int worker) {
    Shape x = c.inShape(0);
    long row = block / pieces(x);
    long from = block % pieces(x) * BLOCK;
    int n = (int) Math.min(BLOCK, x.dim(1) - from);
    long ties = count(c, row, row * x.dim(1) + from, n);
    c.scratch().setAtIndex(ValueLayout.JAVA_LONG, block, ties);
  }

  private static void sharePiece(Call c, long phase, int block, int worker) {
    Shape x = c.inShape(0);
    long pieces = pieces(x);
    long row = block / pieces;
    long ties = 0;
    for (long i = row * pieces; i < (row + 1) * pieces; i++) {
      ties += c.scratch().getAtIndex(ValueLayout.JAVA_LONG, i);
    }
    long from = block % pieces * BLOCK;
    int n = (int) Math.min(BLOCK, x.dim(1) - from);
    share(c, row, row * x.dim(1) + from, n, ties);
  }

  private static long count(Call c, long row, long at, int n) {
    return c.dtype() == DType.F32
        ? countF32(c.in(0), at, n, c.in(1).get(Lanes.FLOAT, row * 4))
        : countF64(c.in(0), at, n, c.in(1).get(Lanes.DOUBLE, row * 8));
  }

  private static void share(Call c, long row, long at, int n, long ties) {
    if (c.dtype() == DType.F32) {
      float y = c.in(1).get(Lanes.FLOAT, row * 4);
      float dy = (float) (c.in(2).get(Lanes.FLOAT, row * 4) / (double) ties);
      shareF32(c.in(0), c.out(0), at, n, y, dy);
    } else {
      double y = c.in(1).get(Lanes.DOUBLE, row * 8);
      shareF64(c.in(0), c.out(0), at, n, y, c.in(2).get(Lanes.DOUBLE, row * 8) / ties);
    }
  }

  private static boolean ties(double x, double y) {
    return x == y || Double.isNaN(x) && Double.isNaN(y);
  }

  private static VectorMask<Float> ties(FloatVector x, FloatVector y, VectorMask<Float> nan) {
    return x.compare(VectorOperators.EQ, y).or(x.compare(VectorOperators.NE, x).and(nan));
  }

  private static VectorMask<Double> ties(DoubleVector x, DoubleVector y, VectorMask<Double> nan) {
    return x.compare(VectorOperators.EQ, y).or(x.compare(VectorOperators.NE, x).and(nan));
  }

  private static long countF32(MemorySegment inputs, long at, int n, float y) {
    MemorySegment x = Lanes.offHeap(inputs);
    FloatVector max = FloatVector.broadcast(Lanes.F32, y);
    VectorMask<Float> nan = max.compare(VectorOperators.NE, max);
    int ties = 0;
    int i = 0;
    for (; i + LANES_F <= n; i += LANES_F) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, (at + i) * 4, Lanes.ORDER);
      ties += ties(v, max, nan).trueCount();
    }
    for (; i < n; i++) {
      ties += ties(x.get(Lanes.FLOAT, (at + i) * 4), y) ? 1 : 0;
    }
    return ties;
  }

  private static long countF64(MemorySegment inputs, long at, int n, double y) {
    MemorySegment x = Lanes.offHeap(inputs);
    DoubleVector max = DoubleVector.broadcast(Lanes.F64, y);
    VectorMask<Double> nan = max.compare(VectorOperators.NE, max);
    int ties = 0;
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, x, (at + i) * 8, Lanes.ORDER);
      ties += ties(v, max, nan).trueCount();
    }
    for (; i < n; i++) {
      ties += ties(x.get(Lanes.DOUBLE, (at + i) * 8), y) ? 1 : 0;
    }
    return ties;
  }

  private static void shareF32(
      MemorySegment inputs, MemorySegment outputs, long at, int n, float y, float dy) {
    MemorySegment x = Lanes.offHeap(inputs);
    MemorySegment dx = Lanes.offHeap(outputs);
    FloatVector max = FloatVector.broadcast(Lanes.F32, y);
    VectorMask<Float> nan = max.compare(VectorOperators.NE, max);
    FloatVector share = FloatVector.broadcast(Lanes.F32, dy);
    FloatVector zero = FloatVector.zero(Lanes.F32);
    int i = 0;
    for (; i + LANES_F <= n; i += LANES_F) {
      long o = (at + i) * 4;
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, o, Lanes.ORDER);
      zero.blend(share, ties(v, max, nan)).intoMemorySegment(dx, o, Lanes.ORDER);
    }
    for (; i < n; i++) {
      long o = (at + i) * 4;
      dx.set(Lanes.FLOAT, o, ties(x.get(Lanes.FLOAT, o), y) ? dy : 0);
    }
  }

  private static void shareF64(
      MemorySegment inputs, MemorySegment outputs, long at, int n, double y, double dy) {
    MemorySegment x = Lanes.offHeap(inputs);
    MemorySegment dx = Lanes.offHeap(outputs);
    DoubleVector max = DoubleVector.broadcast(Lanes.F64, y);
    VectorMask<Double> nan = max.compare(VectorOperators.NE, max);
    DoubleVector share = DoubleVector.broadcast(Lanes.F64, dy);
    DoubleVector zero = DoubleVector.zero(Lanes.F64);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      long o = (at + i) * 8;
      DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, x, o, Lanes.ORDER);
      zero.blend(share, ties(v, max, nan)).intoMemorySegment(dx, o, Lanes.ORDER);
    }
    for (; i < n; i++) {
      long o = (at + i) * 8;
      dx.set(Lanes.DOUBLE, o, ties(x.get(Lanes.DOUBLE, o), y) ? dy : 0);
    }
  }
}
