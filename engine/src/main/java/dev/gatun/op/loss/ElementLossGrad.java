package dev.gatun.op.loss;

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

/// Gradient of an [ElementLoss] in one pass. Inputs: `dy`, then those of the loss.
///
/// @param target whether it is that of `t`, not of `x`
record ElementLossGrad(ElementLoss loss, boolean target) implements Kernel {
  private String names() {
    return "dy " + loss.names();
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Spec x = loss.check(this, 1, names(), in);
    Rules.require(
        in.get(0).shape().equals(loss.reduction().of(x.shape())),
        this,
        "dy must be like the loss",
        names(),
        in);
    return List.of(x);
  }

  /// Factor on `dy`.
  double scale(long elems) {
    return loss.reduction() == Reduction.MEAN ? 1.0 / elems : 1;
  }

  @Override
  public void reference(Call c) {
    long n = c.outShape(0).elems();
    for (long i = 0; i < n; i++) {
      double dy = loss.weight(c, 1, i) * scale(n);
      dy *= c.get(0, loss.reduction() == Reduction.NONE ? i : 0);
      double p = loss.parameter(c, 1, i);
      double x = c.get(1, i);
      double t = c.get(2, i);
      c.set(0, i, dy * (target ? loss.dt(x, t, p) : loss.dx(x, t, p)));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    ElementLossSimd.gradient(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClElementLoss.back(this, d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return ElementLossPlan.scratch(in.get(1), workers);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  /// @throws IllegalStateException always
  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    throw new IllegalStateException(
        this + ": there is no second derivative; got a request for one; compose the loss of ops");
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }
}
