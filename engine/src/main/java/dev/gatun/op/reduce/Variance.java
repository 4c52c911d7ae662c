package dev.gatun.op.reduce;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;

/// `y = sum((x - m)^2) / max(0, n - correction)` over `axes`, which have `n` elements of mean `m`.
///
/// Shapes: as [Sum]; F32 or F64. NaN or infinity where `n <= correction`. Gradient: `dx = dy 2 (x -
/// m) / (n - correction)`. Cost: one read of `x`. Error: pieces of `x` are gone through twice while
/// they are in cache, in double, and joined by their means (Chan, Golub and LeVeque, 1979), so that
/// a mean that is large against the spread does not cancel: F32 is within 1 ulp, F64 within `n / 64
/// + 16` ulp, while the spread is above `2^-26` of the mean. The order depends on the shape and the
///   vector width only.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
/// @param correction 0 for the variance of the elements, 1 for the unbiased estimate from a sample
public record Variance(List<Integer> axes, boolean keepDims, double correction)
    implements Accumulation {
  /// Copies `axes`.
  public Variance {
    axes = List.copyOf(axes);
  }

  @Override
  public int planes() {
    return 3;
  }

  @Override
  public double attribute() {
    return correction;
  }

  @Override
  public double value(long n, LongToDoubleFunction x) {
    return value(n, x, correction);
  }

  static double value(long n, LongToDoubleFunction x, double correction) {
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += x.applyAsDouble(i);
    }
    double squares = 0;
    for (long i = 0; i < n; i++) {
      double d = x.applyAsDouble(i) - sum / n;
      squares += d * d;
    }
    return squares / Math.max(0, n - correction);
  }

  @Override
  public Workers.Body body() {
    return VarianceSimd.VARIANCE;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClReduce.of(
        d,
        in.get(0),
        axes(),
        infer(in).get(0),
        ClReduce.Form.sum("x", "s / n"),
        ClReduce.Form.sum("(x - a) * (x - a)", "s / fmax((P) 0, n - b)"),
        correction);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Shape x = n.inSpec(0).shape();
    double scale = 2 / Math.max(0, joined(x) - correction);
    Tensor d = dy.get(0).orElseThrow().mul(scale);
    return List.of(Optional.of(centred(n.in(0), axes).mul(kept(d, x))));
  }

  /// `x - m`.
  static Tensor centred(Tensor x, List<Integer> axes) {
    return x.sub(new Mean(axes, true).of(x));
  }
}
