package dev.gatun.jmh;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.SplittableRandom;

/// Inputs of the benchmarks, the same in every run, and checks of what comes out.
final class Numbers {
  private Numbers() {}

  /// Uniform in `[low, high)`.
  static float[] uniform(long count, double low, double high, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(low, high);
    }
    return values;
  }

  /// Uniform in `[-1, 1)`.
  static Tensor tensor(Scope scope, DType dtype, Shape shape, long seed) {
    Tensor t = scope.tensor(shape, uniform(shape.elems(), -1, 1, seed));
    return dtype == DType.F32 ? t : t.to(dtype);
  }

  /// Requires `|got - want| <= bound (1 + |want|)` for every element.
  ///
  /// @throws IllegalStateException where that fails
  static void requireClose(String what, double[] got, double[] want, double bound) {
    if (got.length != want.length) {
      throw new IllegalStateException(
          "%s: got %d elements, want %d".formatted(what, got.length, want.length));
    }
    for (int i = 0; i < got.length; i++) {
      if (!(Math.abs(got[i] - want[i]) <= bound * (1 + Math.abs(want[i])))) {
        throw new IllegalStateException(
            "%s: element %d is %s, want %s".formatted(what, i, got[i], want[i]));
      }
    }
  }
}
