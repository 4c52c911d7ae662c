package dev.gatun.op.reduce;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;

/// `y = min(x)` over `axes`. NaN wins over every number, -0 over +0.
///
/// Shapes and cost: as [Sum]. Error: none. Gradient: as that of [Max].
///
/// Throws [IllegalArgumentException] where `axes` have no elements: there is no minimum of nothing.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
public record Min(List<Integer> axes, boolean keepDims) implements Accumulation {
  /// Copies `axes`.
  public Min {
    axes = List.copyOf(axes);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    List<Spec> out = Accumulation.super.infer(in);
    requireElements(in);
    return out;
  }

  @Override
  public int planes() {
    return 1;
  }

  @Override
  public double value(long n, LongToDoubleFunction x) {
    double v = Double.POSITIVE_INFINITY;
    for (long i = 0; i < n; i++) {
      v = Math.min(v, x.applyAsDouble(i));
    }
    return v;
  }

  @Override
  public Workers.Body body() {
    return MinSimd.BODY;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClReduce.of(d, in.get(0), axes(), infer(in).get(0), ClReduce.Form.lowest("x"), 0);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(Optional.of(Max.share(n.in(0), n.out(0), dy.get(0).orElseThrow(), axes)));
  }
}
