package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Cauchy sums at any nodes, F64, nodes along the lanes. Everything lies in one segment, since
/// checks of several would be in the loops; offsets are in elements. A mode is `Re w`, `Im w`, `Re
/// v`, `Im v`, `Re(v conj w)`; imaginary parts of nodes and what belongs to them lie `apart`
/// elements behind real ones.
public final class CauchyNodesF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;
  private static final int MODE = 5;

  private CauchyNodesF64() {}

  private static DoubleVector number(MemorySegment s, long at) {
    return DoubleVector.broadcast(Lanes.F64, s.get(Lanes.DOUBLE, at));
  }

  /// `y = sum of 2 (z Re v - Re(v conj w)) / ((z - w) (z - conj w))` over `n` modes.
  public static void sums(
      MemorySegment s, long z, int apart, int count, long modes, int n, long y) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < count; k += LANES) {
      DoubleVector zr = load(s, (z + k) * SIZE);
      DoubleVector zi = load(s, (z + apart + k) * SIZE);
      DoubleVector re = DoubleVector.zero(Lanes.F64);
      DoubleVector im = re;
      for (int j = 0; j < n; j++) {
        long mode = (modes + (long) j * MODE) * SIZE;
        DoubleVector wi = number(s, mode + SIZE);
        DoubleVector v = number(s, mode + 2 * SIZE);
        DoubleVector a = zr.sub(number(s, mode));
        DoubleVector dr = a.fma(a, wi.sub(zi).mul(wi.add(zi)));
        DoubleVector di = a.mul(zi.add(zi));
        DoubleVector inverse = DoubleVector.broadcast(Lanes.F64, 1.0).div(dr.fma(dr, di.mul(di)));
        DoubleVector nr = zr.mul(v).sub(number(s, mode + 4 * SIZE)).mul(inverse);
        DoubleVector ni = zi.mul(v).mul(inverse);
        re = nr.fma(dr, ni.fma(di, re));
        im = ni.fma(dr, im).sub(nr.mul(di));
      }
      re.add(re).intoMemorySegment(s, (y + k) * SIZE, Lanes.ORDER);
      im.add(im).intoMemorySegment(s, (y + apart + k) * SIZE, Lanes.ORDER);
    }
  }

  /// For one mode, with `e = conj(g) / d` and terms `f`: the sums of `Re(e (z - Re w))`, `Re e`,
  /// `Re(e ((z - Re w) f - Re v))` and `Re(e (Im v + Im w f))` into `to`. `g` is 0 behind `count`.
  public static void poles(
      MemorySegment s, long z, int apart, int count, long mode, long g, long to) {
    s = Lanes.offHeap(s);
    DoubleVector wr = number(s, mode * SIZE);
    DoubleVector wi = number(s, (mode + 1) * SIZE);
    DoubleVector vr = number(s, (mode + 2) * SIZE);
    DoubleVector vi = number(s, (mode + 3) * SIZE);
    DoubleVector dot = number(s, (mode + 4) * SIZE);
    DoubleVector s0 = DoubleVector.zero(Lanes.F64);
    DoubleVector s1 = s0;
    DoubleVector s2 = s0;
    DoubleVector s3 = s0;
    for (int k = 0; k < count; k += LANES) {
      long at = (z + k) * SIZE;
      long up = (g + k) * SIZE;
      DoubleVector zr = load(s, at);
      DoubleVector zi = load(s, at + apart * SIZE);
      DoubleVector gr = load(s, up);
      DoubleVector gi = load(s, up + apart * SIZE);
      DoubleVector a = zr.sub(wr);
      DoubleVector dr = a.fma(a, wi.sub(zi).mul(wi.add(zi)));
      DoubleVector di = a.mul(zi.add(zi));
      DoubleVector inverse = DoubleVector.broadcast(Lanes.F64, 1.0).div(dr.fma(dr, di.mul(di)));
      DoubleVector p = dr.mul(inverse);
      DoubleVector q = di.mul(inverse);
      DoubleVector nr = zr.mul(vr).sub(dot);
      DoubleVector ni = zi.mul(vr);
      nr = nr.add(nr);
      ni = ni.add(ni);
      DoubleVector fr = nr.fma(p, ni.mul(q));
      DoubleVector fi = ni.mul(p).sub(nr.mul(q));
      DoubleVector er = gr.mul(p).sub(gi.mul(q));
      DoubleVector ei = gr.fma(q, gi.mul(p)).neg();
      DoubleVector br = a.mul(fr).sub(zi.mul(fi)).sub(vr);
      DoubleVector bi = a.fma(fi, zi.mul(fr));
      s0 = s0.add(er.mul(a).sub(ei.mul(zi)));
      s1 = s1.add(er);
      s2 = s2.add(er.mul(br).sub(ei.mul(bi)));
      s3 = s3.add(er.mul(wi.fma(fr, vi)).sub(ei.mul(wi.mul(fi))));
    }
    s.set(Lanes.DOUBLE, to * SIZE, Fold.sum(s0));
    s.set(Lanes.DOUBLE, (to + 1) * SIZE, Fold.sum(s1));
    s.set(Lanes.DOUBLE, (to + 2) * SIZE, Fold.sum(s2));
    s.set(Lanes.DOUBLE, (to + 3) * SIZE, Fold.sum(s3));
  }

  /// Adds `e ((z - Re w) f - Re v)` of `n` modes to the sums of each node.
  public static void nodes(
      MemorySegment s, long z, int apart, int count, long modes, int n, long g, long sums) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < count; k += LANES) {
      long at = (z + k) * SIZE;
      long up = (g + k) * SIZE;
      long to = (sums + k) * SIZE;
      DoubleVector zr = load(s, at);
      DoubleVector zi = load(s, at + apart * SIZE);
      DoubleVector gr = load(s, up);
      DoubleVector gi = load(s, up + apart * SIZE);
      DoubleVector re = load(s, to);
      DoubleVector im = load(s, to + apart * SIZE);
      for (int j = 0; j < n; j++) {
        long mode = (modes + (long) j * MODE) * SIZE;
        DoubleVector wi = number(s, mode + SIZE);
        DoubleVector vr = number(s, mode + 2 * SIZE);
        DoubleVector a = zr.sub(number(s, mode));
        DoubleVector dr = a.fma(a, wi.sub(zi).mul(wi.add(zi)));
        DoubleVector di = a.mul(zi.add(zi));
        DoubleVector inverse = DoubleVector.broadcast(Lanes.F64, 1.0).div(dr.fma(dr, di.mul(di)));
        DoubleVector p = dr.mul(inverse);
        DoubleVector q = di.mul(inverse);
        DoubleVector nr = zr.mul(vr).sub(number(s, mode + 4 * SIZE));
        DoubleVector ni = zi.mul(vr);
        nr = nr.add(nr);
        ni = ni.add(ni);
        DoubleVector fr = nr.fma(p, ni.mul(q));
        DoubleVector fi = ni.mul(p).sub(nr.mul(q));
        DoubleVector er = gr.mul(p).sub(gi.mul(q));
        DoubleVector ei = gr.fma(q, gi.mul(p)).neg();
        DoubleVector br = a.mul(fr).sub(zi.mul(fi)).sub(vr);
        DoubleVector bi = a.fma(fi, zi.mul(fr));
        re = re.add(er.mul(br).sub(ei.mul(bi)));
        im = im.add(er.fma(bi, ei.mul(br)));
      }
      re.intoMemorySegment(s, to, Lanes.ORDER);
      im.intoMemorySegment(s, to + apart * SIZE, Lanes.ORDER);
    }
  }
}
