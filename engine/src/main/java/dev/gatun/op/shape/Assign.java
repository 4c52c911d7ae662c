package dev.gatun.op.shape;

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
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// Writes `x` over variable `v`, in place. Every type. Nothing is recorded.
public record Assign() implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, "v x", in);
    Rules.require(in.get(0).equals(in.get(1)), this, "types and shapes must agree", "v x", in);
    return List.of();
  }

  @Override
  public void reference(Call c) {
    MemorySegment.copy(c.in(1), 0, c.in(0), 0, c.inSpec(0).bytes());
  }

  @Override
  public void simd(Call c, Workers w) {
    w.run(Bytes::assign, c, 0, Bytes.blocks(c.inSpec(0).bytes()));
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return List.of(ClMoves.assign(d, in.get(0)));
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
    return new Cost(0, 2.0 * in.get(0).bytes());
  }
}
