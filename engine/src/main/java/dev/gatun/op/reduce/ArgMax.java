package dev.gatun.op.reduce;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Spec;
import java.util.List;

/// `y`: the index along one axis of the first element that is greatest there, or of the first NaN.
///
/// Shapes: as [Sum], `x` F32 or F64, `y` I64. No gradient: a step function. Cost: one read of `x`.
///
/// Throws [IllegalArgumentException] unless there is one axis and it has elements.
///
/// @param axes the axis, counted from 0
/// @param keepDims whether it stays, with size 1
public record ArgMax(List<Integer> axes, boolean keepDims) implements Arg {
  /// Copies `axes`.
  public ArgMax {
    axes = List.copyOf(axes);
  }

  @Override
  public boolean beats(double a, double b) {
    return a > b;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClReduce.of(
        d,
        in.get(0),
        axes(),
        infer(in).get(0),
        ClReduce.Form.highest("x"),
        ClReduce.Form.first(),
        0);
  }

  @Override
  public Workers.Body body() {
    return ArgSimd.MAX;
  }
}
