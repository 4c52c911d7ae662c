package dev.gatun.op.reduce;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The step between two layers of a residual network: `sum = x + residual` and `y = norm(sum)` over
/// the last axis in one pass, with [LayerNorm] if `centred`, else [RmsNorm].
///
/// Shapes: `x`, `residual`, `y` and `sum` `[.., D]`, then `weight [D]` and `bias [D]` where there
/// are; F32 or F64. Gradient: that of the norm plus `dsum`, the same for `x` and `residual`. Cost:
/// two reads and two writes, where an addition and a norm apart read one more. Error: that of the
/// norm.
///
/// @param centred whether the mean is taken off
/// @param eps added to the variance or the mean square
/// @param weight whether there is a weight
/// @param bias whether there is a bias
public record AddNorm(boolean centred, double eps, boolean weight, boolean bias) implements Kernel {
  /// `y` and `sum`, without the mean taken off.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static List<Tensor> rms(Tensor x, Tensor residual, Optional<Tensor> weight, double eps) {
    return weight.isPresent()
        ? new AddNorm(false, eps, true, false).apply(x, residual, weight.get())
        : new AddNorm(false, eps, false, false).apply(x, residual);
  }

  /// `y` and `sum`, with the mean taken off.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static List<Tensor> layer(
      Tensor x, Tensor residual, Optional<Tensor> weight, Optional<Tensor> bias, double eps) {
    List<Tensor> in = new ArrayList<>(List.of(x, residual));
    weight.ifPresent(in::add);
    bias.ifPresent(in::add);
    return new AddNorm(true, eps, weight.isPresent(), bias.isPresent())
        .apply(in.toArray(Tensor[]::new));
  }

  private RowNorm norm() {
    return centred
        ? new LayerNorm(eps, weight, bias)
        : new RmsNorm(eps, 0, false, true, weight, bias);
  }

  private String names() {
    return "x residual" + (weight ? " weight" : "") + (bias ? " bias" : "");
  }

  /// Number of the bias.
  int biasInput() {
    return weight ? 3 : 2;
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2 + (weight ? 1 : 0) + (bias ? 1 : 0), this, names(), in);
    Rules.computing(this, names(), in);
    Spec x = in.get(0);
    Rules.require(
        x.equals(in.get(1)) && x.shape().rank() > 0,
        this,
        "x and residual must agree in shape and have an axis",
        names(),
        in);
    Rules.require(
        in.stream().skip(2).allMatch(s -> s.shape().equals(Shape.of(x.shape().dim(-1)))),
        this,
        "weight and bias must be [D]",
        names(),
        in);
    return List.of(x, x, x.withShape(Shape.of(norm().runs(x.shape()), 2)));
  }

  @Override
  public void reference(Call c) {
    long n = c.inShape(0).dim(-1);
    for (long r = 0, rows = c.outShape(2).dim(0); r < rows; r++) {
      double mean = 0;
      for (long i = r * n; i < (r + 1) * n; i++) {
        double sum = c.get(0, i) + c.get(1, i);
        c.set(1, i, sum);
        mean += centred ? sum / n : 0;
      }
      double square = 0;
      for (long i = r * n; i < (r + 1) * n; i++) {
        double d = c.get(0, i) + c.get(1, i) - mean;
        square += d * d;
      }
      double rstd = 1 / Math.sqrt(square / n + eps);
      c.set(2, 2 * r, mean);
      c.set(2, 2 * r + 1, rstd);
      for (long i = 0; i < n; i++) {
        double h = (c.get(0, r * n + i) + c.get(1, r * n + i) - mean) * rstd;
        double y = h * (weight ? c.get(2, i) : 1) + (bias ? c.get(biasInput(), i) : 0);
        c.set(0, r * n + i, y);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    AddNormSimd.run(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClNorm.added(norm(), d, in.get(0));
  }

  @Override
  public Keep keep() {
    return new Keep(weight ? 4 : 0, 2, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    if (dy.get(0).isEmpty()) {
      // Nobody used the norm, so its weights have no gradient.
      List<Optional<Tensor>> d = new ArrayList<>(List.of(dy.get(1), dy.get(1)));
      for (int i = 2; i < n.inputs(); i++) {
        d.add(Optional.empty());
      }
      return d;
    }
    List<Tensor> in = new ArrayList<>(List.of(dy.get(0).get(), n.saved(0), n.out(1)));
    if (weight) {
      in.add(n.in(2));
    }
    List<Tensor> d = new RowNormGrad(norm()).apply(in.toArray(Tensor[]::new));
    Tensor sum = dy.get(1).map(s -> d.get(0).add(s)).orElse(d.get(0));
    List<Optional<Tensor>> out = new ArrayList<>(List.of(Optional.of(sum), Optional.of(sum)));
    for (int i = 2; i < n.inputs(); i++) {
      out.add(Optional.of(d.get(i - 1)));
    }
    return out;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(5, in, infer(in).subList(0, 2));
  }
}
