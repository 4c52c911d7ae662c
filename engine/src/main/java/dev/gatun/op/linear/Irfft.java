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

/// The inverse of [Rfft]: real rows of `n` elements from half a spectrum, `x_j = (1/n) (y_0 +
/// (-1)^j y_(n/2) + 2 sum_k Re(y_k e^(2 pi i j k / n)))`, the term of `n / 2` for even `n` only.
/// Imaginary parts of `y_0` and of `y_(n/2)` are not read.
///
/// Shapes: real and imaginary parts `[.., n/2 + 1]` to `[.., n]`, F32 or F64. Gradient: the
/// transpose, which is [Rfft]'s. Cost, errors and infinities as there.
///
/// @param n length of the result, which the spectrum alone does not tell
/// @param adjoint whether this is the transpose of [Rfft] instead: not divided by `n`, no term
///   doubled
public record Irfft(long n, boolean adjoint) implements Kernel {
  /// The transform.
  public Irfft(long n) {
    this(n, false);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, "re im", in);
    Rules.computing(this, "re im", in);
    Rules.require(in.get(0).equals(in.get(1)), this, "shapes must agree", "re im", in);
    Shape x = in.get(0).shape();
    Rules.require(n > 0 && n <= Fft.MOST, this, "n must be 1 to 2^27", "re im", in);
    Rules.require(
        x.rank() > 0 && x.dim(-1) == n / 2 + 1,
        this,
        "the last axis must have n/2 + 1 elements",
        "re im",
        in);
    return List.of(in.get(0).withShape(x.with(-1, n)));
  }

  @Override
  public void reference(Call c) {
    int size = Math.toIntExact(n);
    int half = size / 2 + 1;
    double[] re = new double[size];
    double[] im = new double[size];
    for (long row = 0; row < c.outShape(0).elems() / n; row++) {
      for (int k = 0; k < half; k++) {
        boolean edge = Rfft.isEdge(k, n);
        double f = edge ? Rfft.edge(!adjoint, n) : Rfft.inner(!adjoint, n) / 2;
        re[k] = f * c.get(0, row * half + k);
        im[k] = edge ? 0 : f * c.get(1, row * half + k);
        re[(size - k) % size] = re[k];
        im[(size - k) % size] = -im[k];
      }
      double nan = Dft.nanUnlessFinite(re) + Dft.nanUnlessFinite(im);
      double[] x = Dft.transform(re, im, true)[0];
      for (int j = 0; j < size; j++) {
        c.set(0, row * n + j, nan + x[j]);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    RfftSimd.inverse(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClFft.inverse(this, d, in.get(0));
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return RfftSimd.scratch(n, in.get(0).dtype()) * workers;
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node node, List<Optional<Tensor>> dy) {
    List<Tensor> dx = new Rfft(!adjoint).apply(dy.get(0).orElseThrow());
    return List.of(
        node.needs(0) ? Optional.of(dx.get(0)) : Optional.empty(),
        node.needs(1) ? Optional.of(dx.get(1)) : Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(2.5 * Math.log(2.0 * n) / Math.log(2), in, infer(in));
  }
}
