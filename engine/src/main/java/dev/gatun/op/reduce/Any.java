package dev.gatun.op.reduce;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.List;

/// `y`: whether any element over `axes` is not 0; false where they have no elements.
///
/// Shapes: as [Sum]; `x` F32, F64, an integer or BOOL, `y` BOOL. NaN is not 0. No gradient. Cost:
/// one read of `x`.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
public record Any(List<Integer> axes, boolean keepDims) implements Counting {
  /// Copies `axes`.
  public Any {
    axes = List.copyOf(axes);
  }

  @Override
  public double of(long count, long n) {
    return count > 0 ? 1 : 0;
  }

  @Override
  public DType result(DType x) {
    return DType.BOOL;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClReduce.of(
        d,
        in.get(0),
        axes(),
        infer(in).get(0),
        ClReduce.Form.count("s > 0 ? (SV) (1) : (SV) (0)"),
        0);
  }

  @Override
  public Workers.Body body() {
    return CountSimd.ANY;
  }
}
