package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;

/// Sums of exponentials of F32 elements below their maximum, in one read of memory.
///
/// A row goes chunk by chunk: the maximum of a chunk, which is then in the first-level cache, and
/// its exponentials relative to the greatest element so far; where that grows, the sum so far is
/// scaled down (Milakov, Gimelshein, arXiv 1805.02867). Differences, exponentials and sums are in
/// double, so that a sum barely above 1 keeps what is above.
public final class ExpSum {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Float.BYTES;

  /// Elements of a chunk, read twice.
  private static final int CHUNK = 2048;

  private static final double LOG2E = 0x1.71547652b82fep0;
  private static final double LN2 = 0x1.62e42fefa39efp-1;

  private ExpSum() {}

  /// Writes the greatest of `n` elements and the sum of `e^(x - greatest)` as doubles number
  /// `greatestAt` and `sumAt` of `to`. The greatest is NaN where an element is; the sum means
  /// nothing below an infinity.
  public static void row(
      MemorySegment x, long xAt, int n, MemorySegment to, long greatestAt, long sumAt) {
    float most = Float.NEGATIVE_INFINITY;
    double total = 0;
    for (int i = 0; i < n; i += CHUNK) {
      int m = Math.min(CHUNK, n - i);
      long xo = (xAt + i) * SIZE;
      float top = SoftmaxF32.top(x, xo, m);
      if (top > most) {
        total *= Math.exp((double) most - top);
        most = top;
      }
      if (Float.isInfinite(most)) {
        // The difference of infinities would be NaN, so NaN is looked for elsewhere.
        total = Float.isNaN(ReduceF32.max(x, xo, m)) ? Double.NaN : total;
      } else {
        total += sum(x, xo, m, most);
      }
    }
    to.set(Lanes.DOUBLE, greatestAt * Double.BYTES, Double.isNaN(total) ? Double.NaN : most);
    to.set(Lanes.DOUBLE, sumAt * Double.BYTES, total);
  }

  /// `e^x` of lanes that are at most 0, 0 below -708: `2^n e^r` with `|r| <= ln(2) / 2` and the
  /// polynomial of [ExpLanes] for F32, relative error `2^-28`; exact for 0.
  public static DoubleVector term(DoubleVector x) {
    DoubleVector t = x.lanewise(FMA, LOG2E, 0x1.8p52);
    DoubleVector r = t.sub(0x1.8p52).lanewise(FMA, -LN2, x);
    DoubleVector u = r.mul(r);
    DoubleVector even =
        DoubleVector.broadcast(Lanes.F64, 0x1.6a23e4p-10)
            .lanewise(FMA, u, 0x1.5558f2p-5)
            .lanewise(FMA, u, 0x1.fffffcp-2);
    DoubleVector odd =
        DoubleVector.broadcast(Lanes.F64, 0x1.123a2p-7).lanewise(FMA, u, 0x1.555492p-3);
    DoubleVector p = odd.fma(r, even).fma(u, r.add(1));
    LongVector power = t.reinterpretAsLongs().lanewise(LSHL, 52);
    return p.reinterpretAsLongs()
        .add(power)
        .reinterpretAsDoubles()
        .blend(0.0, x.compare(LT, -708.0));
  }

  private static double sum(MemorySegment x, long xo, int n, double most) {
    x = Lanes.offHeap(x);
    DoubleVector a = DoubleVector.zero(Lanes.F64);
    DoubleVector of = DoubleVector.broadcast(Lanes.F64, most);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      a = a.add(term(Widening.load(x, xo + i * SIZE).sub(of)));
    }
    double total = Fold.sum(a);
    return full == n ? total : total + tail(x, xo + full * SIZE, n - full, most);
  }

  private static double tail(MemorySegment x, long xo, int rest, double most) {
    x = Lanes.offHeap(x);
    double total = 0;
    for (int i = 0; i < rest; i++) {
      total += Math.exp(x.get(Lanes.FLOAT, xo + i * SIZE) - most);
    }
    return total;
  }
}
