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

/// `y = m + log(sum(e^(x - m)))` over `axes`, with the maximum `m`, so that nothing overflows; -inf
/// where they have no elements, or none above -inf.
///
/// Shapes: as [Sum]; F32 or F64. NaN wins. Gradient: `dx = dy e^(x - y)`; NaN where `y` is
/// infinite. Cost: one read of `x`. Error: exponentials and sum in double: F32 within 1 ulp of the
/// larger of `|m|` and the logarithm, F64 within 4 ulp.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
public record LogSumExp(List<Integer> axes, boolean keepDims) implements Accumulation {
  /// Copies `axes`.
  public LogSumExp {
    axes = List.copyOf(axes);
  }

  @Override
  public int planes() {
    return 2;
  }

  @Override
  public double value(long n, LongToDoubleFunction x) {
    double max = Double.NEGATIVE_INFINITY;
    for (long i = 0; i < n; i++) {
      max = Math.max(max, x.applyAsDouble(i));
    }
    if (Double.isInfinite(max)) {
      return max;
    }
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += Math.exp(x.applyAsDouble(i) - max);
    }
    return max + Math.log(sum);
  }

  @Override
  public Workers.Body body() {
    return LogSumExpSimd.BODY;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClReduce.of(
        d,
        in.get(0),
        axes(),
        infer(in).get(0),
        ClReduce.Form.highest("x"),
        ClReduce.Form.sum("exp(x - a)", "isinf(a) ? a : a + log(s)"),
        0);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Shape x = n.inSpec(0).shape();
    Tensor share = n.in(0).sub(kept(n.out(0), x)).exp();
    return List.of(dy.get(0).map(d -> share.mul(kept(d, x))));
  }
}
