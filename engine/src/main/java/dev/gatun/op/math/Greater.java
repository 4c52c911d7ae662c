package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `z` is true where `x > y`.
///
/// Shapes: `x`, `y` broadcast to `z`, which is BOOL; types agree and are F32, F64, I32 or I64.
/// False where one is NaN. `-0 = +0`. No gradient.
public record Greater() implements Comparison {
  @Override
  public boolean holds(double x, double y) {
    return x > y;
  }

  @Override
  public boolean holds(long x, long y) {
    return x > y;
  }

  @Override
  public String cl() {
    return "return x > y;";
  }

  @Override
  public Workers.Body body() {
    return GreaterSimd.BODY;
  }

  /// The part of a gradient that goes to `x` where the larger of `x` and `y` was chosen: 1, or half
  /// where they are equal, or 0; 0 where one is NaN. No gradient of its own.
  record Share() implements Binary {
    @Override
    public double f(double x, double y) {
      return x > y ? 1 : x == y ? 0.5 : 0;
    }

    @Override
    public String cl() {
      return "return x > y ? (V) (1) : x == y ? (V) (0.5) : (V) (0);";
    }

    @Override
    public Workers.Body body() {
      return GreaterSimd.SHARE;
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return Pairs.noGradient(n);
    }
  }
}
