package dev.gatun.op.shape;

import static jdk.incubator.vector.VectorOperators.D2F;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Vector form of [Arange] and [Linspace] in F32 and F64; other types go one by one.
final class RampSimd {
  private static final int BLOCK = 16_384;
  private static final int START = 0;
  private static final int STEP = 1;

  private static final int N64 = Lanes.F64.length();
  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(Lanes.SHAPE.vectorBitSize() / 2));
  private static final DoubleVector INDEX = DoubleVector.zero(Lanes.F64).addIndex(1);

  private static final Workers.Body BODY = RampSimd::block;

  private RampSimd() {}

  static void run(Call c, Workers w, double start, double step) {
    c.registers()[START] = Double.doubleToRawLongBits(start);
    c.registers()[STEP] = Double.doubleToRawLongBits(step);
    long n = c.outShape(0).elems();
    w.run(BODY, c, 0, Math.toIntExact((n + BLOCK - 1) / BLOCK));
  }

  private static void block(Call c, long phase, int block, int worker) {
    double start = Double.longBitsToDouble(c.registers()[START]);
    double step = Double.longBitsToDouble(c.registers()[STEP]);
    long at = (long) block * BLOCK;
    int n = (int) Math.min(BLOCK, c.outShape(0).elems() - at);
    DType t = c.outSpec(0).dtype();
    int done = 0;
    if (t == DType.F32) {
      done = floats(c.out(0), at, n, start, step);
    } else if (t == DType.F64) {
      done = doubles(c.out(0), at, n, start, step);
    }
    for (int i = done; i < n; i++) {
      c.set(0, at + i, start + (at + i) * step);
    }
  }

  private static int floats(MemorySegment y, long at, int n, double start, double step) {
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += N64) {
      DoubleVector v = INDEX.add((double) (at + i)).mul(step).add(start);
      ((FloatVector) v.convertShape(D2F, HALF, 0)).intoMemorySegment(y, (at + i) * 4, Lanes.ORDER);
    }
    return full;
  }

  private static int doubles(MemorySegment y, long at, int n, double start, double step) {
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += N64) {
      INDEX
          .add((double) (at + i))
          .mul(step)
          .add(start)
          .intoMemorySegment(y, (at + i) * 8, Lanes.ORDER);
    }
    return full;
  }
}
