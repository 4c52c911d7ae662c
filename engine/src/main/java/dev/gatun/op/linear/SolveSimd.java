package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/// Vector form of [Solve]: a block is a matrix, which lies in the worker's memory with the right
/// sides behind its rows, in double; rows are joined by one loop.
final class SolveSimd {
  private static final VectorSpecies<Double> S = Lanes.F64;
  private static final Workers.Body BLOCK = SolveSimd::block;

  private SolveSimd() {}

  static void run(Solve op, Call c, Workers w) {
    Shape b = c.inShape(1);
    c.registers()[0] = op.transposed() ? 1 : 0;
    long count = b.dim(-2) == 0 ? 0 : b.elems(0, b.rank() - 2);
    w.run(BLOCK, c, 0, Math.toIntExact(count));
  }

  private static void block(Call c, long phase, int block, int worker) {
    int n = Math.toIntExact(c.inShape(1).dim(-2));
    int r = Math.toIntExact(c.inShape(1).dim(-1));
    int width = n + r;
    long m = (long) worker * n * width;
    MemorySegment s = Lanes.offHeap(c.scratch());
    fill(c, s, m, n, width, block);
    for (int p = 0; p < n; p++) {
      exchange(s, m, p, n, width);
      long from = m + (long) p * width;
      double pivot = s.get(Lanes.DOUBLE, (from + p) * 8);
      for (int i = p + 1; i < n; i++) {
        long to = m + (long) i * width;
        double factor = s.get(Lanes.DOUBLE, (to + p) * 8) / pivot;
        if (factor != 0) {
          subtract(s, to + p + 1, from + p + 1, width - p - 1, factor);
        }
      }
    }
    back(s, m, n, width);
    store(c, s, m, n, width, block);
  }

  private static void fill(Call c, MemorySegment s, long m, int n, int width, int block) {
    boolean transposed = c.registers()[0] == 1;
    int r = width - n;
    long first = (long) block * n;
    for (int i = 0; i < n; i++) {
      long row = m + (long) i * width;
      if (transposed) {
        read(c, 0, first * n + i, n, n, s, row);
      } else {
        read(c, 0, (first + i) * n, 1, n, s, row);
      }
      read(c, 1, (first + i) * r, 1, r, s, row + n);
    }
  }

  /// `count` elements of an input, `step` apart, in double.
  private static void read(
      Call c, int input, long from, int step, int count, MemorySegment s, long to) {
    MemorySegment x = Lanes.offHeap(c.in(input));
    if (c.dtype() == DType.F32) {
      for (int j = 0; j < count; j++) {
        s.set(Lanes.DOUBLE, (to + j) * 8, x.get(Lanes.FLOAT, (from + (long) j * step) * 4));
      }
      return;
    }
    for (int j = 0; j < count; j++) {
      s.set(Lanes.DOUBLE, (to + j) * 8, x.get(Lanes.DOUBLE, (from + (long) j * step) * 8));
    }
  }

  private static void exchange(MemorySegment s, long m, int p, int n, int width) {
    int best = p;
    double most = Math.abs(s.get(Lanes.DOUBLE, (m + (long) p * width + p) * 8));
    for (int i = p + 1; i < n; i++) {
      double size = Math.abs(s.get(Lanes.DOUBLE, (m + (long) i * width + p) * 8));
      if (size > most) {
        best = i;
        most = size;
      }
    }
    long a = m + (long) p * width;
    long b = m + (long) best * width;
    for (int j = p; j < width && best != p; j++) {
      double kept = s.get(Lanes.DOUBLE, (a + j) * 8);
      s.set(Lanes.DOUBLE, (a + j) * 8, s.get(Lanes.DOUBLE, (b + j) * 8));
      s.set(Lanes.DOUBLE, (b + j) * 8, kept);
    }
  }

  private static void back(MemorySegment s, long m, int n, int width) {
    for (int i = n - 1; i >= 0; i--) {
      long row = m + (long) i * width;
      double pivot = s.get(Lanes.DOUBLE, (row + i) * 8);
      for (int j = n; j < width; j++) {
        s.set(Lanes.DOUBLE, (row + j) * 8, s.get(Lanes.DOUBLE, (row + j) * 8) / pivot);
      }
      for (int k = 0; k < i; k++) {
        long to = m + (long) k * width;
        subtract(s, to + n, row + n, width - n, s.get(Lanes.DOUBLE, (to + i) * 8));
      }
    }
  }

  /// `count` elements at `to` less `factor` times those at `from`.
  private static void subtract(MemorySegment s, long to, long from, int count, double factor) {
    int full = S.loopBound(count);
    DoubleVector f = DoubleVector.broadcast(S, -factor);
    for (int j = 0; j < full; j += S.length()) {
      DoubleVector x = DoubleVector.fromMemorySegment(S, s, (from + j) * 8, Lanes.ORDER);
      DoubleVector y = DoubleVector.fromMemorySegment(S, s, (to + j) * 8, Lanes.ORDER);
      f.fma(x, y).intoMemorySegment(s, (to + j) * 8, Lanes.ORDER);
    }
    for (int j = full; j < count; j++) {
      double x = s.get(Lanes.DOUBLE, (from + j) * 8);
      double y = s.get(Lanes.DOUBLE, (to + j) * 8);
      s.set(Lanes.DOUBLE, (to + j) * 8, Math.fma(-factor, x, y));
    }
  }

  private static void store(Call c, MemorySegment s, long m, int n, int width, int block) {
    MemorySegment y = Lanes.offHeap(c.out(0));
    int r = width - n;
    for (int i = 0; i < n; i++) {
      long from = m + (long) i * width + n;
      long to = ((long) block * n + i) * r;
      for (int j = 0; j < r; j++) {
        double v = s.get(Lanes.DOUBLE, (from + j) * 8);
        if (c.dtype() == DType.F32) {
          y.set(Lanes.FLOAT, (to + j) * 4, (float) v);
        } else {
          y.set(Lanes.DOUBLE, (to + j) * 8, v);
        }
      }
    }
  }
}
