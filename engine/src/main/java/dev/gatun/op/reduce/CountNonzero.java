package dev.gatun.op.reduce;

import dev.gatun.device.Workers;
import dev.gatun.tensor.DType;
import java.util.List;

/// `y`: how many elements over `axes` are not 0.
///
/// Shapes: as [Sum]; `x` F32, F64, an integer or BOOL, `y` I64. NaN is not 0. No gradient. Cost:
/// one read of `x`.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
public record CountNonzero(List<Integer> axes, boolean keepDims) implements Counting {
  /// Copies `axes`.
  public CountNonzero {
    axes = List.copyOf(axes);
  }

  @Override
  public double of(long count, long n) {
    return count;
  }

  @Override
  public DType result(DType x) {
    return DType.I64;
  }

  @Override
  public Workers.Body body() {
    return CountSimd.COUNT;
  }
}
