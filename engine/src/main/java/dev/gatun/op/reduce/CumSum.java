package dev.gatun.op.reduce;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y_i = x_0 + ... + x_i` along `axis`; `x_i + ... + x_(n-1)` in reverse; without `x_i` itself
/// where exclusive, so that the first is 0.
///
/// Shapes: `x` and `y` agree; F32 or F64. Gradient: the same sum of `dy` in the other direction.
/// Cost: one read and one write. Error, for any length: along the last axis F32 is carried in
/// double and rounded once, to half an ulp and `(i + 4) 2^-53 sum(|x|)`; along others as a sum of
/// two floats to which eight rows are added at a time: one ulp and `7 2^-24 sum(|x|)`, where one
/// float would lose `i 2^-24 sum(|x|)`. F64 is within `(i + 4) 2^-53 sum(|x|)`. The order of
/// additions follows the vector width, not the number of threads.
///
/// @param axis counted from 0
/// @param reverse whether the sum begins at the end
/// @param exclusive whether an element is left out of its own sum
public record CumSum(int axis, boolean reverse, boolean exclusive) implements Running {
  @Override
  public double identity() {
    return 0;
  }

  @Override
  public double join(double total, double x) {
    return total + x;
  }

  @Override
  public Workers.Body body() {
    return CumSumSimd.body(this);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRunning.totals(this, d, in.get(0), "s + x");
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new CumSum(axis, !reverse, exclusive).of(d)));
  }
}
