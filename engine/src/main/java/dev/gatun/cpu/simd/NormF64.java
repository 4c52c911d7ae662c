package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.CHUNK;
import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Layer norm and RMS norm of F64 rows.
///
/// Rows are those of a contiguous `[rows, n]` matrix; a call does rows `begin` to `end`. Offsets
/// are in elements; output and input may be the same range. Row `r` uses the weights from `(r %
/// groups) * n` on, so that a wide row of `groups * n` elements, normalised group by group, is
/// `groups` rows here. `MemorySegment.NULL` stands for no weight and for no bias.
///
/// Layer norm (`centred`): `y = (x - mean) rstd w + b` with `rstd = 1 / sqrt(mean((x - mean)^2) +
/// eps)`, about the mean, since the difference of moments cancels. RMS norm: `y = x rstd w + b`
/// with `rstd = 1 / sqrt(mean(x^2) + eps)`. Sums are taken 512 vectors at a time. For the gradient
/// `stats[2 r]` receives the mean (0 in RMS norm), `stats[2 r + 1]` rstd.
///
/// The gradients are [NormGradientF64].
public final class NormF64 {

  private static final int LANES = Lanes.F64.length();

  /// Elements of a piece of a long row, which stays in the first-level cache between its sum and
  /// its squares.
  private static final int PIECE = 2048;

  private static final long SIZE = Double.BYTES;

  private NormF64() {}

  /// Normalises rows `begin` to `end` of `x` into `y` and keeps their statistics.
  public static void rows(
      MemorySegment x,
      long xAt,
      MemorySegment weight,
      long weightAt,
      MemorySegment bias,
      long biasAt,
      MemorySegment y,
      long yAt,
      MemorySegment stats,
      long statsAt,
      long begin,
      long end,
      int n,
      long groups,
      double eps,
      boolean centred) {
    boolean weighted = weight.byteSize() > 0;
    boolean biased = bias.byteSize() > 0;
    for (long r = begin; r < end; r++) {
      long xo = (xAt + r * n) * SIZE;
      long yo = (yAt + r * n) * SIZE;
      long wo = (weightAt + r % groups * n) * SIZE;
      long bo = (biasAt + r % groups * n) * SIZE;
      long so = (statsAt + 2 * r) * SIZE;
      statistics(x, xo, n, eps, centred, stats, so);
      double mean = stats.get(Lanes.DOUBLE, so);
      double rstd = stats.get(Lanes.DOUBLE, so + SIZE);
      if (weighted && biased) {
        affine(x, xo, weight, wo, bias, bo, y, yo, mean, rstd, n);
      } else if (weighted) {
        scale(x, xo, weight, wo, y, yo, mean, rstd, n);
      } else if (biased) {
        shift(x, xo, bias, bo, y, yo, mean, rstd, n);
      } else {
        plain(x, xo, y, yo, mean, rstd, n);
      }
    }
  }

  /// Layer norm of rows `begin` to `end` of `x` whose weights and biases each belong to `repeat`
  /// neighbours; row `r` uses those from `(r % groups) * n / repeat` on.
  public static void channels(
      MemorySegment x,
      MemorySegment weight,
      MemorySegment bias,
      MemorySegment y,
      MemorySegment stats,
      long begin,
      long end,
      int n,
      long groups,
      int repeat,
      double eps) {
    boolean weighted = weight.byteSize() > 0;
    boolean biased = bias.byteSize() > 0;
    for (long r = begin; r < end; r++) {
      long so = 2 * r * SIZE;
      statistics(x, r * n * SIZE, n, eps, true, stats, so);
      double mean = stats.get(Lanes.DOUBLE, so);
      double rstd = stats.get(Lanes.DOUBLE, so + SIZE);
      long channel = r % groups * (n / repeat) * SIZE;
      for (int i = 0; i < n; i += repeat, channel += SIZE) {
        double w = weighted ? weight.get(Lanes.DOUBLE, channel) : 1;
        double b = biased ? bias.get(Lanes.DOUBLE, channel) : 0;
        channel(x, y, (r * n + i) * SIZE, mean, rstd, w, b, repeat);
      }
    }
  }

  private static void channel(
      MemorySegment x,
      MemorySegment y,
      long at,
      double mean,
      double rstd,
      double w,
      double b,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    DoubleVector scale = DoubleVector.broadcast(Lanes.F64, w);
    DoubleVector shift = DoubleVector.broadcast(Lanes.F64, b);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long to = at + i * SIZE;
      DoubleVector v = load(x, to).sub(mean).mul(rstd).fma(scale, shift);
      v.intoMemorySegment(y, to, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long to = at + i * SIZE;
      y.set(Lanes.DOUBLE, to, Math.fma((x.get(Lanes.DOUBLE, to) - mean) * rstd, w, b));
    }
  }

  /// Keeps mean and rstd of a row. A long row is read once: moments of each piece are about the
  /// mean of the piece and joined in double (Chan, Golub, LeVeque, Updating formulae and a pairwise
  /// algorithm for computing sample variances, 1979).
  private static void statistics(
      MemorySegment x, long xo, int n, double eps, boolean centred, MemorySegment stats, long so) {
    int piece = centred ? PIECE : n;
    double mean = 0;
    double square = 0;
    for (int i = 0, m; i < n; i += m) {
      m = Math.min(piece, n - i);
      double of = centred ? ReduceF64.sum(x, xo + i * SIZE, m) / m : 0;
      double gap = of - mean;
      square += squares(x, xo + i * SIZE, of, m);
      square += gap * gap * i * ((double) m / (i + m));
      mean += gap * ((double) m / (i + m));
    }
    stats.set(Lanes.DOUBLE, so, mean);
    stats.set(Lanes.DOUBLE, so + SIZE, 1 / Math.sqrt(square / n + eps));
  }

  /// `sum((x - mean)^2)`
  private static double squares(MemorySegment x, long xo, double mean, int n) {
    double total = 0;
    for (int i = 0; i < n; i += CHUNK) {
      total += squaresChunk(x, xo + i * SIZE, mean, Math.min(CHUNK, n - i));
    }
    return total;
  }

  private static double squaresChunk(MemorySegment x, long xo, double mean, int n) {
    x = Lanes.offHeap(x);
    DoubleVector a = DoubleVector.zero(Lanes.F64);
    DoubleVector b = a;
    DoubleVector c = a;
    DoubleVector d = a;
    int i = 0;
    for (int full = n - 4 * LANES; i <= full; i += 4 * LANES) {
      long at = xo + i * SIZE;
      DoubleVector v = load(x, at).sub(mean);
      a = v.fma(v, a);
      v = load(x, at + LANES * SIZE).sub(mean);
      b = v.fma(v, b);
      v = load(x, at + 2 * LANES * SIZE).sub(mean);
      c = v.fma(v, c);
      v = load(x, at + 3 * LANES * SIZE).sub(mean);
      d = v.fma(v, d);
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      DoubleVector v = load(x, xo + i * SIZE).sub(mean);
      a = v.fma(v, a);
    }
    double total = Fold.sum(a.add(b).add(c.add(d)));
    for (; i < n; i++) {
      double v = x.get(Lanes.DOUBLE, xo + i * SIZE) - mean;
      total = Math.fma(v, v, total);
    }
    return total;
  }

  private static void affine(
      MemorySegment x,
      long xo,
      MemorySegment w,
      long wo,
      MemorySegment b,
      long bo,
      MemorySegment y,
      long yo,
      double mean,
      double rstd,
      int n) {
    // Two passes over the row, in L1: C2 takes a loop over four segments back at each of its first
    // hundred starts.
    plain(x, xo, y, yo, mean, rstd, n);
    w = Lanes.offHeap(w);
    b = Lanes.offHeap(b);
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = (long) i * SIZE;
      load(y, yo + at)
          .fma(load(w, wo + at), load(b, bo + at))
          .intoMemorySegment(y, yo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = (long) i * SIZE;
      double v = y.get(Lanes.DOUBLE, yo + at);
      y.set(
          Lanes.DOUBLE,
          yo + at,
          Math.fma(v, w.get(Lanes.DOUBLE, wo + at), b.get(Lanes.DOUBLE, bo + at)));
    }
  }

  private static void scale(
      MemorySegment x,
      long xo,
      MemorySegment w,
      long wo,
      MemorySegment y,
      long yo,
      double mean,
      double rstd,
      int n) {
    x = Lanes.offHeap(x);
    w = Lanes.offHeap(w);
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      DoubleVector v = load(x, xo + at).sub(mean).mul(rstd);
      v.mul(load(w, wo + at)).intoMemorySegment(y, yo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      double v = (x.get(Lanes.DOUBLE, xo + at) - mean) * rstd;
      y.set(Lanes.DOUBLE, yo + at, v * w.get(Lanes.DOUBLE, wo + at));
    }
  }

  private static void shift(
      MemorySegment x,
      long xo,
      MemorySegment b,
      long bo,
      MemorySegment y,
      long yo,
      double mean,
      double rstd,
      int n) {
    x = Lanes.offHeap(x);
    b = Lanes.offHeap(b);
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      DoubleVector v = load(x, xo + at).sub(mean).mul(rstd);
      v.add(load(b, bo + at)).intoMemorySegment(y, yo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      double v = (x.get(Lanes.DOUBLE, xo + at) - mean) * rstd;
      y.set(Lanes.DOUBLE, yo + at, v + b.get(Lanes.DOUBLE, bo + at));
    }
  }

  private static void plain(
      MemorySegment x, long xo, MemorySegment y, long yo, double mean, double rstd, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      DoubleVector v = load(x, xo + i * SIZE).sub(mean).mul(rstd);
      v.intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      y.set(Lanes.DOUBLE, yo + at, (x.get(Lanes.DOUBLE, xo + at) - mean) * rstd);
    }
  }
}
