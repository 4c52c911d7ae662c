package dev.gatun.op.sequence.attention;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.op.shape.Arange;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Slopes of ALiBi: head `h` of `n` subtracts `slope_h (i - j)` from the score of query `i` and key
/// `j` (Press et al., arXiv 2108.12409). For a power of two `2^(-8 (h + 1) / n)`; else those of the
/// next lower power `p`, then every second one of `2 p`.
///
/// No input; result `[heads]`, F32 or F64. Error: 1.5 ulp.
///
/// @param heads positive
public record Alibi(DType dtype, long heads) implements Kernel {
  /// Queries and keys whose plain products, scaled, have the bias in them.
  public record Factored(Tensor q, Tensor k) {}

  /// The slopes of `heads` heads.
  ///
  /// @throws IllegalArgumentException unless `heads` is positive
  public static double[] slopes(int heads) {
    if (heads <= 0) {
      throw new IllegalArgumentException("Alibi: heads must be positive; got " + heads);
    }
    return IntStream.range(0, heads).mapToDouble(h -> Math.pow(2, exponent(heads, h))).toArray();
  }

  /// The slopes as a tensor in `scope`.
  ///
  /// @throws IllegalArgumentException unless `heads` is positive and `dtype` F32 or F64
  public static Tensor slopes(Scope scope, DType dtype, long heads) {
    return scope.run(new Alibi(dtype, heads), List.of()).get(0);
  }

  /// `[q, -slope i / scale, 1]` and `[k, 1, slope j / scale]`: their products times `scale` are
  /// `scale q . k - slope (i - j)`, so attention without a bias computes ALiBi, and with rotated
  /// `q` and `k` both at once. Queries are the last positions of the keys. Positions count from the
  /// middle of the keys, since the difference of two products loses what they are larger than it:
  /// the bias is off by up to `eps slope Sk / 2`, so prefer a bias inside the kernel for long
  /// contexts in F32. For causal attention: `i - j` is not made positive.
  ///
  /// Gradient: for `q`, `k` and `slopes`, by those of the ops it is made of.
  ///
  /// @param q `[.., H, Sq, D]`
  /// @param k `[.., H, Sk, D]`
  /// @param slopes `[H]`, or `[.., H]`
  /// @param scale what attention multiplies products by, not 0
  /// @return both with `D + 2` columns
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Factored factored(Tensor q, Tensor k, Tensor slopes, double scale) {
    if (q.shape().rank() < 3 || k.shape().rank() < 3 || slopes.shape().rank() < 1 || scale == 0) {
      throw new IllegalArgumentException(
          "Alibi: q must be [.., H, Sq, D], k [.., H, Sk, D], slopes [.., H], scale not 0; got q %s,"
                  .formatted(q.spec())
              + " k %s, slopes %s, scale %s".formatted(k.spec(), slopes.spec(), scale));
    }
    long[] dims = Arrays.copyOf(slopes.shape().dims(), slopes.shape().rank() + 2);
    Arrays.fill(dims, slopes.shape().rank(), dims.length, 1);
    Tensor slope = slopes.reshape(dims).div(scale);
    double middle = (k.dim(-2) - 1) / 2.0;
    double first = k.dim(-2) - q.dim(-2) - middle;
    Tensor i = column(q, slope.neg(), first);
    Tensor j = column(k, slope, -middle);
    return new Factored(q.concat(-1, i, ones(i)), k.concat(-1, ones(j), j));
  }

  /// [#factored] of `q` and `k` turned by their positions: RoPE and ALiBi in one product.
  ///
  /// @param offset position of the first key
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Factored rotated(
      Tensor q, Tensor k, Rotary rotary, long offset, Tensor slopes, double scale) {
    long first = offset + k.dim(-2) - q.dim(-2);
    return factored(Rope.of(q, rotary, first), Rope.of(k, rotary, offset), slopes, scale);
  }

  /// `slope (first + row)` for each row of `x`.
  private static Tensor column(Tensor x, Tensor slope, double first) {
    Arange rows = new Arange(x.dtype(), first, 1, x.dim(-2));
    Tensor t = x.scope().run(rows, List.of()).get(0).reshape(x.dim(-2), 1);
    return slope.mul(t).broadcastTo(x.shape().with(-1, 1));
  }

  private static Tensor ones(Tensor like) {
    return like.scope().full(like.dtype(), like.shape(), 1);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(0, this, "", in);
    Rules.require(dtype.computes(), this, "dtype must be F32 or F64", "", in);
    Rules.require(heads > 0, this, "heads must be positive", "", in);
    return List.of(new Spec(dtype, Shape.of(heads)));
  }

  /// Logarithm to base 2 of the slope of head `h`.
  static double exponent(long heads, long h) {
    long p = Long.highestOneBit(heads);
    return h < p ? -8.0 * (h + 1) / p : -4.0 * (2 * (h - p) + 1) / p;
  }

  @Override
  public void reference(Call c) {
    for (long h = 0; h < heads; h++) {
      c.set(0, h, Math.pow(2, exponent(heads, h)));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    AlibiSimd.run(c, heads);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRows.alibi(d, this);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return heads * Double.BYTES;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of();
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(20, in, infer(in));
  }
}
