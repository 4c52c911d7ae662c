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

/// `y = silu(gate) x` in one pass.
///
/// Shapes: `gate`, `x` and `y` agree, F32 or F64. Gradient, with the sigmoid `s` of the gate:
/// `dgate = dy x s (1 + gate (1 - s))` and `dx = dy gate s`, both in one pass. Cost: two reads and
/// one write; the gradient three and two. Error: 4 ulp. Source: Shazeer, GLU variants improve
/// transformer, arXiv 2002.05202, equation 6.
public record SwiGlu() implements Kernel {
  private static void check(Kernel op, int count, String names, List<Spec> in) {
    Rules.count(count, op, names, in);
    Rules.computing(op, names, in);
    Rules.require(in.stream().allMatch(in.get(0)::equals), op, "shapes must agree", names, in);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    check(this, 2, "gate x", in);
    return List.of(in.get(0));
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      double g = c.get(0, i);
      c.set(0, i, g / (1 + Math.exp(-g)) * c.get(1, i));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    w.run(SwiGluSimd.BODY, c, 0, Elementwise.blocks(c.outShape(0)));
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMap.several(d, "*u = x / (1 + exp(-x)) * y;", 1, in.get(0), 0, 1, 1);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    List<Tensor> d = new Grad().apply(dy.get(0).orElseThrow(), n.in(0), n.in(1));
    return List.of(Optional.of(d.get(0)), Optional.of(d.get(1)));
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(21, in, infer(in));
  }

  /// `dgate` and `dx` from `dy`, `gate` and `x`.
  public record Grad() implements Kernel {
    private static final String GRADIENT =
        "V s = 1 / (1 + exp(-y)); *u = x * z * s * (1 + y * (1 - s)); *v = x * y * s;";

    @Override
    public List<Spec> infer(List<Spec> in) {
      check(this, 3, "dy gate x", in);
      return List.of(in.get(0), in.get(0));
    }

    @Override
    public void reference(Call c) {
      for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
        double g = c.get(1, i);
        double s = 1 / (1 + Math.exp(-g));
        c.set(0, i, c.get(0, i) * c.get(2, i) * s * (1 + g * (1 - s)));
        c.set(1, i, c.get(0, i) * g * s);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      w.run(SwiGluSimd.GRAD, c, 0, Elementwise.blocks(c.outShape(0)));
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClMap.several(d, GRADIENT, 2, in.get(0), 0, 1, 2);
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    /// @throws IllegalStateException always
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      throw new IllegalStateException(
          this + ": there is no second derivative; got a request for one; compose silu and mul");
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(14, in, infer(in));
    }
  }
}
