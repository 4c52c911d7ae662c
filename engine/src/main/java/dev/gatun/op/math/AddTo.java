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
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Adds `x` to variable `v`, in place. Shapes agree, F32 or F64. Nothing is recorded.
public record AddTo() implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, "v x", in);
    Rules.computing(this, "v x", in);
    Rules.require(in.get(0).equals(in.get(1)), this, "shapes must agree", "v x", in);
    return List.of();
  }

  @Override
  public void reference(Call c) {
    DType t = c.dtype();
    for (long i = 0, n = c.inShape(0).elems(); i < n; i++) {
      t.write(c.in(0), i, c.get(0, i) + c.get(1, i));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    w.run(AddSimd.IN_PLACE, c, 0, Elementwise.blocks(c.inShape(0)));
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMap.addTo(d, in.get(0));
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(Optional.empty(), Optional.empty());
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return new Cost(in.get(0).shape().elems(), 3.0 * in.get(0).bytes());
  }
}
