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
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `z = x / y`, 0 where `y` is 0: how a gradient goes on where a norm or a deviation has none.
///
/// Shapes: `x`, `y` and `z` agree; F32 or F64. Error: rounded to nearest. Gradient: `dx = dz / y`,
/// `dy = -dz z / y`, 0 where `y` is.
public record Quotient() implements Kernel {
  static final int BLOCK = 16_384;
  private static final String NAMES = "x y";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Rules.require(in.get(0).equals(in.get(1)), this, "shapes must agree", NAMES, in);
    return List.of(in.get(0));
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      c.set(0, i, c.get(1, i) == 0 ? 0 : c.get(0, i) / c.get(1, i));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    long blocks = (c.outShape(0).elems() + BLOCK - 1) / BLOCK;
    w.run(QuotientSimd.BODY, c, 0, Math.toIntExact(blocks));
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRows.quotient(d, in.get(0));
  }

  @Override
  public Keep keep() {
    return Keep.inputs(1).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dz) {
    Tensor dx = new Quotient().of(dz.get(0).orElseThrow(), n.in(1));
    return List.of(Optional.of(dx), Optional.of(dx.mul(n.out(0)).neg()));
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(1, in, infer(in));
  }
}
