package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `z = floor(x / y)`, of the exact quotient, as Python's `//`: `x = y z` plus the [Remainder].
///
/// Shapes: `x`, `y` broadcast to `z`, F32 or F64. Error: exact where the result is below 2^24 (2^53
/// in F64), else rounded; `x / 0` is an infinity or NaN, and NaN where `x` is infinite and `y` is
/// not 0. Gradient: none, since it is 0 wherever it exists. Cost: a quotient of 2^22 (2^51 in F64)
/// or more takes some hundred cycles.
public record FloorDivide() implements Binary {
  @Override
  public double f(double x, double y) {
    double r = x % y;
    if (y == 0) {
      return x / y;
    }
    double q = (x - r) / y;
    if (r != 0 && r < 0 != y < 0) {
      q--;
    }
    return q == 0 ? Math.copySign(0, x / y) : Math.rint(q);
  }

  @Override
  public String cl() {
    return "return FLOOR_DIVIDE(x, y);";
  }

  @Override
  public Workers.Body body() {
    return FloorDivideSimd.BODY;
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
