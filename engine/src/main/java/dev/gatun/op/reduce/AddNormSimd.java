package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.NormF32;
import dev.gatun.cpu.simd.NormF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [AddNorm]: each block of rows is added, then normalised while it is in cache.
final class AddNormSimd {
  private static final int BLOCK = 8192;

  // Registers.
  private static final int N = 0;
  private static final int ROWS = 1;
  private static final int PER_BLOCK = 2;
  private static final int EPS = 3;
  private static final int CENTRED = 4;
  private static final int WEIGHT = 5;
  private static final int BIAS = 6;

  private static final Loop.Binary ADD_F32 = Loop.f32((FloatVector x, FloatVector y) -> x.add(y));
  private static final Loop.Binary ADD_F64 = Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y));

  private static final Workers.Body BODY = AddNormSimd::rows;

  private AddNormSimd() {}

  static void run(AddNorm op, Call c, Workers w) {
    long[] r = c.registers();
    r[N] = c.inShape(0).dim(-1);
    r[ROWS] = c.outShape(2).dim(0);
    if (r[ROWS] == 0) {
      return;
    }
    r[PER_BLOCK] = Math.max(1, BLOCK / r[N]);
    r[EPS] = Double.doubleToRawLongBits(op.eps());
    r[CENTRED] = op.centred() ? 1 : 0;
    r[WEIGHT] = op.weight() ? 2 : -1;
    r[BIAS] = op.bias() ? op.biasInput() : -1;
    w.run(BODY, c, 0, Math.toIntExact((r[ROWS] + r[PER_BLOCK] - 1) / r[PER_BLOCK]));
  }

  private static MemorySegment operand(Call c, int which) {
    int i = (int) c.registers()[which];
    return i < 0 ? MemorySegment.NULL : c.in(i);
  }

  private static void rows(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[ROWS], begin + r[PER_BLOCK]);
    int n = Math.toIntExact(r[N]);
    long at = begin * n;
    int elems = Math.toIntExact((end - begin) * n);
    double eps = Double.longBitsToDouble(r[EPS]);
    boolean centred = r[CENTRED] == 1;
    MemorySegment w = operand(c, WEIGHT);
    MemorySegment b = operand(c, BIAS);
    MemorySegment s = c.out(1);
    MemorySegment y = c.out(0);
    if (c.dtype() == DType.F32) {
      ADD_F32.run(c.in(0), at, 0, c.in(1), at, 0, s, at, 1, elems);
      NormF32.rows(s, 0, w, 0, b, 0, y, 0, c.out(2), 0, begin, end, n, 1, eps, centred);
    } else {
      ADD_F64.run(c.in(0), at, 0, c.in(1), at, 0, s, at, 1, elems);
      NormF64.rows(s, 0, w, 0, b, 0, y, 0, c.out(2), 0, begin, end, n, 1, eps, centred);
    }
  }
}
