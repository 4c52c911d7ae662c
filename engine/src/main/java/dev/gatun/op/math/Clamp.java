package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = min(max(x, lo), hi)`: the number of `[lo, hi]` nearest to `x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Exact, but that `lo` and `hi` are rounded to the type; NaN
/// stays. Either bound may be infinite. Gradient: `dy` where `lo <= x <= hi`, else 0, one pass
/// ([Grad]).
///
/// @param lo the least result
/// @param hi the greatest result
public record Clamp(double lo, double hi) implements Unary {
  @Override
  public double f(double x) {
    return Math.min(Math.max(x, lo), hi);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.require(lo <= hi, this, "lo must be at most hi", "x", in);
    return Unary.super.infer(in);
  }

  @Override
  public double[] clAttributes() {
    return new double[] {lo, hi};
  }

  @Override
  public String cl() {
    return "V z = x < a ? (V) (a) : x; return z > b ? (V) (b) : z;";
  }

  @Override
  public Workers.Body body() {
    return ClampSimd.BODY;
  }

  @Override
  public void simd(Call c, Workers w) {
    c.registers()[ClampSimd.LO] = Double.doubleToRawLongBits(lo);
    c.registers()[ClampSimd.HI] = Double.doubleToRawLongBits(hi);
    Unary.super.simd(c, w);
  }

  @Override
  public double flops() {
    return 2;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad().of(d, n.in(0), n.out(0))));
  }

  /// `dx = y = x ? dy : 0` from `dy`, `x` and the result `y`: what was in range came through
  /// unchanged. Gradient: in `dy` only, the same choice.
  public record Grad() implements Kernel {
    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(3, this, "dy x y", in);
      Rules.computing(this, "dy x y", in);
      Rules.require(
          in.stream().allMatch(in.get(0)::equals), this, "shapes must agree", "dy x y", in);
      return List.of(in.get(0));
    }

    @Override
    public void reference(Call c) {
      for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
        c.set(0, i, c.get(1, i) == c.get(2, i) ? c.get(0, i) : 0);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      w.run(ClampSimd.GRAD, c, 0, Elementwise.blocks(c.inShape(0)));
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClMap.several(d, "*u = y == z ? x : (V) (0);", 1, in.get(0), 0, 1, 2);
    }

    @Override
    public Keep keep() {
      return Keep.inputs(1, 2);
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dz) {
      return List.of(
          dz.get(0).map(g -> new Grad().of(g, n.in(1), n.in(2))),
          Optional.empty(),
          Optional.empty());
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(1, in, infer(in));
    }
  }
}
