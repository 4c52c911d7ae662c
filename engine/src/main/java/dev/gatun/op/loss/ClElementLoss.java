package dev.gatun.op.loss;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of losses by element: each, or sums by pieces and their joining.
final class ClElementLoss {
  private static final ClSource SOURCE = ClSource.of(ClElementLoss.class, "element.cl");
  private static final int CPU_CHUNK = 1024;
  private static final int GPU_GROUP = 64;

  /// Elements that one piece adds up: few enough for F32, so few pieces that one work-item joins
  /// them.
  private static final long PIECE = 4096;

  private final ElementLoss loss;
  private final DeviceInfo d;
  private final List<Spec> in;
  private final int first;
  private final DType type;
  private final long n;

  private ClElementLoss(ElementLoss loss, DeviceInfo d, List<Spec> in, int first) {
    this.loss = loss;
    this.d = d;
    this.in = in;
    this.first = first;
    type = in.get(first).dtype();
    n = in.get(first).shape().elems();
  }

  static List<Launch> forward(ElementLoss loss, DeviceInfo d, List<Spec> in) {
    ClElementLoss c = new ClElementLoss(loss, d, in, 0);
    if (loss.reduction() == Reduction.NONE) {
      Launch.Builder l = c.operands(c.program("each", loss.cl()));
      return List.of(l.out(0).longs(c.n).over(c.items(), c.group()));
    }
    long pieces = Math.ceilDiv(c.n, PIECE);
    long bytes = Math.max(1, pieces) * c.type.bytes();
    Launch.Builder sums = c.operands(c.program("pieces", loss.cl())).scratch(bytes);
    double divisor = loss.reduction() == Reduction.MEAN ? (double) c.n : 1;
    return List.of(
        sums.longs(c.n, PIECE).over(pieces, c.group()),
        c.program("joined", loss.cl())
            .scratch(bytes)
            .out(0)
            .longs(pieces)
            .real(c.type, divisor)
            .over(1, 1));
  }

  static List<Launch> back(ElementLossGrad op, DeviceInfo d, List<Spec> in) {
    ElementLoss loss = op.loss();
    ClElementLoss c = new ClElementLoss(loss, d, in, 1);
    Launch.Builder l = c.program("each", op.target() ? loss.clDt() : loss.clDx());
    l.define("BACK", 1).in(0).real(c.type, op.scale(c.n));
    c.operands(l.longs(loss.reduction() == Reduction.NONE ? 1 : 0)).out(0).longs(c.n);
    return List.of(l.over(c.items(), c.group()));
  }

  private Launch.Builder program(String entry, String body) {
    Launch.Builder l = Launch.of(SOURCE, entry).computes(type).define("LOSS", body);
    if (loss.weighted()) {
      l.define("WEIGHT", 1);
    }
    if (loss.positive()) {
      l.define("PARAMETER", 1);
    }
    l.define("LANES", d.lanes(type.bytes()));
    return l.define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
  }

  private Launch.Builder operands(Launch.Builder l) {
    l.in(first, first + 1);
    int at = first + 2;
    if (loss.weighted()) {
      l.in(at).longs(Math.max(1, in.get(at).shape().elems()));
      at++;
    }
    return loss.positive()
        ? l.in(at).longs(Math.max(1, in.get(at).shape().elems()))
        : l.real(type, loss.parameter());
  }

  private long items() {
    return d.gpu() ? n : Math.ceilDiv(n, (long) CPU_CHUNK);
  }

  private long group() {
    return d.gpu() ? GPU_GROUP : 1;
  }
}
