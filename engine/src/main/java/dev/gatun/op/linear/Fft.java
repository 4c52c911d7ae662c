package dev.gatun.op.linear;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Discrete Fourier transform along the last axis: `y_k = sum_j x_j e^(-2 pi i j k / n)`, with `+`
/// in the exponent for the inverse, divided by `n` where asked for. Complex tensors are two, real
/// parts and imaginary parts.
///
/// Shapes: `re`, `im [.., n]` to the same two, any `n > 0`, F32 or F64. Gradient: the transform in
/// the other direction, divided alike. Cost: `5 n log2 n` flops a row; lengths with a prime factor
/// above 13 take a convolution of up to `4 n`. Error: `eps log2(2 n)` of the root mean square of
/// the result, twice that for those lengths; roots of unity come from double. A row that holds an
/// infinity or a NaN becomes NaN, as every result depends on every element. Source: Cooley and
/// Tukey 1965; `FftPlan` says how.
///
/// @param inverse whether the exponent is positive
/// @param scaled whether results are divided by `n`
public record Fft(boolean inverse, boolean scaled) implements Kernel {
  /// Longest row.
  static final int MOST = 1 << 27;

  /// The transform.
  ///
  /// @throws IllegalArgumentException if types or shapes differ or there is nothing to transform
  public static Fft forward() {
    return new Fft(false, false);
  }

  /// The inverse of [#forward].
  public static Fft backward() {
    return new Fft(true, true);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, "re im", in);
    Rules.computing(this, "re im", in);
    Rules.require(in.get(0).equals(in.get(1)), this, "shapes must agree", "re im", in);
    requireLength(this, in.get(0).shape(), "re im", in);
    return List.copyOf(in);
  }

  static void requireLength(Kernel op, Shape s, String names, List<Spec> in) {
    Rules.require(
        s.rank() > 0 && s.dim(-1) > 0 && s.dim(-1) <= MOST,
        op,
        "the last axis must have 1 to 2^27 elements",
        names,
        in);
  }

  @Override
  public void reference(Call c) {
    int n = Math.toIntExact(c.inShape(0).dim(-1));
    double[] re = new double[n];
    double[] im = new double[n];
    for (long row = 0; row < c.inShape(0).elems() / n; row++) {
      for (int j = 0; j < n; j++) {
        re[j] = c.get(0, row * n + j);
        im[j] = c.get(1, row * n + j);
      }
      double nan = Dft.nanUnlessFinite(re) + Dft.nanUnlessFinite(im);
      double[][] y = Dft.transform(re, im, inverse);
      for (int k = 0; k < n; k++) {
        c.set(0, row * n + k, nan + y[0][k] / (scaled ? n : 1));
        c.set(1, row * n + k, nan + y[1][k] / (scaled ? n : 1));
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    FftSimd.run(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClFft.complex(this, d, in.get(0));
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return FftSimd.scratch(in.get(0)) * workers;
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Fft adjoint = new Fft(!inverse, scaled);
    Tensor any = dy.get(0).or(() -> dy.get(1)).orElseThrow();
    List<Tensor> dx = adjoint.apply(orZeros(dy.get(0), any), orZeros(dy.get(1), any));
    return List.of(
        n.needs(0) ? Optional.of(dx.get(0)) : Optional.empty(),
        n.needs(1) ? Optional.of(dx.get(1)) : Optional.empty());
  }

  /// An output that nobody used has no gradient.
  static Tensor orZeros(Optional<Tensor> dy, Tensor like) {
    return dy.orElseGet(() -> like.scope().zeros(like.dtype(), like.shape()));
  }

  @Override
  public Cost cost(List<Spec> in) {
    double n = in.get(0).shape().dim(-1);
    return Cost.streaming(2.5 * Math.log(2 * n) / Math.log(2), in, infer(in));
  }
}
