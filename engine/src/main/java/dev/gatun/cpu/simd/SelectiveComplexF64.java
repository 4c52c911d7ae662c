package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Recurrences of [SelectiveF64] with complex modes. An array's imaginary parts lie its `Part`
/// elements behind the real ones.
public final class SelectiveComplexF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  private SelectiveComplexF64() {}

  private static DoubleVector number(MemorySegment s, long at) {
    return DoubleVector.broadcast(Lanes.F64, s.get(Lanes.DOUBLE, at * SIZE));
  }

  private static DoubleVector at(MemorySegment s, long at) {
    return load(s, at * SIZE);
  }

  private static void store(DoubleVector v, MemorySegment s, long at) {
    v.intoMemorySegment(s, at * SIZE, Lanes.ORDER);
  }

  private static DoubleVector normal(DoubleVector h) {
    return h.blend(0, h.abs().compare(LT, Double.MIN_NORMAL));
  }

  /// Turns gates, whose sizes are there, by `dt a`.
  public static void turn(MemorySegment s, long dt, long a, long gate, long part, int rows) {
    s = Lanes.offHeap(s);
    DoubleVector rate = at(s, a);
    for (int t = 0; t < rows; t++) {
      long i = (long) t * LANES;
      DoubleVector size = at(s, gate + i);
      store(TrigLanes.sin(at(s, dt + i).mul(rate)).mul(size), s, gate + part + i);
    }
    for (int t = 0; t < rows; t++) {
      long i = (long) t * LANES;
      DoubleVector size = at(s, gate + i);
      store(TrigLanes.cos(at(s, dt + i).mul(rate)).mul(size), s, gate + i);
    }
  }

  /// `h = gate h + (x.re b.re, x.im b.im)`, `y.re += c.re h.re`, `y.im += c.im h.im`; keeps `past =
  /// gate h` and states, whose parts lie `part` apart, as those of `gate` do.
  public static void advanceTurning(
      MemorySegment s,
      long gate,
      long past,
      long states,
      long part,
      long x,
      long xPart,
      long b,
      long bPart,
      long c,
      long cPart,
      long y,
      long yPart,
      long h,
      long hPart,
      int rows) {
    s = Lanes.offHeap(s);
    DoubleVector re = at(s, h);
    DoubleVector im = at(s, h + hPart);
    for (int t = 0; t < rows; t++) {
      long i = (long) t * LANES;
      DoubleVector er = at(s, gate + i);
      DoubleVector ei = at(s, gate + part + i);
      DoubleVector pr = er.mul(re).sub(ei.mul(im));
      DoubleVector pi = er.fma(im, ei.mul(re));
      store(pr, s, past + i);
      store(pi, s, past + part + i);
      re = at(s, x + i).fma(number(s, b + t), pr);
      im = at(s, x + xPart + i).fma(number(s, b + bPart + t), pi);
      store(re, s, states + i);
      store(im, s, states + part + i);
      store(re.fma(number(s, c + t), at(s, y + i)), s, y + i);
      long yi = y + yPart + i;
      store(im.fma(number(s, c + cPart + t), at(s, yi)), s, yi);
    }
    store(normal(re), s, h);
    store(normal(im), s, h + hPart);
  }

  /// The steps of [#advanceTurning] from the last to the first, as [SelectiveF64#back]: `dc.re +=
  /// up.re h.re`, `dc.im += up.im h.im`, `db += g x`, `sums.re += g.re b.re`, `sums.im += g.im
  /// b.im`.
  public static void backTurning(
      MemorySegment s,
      long dt,
      long a,
      long da,
      long g,
      long modePart,
      long gate,
      long past,
      long states,
      long part,
      long x,
      long b,
      long bPart,
      long c,
      long cPart,
      long d,
      long dPart,
      long up,
      long upPart,
      long sums,
      long sumsPart,
      long rates,
      long db,
      long dbPart,
      long dc,
      long dcPart,
      int rows) {
    s = Lanes.offHeap(s);
    DoubleVector ar = at(s, a);
    DoubleVector ai = at(s, a + modePart);
    DoubleVector carryRe = at(s, g);
    DoubleVector carryIm = at(s, g + modePart);
    DoubleVector totalRe = DoubleVector.zero(Lanes.F64);
    DoubleVector totalIm = totalRe;
    for (int t = rows - 1; t >= 0; t--) {
      long i = (long) t * LANES;
      DoubleVector gr = at(s, d + i).fma(number(s, c + t), carryRe);
      DoubleVector gi = at(s, d + dPart + i).fma(number(s, c + cPart + t), carryIm);
      DoubleVector in = at(s, x + i);
      store(at(s, states + i).fma(at(s, up + i), at(s, dc + i)), s, dc + i);
      long ci = dc + dcPart + i;
      store(at(s, states + part + i).fma(at(s, up + upPart + i), at(s, ci)), s, ci);
      store(gr.fma(in, at(s, db + i)), s, db + i);
      store(gi.fma(in, at(s, db + dbPart + i)), s, db + dbPart + i);
      store(gr.fma(number(s, b + t), at(s, sums + i)), s, sums + i);
      long si = sums + sumsPart + i;
      store(gi.fma(number(s, b + bPart + t), at(s, si)), s, si);
      DoubleVector pr = at(s, past + i);
      DoubleVector pi = at(s, past + part + i);
      DoubleVector wr = gr.fma(pr, gi.mul(pi));
      DoubleVector wi = gi.mul(pr).sub(gr.mul(pi));
      store(wr.fma(ar, wi.fma(ai, at(s, rates + i))), s, rates + i);
      DoubleVector step = at(s, dt + i);
      totalRe = wr.fma(step, totalRe);
      totalIm = wi.fma(step, totalIm);
      DoubleVector er = at(s, gate + i);
      DoubleVector ei = at(s, gate + part + i);
      carryRe = er.fma(gr, ei.mul(gi));
      carryIm = er.mul(gi).sub(ei.mul(gr));
    }
    store(normal(carryRe), s, g);
    store(normal(carryIm), s, g + modePart);
    store(totalRe.add(at(s, da)), s, da);
    store(totalIm.add(at(s, da + modePart)), s, da + modePart);
  }
}
