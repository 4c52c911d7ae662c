package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;

/// `x^y` of F64 numbers as `2^(y log2 x)`.
///
/// `log2` is the odd series of `(1 + s) / (1 - s)`. As its error counts up to 1,000 times, the
/// logarithm and the product are two words each (Dekker, Numerische Mathematik 18, 1971): the cubic
/// term has 106 bits, the 8 beyond it 53. `2^r` is of degree 11. Minimax polynomials fitted for
/// this class. Error: 1 ulp.
///
/// A vector of which one argument is not ordinary goes one by one through the JDK's intrinsic, as
/// do the elements left over at the end of a row: `|x|` not normal, or a power that may not be
/// normal.
///
/// AVX2 converts no longs: the biased exponent becomes the low bits of a double from 2^52 on. The
/// arithmetic is one loop without calls of ours: it is more than C2 inlines. An operand that
/// repeats is therefore first written to where the result goes.
public record PowF64Loop() implements Loop.Binary {
  private static final int LANES = Lanes.F64.length();
  private static final long SQRT_HALF = 0x3fe6a09e667f3bcdL;

  @Override
  public void run(
      MemorySegment x,
      long xAt,
      long xStep,
      MemorySegment y,
      long yAt,
      long yStep,
      MemorySegment z,
      long zAt,
      long rows,
      int n) {
    for (long r = 0; r < rows; r++) {
      row(x, 8 * (xAt + r * xStep), y, 8 * (yAt + r * yStep), z, 8 * (zAt + r * n), n);
    }
  }

  @Override
  public void runLeft(
      MemorySegment x,
      long xAt,
      long xStep,
      MemorySegment y,
      long yAt,
      long yStep,
      MemorySegment z,
      long zAt,
      long rows,
      int n) {
    for (long r = 0; r < rows; r++) {
      long zo = 8 * (zAt + r * n);
      fill(z, zo, x.get(Lanes.DOUBLE, 8 * (xAt + r * xStep)), n);
      row(z, zo, y, 8 * (yAt + r * yStep), z, zo, n);
    }
  }

  @Override
  public void runRight(
      MemorySegment x,
      long xAt,
      long xStep,
      MemorySegment y,
      long yAt,
      long yStep,
      MemorySegment z,
      long zAt,
      long rows,
      int n) {
    for (long r = 0; r < rows; r++) {
      double right = y.get(Lanes.DOUBLE, 8 * (yAt + r * yStep));
      runScalar(x, xAt + r * xStep, right, z, zAt + r * n, n);
    }
  }

  @Override
  public void runScalar(MemorySegment x, long xAt, double y, MemorySegment z, long zAt, int n) {
    fill(z, 8 * zAt, y, n);
    row(x, 8 * xAt, z, 8 * zAt, z, 8 * zAt, n);
  }

  private static void fill(MemorySegment z, long zo, double value, int n) {
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i++) {
      z.set(Lanes.DOUBLE, zo + i * 8L, value);
    }
  }

  private static void row(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; ) {
      i = vectors(x, xo, y, yo, z, zo, i, full);
      if (i < full) {
        elements(x, xo, y, yo, z, zo, i, i + LANES);
        i += LANES;
      }
    }
    elements(x, xo, y, yo, z, zo, full, n);
  }

  private static void elements(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment z, long zo, int i, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (; i < n; i++) {
      double power = Math.pow(x.get(Lanes.DOUBLE, xo + i * 8L), y.get(Lanes.DOUBLE, yo + i * 8L));
      z.set(Lanes.DOUBLE, zo + i * 8L, power);
    }
  }

  /// Does vectors from element `from` on and returns the first that is not ordinary, or `full`.
  private static int vectors(
      MemorySegment x,
      long xo,
      MemorySegment y,
      long yo,
      MemorySegment z,
      long zo,
      int from,
      int full) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (int i = from; i < full; i += LANES) {
      DoubleVector a = DoubleVector.fromMemorySegment(Lanes.F64, x, xo + i * 8L, Lanes.ORDER);
      DoubleVector b = DoubleVector.fromMemorySegment(Lanes.F64, y, yo + i * 8L, Lanes.ORDER);
      LongVector bits = a.reinterpretAsLongs().and(Long.MAX_VALUE);
      DoubleVector size = b.reinterpretAsLongs().and(Long.MAX_VALUE).reinterpretAsDoubles();
      LongVector k = bits.sub(SQRT_HALF);
      DoubleVector e =
          k.add(0x3ff0000000000000L)
              .lanewise(LSHR, 52)
              .or(0x4330000000000000L)
              .reinterpretAsDoubles()
              .sub(0x1p52 + 1023);
      DoubleVector most = e.mul(e).add(1.0).mul(size).mul(size);
      if (!bits.reinterpretAsDoubles()
          .compare(GE, Double.MIN_NORMAL)
          .and(bits.reinterpretAsDoubles().compare(LE, Double.MAX_VALUE))
          .and(most.compare(LE, 500_000.0))
          .allTrue()) {
        return i;
      }
      DoubleVector m = bits.sub(k.and(0xfff0000000000000L)).reinterpretAsDoubles();
      // s = (m - 1) / (m + 1)
      DoubleVector up = m.add(1.0);
      DoubleVector upLow = m.sub(up.sub(1.0));
      DoubleVector inverse = DoubleVector.broadcast(Lanes.F64, 1).div(up);
      DoubleVector down = m.sub(1.0);
      DoubleVector s = down.mul(inverse);
      DoubleVector minus = s.neg();
      DoubleVector sLow = minus.fma(upLow, minus.fma(up, down)).mul(inverse);
      // u = 2 / ln 2 (1 + s^2 / 3 + s^4 / 5 + ..)
      DoubleVector w = s.mul(s);
      DoubleVector wLow = s.fma(sLow.add(sLow), s.fma(s, w.neg()));
      DoubleVector far =
          DoubleVector.broadcast(Lanes.F64, 0x1.5a60ae4e114a8p-3)
              .lanewise(FMA, w, 0x1.59e08811edd1ep-3)
              .lanewise(FMA, w, 0x1.89fed27be422bp-3)
              .lanewise(FMA, w, 0x1.c68f2f01d5105p-3)
              .lanewise(FMA, w, 0x1.0c9a84bf5081cp-2)
              .lanewise(FMA, w, 0x1.484b13d79c3b6p-2)
              .lanewise(FMA, w, 0x1.a61762a7adfa8p-2)
              .lanewise(FMA, w, 0x1.2776c50ef9bfep-1)
              .mul(w);
      DoubleVector third = far.add(0x1.ec709dc3a03fdp-1);
      DoubleVector thirdLow = far.sub(third.sub(0x1.ec709dc3a03fdp-1)).add(0x1.d27f05548af0cp-55);
      DoubleVector v = w.mul(third);
      DoubleVector vLow = w.fma(third, v.neg()).add(w.fma(thirdLow, wLow.mul(third)));
      DoubleVector u = v.add(0x1.71547652b82fep1);
      DoubleVector uLow = v.sub(u.sub(0x1.71547652b82fep1)).add(vLow.add(0x1.777d0ffda0d24p-55));
      // log2 x = e + s u
      DoubleVector l = s.mul(u);
      DoubleVector lLow = s.fma(u, l.neg()).add(s.fma(uLow, sLow.mul(u)));
      DoubleVector log = e.add(l);
      DoubleVector logLow = e.sub(log).add(l).add(lLow);
      DoubleVector p = b.mul(log);
      DoubleVector pLow = b.fma(log, p.neg()).add(b.mul(logLow));
      // 2^p = 2^n 2^f
      DoubleVector t = p.add(0x1.8p52 + 1023);
      DoubleVector r = p.sub(t.sub(0x1.8p52 + 1023));
      DoubleVector f = r.add(pLow);
      DoubleVector fLow = r.sub(f).add(pLow);
      DoubleVector q =
          DoubleVector.broadcast(Lanes.F64, 0x1.e9d3fe53c6f4dp-32)
              .lanewise(FMA, f, 0x1.e6063f7282f89p-28)
              .lanewise(FMA, f, 0x1.b524fae618a73p-24)
              .lanewise(FMA, f, 0x1.62bfd47772ff9p-20)
              .lanewise(FMA, f, 0x1.ffcbfc670dd30p-17)
              .lanewise(FMA, f, 0x1.430913096fda0p-13)
              .lanewise(FMA, f, 0x1.5d87fe78a5276p-10)
              .lanewise(FMA, f, 0x1.3b2ab6fba1ddap-7)
              .lanewise(FMA, f, 0x1.c6b08d704a0c2p-5)
              .lanewise(FMA, f, 0x1.ebfbdff82c598p-3)
              .lanewise(FMA, f, 0x1.62e42fefa39efp-1);
      DoubleVector scale = t.reinterpretAsLongs().lanewise(LSHL, 52).reinterpretAsDoubles();
      DoubleVector result = scale.fma(q.fma(f, fLow.mul(0x1.62e42fefa39efp-1)), scale);
      // The sign of a negative number to an odd power, NaN to one that is not whole.
      DoubleVector whole = size.add(0x1p52);
      VectorMask<Double> broken = whole.sub(0x1p52).compare(NE, size);
      LongVector odd = whole.reinterpretAsLongs().lanewise(LSHL, 63).and(a.reinterpretAsLongs());
      result
          .reinterpretAsLongs()
          .or(odd)
          .reinterpretAsDoubles()
          .blend(result, broken)
          .blend(Double.NaN, broken.and(a.compare(LT, 0.0)))
          .intoMemorySegment(z, zo + i * 8L, Lanes.ORDER);
    }
    return full;
  }
}
