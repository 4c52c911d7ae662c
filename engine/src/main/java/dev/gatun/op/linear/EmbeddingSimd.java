package dev.gatun.op.linear;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Vector form of [Embedding]. The gradient is cut along the columns of the table, so that each
/// block adds all rows in the order of the indices and none writes where another does.
final class EmbeddingSimd {
  private static final int BLOCK = 16_384;

  /// Columns of a block of the gradient.
  private static final int TILE = 128;

  private static final Loop.Binary ADD_F32 = Loop.f32((FloatVector x, FloatVector y) -> x.add(y));
  private static final Loop.Binary ADD_F64 = Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y));

  private static final Workers.Body FORWARD = EmbeddingSimd::forward;
  private static final Workers.Body CLEAR = EmbeddingSimd::clear;
  private static final Workers.Body GRADIENT = EmbeddingSimd::gradient;

  private EmbeddingSimd() {}

  static void forward(Call c, Workers w) {
    long rows = rowsPerBlock(c);
    w.run(FORWARD, c, 0, Math.toIntExact((c.inShape(1).elems() + rows - 1) / rows));
  }

  private static long rowsPerBlock(Call c) {
    return Math.max(1, BLOCK / Math.max(1, c.outShape(0).dim(-1)));
  }

  private static void forward(Call c, long phase, int block, int worker) {
    DType index = c.inSpec(1).dtype();
    long d = c.inShape(0).dim(1);
    long bytes = d * c.dtype().bytes();
    long begin = block * rowsPerBlock(c);
    long end = Math.min(c.inShape(1).elems(), begin + rowsPerBlock(c));
    for (long i = begin; i < end; i++) {
      long row = index.readLong(c.in(1), i);
      if (c.dtype() == DType.BF16) {
        widen(c.in(0), row * d, c.out(0), i * d, Math.toIntExact(d));
      } else {
        MemorySegment.copy(c.in(0), row * bytes, c.out(0), i * bytes, bytes);
      }
    }
  }

  private static void widen(MemorySegment x, long at, MemorySegment y, long yAt, int n) {
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += Lanes.F32.length()) {
      ShortVector s = ShortVector.fromMemorySegment(Lanes.S16_HALF, x, (at + i) * 2, Lanes.ORDER);
      IntVector bits = (IntVector) s.convertShape(ZERO_EXTEND_S2I, Lanes.I32, 0);
      bits.lanewise(LSHL, 16)
          .reinterpretAsFloats()
          .intoMemorySegment(y, (yAt + i) * 4, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      int bits = x.get(ValueLayout.JAVA_SHORT_UNALIGNED, (at + i) * 2) << 16;
      y.set(Lanes.FLOAT, (yAt + i) * 4, Float.intBitsToFloat(bits));
    }
  }

  static void gradient(Call c, Workers w) {
    long bytes = c.outSpec(0).bytes();
    w.run(CLEAR, c, 0, Math.toIntExact((bytes + BLOCK * 8L - 1) / (BLOCK * 8L)));
    w.run(GRADIENT, c, 0, Math.toIntExact((c.outShape(0).dim(1) + TILE - 1) / TILE));
  }

  private static void clear(Call c, long phase, int block, int worker) {
    long from = block * (BLOCK * 8L);
    Lanes.clear(c.out(0), from, Math.min(BLOCK * 8L, c.outSpec(0).bytes() - from));
  }

  private static void gradient(Call c, long phase, int block, int worker) {
    DType index = c.inSpec(1).dtype();
    Loop.Binary add = c.dtype() == DType.F32 ? ADD_F32 : ADD_F64;
    long d = c.outShape(0).dim(1);
    long column = (long) block * TILE;
    int n = (int) Math.min(TILE, d - column);
    for (long i = 0, rows = c.inShape(1).elems(); i < rows; i++) {
      long at = index.readLong(c.in(1), i) * d + column;
      add.run(c.out(0), at, 0, c.in(0), i * d + column, 0, c.out(0), at, 1, n);
    }
  }
}
