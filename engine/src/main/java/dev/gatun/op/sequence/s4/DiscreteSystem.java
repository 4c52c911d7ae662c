package dev.gatun.op.sequence.s4;

import dev.gatun.op.linear.FftConv;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// A linear system of each feature that goes in steps: `x[t] = A x[t - 1] + B u[t]`, with any dense
/// `A`. What it does to a sequence is a convolution with its impulse response, which is computed
/// for any length by doubling, or a step at a time; both can go on from a state. All of it is made
/// of ops, so gradients come from them.
///
/// Cost of a kernel of length `L` with `K` channels: `A^j B` for `j < s` and `C A^(s i)` for `i < L
/// / s` with `s` near the root of `L`, then one product: `2 K N L + 2 N^2 (s + K L / s) + 2 N^3
/// log2 L` flops a feature instead of the `2 N^2 L` of a recurrence, and memory for `N (s + K L /
/// s)` numbers instead of `N L`.
///
/// Source of the doubling: Gu et al., arXiv 2110.13985 (LSSL), appendix E.
///
/// @param matrix `A [H, N, N]`
/// @param input `B [H, N]`
public record DiscreteSystem(Tensor matrix, Tensor input) {
  /// @throws IllegalArgumentException unless shapes and types fit
  public DiscreteSystem {
    Shape a = matrix.shape();
    boolean fits =
        matrix.dtype().computes()
            && matrix.dtype() == input.dtype()
            && a.rank() == 3
            && a.dim(1) == a.dim(2)
            && a.without(2).equals(input.shape());
    if (!fits) {
      throw new IllegalArgumentException(
          "DiscreteSystem: the matrix must be [H, N, N] and the input [H, N]; got matrix %s, input %s"
              .formatted(matrix.spec(), input.spec()));
    }
  }

  /// `x' = a x + b u` with inputs that are held for a step of `dt`: `exp(dt a)` and its integral
  /// times `b`, as one exponential in double; one feature.
  ///
  /// @throws IllegalArgumentException unless `a` is square and `b` has its size
  public static DiscreteSystem held(Scope scope, DType dtype, double[][] a, double[] b, double dt) {
    int n = b.length;
    double[][] both = new double[n + 1][n + 1];
    for (int i = 0; i < n; i++) {
      if (a.length != n || a[i].length != n) {
        throw new IllegalArgumentException(
            "DiscreteSystem: the matrix must be square, of the input's size; got %d rows for an input of %d"
                .formatted(a.length, n));
      }
      for (int j = 0; j < n; j++) {
        both[i][j] = a[i][j] * dt;
      }
      both[i][n] = b[i] * dt;
    }
    double[][] e = Exponential.of(both);
    double[] matrix = new double[n * n];
    double[] input = new double[n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(e[i], 0, matrix, i * n, n);
      input[i] = e[i][n];
    }
    return new DiscreteSystem(
        scope.tensor(dtype, Shape.of(1, n, n), matrix), scope.tensor(dtype, Shape.of(1, n), input));
  }

  private long features() {
    return matrix.dim(0);
  }

  private long size() {
    return matrix.dim(1);
  }

  /// The system in another type.
  public DiscreteSystem to(DType dtype) {
    return dtype == matrix.dtype() ? this : new DiscreteSystem(matrix.to(dtype), input.to(dtype));
  }

  /// States before the first step: zeros `[batch, H, N]` in the scope of the system.
  public Tensor start(long batch) {
    return Scope.youngest(List.of(matrix, input))
        .zeros(matrix.dtype(), Shape.of(batch, features(), size()));
  }

  /// The states after one step from states `[B, H, N]` with inputs `[B, H]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor step(Tensor state, Tensor u) {
    return moved(state).add(input.mul(u.unsqueeze(-1)));
  }

  /// `A x` of states `[B, H, N]`.
  private Tensor moved(Tensor state) {
    return state.transpose(0, 1).matmul(matrix.transpose()).transpose(0, 1);
  }

  /// `C x`, `[B, K, H]`, of states `[B, H, N]`.
  ///
  /// @param c `[K, H, N]`
  public static Tensor output(Tensor c, Tensor state) {
    return c.mul(state.unsqueeze(1)).sum(-1);
  }

  /// Rows `v, v p, v p^2, ...`: `[H, count R, N]` of `v [H, R, N]`, and `p` to a power of two that
  /// is not below `count`.
  private record Series(Tensor rows, Tensor power) {
    static Series of(Tensor v, Tensor p, long count) {
      Tensor rows = v;
      Tensor power = p;
      long made = 1;
      for (; made < count; made *= 2) {
        rows = rows.concat(1, rows.matmul(power));
        power = power.matmul(power);
      }
      return new Series(made == count ? rows : rows.slice(1, 0, count * v.dim(1)), power);
    }
  }

  /// A power of two near the root of `length`.
  private static long stride(long length) {
    long s = 1;
    while (s * s < length) {
      s *= 2;
    }
    return s;
  }

  /// The convolution kernel `[K, H, length]`: `C A^l B`.
  ///
  /// @param c `[K, H, N]`
  /// @param length at least 1
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor kernel(Tensor c, long length) {
    return responses(c, input.unsqueeze(0), length).select(0, 0);
  }

  /// What states add to the results: `C A^(l + 1) x`, `[B, K, H, length]`, for states `[B, H, N]`.
  ///
  /// @param c `[K, H, N]`
  /// @param length at least 1
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor stateKernel(Tensor c, Tensor state, long length) {
    return responses(c, moved(state), length);
  }

  /// `C A^l x`, `[B, K, H, length]`.
  private Tensor responses(Tensor c, Tensor x, long length) {
    require(c, length);
    long s = stride(length);
    long far = Math.ceilDiv(length, s);
    long b = x.dim(0);
    long k = c.dim(0);
    Series near = Series.of(x.transpose(0, 1), matrix.transpose(), s);
    Tensor jump = near.power().transpose();
    Tensor rows = Series.of(c.transpose(0, 1), jump, far).rows();
    Tensor y = rows.matmul(near.rows().transpose()).reshape(features(), far, k, s, b);
    return y.permute(4, 2, 0, 1, 3).reshape(b, k, features(), far * s).slice(3, 0, length);
  }

  private void require(Tensor c, long length) {
    boolean fits =
        c.dtype() == matrix.dtype()
            && c.shape().rank() == 3
            && c.dim(1) == features()
            && c.dim(2) == size()
            && length > 0;
    if (!fits) {
      throw new IllegalArgumentException(
          "DiscreteSystem: c must be [K, H, N] and the length 1 or more; got c %s, length %d, matrix %s"
              .formatted(c.spec(), length, matrix.spec()));
    }
  }

  /// The states after inputs `u [B, H, L]` from `state [B, H, N]`: `A^L x + sum_l A^(L - 1 - l) B
  /// u[l]`, in `2 N L + 4 N^2 sqrt(L) + 2 N^3 log2 L` flops a feature.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor after(Tensor u, Tensor state) {
    long length = u.dim(2);
    if (length == 0) {
      return state;
    }
    long b = u.dim(0);
    long s = stride(length);
    long far = Long.highestOneBit(2 * Math.ceilDiv(length, s) - 1);
    Series near = Series.of(input.unsqueeze(1), matrix.transpose(), s);
    // Newest first: piece i of s inputs is A^(s i) away.
    Tensor newest = u.flip(2).pad(2, 0, far * s - length).reshape(b, features(), far, s);
    Tensor x = newest.transpose(0, 1).reshape(features(), b * far, s).matmul(near.rows());
    Tensor power = near.power();
    for (long pieces = far; pieces > 1; pieces /= 2) {
      Tensor pairs = x.reshape(features(), b * pieces / 2, 2, size());
      x = pairs.select(2, 1).matmul(power).add(pairs.select(2, 0));
      power = power.matmul(power);
    }
    Tensor kept = state.transpose(0, 1).matmul(Dplr.power(matrix.transpose(), length));
    return x.add(kept).transpose(0, 1);
  }

  /// `sum_(s <= t) kernel[k, h, t - s] u[b, h, s]`, `[B, K, H, L]`, of inputs `[B, H, L]`. From an
  /// input that is not finite on, results are NaN; those before it are not touched.
  ///
  /// @param kernel `[K, H, L or more]`
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor filtered(Tensor u, Tensor kernel) {
    if (u.shape().rank() != 3 || kernel.shape().rank() != 3 || kernel.dim(1) != u.dim(1)) {
      throw new IllegalArgumentException(
          "DiscreteSystem: u must be [B, H, L] and the kernel [K, H, L or more]; got u %s, kernel %s"
              .formatted(u.spec(), kernel.spec()));
    }
    long length = u.dim(2);
    if (length == 0) {
      return u.scope().zeros(u.dtype(), Shape.of(u.dim(0), kernel.dim(0), u.dim(1), 0));
    }
    // A Fourier transform would carry a NaN to every result.
    Tensor clean = u.maskedFill(u.detach().isFinite().not(), 0).unsqueeze(1);
    Tensor spoiled = u.detach().mul(0).cumSum(2).unsqueeze(1);
    Tensor taps = kernel.dim(2) > length ? kernel.slice(2, 0, length) : kernel;
    Shape shape = Shape.of(u.dim(0), kernel.dim(0), u.dim(1), length);
    long rows = kernel.dim(0) * u.dim(1);
    // One call for all channels: each has its copy of the inputs.
    Tensor copies = clean.broadcastTo(shape).reshape(u.dim(0), rows, length);
    Tensor flat = taps.reshape(rows, taps.dim(2));
    return FftConv.of(copies, flat, Optional.empty(), Optional.empty(), false)
        .reshape(shape.dims())
        .add(spoiled);
  }

  /// `y[b, k, h, t] = C x[t]`, `[B, K, H, L]`, of inputs `u [B, H, L]` from states `[B, H, N]`, or
  /// zeros: [#filtered], and what the states add.
  ///
  /// @param c `[K, H, N]`
  /// @param kernel what [#kernel] gave for `L` or more
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor convolved(Tensor u, Tensor c, Tensor kernel, Optional<Tensor> state) {
    Tensor y = filtered(u, kernel);
    return u.dim(2) == 0 ? y : state.map(x -> y.add(stateKernel(c, x, u.dim(2)))).orElse(y);
  }
}
