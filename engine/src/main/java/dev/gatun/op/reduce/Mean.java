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

/// `y = sum(x) / n` over `axes`, which have `n` elements; NaN where that is 0.
///
/// Shapes, cost and error: as [Sum]. Gradient: `dx = dy / n`, repeated along `axes`: a view.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
public record Mean(List<Integer> axes, boolean keepDims) implements Reduction {
  /// Copies `axes`.
  public Mean {
    axes = List.copyOf(axes);
  }

  @Override
  public double identity() {
    return 0;
  }

  @Override
  public double join(double a, double b) {
    return a + b;
  }

  @Override
  public long divisor(long elems) {
    return elems;
  }

  @Override
  public Workers.Body body() {
    return SumSimd.PASS;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClReduce.of(d, in.get(0), axes(), infer(in).get(0), ClReduce.Form.sum("x", "s / n"), 0);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Shape x = n.inSpec(0).shape();
    return List.of(dy.get(0).map(d -> spread(d.div((double) joined(x)), x)));
  }
}
