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

/// `y[i] = start + i * step`, worked out in doubles and then rounded as [DType#write] says. No
/// input, so no gradient.
///
/// Error: two roundings in double, one to `dtype`.
///
/// @param size elements, not negative
public record Arange(DType dtype, double start, double step, long size) implements Kernel {
  /// `start`, `start + step`, ... up to but without `end`.
  ///
  /// @throws IllegalArgumentException unless a finite number of steps leads from `start` past `end`
  public static Arange between(DType dtype, double start, double end, double step) {
    double size = Math.max(0, Math.ceil((end - start) / step));
    if (!(step != 0 && size < 0x1p60)) {
      throw new IllegalArgumentException(
          "Arange: the step must lead from start to end; got start %s, end %s, step %s"
              .formatted(start, end, step));
    }
    return new Arange(dtype, start, step, (long) size);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(0, this, "", in);
    Rules.require(size >= 0, this, "size must not be negative", "", in);
    return List.of(new Spec(dtype, Shape.of(size)));
  }

  @Override
  public void reference(Call c) {
    for (long i = 0; i < size; i++) {
      c.set(0, i, start + i * step);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    RampSimd.run(c, w, start, step);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClCast.ramp(d, dtype, size, start, step, start + (size - 1) * step);
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
