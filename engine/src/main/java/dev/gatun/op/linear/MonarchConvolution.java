package dev.gatun.op.linear;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/// Convolutions by Fourier transforms that are matrix products: a transform of length `n = p q` is
/// a Monarch matrix, transforms of length `p`, factors `e^(-2 pi i j k / n)`, transforms of length
/// `q`.
///
/// Only frequencies `k1 + p k2` with `k1` up to `p / 2` are computed, as the others are their
/// conjugates; rows of zeros that pad a sequence are not multiplied; and what lies between the
/// products stays in the order in which they leave it, so that nothing is permuted.
///
/// Gradient: of the products. Cost: about `n (2 p + 8 q)` flops a transform, in matrix products,
/// against `5 n log2 n` of [FftConv], which takes a third of the time on a processor; here are the
/// products that a matrix unit wants. Error: `2^-24 (sqrt(p) + sqrt(q))` in F32 of the product of
/// the norms of both rows, as sums of so many terms round. A row becomes NaN where it or its filter
/// holds an infinity or a NaN.
///
/// Source: Fu et al., "Monarch Mixer", arXiv 2310.12109, section 4; Fu et al., FlashFFTConv, arXiv
/// 2311.05908, section 3.
///
/// @param p length of the first transforms
/// @param q length of the second ones
public record MonarchConvolution(int p, int q) {
  /// The two factors of a [Monarch] matrix.
  ///
  /// @param left `[k, q, p]`
  /// @param right `[l, s, r]`
  public record Factors(Tensor left, Tensor right) {}

  /// Real and imaginary parts.
  private record Pair(Tensor re, Tensor im) {
    Pair times(Pair o) {
      return new Pair(re.mul(o.re).sub(im.mul(o.im)), re.mul(o.im).add(im.mul(o.re)));
    }

    /// The product with a matrix of roots on the right.
    Pair matmul(Pair m) {
      return new Pair(re.matmul(m.re).sub(im.matmul(m.im)), re.matmul(m.im).add(im.matmul(m.re)));
    }

    Pair conj() {
      return new Pair(re, im.neg());
    }
  }

  /// @throws IllegalArgumentException unless there is a length of 1 to 2^26
  public MonarchConvolution {
    if (p < 1 || q < 1 || (long) p * q > Fft.MOST / 2) {
      throw new IllegalArgumentException(
          "MonarchConvolution: p and q must be at least 1 and p q at most 2^26; got p %d, q %d"
              .formatted(p, q));
    }
  }

  /// The transform of length `n` whose two parts are as equal as its divisors let them be.
  ///
  /// @throws IllegalArgumentException unless `n` is 1 to 2^26
  public static MonarchConvolution ofLength(int n) {
    int q = (int) Math.sqrt(n);
    while (q > 1 && n % q != 0) {
      q--;
    }
    return new MonarchConvolution(n / Math.max(1, q), Math.max(1, q));
  }

  /// A transform of length `n` or a little more, with parts near the root of `n`.
  ///
  /// @throws IllegalArgumentException unless `n` is 1 to 2^26
  public static MonarchConvolution ofAtLeast(int n) {
    int q = Math.max(1, (int) Math.sqrt(n));
    return new MonarchConvolution(Math.ceilDiv(n, q), q);
  }

  /// The length of the transform, `p q`.
  public int length() {
    return p * q;
  }

  /// How many of the first transforms' frequencies are computed.
  private int half() {
    return p / 2 + 1;
  }

  /// The transform as a Monarch matrix: for real `x [.., p, q]` with its last two axes exchanged
  /// and flattened, [Monarch] makes `[.., 2 n]`: the real parts of all `n` frequencies in order,
  /// then the imaginary ones.
  ///
  /// `left [q, 2 p, p]`, `right [p, 2 q, 2 q]`: `2 n (p + 2 q)` elements, since the factors between
  /// both transforms are part of `left`, and every block of `right` is the same.
  public Factors factors(Scope scope, DType dtype) {
    int n = length();
    double[] left = new double[Math.multiplyExact(2 * n, p)];
    for (int j2 = 0; j2 < q; j2++) {
      for (int k1 = 0; k1 < p; k1++) {
        for (int j1 = 0; j1 < p; j1++) {
          double turn = turn((long) k1 * (j1 * (long) q + j2), n);
          left[((j2 * 2) * p + k1) * p + j1] = Math.cos(turn);
          left[((j2 * 2 + 1) * p + k1) * p + j1] = -Math.sin(turn);
        }
      }
    }
    double[] block = new double[Math.multiplyExact(4 * q, q)];
    for (int k2 = 0; k2 < q; k2++) {
      for (int j2 = 0; j2 < q; j2++) {
        double turn = turn((long) j2 * k2, q);
        block[k2 * 2 * q + 2 * j2] = Math.cos(turn);
        block[k2 * 2 * q + 2 * j2 + 1] = Math.sin(turn);
        block[(q + k2) * 2 * q + 2 * j2] = -Math.sin(turn);
        block[(q + k2) * 2 * q + 2 * j2 + 1] = Math.cos(turn);
      }
    }
    Tensor right = scope.tensor(dtype, Shape.of(1, 2L * q, 2L * q), block);
    return new Factors(scope.tensor(dtype, Shape.of(q, 2L * p, p), left), right.tile(p, 1, 1));
  }

  /// The angle of `steps` of `n` steps around the circle, of either direction, within half a turn.
  private static double turn(long steps, long n) {
    long s = steps % n;
    return 2 * Math.PI * (2 * s > n ? s - n : s) / n;
  }

  /// `y[b, h, t] = sum_s k[h, (t - s) mod n] u[b, h, s]` with `n` the length of the transform.
  ///
  /// @param u `[B, H, n]`
  /// @param k `[H, n]`
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor circular(Tensor u, Tensor k) {
    require(u, k, length());
    return convolved(u, k);
  }

  /// `y[b, h, t] = sum_(s <= t) k[h, t - s] u[b, h, s]`.
  ///
  /// @param u `[B, H, L]`
  /// @param k `[H, 1 to L]`
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor causal(Tensor u, Tensor k) {
    require(u, k, 0);
    int n = Math.toIntExact(u.dim(2) + k.dim(1) - 1);
    return ofAtLeast(n).convolved(u, k);
  }

  private static void require(Tensor u, Tensor k, long length) {
    boolean fits =
        u.dtype().computes()
            && u.dtype() == k.dtype()
            && u.shape().rank() == 3
            && k.shape().rank() == 2
            && k.dim(0) == u.dim(1)
            && k.dim(1) > 0
            && k.dim(1) <= u.dim(2)
            && u.dim(2) <= Fft.MOST / 4
            && (length == 0 || u.dim(2) == length && k.dim(1) == length);
    if (!fits) {
      throw new IllegalArgumentException(
          "MonarchConvolution: u must be %s of one type, F32 or F64; got u %s, k %s"
              .formatted(
                  length == 0
                      ? "[B, H, L] and k [H, 1 to L]"
                      : "[B, H, %1$d] and k [H, %1$d]".formatted(length),
                  u.spec(),
                  k.spec()));
    }
  }

  private Tensor convolved(Tensor u, Tensor k) {
    Scope scope = Scope.youngest(List.of(u, k));
    Pair between = roots(scope, u.dtype(), half(), q, length());
    Pair second = roots(scope, u.dtype(), q, q, q);
    Pair product = spectrum(u, between, second).times(spectrum(k, between, second));
    Pair back = product.matmul(second.conj()).times(between.conj());
    int rows = Math.toIntExact(Math.ceilDiv(u.dim(2), (long) q));
    Pair first = roots(scope, u.dtype(), rows, half(), p);
    Tensor weight = weights(scope, u.dtype());
    Tensor y = first.re.mul(weight).matmul(back.re).add(first.im.mul(weight).matmul(back.im));
    return y.reshape(u.dim(0), u.dim(1), (long) rows * q).slice(2, 0, u.dim(2));
  }

  /// `[.., k1, k2]` of real rows `[.., at most n]`.
  private Pair spectrum(Tensor x, Pair between, Pair second) {
    int last = x.shape().rank() - 1;
    long size = x.dim(last);
    int rows = Math.toIntExact(Math.ceilDiv(size, (long) q));
    long[] dims = Arrays.copyOf(x.shape().dims(), last + 2);
    dims[last] = rows;
    dims[last + 1] = q;
    long more = (long) rows * q - size;
    Tensor padded = (more == 0 ? x : x.pad(last, 0, more)).reshape(dims);
    Pair first = roots(x.scope(), x.dtype(), half(), rows, p);
    return new Pair(first.re.matmul(padded), first.im.matmul(padded)).times(between).matmul(second);
  }

  /// `e^(-2 pi i j k / n)`, `[rows, columns]`, computed in double.
  private static Pair roots(Scope scope, DType dtype, int rows, int columns, int n) {
    return new Pair(
        table(scope, dtype, rows, columns, n, Math::cos),
        table(scope, dtype, rows, columns, n, a -> -Math.sin(a)));
  }

  private static Tensor table(
      Scope scope, DType dtype, int rows, int columns, int n, DoubleUnaryOperator f) {
    double[] values = new double[rows * columns];
    for (int j = 0; j < rows; j++) {
      for (int k = 0; k < columns; k++) {
        values[j * columns + k] = f.applyAsDouble(turn((long) j * k, n));
      }
    }
    return scope.tensor(dtype, Shape.of(rows, columns), values);
  }

  /// How many frequencies each of those that are computed stands for, over `n`.
  private Tensor weights(Scope scope, DType dtype) {
    double[] w = new double[half()];
    for (int k = 0; k < w.length; k++) {
      w[k] = (k == 0 || 2 * k == p ? 1.0 : 2.0) / length();
    }
    return scope.tensor(dtype, Shape.of(1, w.length), w);
  }
}
