package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Cauchy sums at the nodes of the bilinear transform, F64, nodes along the lanes. Everything lies
/// in one segment, since checks of several would be in the loops; offsets are in elements.
public final class CauchyF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  private CauchyF64() {}

  /// For each of `m` products the sums of `n` modes at `count` nodes, rounded up to whole vectors.
  ///
  /// @param angles cosines of half the nodes' angles, sines `apart` further on, then what both lose
  ///   by rounding
  /// @param modes for each mode `|w|`, what that loses by rounding, `Re w` and for each product `Re
  ///   v`, `Re(v conj w)`
  /// @param y for each product real parts, then imaginary ones, `apart` elements each
  public static void bilinear(
      MemorySegment s, long angles, int apart, int count, long modes, int n, int m, long y) {
    int p = 0;
    for (; p + 2 <= m; p += 2) {
      two(s, angles, apart, count, modes, 3 + 2 * m, p, n, y + 2L * p * apart);
    }
    for (; p < m; p++) {
      one(s, angles, apart, count, modes, 3 + 2 * m, p, n, y + 2L * p * apart);
    }
    for (p = 0; p < m; p++) {
      turn(s, angles, apart, count, y + 2L * p * apart);
    }
  }

  private static DoubleVector number(MemorySegment s, long at) {
    return DoubleVector.broadcast(Lanes.F64, s.get(Lanes.DOUBLE, at));
  }

  /// `c^2 |w|^2 - 4 s^2`, the real part of a denominator, as a product: a difference of squares
  /// would lose more where it is small, at the frequency of a mode.
  private static DoubleVector real(DoubleVector cos, DoubleVector twice, DoubleVector size) {
    return cos.fma(size, twice.neg()).mul(cos.fma(size, twice));
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
      DoubleVector cos = load(s, at);
      DoubleVector sin = load(s, at + apart * SIZE);
      DoubleVector twice = sin.add(sin);
      DoubleVector imaginary = sin.mul(cos).mul(-4);
      DoubleVector ap = DoubleVector.zero(Lanes.F64);
      DoubleVector aq = ap;
      DoubleVector bp = ap;
      DoubleVector bq = ap;
      for (int j = 0; j < n; j++) {
        long mode = (modes + (long) j * step) * SIZE;
        DoubleVector dr = real(cos, twice, number(s, mode));
        DoubleVector di = imaginary.mul(number(s, mode + 2 * SIZE));
        DoubleVector inverse = DoubleVector.broadcast(Lanes.F64, 1.0).div(dr.fma(dr, di.mul(di)));
        DoubleVector p = dr.mul(inverse);
        DoubleVector q = di.mul(inverse);
        DoubleVector a = number(s, mode + (3 + 2 * product) * SIZE);
        DoubleVector b = number(s, mode + (4 + 2 * product) * SIZE);
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
      DoubleVector cos = load(s, at);
      DoubleVector sin = load(s, at + apart * SIZE);
      DoubleVector re = load(s, to);
      DoubleVector im = load(s, to + apart * SIZE);
      DoubleVector x = cos.mul(re).sub(sin.mul(im));
      DoubleVector z = cos.mul(im).add(sin.mul(re));
      x.add(x).intoMemorySegment(s, to, Lanes.ORDER);
      z.add(z).intoMemorySegment(s, to + apart * SIZE, Lanes.ORDER);
    }
  }

  /// Two products with one division: four would be more than C2 takes without making objects. Two
  /// sums each instead of [#one]'s four.
  private static void two(
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
      DoubleVector cos = load(s, at);
      DoubleVector sin = load(s, at + apart * SIZE);
      DoubleVector twice = sin.add(sin);
      DoubleVector imaginary = sin.mul(cos).mul(-4);
      DoubleVector r0 = DoubleVector.zero(Lanes.F64);
      DoubleVector i0 = r0;
      DoubleVector r1 = r0;
      DoubleVector i1 = r0;
      for (int j = 0; j < n; j++) {
        long mode = (modes + (long) j * step) * SIZE;
        DoubleVector dr = real(cos, twice, number(s, mode));
        DoubleVector di = imaginary.mul(number(s, mode + 2 * SIZE));
        DoubleVector inverse = DoubleVector.broadcast(Lanes.F64, 1.0).div(dr.fma(dr, di.mul(di)));
        DoubleVector p = dr.mul(inverse);
        DoubleVector q = di.mul(inverse);
        DoubleVector sp = twice.mul(p);
        DoubleVector sq = twice.mul(q);
        DoubleVector cp = cos.mul(p).neg();
        DoubleVector cq = cos.mul(q);
        long v = mode + (3 + 2 * product) * SIZE;
        DoubleVector a = number(s, v);
        DoubleVector b = number(s, v + SIZE);
        r0 = b.fma(cp, a.fma(sq, r0));
        i0 = b.fma(cq, a.fma(sp, i0));
        a = number(s, v + 2 * SIZE);
        b = number(s, v + 3 * SIZE);
        r1 = b.fma(cp, a.fma(sq, r1));
        i1 = b.fma(cq, a.fma(sp, i1));
      }
      long to = (y + k) * SIZE;
      r0.intoMemorySegment(s, to, Lanes.ORDER);
      i0.intoMemorySegment(s, to + apart * SIZE, Lanes.ORDER);
      r1.intoMemorySegment(s, to + 2L * apart * SIZE, Lanes.ORDER);
      i1.intoMemorySegment(s, to + 3L * apart * SIZE, Lanes.ORDER);
    }
  }

  /// Sums over `count` nodes, a multiple of 16, for the gradient of one mode and product.
  ///
  /// @param angles as above, `count` apart
  /// @param h what comes from above, real parts, imaginary ones `count` further on
  /// @param size `|w|`
  /// @param wr `Re w`
  /// @param vr `Re v`
  /// @param dot `Re(v conj w)`
  /// @param to gets the gradients of `vr`, `dot`, `|w|^2`, `wr`
  public static void bilinearSums(
      MemorySegment s,
      long angles,
      int count,
      long h,
      double size,
      double wr,
      double vr,
      double dot,
      long to) {
    s = Lanes.offHeap(s);
    DoubleVector sa = DoubleVector.zero(Lanes.F64);
    DoubleVector sb = sa;
    DoubleVector sw = sa;
    DoubleVector sr = sa;
    for (int k = 0; k < count; k += LANES) {
      long at = (angles + k) * SIZE;
      long up = (h + k) * SIZE;
      DoubleVector cos = load(s, at);
      DoubleVector sin = load(s, at + count * SIZE);
      DoubleVector c2 = cos.mul(cos);
      DoubleVector sc = sin.mul(cos).mul(-4);
      DoubleVector dr = real(cos, sin.add(sin), DoubleVector.broadcast(Lanes.F64, size));
      DoubleVector di = sc.mul(wr);
      DoubleVector inverse = DoubleVector.broadcast(Lanes.F64, 1.0).div(dr.fma(dr, di.mul(di)));
      DoubleVector p = dr.mul(inverse);
      DoubleVector q = di.mul(inverse);
      DoubleVector nr = cos.mul(-dot);
      DoubleVector ni = sin.mul(2 * vr);
      DoubleVector fr = nr.fma(p, ni.mul(q));
      DoubleVector fi = ni.mul(p).sub(nr.mul(q));
      DoubleVector hr = load(s, up);
      DoubleVector hi = load(s, up + count * SIZE);
      DoubleVector er = hr.fma(p, hi.mul(q));
      DoubleVector ei = hi.mul(p).sub(hr.mul(q));
      sa = sin.fma(ei, sa);
      sb = cos.fma(er, sb);
      sw = c2.fma(er.mul(fr).sub(ei.mul(fi)), sw);
      sr = sc.fma(er.fma(fi, ei.mul(fr)), sr);
    }
    s.set(Lanes.DOUBLE, to * SIZE, -2 * Fold.sum(sa));
    s.set(Lanes.DOUBLE, (to + 1) * SIZE, -Fold.sum(sb));
    s.set(Lanes.DOUBLE, (to + 2) * SIZE, -Fold.sum(sw));
    s.set(Lanes.DOUBLE, (to + 3) * SIZE, Fold.sum(sr));
  }
}
