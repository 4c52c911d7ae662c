package dev.gatun.contract;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.Random;
import java.util.function.DoubleSupplier;

/// Makes the inputs of one case at one size, the same numbers every time and, rounded to F32, in
/// every type.
public final class Draw {
  /// Numbers that are drawn, which takes longer than most ops; long inputs repeat them. A prime, so
  /// that no two rows are alike.
  private static final int DRAWN = 8_191;

  private final DType dtype;
  private final int n;
  private final Random random;

  Draw(DType dtype, int n) {
    this.dtype = dtype;
    this.n = n;
    this.random = new Random(0x5eed + n);
  }

  /// The type that the case computes in.
  public DType dtype() {
    return dtype;
  }

  /// The size under test: the length of the axis that the kernel's inner loop runs along.
  public int n() {
    return n;
  }

  /// Standard normal numbers.
  public Input normal(long... dims) {
    return fill(dtype, random::nextGaussian, dims);
  }

  /// Numbers between `low` and `high`.
  public Input uniform(double low, double high, long... dims) {
    return fill(dtype, () -> low + (high - low) * random.nextDouble(), dims);
  }

  /// Normal numbers of another type, without gradient: weights in BF16 and the like.
  public Input typed(DType t, long... dims) {
    return fill(t, () -> 3 * random.nextGaussian(), dims).constant();
  }

  /// Integers in `[0, bound)`.
  public Input indices(DType t, int bound, long... dims) {
    return fill(t, () -> random.nextInt(bound), dims).constant();
  }

  private static Input fill(DType t, DoubleSupplier next, long... dims) {
    Spec spec = new Spec(t, Shape.of(dims));
    double[] values = new double[Math.toIntExact(spec.shape().elems())];
    for (int i = 0; i < values.length; i++) {
      values[i] = i < DRAWN ? (float) next.getAsDouble() : values[i - DRAWN];
    }
    return new Input(spec, values, t.computes());
  }
}
