package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;

/// How a complex Fourier transform of one length and type is done, and its roots of unity, worked
/// out in double and rounded once. Immutable; its table is freed with the plan.
///
/// * DIRECT, short lengths: rows of the batch side by side are the lanes' columns.
/// * SPLIT, `n = R C`: columns of length `R`, a twist by `w^(j k)`, a transpose, columns of length
///   `C` (Gentleman and Sande 1966; Bailey, "FFTs in external or hierarchical memory", 1990). All
///   arithmetic runs down columns that lie side by side in the first-level cache: no lane ever
///   meets another.
/// * CHIRP, lengths with a prime factor above 13: a circular convolution of a power of two
///   (Bluestein 1970).
///
/// A column transform is decimation in frequency in place, radix 4, 2 and odd primes; its results
/// come in the order that [Columns#order] tells, which costs nothing where whole rows are copied.
public final class FftPlan {
  enum Kind {
    DIRECT,
    SPLIT,
    CHIRP
  }

  /// Bytes of a row of columns: one line of cache.
  static final int ROW = 64;

  /// Elements of scratch of an odd radix.
  static final int ODD = 512;

  /// From this length on a single row fills the lanes.
  private static final int SPLIT_FROM = 256;

  private static final int MAX_PRIME = 13;

  final Kind kind;
  final int n;
  final int bytes;

  /// Table of the roots; offsets into it are in bytes.
  final MemorySegment table;

  /// The columns of DIRECT, or the first ones of SPLIT.
  final Columns first;

  /// The second columns of SPLIT.
  final Columns second;

  /// Start of the twist of SPLIT, or of the chirp of CHIRP.
  final long twist;

  /// Start of the chirp's transform.
  final long chirp;

  /// The plan of a CHIRP's convolution, or this one.
  final FftPlan inner;

  /// A column transform.
  ///
  /// @param radix of each stage
  /// @param twiddles of each stage, as offsets
  /// @param order row of each result
  @SuppressWarnings("ArrayRecordComponent") // read in place, never compared
  record Columns(int length, int[] radix, long[] twiddles, int[] order, int[] identity) {}

  private FftPlan(int n, boolean f64) {
    this.n = n;
    this.bytes = f64 ? Double.BYTES : Float.BYTES;
    this.kind = kind(n);
    FftTable t = new FftTable(bytes);
    int r = kind == Kind.SPLIT ? rows(n) : kind == Kind.DIRECT ? n : 1;
    this.first = columns(r, t);
    this.second = kind == Kind.SPLIT ? columns(n / r, t) : first;
    this.twist = kind == Kind.SPLIT ? twist(t) : kind == Kind.CHIRP ? chirp(t) : 0;
    this.inner = kind == Kind.CHIRP ? new FftPlan(convolution(n), f64) : this;
    this.chirp = kind == Kind.CHIRP ? transformedChirp(t) : 0;
    this.table = t.segment();
  }

  /// The plan of length `n`.
  public static FftPlan of(int n, boolean f64) {
    return new FftPlan(n, f64);
  }

  /// Elements of a row of columns.
  int width() {
    return ROW / bytes;
  }

  /// Rows that are best transformed together.
  public int group() {
    return switch (kind) {
      case DIRECT -> width();
      case SPLIT -> 1;
      case CHIRP -> inner.group();
    };
  }

  /// [#group] without a plan.
  public static int group(int n, boolean f64) {
    return switch (kind(n)) {
      case DIRECT -> ROW / (f64 ? Double.BYTES : Float.BYTES);
      case SPLIT -> 1;
      case CHIRP -> group(convolution(n), f64);
    };
  }

  /// Bytes of work memory of one transform of [#group] rows.
  public static long work(int n, boolean f64) {
    int bytes = f64 ? Double.BYTES : Float.BYTES;
    long odd = (long) ODD * bytes;
    return switch (kind(n)) {
      case DIRECT -> 2L * n * ROW + odd;
      case SPLIT -> {
        int r = rows(n);
        yield 2 * stride(r, bytes) * (n / r) + 2L * Math.max(r, n / r) * ROW + odd;
      }
      case CHIRP -> {
        int m = convolution(n);
        yield 2L * m * bytes * group(m, f64) + work(m, f64);
      }
    };
  }

  /// Bytes from row to row of the matrix between the columns of SPLIT: one line more than there are
  /// elements, or rows of a power of two would meet in a few sets of the cache.
  static long stride(int r, int bytes) {
    return ((long) r * bytes + ROW - 1) / ROW * ROW + ROW;
  }

  private static Kind kind(int n) {
    return !smooth(n) ? Kind.CHIRP : n < SPLIT_FROM ? Kind.DIRECT : Kind.SPLIT;
  }

  private static boolean smooth(int n) {
    for (int p = 2; p <= MAX_PRIME; p++) {
      while (n % p == 0) {
        n /= p;
      }
    }
    return n == 1;
  }

  /// The least length from `n` on that has radices 2, 3 and 5 only, at most 5 of the last two.
  public static int good(int n) {
    long best = Long.MAX_VALUE;
    for (int odd : new int[] {1, 3, 5, 9, 15}) {
      long m = odd;
      while (m < n) {
        m *= 2;
      }
      best = Math.min(best, m);
    }
    return Math.toIntExact(best);
  }

  private static int convolution(int n) {
    return Integer.highestOneBit(2 * n - 2) * 2;
  }

  /// The divisor of `n` next to its root, from below.
  private static int rows(int n) {
    int r = (int) Math.sqrt(n);
    while (n % r != 0) {
      r--;
    }
    return r;
  }

  private static int[] radices(int n) {
    int[] radix = new int[32];
    int count = 0;
    for (int p = 3; p <= MAX_PRIME; p += 2) {
      for (; n % p == 0; n /= p) {
        radix[count++] = p;
      }
    }
    if (Integer.numberOfTrailingZeros(n) % 2 == 1) {
      radix[count++] = 2;
      n /= 2;
    }
    // Last, where all roots are 1 and are left out.
    for (; n > 1; n /= 4) {
      radix[count++] = 4;
    }
    return Arrays.copyOf(radix, count);
  }

  private static Columns columns(int length, FftTable t) {
    int[] radix = radices(length);
    long[] twiddles = new long[radix.length];
    int sub = length;
    for (int s = 0; s < radix.length; s++) {
      twiddles[s] = stage(sub, radix[s], t);
      sub /= radix[s];
    }
    int[] order = IntStream.range(0, length).map(k -> position(k, length, radix)).toArray();
    int[] identity = IntStream.range(0, Math.max(length, ROW / Float.BYTES)).toArray();
    return new Columns(length, radix, twiddles, order, identity);
  }

  private static int position(int k, int length, int[] radix) {
    int at = 0;
    int sub = length;
    for (int r : radix) {
      sub /= r;
      at += k % r * sub;
      k /= r;
    }
    return at;
  }

  /// Real parts `[r - 1][m]` of `w^(k p)`, then the imaginary ones; for an odd radix also the
  /// cosines and sines of its own roots.
  private static long stage(int sub, int radix, FftTable t) {
    int m = sub / radix;
    int count = (radix - 1) * m;
    double[] w = new double[2 * count + 2 * radix];
    for (int k = 1; k < radix; k++) {
      for (int p = 0; p < m; p++) {
        long j = (long) k * p;
        w[(k - 1) * m + p] = FftTable.cos(j, sub);
        w[count + (k - 1) * m + p] = -FftTable.sin(j, sub);
      }
    }
    for (int j = 0; j < radix; j++) {
      w[2 * count + j] = FftTable.cos(j, radix);
      w[2 * count + radix + j] = FftTable.sin(j, radix);
    }
    return t.add(w);
  }

  /// `w^(j k)` in the order of the first columns' results: for each block of columns the real
  /// parts, then the imaginary ones.
  private long twist(FftTable t) {
    int r = first.length();
    int c = n / r;
    int width = width();
    int blocks = (c + width - 1) / width;
    double[] w = new double[2 * blocks * r * width];
    for (int b = 0; b < blocks; b++) {
      int at = 2 * b * r * width;
      for (int k = 0; k < r; k++) {
        for (int i = 0; i < width; i++) {
          long j = (long) (b * width + i) * k;
          int to = at + first.order()[k] * width + i;
          w[to] = FftTable.cos(j, n);
          w[to + r * width] = -FftTable.sin(j, n);
        }
      }
    }
    return t.add(w);
  }

  /// `e^(-i pi j^2 / n)`, real parts, then imaginary ones.
  private long chirp(FftTable t) {
    double[] w = new double[2 * n];
    for (int j = 0; j < n; j++) {
      long square = (long) j * j % (2L * n);
      w[j] = FftTable.cos(square, 2L * n);
      w[n + j] = -FftTable.sin(square, 2L * n);
    }
    return t.add(w);
  }

  /// The transform of the conjugate chirp, wrapped around, over its length.
  private long transformedChirp(FftTable t) {
    int m = inner.n;
    double[] w = new double[2 * m];
    for (int j = 0; j < n; j++) {
      long square = (long) j * j % (2L * n);
      int mirror = (m - j) % m;
      w[j] = FftTable.cos(square, 2L * n) / m;
      w[m + j] = FftTable.sin(square, 2L * n) / m;
      w[mirror] = w[j];
      w[m + mirror] = w[m + j];
    }
    FftTable.transform(w, m);
    return t.add(w);
  }

  /// A table for a transform that is no part of a complex plan: `e^(-2 pi i j / n)` for `j` below
  /// `count`, real parts, then imaginary ones.
  public static MemorySegment roots(int count, long n, boolean f64) {
    FftTable t = new FftTable(f64 ? Double.BYTES : Float.BYTES);
    double[] w = new double[2 * count];
    for (int j = 0; j < count; j++) {
      w[j] = FftTable.cos(j, n);
      w[count + j] = -FftTable.sin(j, n);
    }
    t.add(w);
    return t.segment();
  }
}
