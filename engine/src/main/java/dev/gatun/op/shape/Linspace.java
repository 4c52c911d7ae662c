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

/// `size` numbers at equal distances from `start` to `end`, both included: `start + i * step` with
/// `step = (end - start) / (size - 1)`, worked out in doubles and then rounded as [DType#write]
/// says; the last is `end` itself, a single one `start`. No input, so no gradient.
///
/// Error: three roundings in double, one to `dtype`.
///
/// @param size elements, not negative
public record Linspace(DType dtype, double start, double end, long size) implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(0, this, "", in);
    Rules.require(size >= 0, this, "size must not be negative", "", in);
    return List.of(new Spec(dtype, Shape.of(size)));
  }

  private double step() {
    return size > 1 ? (end - start) / (size - 1) : 0;
  }

  @Override
  public void reference(Call c) {
    for (long i = 0; i < size; i++) {
      c.set(0, i, start + i * step());
    }
    last(c);
  }

  private void last(Call c) {
    if (size > 1) {
      c.set(0, size - 1, end);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    RampSimd.run(c, w, start, step());
    last(c);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClCast.ramp(d, dtype, size, start, step(), size > 1 ? end : start);
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
