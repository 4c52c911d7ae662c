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

/// Fourier transform of real rows: the first half of [Fft]'s result, `y_k = sum_j x_j e^(-2 pi i j
/// k / n)` for `k` from 0 to `n / 2`; the rest is its mirror image, conjugated.
///
/// Shapes: `x [.., n]` to real and imaginary parts `[.., n/2 + 1]`, any `n > 0`, F32 or F64.
/// Gradient: `dx_j = sum_k Re(dy_k e^(2 pi i j k / n))`, the transpose, which is [Irfft]'s. Cost:
/// half of [Fft]'s for even `n`, which becomes a complex transform of `n / 2`, all of it for odd
/// `n`. Errors and infinities as there.
///
/// @param adjoint whether this is the transpose of [Irfft] instead: results divided by `n`, and
///   those that stand for two doubled
public record Rfft(boolean adjoint) implements Kernel {
  /// The transform.
  public Rfft() {
    this(false);
  }

  /// What the results of `k = 0` and `k = n / 2` are multiplied by.
  static double edge(boolean divided, long n) {
    return divided ? 1.0 / n : 1;
  }

  /// What the others are multiplied by.
  static double inner(boolean divided, long n) {
    return divided ? 2.0 / n : 1;
  }

  static boolean isEdge(long k, long n) {
    return k == 0 || 2 * k == n;
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.computing(this, "x", in);
    Shape x = in.get(0).shape();
    Fft.requireLength(this, x, "x", in);
    Spec y = in.get(0).withShape(x.with(-1, x.dim(-1) / 2 + 1));
    return List.of(y, y);
  }

  @Override
  public void reference(Call c) {
    int n = Math.toIntExact(c.inShape(0).dim(-1));
    int half = n / 2 + 1;
    double[] x = new double[n];
    for (long row = 0; row < c.inShape(0).elems() / n; row++) {
      for (int j = 0; j < n; j++) {
        x[j] = c.get(0, row * n + j);
      }
      double nan = Dft.nanUnlessFinite(x);
      double[][] y = Dft.transform(x, new double[n], false);
      for (int k = 0; k < half; k++) {
        double f = isEdge(k, n) ? edge(adjoint, n) : inner(adjoint, n);
        c.set(0, row * half + k, nan + f * y[0][k]);
        c.set(1, row * half + k, nan + (isEdge(k, n) ? 0 : f * y[1][k]));
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    RfftSimd.forward(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClFft.real(this, d, in.get(0));
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return RfftSimd.scratch(in.get(0).shape().dim(-1), in.get(0).dtype()) * workers;
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor any = dy.get(0).or(() -> dy.get(1)).orElseThrow();
    Irfft transpose = new Irfft(n.inSpec(0).shape().dim(-1), !adjoint);
    return List.of(
        Optional.of(transpose.of(Fft.orZeros(dy.get(0), any), Fft.orZeros(dy.get(1), any))));
  }

  @Override
  public Cost cost(List<Spec> in) {
    double n = in.get(0).shape().dim(-1);
    return Cost.streaming(2.5 * Math.log(2 * n) / Math.log(2), in, infer(in));
  }
}
