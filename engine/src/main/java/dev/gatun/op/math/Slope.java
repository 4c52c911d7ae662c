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

/// `dx = dy f'(v)`, the gradient of a function of one number in one pass. No gradient of its own.
///
/// Shapes: `dy`, `v`, `dx` one shape, F32 or F64.
///
/// @param of the function
record Slope(Curve of) implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, "dy v", in);
    Rules.computing(this, "dy v", in);
    Rules.require(
        in.get(0).shape().equals(in.get(1).shape()), this, "shapes must agree", "dy v", in);
    return List.of(in.get(0));
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      c.set(0, i, c.get(0, i) * of.slope(c.get(1, i)));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    c.registers()[0] = Double.doubleToRawLongBits(of.parameter());
    w.run(of.slopeBody(), c, 0, Elementwise.blocks(c.outShape(0)));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(Optional.empty(), Optional.empty());
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMap.slope(d, of.clSlope(), in, of.parameter());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(of.flops(), in, infer(in));
  }
}
