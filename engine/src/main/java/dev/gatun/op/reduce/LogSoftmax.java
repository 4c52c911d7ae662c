package dev.gatun.op.reduce;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = (x - m) - log(sum(e^(x - m)))` along `axis`, with the maximum `m`, so that nothing
/// overflows.
///
/// Shapes: `x` and `y` agree; F32 or F64. A run with NaN or `+inf`, or of `-inf` only, gives NaN
/// throughout. Gradient: `dx = dy - e^y sum(dy)`. Cost: one read and one write while a run fits the
/// second-level cache. Error: 2 ulp of the larger of `|x - m|` and the logarithm.
///
/// @param axis counted from 0
public record LogSoftmax(int axis) implements AlongAxis {
  @Override
  public String names() {
    return "x";
  }

  @Override
  public Workers.Body body() {
    return LogSoftmaxSimd.BODY;
  }

  @Override
  public void reference(Call c) {
    long n = length(c.inShape(0));
    long step = inner(c.inShape(0));
    for (long r = 0, runs = runs(c.inShape(0)); r < runs && n > 0; r++) {
      long from = AlongAxis.start(r, n, step);
      double max = max(c, from, n, step);
      double log = Math.log(sum(c, from, n, step, max));
      for (long i = 0; i < n; i++) {
        long at = from + i * step;
        c.set(0, at, c.get(0, at) - max - log);
      }
    }
  }

  static double max(Call c, long from, long n, long step) {
    double max = Double.NEGATIVE_INFINITY;
    for (long i = 0; i < n; i++) {
      max = Math.max(max, c.get(0, from + i * step));
    }
    return max;
  }

  static double sum(Call c, long from, long n, long step, double max) {
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += Math.exp(c.get(0, from + i * step) - max);
    }
    return sum;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClSoftmax.of(d, this, in.get(0), true, "exp(x - m)", "x - m - log(s)");
  }

  @Override
  public Keep keep() {
    return Keep.outputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad(axis).of(n.out(0), d)));
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(20, in, in);
  }

  /// `dx = dy - e^y sum(dy)`, from `y` and `dy`.
  ///
  /// @param axis counted from 0
  public record Grad(int axis) implements AlongAxis {
    @Override
    public String names() {
      return "y dy";
    }

    @Override
    public Workers.Body body() {
      return LogSoftmaxSimd.GRAD;
    }

    @Override
    public void reference(Call c) {
      long n = length(c.inShape(0));
      long step = inner(c.inShape(0));
      for (long r = 0, runs = runs(c.inShape(0)); r < runs; r++) {
        long from = AlongAxis.start(r, n, step);
        double sum = 0;
        for (long i = 0; i < n; i++) {
          sum += c.get(1, from + i * step);
        }
        for (long i = 0; i < n; i++) {
          long at = from + i * step;
          c.set(0, at, c.get(1, at) - Math.exp(c.get(0, at)) * sum);
        }
      }
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClSoftmax.of(d, this, in.get(0), false, "g", "g - exp(x) * s");
    }

    @Override
    public Keep keep() {
      return Keep.inputs(0, 1);
    }

    /// With the upstream `g` of `dx`: `y' = -g e^y sum(dy)` and `dy' = g - sum(g e^y)`.
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      Tensor g = dy.get(0).orElseThrow();
      Tensor ge = g.mul(n.in(0).exp());
      Tensor dy0 = ge.mul(sum(n.in(1))).neg();
      return List.of(Optional.of(dy0), Optional.of(g.sub(sum(ge))));
    }

    private Tensor sum(Tensor x) {
      return new Sum(List.of(axis), true).of(x);
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(16, in, infer(in));
    }
  }
}
