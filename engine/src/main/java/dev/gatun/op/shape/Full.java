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
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `value` everywhere, of any type. No input, so no gradient.
///
/// @param value rounded as [DType#write] says
public record Full(DType dtype, Shape shape, double value) implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(0, this, "", in);
    return List.of(new Spec(dtype, shape));
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = shape.elems(); i < n; i++) {
      c.set(0, i, value);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    c.registers()[0] = Double.doubleToRawLongBits(value);
    w.run(Bytes::fill, c, 0, Bytes.blocks(c.outSpec(0).bytes()));
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMoves.fill(d, infer(in).get(0), value);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of();
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
