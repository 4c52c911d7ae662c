package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.shape.Broadcast;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `z = x^y`.
///
/// Shapes: `x`, `y` broadcast to `z`, F32 or F64. Error: 0.51 ulp in F32, 1 in F64; zeros,
/// infinities, NaN and negative bases as in [Math#pow], which also does F64 numbers whose power may
/// not be normal. Gradient: `dx = dz y x^(y - 1)`, `dy = dz z log x` and 0 where `z` is 0, summed
/// over broadcast axes.
public record Pow() implements Binary {
  @Override
  public double f(double x, double y) {
    return Math.pow(x, y);
  }

  @Override
  public String cl() {
    return "return POWER(x, y);";
  }

  @Override
  public Workers.Body body() {
    return PowSimd.BODY;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dz) {
    Tensor d = dz.get(0).orElseThrow();
    Tensor x = n.in(0);
    Tensor y = n.in(1);
    return List.of(
        n.needs(0)
            ? Optional.of(
                Broadcast.sumTo(d.mul(y).mul(new Pow().of(x, y.add(-1))), n.inSpec(0).shape()))
            : Optional.empty(),
        n.needs(1)
            ? Optional.of(
                Broadcast.sumTo(d.mul(new TimesLog().of(n.out(0), x)), n.inSpec(1).shape()))
            : Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(60, in, infer(in));
  }

  /// `w = z log x`, 0 where `z` is 0: the derivative of a power by its exponent. No gradient of its
  /// own.
  record TimesLog() implements Binary {
    @Override
    public double f(double power, double base) {
      return power == 0 ? 0 : power * Math.log(base);
    }

    @Override
    public String cl() {
      return "return x == 0 ? (V) (0) : x * log(y);";
    }

    @Override
    public Workers.Body body() {
      return PowSimd.TIMES_LOG;
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(Optional.empty(), Optional.empty());
    }
  }

  /// `y = x^p` with one exponent.
  ///
  /// Shapes: `x`, `y` any, F32 or F64. Error and special cases as of [Pow]. Gradient: `dx = dy p
  /// x^(p - 1)`.
  ///
  /// @param p the exponent
  public record Constant(double p) implements Curve {
    @Override
    public double f(double x) {
      return Math.pow(x, p);
    }

    @Override
    public double slope(double x) {
      return p * Math.pow(x, p - 1);
    }

    @Override
    public double parameter() {
      return p;
    }

    @Override
    public String cl() {
      return "return POWER(x, (V) (a));";
    }

    @Override
    public String clSlope() {
      return "a * POWER(x, (V) (a - 1))";
    }

    @Override
    public Workers.Body body() {
      return PowSimd.CONSTANT;
    }

    @Override
    public Workers.Body slopeBody() {
      return PowSimd.CONSTANT_SLOPE;
    }

    @Override
    public double flops() {
      return 60;
    }
  }
}
