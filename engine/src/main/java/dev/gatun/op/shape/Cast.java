package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// The elements as type `to`: floats round to nearest even, floats to integers truncate and
/// saturate with NaN as 0, integers to integers saturate. Gradient: `dy` cast back, where both types
/// compute.
public record Cast(DType to) implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    return List.of(new Spec(to, in.get(0).shape()));
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      c.set(0, i, c.get(0, i));
    }
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> d.to(n.inSpec(0).dtype())));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }
}
