package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Sums over complex modes by a table of their powers, F32. Everything lies in one segment, since
/// checks of several would be in the loops; offsets are in elements.
public final class GeometricF32 {
  /// Steps of a table.
  public static final int PIECE = 64;

  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;

  private GeometricF32() {}

  /// `y[r] = sum_k f[2 k] t[k, 0, r] + f[2 k + 1] t[k, 1, r]` for `r` below [#PIECE], the table
  /// being `[n, 2, PIECE]`.
  public static void series(MemorySegment s, long table, long factors, int n, long y) {
    s = Lanes.offHeap(s);
    for (int r = 0; r < PIECE; r += 4 * LANES) {
      FloatVector a0 = FloatVector.zero(Lanes.F32);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      FloatVector b0 = a0;
      FloatVector b1 = a0;
      FloatVector b2 = a0;
      FloatVector b3 = a0;
      for (int k = 0; k < n; k++) {
        long re = (table + r + (long) k * 2 * PIECE) * SIZE;
        long im = re + PIECE * SIZE;
        long at = (factors + 2L * k) * SIZE;
        FloatVector f = FloatVector.broadcast(Lanes.F32, s.get(Lanes.FLOAT, at));
        FloatVector g = FloatVector.broadcast(Lanes.F32, s.get(Lanes.FLOAT, at + SIZE));
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
      FloatVector a = FloatVector.zero(Lanes.F32);
      FloatVector b = a;
      FloatVector c = a;
      FloatVector d = a;
      for (int r = 0; r < PIECE; r++) {
        float v = s.get(Lanes.FLOAT, (u + r) * SIZE);
        FloatVector f = FloatVector.broadcast(Lanes.F32, v);
        FloatVector g = FloatVector.broadcast(Lanes.F32, r * v);
        long at = (table + k + (long) r * 2 * width) * SIZE;
        FloatVector re = load(s, at);
        FloatVector im = load(s, at + width * SIZE);
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
