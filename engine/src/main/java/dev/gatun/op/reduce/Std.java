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

/// `y = sqrt(v)` of the [Variance] `v` over `axes`.
///
/// Shapes, cost and error: as [Variance]. Gradient: `dx = dy (x - m) / (y (n - correction))`, 0
/// where `y` is.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
/// @param correction 0 for the deviation of the elements, 1 for the estimate from a sample
public record Std(List<Integer> axes, boolean keepDims, double correction) implements Accumulation {
  /// Copies `axes`.
  public Std {
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
    return Math.sqrt(Variance.value(n, x, correction));
  }

  @Override
  public Workers.Body body() {
    return VarianceSimd.STD;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClReduce.of(
        d,
        in.get(0),
        axes(),
        infer(in).get(0),
        ClReduce.Form.sum("x", "s / n"),
        ClReduce.Form.sum("(x - a) * (x - a)", "sqrt(s / fmax((P) 0, n - b))"),
        correction);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Shape x = n.inSpec(0).shape();
    double scale = 1 / Math.max(0, joined(x) - correction);
    Tensor d = new Quotient().of(dy.get(0).orElseThrow(), n.out(0)).mul(scale);
    return List.of(Optional.of(Variance.centred(n.in(0), axes).mul(kept(d, x))));
  }
}
