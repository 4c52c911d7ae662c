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

/// `y = e^(x - m) / sum(e^(x - m))` along `axis`, with the maximum `m`, so that nothing overflows.
///
/// Shapes: `x` and `y` agree; F32 or F64. A run with NaN or `+inf`, or of `-inf` only, gives NaN
/// throughout. Gradient: `dx = y (dy - sum(dy y))`. Cost: one read and one write while a run fits
/// the second-level cache. Error: 4 ulp and `eps |x - m|`, plus that of a sum of positive numbers.
///
/// @param axis counted from 0
public record Softmax(int axis) implements AlongAxis {
  @Override
  public String names() {
    return "x";
  }

  @Override
  public Workers.Body body() {
    return SoftmaxSimd.BODY;
  }

  @Override
  public void reference(Call c) {
    long n = length(c.inShape(0));
    long step = inner(c.inShape(0));
    for (long r = 0, runs = runs(c.inShape(0)); r < runs && n > 0; r++) {
      long from = AlongAxis.start(r, n, step);
      double max = LogSoftmax.max(c, from, n, step);
      double sum = LogSoftmax.sum(c, from, n, step, max);
      for (long i = 0; i < n; i++) {
        long at = from + i * step;
        c.set(0, at, Math.exp(c.get(0, at) - max) / sum);
      }
    }
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClSoftmax.of(d, this, in.get(0), true, "exp(x - m)", ClSoftmax.KEPT);
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

  /// `dx = y (dy - sum(dy y))`, from `y` and `dy`.
  ///
  /// @param axis counted from 0
  public record Grad(int axis) implements AlongAxis {
    @Override
    public String names() {
      return "y dy";
    }

    @Override
    public Workers.Body body() {
      return SoftmaxSimd.GRAD;
    }

    @Override
    public void reference(Call c) {
      long n = length(c.inShape(0));
      long step = inner(c.inShape(0));
      for (long r = 0, runs = runs(c.inShape(0)); r < runs; r++) {
        long from = AlongAxis.start(r, n, step);
        double dot = 0;
        for (long i = 0; i < n; i++) {
          dot += c.get(0, from + i * step) * c.get(1, from + i * step);
        }
        for (long i = 0; i < n; i++) {
          long at = from + i * step;
          c.set(0, at, c.get(0, at) * (c.get(1, at) - dot));
        }
      }
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClSoftmax.of(d, this, in.get(0), false, "x * g", "x * (g - s)");
    }

    @Override
    public Keep keep() {
      return Keep.inputs(0, 1);
    }

    /// With the upstream `g` of `dx`: `y' = g (dy - s) - dy t` and `dy' = y (g - t)`, where `s =
    /// sum(dy y)`, `t = sum(g y)`.
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      Tensor y = n.in(0);
      Tensor d = n.in(1);
      Tensor g = dy.get(0).orElseThrow();
      Tensor s = sum(d.mul(y));
      Tensor t = sum(g.mul(y));
      return List.of(Optional.of(g.mul(d.sub(s)).sub(d.mul(t))), Optional.of(y.mul(g.sub(t))));
    }

    private Tensor sum(Tensor x) {
      return new Sum(List.of(axis), true).of(x);
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(4, in, infer(in));
    }
  }
}
