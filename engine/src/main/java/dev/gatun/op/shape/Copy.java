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
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// `y = x` in row-major order: the one kernel that reads strided views. Every type. Gradient: `dy`.
public record Copy() implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    return in;
  }

  @Override
  public void reference(Call c) {
    Shape shape = c.inShape(0);
    Layout layout = c.layout(0);
    for (long i = 0, n = shape.elems(); i < n; i++) {
      copy(c, layout.at(shape, i), i);
    }
  }

  private static void copy(Call c, long from, long to) {
    int bytes = c.dtype().bytes();
    MemorySegment.copy(c.in(0), from * bytes, c.out(0), to * bytes, bytes);
  }

  @Override
  public void simd(Call c, Workers w) {
    int blocks = Strided.plan(c);
    if (blocks < 0) {
      reference(c);
    } else {
      w.run(Strided::block, c, 0, blocks);
    }
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMoves.copy(d, in.get(0));
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, in);
  }
}
