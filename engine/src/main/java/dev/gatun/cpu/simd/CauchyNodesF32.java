package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Cauchy sums at any nodes, F32, nodes along the lanes. Everything lies in one segment, since
/// checks of several would be in the loops; offsets are in elements. A mode is `Re w`, `Im w`, `Re
/// v`, `Im v`, `Re(v conj w)`; imaginary parts of nodes and what belongs to them lie `apart`
/// elements behind real ones.
public final class CauchyNodesF32 {
  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;
  private static final int MODE = 5;

  private CauchyNodesF32() {}

  private static FloatVector number(MemorySegment s, long at) {
    return FloatVector.broadcast(Lanes.F32, s.get(Lanes.FLOAT, at));
  }

  /// `y = sum of 2 (z Re v - Re(v conj w)) / ((z - w) (z - conj w))` over `n` modes.
  public static void sums(
      MemorySegment s, long z, int apart, int count, long modes, int n, long y) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < count; k += LANES) {
      FloatVector zr = load(s, (z + k) * SIZE);
      FloatVector zi = load(s, (z + apart + k) * SIZE);
      FloatVector re = FloatVector.zero(Lanes.F32);
      FloatVector im = re;
      for (int j = 0; j < n; j++) {
        long mode = (modes + (long) j * MODE) * SIZE;
        FloatVector wi = number(s, mode + SIZE);
        FloatVector v = number(s, mode + 2 * SIZE);
        FloatVector a = zr.sub(number(s, mode));
        FloatVector dr = a.fma(a, wi.sub(zi).mul(wi.add(zi)));
        FloatVector di = a.mul(zi.add(zi));
        FloatVector inverse = FloatVector.broadcast(Lanes.F32, 1f).div(dr.fma(dr, di.mul(di)));
        FloatVector nr = zr.mul(v).sub(number(s, mode + 4 * SIZE)).mul(inverse);
        FloatVector ni = zi.mul(v).mul(inverse);
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
    FloatVector wr = number(s, mode * SIZE);
    FloatVector wi = number(s, (mode + 1) * SIZE);
    FloatVector vr = number(s, (mode + 2) * SIZE);
    FloatVector vi = number(s, (mode + 3) * SIZE);
    FloatVector dot = number(s, (mode + 4) * SIZE);
    FloatVector s0 = FloatVector.zero(Lanes.F32);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int k = 0; k < count; k += LANES) {
      long at = (z + k) * SIZE;
      long up = (g + k) * SIZE;
      FloatVector zr = load(s, at);
      FloatVector zi = load(s, at + apart * SIZE);
      FloatVector gr = load(s, up);
      FloatVector gi = load(s, up + apart * SIZE);
      FloatVector a = zr.sub(wr);
      FloatVector dr = a.fma(a, wi.sub(zi).mul(wi.add(zi)));
      FloatVector di = a.mul(zi.add(zi));
      FloatVector inverse = FloatVector.broadcast(Lanes.F32, 1f).div(dr.fma(dr, di.mul(di)));
      FloatVector p = dr.mul(inverse);
      FloatVector q = di.mul(inverse);
      FloatVector nr = zr.mul(vr).sub(dot);
      FloatVector ni = zi.mul(vr);
      nr = nr.add(nr);
      ni = ni.add(ni);
      FloatVector fr = nr.fma(p, ni.mul(q));
      FloatVector fi = ni.mul(p).sub(nr.mul(q));
      FloatVector er = gr.mul(p).sub(gi.mul(q));
      FloatVector ei = gr.fma(q, gi.mul(p)).neg();
      FloatVector br = a.mul(fr).sub(zi.mul(fi)).sub(vr);
      FloatVector bi = a.fma(fi, zi.mul(fr));
      s0 = s0.add(er.mul(a).sub(ei.mul(zi)));
      s1 = s1.add(er);
      s2 = s2.add(er.mul(br).sub(ei.mul(bi)));
      s3 = s3.add(er.mul(wi.fma(fr, vi)).sub(ei.mul(wi.mul(fi))));
    }
    s.set(Lanes.FLOAT, to * SIZE, Fold.sum(s0));
    s.set(Lanes.FLOAT, (to + 1) * SIZE, Fold.sum(s1));
    s.set(Lanes.FLOAT, (to + 2) * SIZE, Fold.sum(s2));
    s.set(Lanes.FLOAT, (to + 3) * SIZE, Fold.sum(s3));
  }

  /// Adds `e ((z - Re w) f - Re v)` of `n` modes to the sums of each node.
  public static void nodes(
      MemorySegment s, long z, int apart, int count, long modes, int n, long g, long sums) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < count; k += LANES) {
      long at = (z + k) * SIZE;
      long up = (g + k) * SIZE;
      long to = (sums + k) * SIZE;
      FloatVector zr = load(s, at);
      FloatVector zi = load(s, at + apart * SIZE);
      FloatVector gr = load(s, up);
      FloatVector gi = load(s, up + apart * SIZE);
      FloatVector re = load(s, to);
      FloatVector im = load(s, to + apart * SIZE);
      for (int j = 0; j < n; j++) {
        long mode = (modes + (long) j * MODE) * SIZE;
        FloatVector wi = number(s, mode + SIZE);
        FloatVector vr = number(s, mode + 2 * SIZE);
        FloatVector a = zr.sub(number(s, mode));
        FloatVector dr = a.fma(a, wi.sub(zi).mul(wi.add(zi)));
        FloatVector di = a.mul(zi.add(zi));
        FloatVector inverse = FloatVector.broadcast(Lanes.F32, 1f).div(dr.fma(dr, di.mul(di)));
        FloatVector p = dr.mul(inverse);
        FloatVector q = di.mul(inverse);
        FloatVector nr = zr.mul(vr).sub(number(s, mode + 4 * SIZE));
        FloatVector ni = zi.mul(vr);
        nr = nr.add(nr);
        ni = ni.add(ni);
        FloatVector fr = nr.fma(p, ni.mul(q));
        FloatVector fi = ni.mul(p).sub(nr.mul(q));
        FloatVector er = gr.mul(p).sub(gi.mul(q));
        FloatVector ei = gr.fma(q, gi.mul(p)).neg();
        FloatVector br = a.mul(fr).sub(zi.mul(fi)).sub(vr);
        FloatVector bi = a.fma(fi, zi.mul(fr));
        re = re.add(er.mul(br).sub(ei.mul(bi)));
        im = im.add(er.fma(bi, ei.mul(br)));
      }
      re.intoMemorySegment(s, to, Lanes.ORDER);
      im.intoMemorySegment(s, to + apart * SIZE, Lanes.ORDER);
    }
  }
}
