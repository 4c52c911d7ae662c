package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Sums over complex modes by a table of their powers, F64. Everything lies in one segment, since
/// checks of several would be in the loops; offsets are in elements.
public final class GeometricF64 {
  /// Steps of a table.
  public static final int PIECE = 64;

  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  private GeometricF64() {}

  /// `y[r] = sum_k f[2 k] t[k, 0, r] + f[2 k + 1] t[k, 1, r]` for `r` below [#PIECE], the table
  /// being `[n, 2, PIECE]`.
  public static void series(MemorySegment s, long table, long factors, int n, long y) {
    s = Lanes.offHeap(s);
    for (int r = 0; r < PIECE; r += 4 * LANES) {
      DoubleVector a0 = DoubleVector.zero(Lanes.F64);
      DoubleVector a1 = a0;
      DoubleVector a2 = a0;
      DoubleVector a3 = a0;
      DoubleVector b0 = a0;
      DoubleVector b1 = a0;
      DoubleVector b2 = a0;
      DoubleVector b3 = a0;
      for (int k = 0; k < n; k++) {
        long re = (table + r + (long) k * 2 * PIECE) * SIZE;
        long im = re + PIECE * SIZE;
        long at = (factors + 2L * k) * SIZE;
        DoubleVector f = DoubleVector.broadcast(Lanes.F64, s.get(Lanes.DOUBLE, at));
        DoubleVector g = DoubleVector.broadcast(Lanes.F64, s.get(Lanes.DOUBLE, at + SIZE));
        a0 = load(s, re).fma(f, a0);
        a1 = load(s, re + LANES * SIZE).fma(f, a1);
        a2 = load(s, re + 2 * LANES * SIZE).fma(f, a2);
        a3 = load(s, re + 3 * LANES * SIZE).fma(f, a3);
        b0 = load(s, im).fma(g, b0);
        b1 = load(s, im + LANES * SIZE).fma(g, b1);
        b2 = load(s, im + 2 * LANES * SIZE).fma(g, b2);
        b3 = load(s, im + 3 * LANES * SIZE).fma(g, b3);
      }
      long to = (y + r) * SIZE;
      a0.add(b0).intoMemorySegment(s, to, Lanes.ORDER);
      a1.add(b1).intoMemorySegment(s, to + LANES * SIZE, Lanes.ORDER);
      a2.add(b2).intoMemorySegment(s, to + 2 * LANES * SIZE, Lanes.ORDER);
      a3.add(b3).intoMemorySegment(s, to + 3 * LANES * SIZE, Lanes.ORDER);
    }
  }

  /// `sums[0, k] + i sums[1, k] = sum_r u[r] t[r, k]` and `sums[2, k] + i sums[3, k] = sum_r r u[r]
  /// t[r, k]`, the table being `[PIECE, 2, width]`, `width` a multiple of 16.
  public static void moments(MemorySegment s, long table, long u, int width, long sums) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < width; k += LANES) {
      DoubleVector a = DoubleVector.zero(Lanes.F64);
      DoubleVector b = a;
      DoubleVector c = a;
      DoubleVector d = a;
      for (int r = 0; r < PIECE; r++) {
        double v = s.get(Lanes.DOUBLE, (u + r) * SIZE);
        DoubleVector f = DoubleVector.broadcast(Lanes.F64, v);
        DoubleVector g = DoubleVector.broadcast(Lanes.F64, r * v);
        long at = (table + k + (long) r * 2 * width) * SIZE;
        DoubleVector re = load(s, at);
        DoubleVector im = load(s, at + width * SIZE);
        a = re.fma(f, a);
        b = im.fma(f, b);
        c = re.fma(g, c);
        d = im.fma(g, d);
      }
      long to = (sums + k) * SIZE;
      a.intoMemorySegment(s, to, Lanes.ORDER);
      b.intoMemorySegment(s, to + width * SIZE, Lanes.ORDER);
      c.intoMemorySegment(s, to + 2 * width * SIZE, Lanes.ORDER);
      d.intoMemorySegment(s, to + 3 * width * SIZE, Lanes.ORDER);
    }
  }
}
