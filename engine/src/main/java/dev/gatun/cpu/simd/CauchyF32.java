package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Cauchy sums at the nodes of the bilinear transform, F32, nodes along the lanes. Everything lies
/// in one segment, since checks of several would be in the loops; offsets are in elements.
public final class CauchyF32 {
  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;

  private CauchyF32() {}

  /// For each of `m` products the sums of `n` modes at `count` nodes, rounded up to whole vectors.
  ///
  /// @param angles cosines of half the nodes' angles, sines `apart` further on, then what both lose
  ///   by rounding
  /// @param modes for each mode `|w|`, what that loses by rounding, `Re w` and for each product `Re
  ///   v`, `Re(v conj w)`
  /// @param y for each product real parts, then imaginary ones, `apart` elements each
  public static void bilinear(
      MemorySegment s, long angles, int apart, int count, long modes, int n, int m, long y) {
    for (int p = 0; p < m; p++) {
      one(s, angles, apart, count, modes, 3 + 2 * m, p, n, y + 2L * p * apart);
      turn(s, angles, apart, count, y + 2L * p * apart);
    }
  }

  private static FloatVector number(MemorySegment s, long at) {
    return FloatVector.broadcast(Lanes.F32, s.get(Lanes.FLOAT, at));
  }

  /// `c^2 |w|^2 - 4 s^2`, the real part of a denominator, as `(c |w| - 2 s) (c |w| + 2 s)`, whose
  /// first factor is small at the frequency of a mode: it sees the low parts too.
  private static FloatVector real(
      FloatVector cos,
      FloatVector twice,
      FloatVector cosLow,
      FloatVector twiceLow,
      FloatVector size,
      FloatVector low) {
    FloatVector rest = cos.fma(low, cosLow.mul(size)).sub(twiceLow);
    return cos.fma(size, twice.neg()).add(rest).mul(cos.fma(size, twice));
  }

  private static void one(
      MemorySegment s,
      long angles,
      int apart,
      int count,
      long modes,
      int step,
      int product,
      int n,
      long y) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < count; k += LANES) {
      long at = (angles + k) * SIZE;
      FloatVector cos = load(s, at);
      FloatVector sin = load(s, at + apart * SIZE);
      FloatVector twice = sin.add(sin);
      FloatVector cosLow = load(s, at + 2L * apart * SIZE);
      FloatVector sinLow = load(s, at + 3L * apart * SIZE);
      FloatVector twiceLow = sinLow.add(sinLow);
      FloatVector imaginary = sin.mul(cos).mul(-4f);
      FloatVector ap = FloatVector.zero(Lanes.F32);
      FloatVector aq = ap;
      FloatVector bp = ap;
      FloatVector bq = ap;
      for (int j = 0; j < n; j++) {
        long mode = (modes + (long) j * step) * SIZE;
        FloatVector dr =
            real(cos, twice, cosLow, twiceLow, number(s, mode), number(s, mode + SIZE));
        FloatVector di = imaginary.mul(number(s, mode + 2 * SIZE));
        FloatVector inverse = FloatVector.broadcast(Lanes.F32, 1f).div(dr.fma(dr, di.mul(di)));
        FloatVector p = dr.mul(inverse);
        FloatVector q = di.mul(inverse);
        FloatVector a = number(s, mode + (3 + 2 * product) * SIZE);
        FloatVector b = number(s, mode + (4 + 2 * product) * SIZE);
        ap = a.fma(p, ap);
        aq = a.fma(q, aq);
        bp = b.fma(p, bp);
        bq = b.fma(q, bq);
      }
      long to = (y + k) * SIZE;
      twice.mul(aq).sub(cos.mul(bp)).intoMemorySegment(s, to, Lanes.ORDER);
      twice.mul(ap).add(cos.mul(bq)).intoMemorySegment(s, to + apart * SIZE, Lanes.ORDER);
    }
  }

  /// Turns sums into `2 exp(i theta) (re + i im)`. A pass of its own: with it, the loops over modes
  /// would be more than C2 inlines.
  private static void turn(MemorySegment s, long angles, int apart, int count, long y) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < count; k += LANES) {
      long at = (angles + k) * SIZE;
      long to = (y + k) * SIZE;
      FloatVector cos = load(s, at);
      FloatVector sin = load(s, at + apart * SIZE);
      FloatVector re = load(s, to);
      FloatVector im = load(s, to + apart * SIZE);
      FloatVector x = cos.mul(re).sub(sin.mul(im));
      FloatVector z = cos.mul(im).add(sin.mul(re));
      x.add(x).intoMemorySegment(s, to, Lanes.ORDER);
      z.add(z).intoMemorySegment(s, to + apart * SIZE, Lanes.ORDER);
    }
  }

  /// Sums over `count` nodes, a multiple of 16, for the gradient of one mode and product.
  ///
  /// @param angles as above, `count` apart
  /// @param h what comes from above, real parts, imaginary ones `count` further on
  /// @param size `|w|`
  /// @param low what it loses by rounding
  /// @param wr `Re w`
  /// @param vr `Re v`
  /// @param dot `Re(v conj w)`
  /// @param to gets the gradients of `vr`, `dot`, `|w|^2`, `wr`
  public static void bilinearSums(
      MemorySegment s,
      long angles,
      int count,
      long h,
      float size,
      float low,
      float wr,
      float vr,
      float dot,
      long to) {
    s = Lanes.offHeap(s);
    FloatVector sa = FloatVector.zero(Lanes.F32);
    FloatVector sb = sa;
    FloatVector sw = sa;
    FloatVector sr = sa;
    for (int k = 0; k < count; k += LANES) {
      long at = (angles + k) * SIZE;
      long up = (h + k) * SIZE;
      FloatVector cos = load(s, at);
      FloatVector sin = load(s, at + count * SIZE);
      FloatVector c2 = cos.mul(cos);
      FloatVector sc = sin.mul(cos).mul(-4f);
      FloatVector sinLow = load(s, at + 3L * count * SIZE);
      FloatVector dr =
          real(
              cos,
              sin.add(sin),
              load(s, at + 2L * count * SIZE),
              sinLow.add(sinLow),
              FloatVector.broadcast(Lanes.F32, size),
              FloatVector.broadcast(Lanes.F32, low));
      FloatVector di = sc.mul(wr);
      FloatVector inverse = FloatVector.broadcast(Lanes.F32, 1f).div(dr.fma(dr, di.mul(di)));
      FloatVector p = dr.mul(inverse);
      FloatVector q = di.mul(inverse);
      FloatVector nr = cos.mul(-dot);
      FloatVector ni = sin.mul(2 * vr);
      FloatVector fr = nr.fma(p, ni.mul(q));
      FloatVector fi = ni.mul(p).sub(nr.mul(q));
      FloatVector hr = load(s, up);
      FloatVector hi = load(s, up + count * SIZE);
      FloatVector er = hr.fma(p, hi.mul(q));
      FloatVector ei = hi.mul(p).sub(hr.mul(q));
      sa = sin.fma(ei, sa);
      sb = cos.fma(er, sb);
      sw = c2.fma(er.mul(fr).sub(ei.mul(fi)), sw);
      sr = sc.fma(er.fma(fi, ei.mul(fr)), sr);
    }
    s.set(Lanes.FLOAT, to * SIZE, -2 * Fold.sum(sa));
    s.set(Lanes.FLOAT, (to + 1) * SIZE, -Fold.sum(sb));
    s.set(Lanes.FLOAT, (to + 2) * SIZE, -Fold.sum(sw));
    s.set(Lanes.FLOAT, (to + 3) * SIZE, Fold.sum(sr));
  }
}
