package dev.gatun.op.shape;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;

/// Where a tensor is not zero: a function of the host, since how many places there are depends on
/// the data.
public final class Nonzero {
  private Nonzero() {}

  /// The indices of the elements of `x` that are not 0, in row-major order, as I64 `[count, rank]`;
  /// NaN is not 0.
  ///
  /// @throws IllegalArgumentException if `x` has 2^31 elements or more
  public static Tensor of(Tensor x) {
    double[] values = x.detach().toDoubleArray();
    long[] dims = x.shape().dims();
    long count = Arrays.stream(values).filter(v -> v != 0).count();
    long[] places = new long[Math.toIntExact(Math.multiplyExact(count, (long) dims.length))];
    int row = 0;
    for (int i = 0; i < values.length; i++) {
      if (values[i] != 0) {
        long rest = i;
        for (int a = dims.length - 1; a >= 0; a--) {
          places[row * dims.length + a] = rest % dims[a];
          rest /= dims[a];
        }
        row++;
      }
    }
    return x.scope().tensor(Shape.of(count, dims.length), places);
  }
}
