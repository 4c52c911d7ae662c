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
import dev.gatun.op.shape.Broadcast;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// `z = c ? x : y`, element by element.
///
/// Shapes: the condition `c` (BOOL), `x` and `y` broadcast to `z`; `x`, `y`, `z` are of one type,
/// whichever. Exact: bits are copied. Gradient: `dx = c ? dz : 0`, `dy = c ? 0 : dz`, summed over
/// broadcast axes; what was not chosen adds nothing, NaN or not.
public record Where() implements Kernel {
  private static final String NAMES = "c x y";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(3, this, NAMES, in);
    Rules.require(in.get(0).dtype() == DType.BOOL, this, "c must be BOOL", NAMES, in);
    Rules.require(
        in.get(1).dtype() == in.get(2).dtype(), this, "dtypes of x and y must agree", NAMES, in);
    try {
      Shape xy = Shape.broadcast(in.get(1).shape(), in.get(2).shape());
      return List.of(in.get(1).withShape(Shape.broadcast(in.get(0).shape(), xy)));
    } catch (IllegalArgumentException e) {
      throw Rules.broken(this, "shapes must broadcast", NAMES, in);
    }
  }

  @Override
  public void reference(Call call) {
    Shape z = call.outShape(0);
    Layout c = Layout.contiguous(call.inShape(0), 0).broadcast(call.inShape(0), z);
    Layout x = Layout.contiguous(call.inShape(1), 0).broadcast(call.inShape(1), z);
    Layout y = Layout.contiguous(call.inShape(2), 0).broadcast(call.inShape(2), z);
    int bytes = call.outSpec(0).dtype().bytes();
    for (long i = 0, n = z.elems(); i < n; i++) {
      boolean first = call.get(0, c.at(z, i)) != 0;
      MemorySegment from = call.in(first ? 1 : 2);
      long at = (first ? x : y).at(z, i);
      MemorySegment.copy(from, at * bytes, call.out(0), i * bytes, bytes);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    if (WherePlan.plan(c)) {
      w.run(WhereSimd.BODY, c, 0, WherePlan.blocks(c));
    } else {
      reference(c);
    }
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClWhere.of(d, in, infer(in).get(0));
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return WherePlan.scratch(workers);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor dz = dy.get(0).orElseThrow();
    Tensor c = n.in(0);
    Tensor zero = dz.scope().full(dz.dtype(), Shape.of(), 0);
    return List.of(
        Optional.empty(),
        n.needs(1)
            ? Optional.of(Broadcast.sumTo(new Where().of(c, dz, zero), n.inSpec(1).shape()))
            : Optional.empty(),
        n.needs(2)
            ? Optional.of(Broadcast.sumTo(new Where().of(c, zero, dz), n.inSpec(2).shape()))
            : Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }
}
