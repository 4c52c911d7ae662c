package dev.gatun.op.reduce;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.op.shape.Sort;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y_i = max(x_0, ..., x_i)` along `axis`, and where it stands: the last of equals, +0 and -0
/// being equal, and the last NaN once there is one.
///
/// Shapes: `x` and `y` agree, F32 or F64; the places are I64 of the same shape. NaN wins over every
/// number. Error: none. Gradient: each `dy_i` goes to the place of its maximum. Cost: one read and
/// two writes.
///
/// @param axis counted from 0
public record CumMax(int axis) implements Running {
  @Override
  public List<Spec> infer(List<Spec> in) {
    List<Spec> out = Running.super.infer(in);
    return List.of(out.get(0), new Spec(DType.I64, out.get(0).shape()));
  }

  @Override
  public double identity() {
    return Double.NEGATIVE_INFINITY;
  }

  @Override
  public double join(double total, double x) {
    return Math.max(total, x);
  }

  @Override
  public boolean reverse() {
    return false;
  }

  @Override
  public boolean exclusive() {
    return false;
  }

  @Override
  public void reference(Call c) {
    Running.super.reference(c);
    long n = c.inShape(0).dim(axis);
    long inner = c.inShape(0).elems(axis + 1, c.inShape(0).rank());
    for (long r = 0, runs = n == 0 ? 0 : c.inShape(0).elems() / n; r < runs; r++) {
      places(c, AlongAxis.start(r, n, inner), inner, n);
    }
  }

  /// The places of one run, from its elements and maxima.
  static void places(Call c, long at, long step, long n) {
    long place = 0;
    for (long i = 0; i < n; i++) {
      long o = at + i * step;
      double x = c.get(0, o);
      double y = c.outSpec(0).dtype().read(c.out(0), o);
      place = x == y || Double.isNaN(x) ? i : place;
      c.out(1).set(JAVA_LONG_UNALIGNED, o * Long.BYTES, place);
    }
  }

  @Override
  public Workers.Body body() {
    return CumMaxSimd.BODY;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRunning.highest(this, d, in.get(0));
  }

  @Override
  public Keep keep() {
    return Keep.outputs(1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    long size = n.inSpec(0).shape().dim(axis);
    return List.of(dy.get(0).map(d -> new Sort.Grad(axis, size).of(d, n.out(1))));
  }
}
