package dev.gatun.op.sequence.attention;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.op.random.Bernoulli;
import dev.gatun.op.random.Dropout;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of [Attention] and its gradient. On a CPU a work-item has as many queries, or
/// keys, as a vector has lanes; one on a GPU, and where there are too few to fill a vector.
final class ClAttention {
  private static final String PHILOX = "/dev/gatun/op/random/philox.cl";
  private static final ClSource FORWARD =
      ClSource.of(ClAttention.class, PHILOX, "pairs.cl", "tile.cl", "attention.cl");
  private static final ClSource BACKWARD =
      ClSource.of(ClAttention.class, PHILOX, "pairs.cl", "tile.cl", "attention_back.cl");
  private static final int GPU_GROUP = 64;

  private final Attention op;
  private final DeviceInfo d;
  private final List<Spec> in;
  private final int first;
  private final Shape q;
  private final Shape k;
  private final Shape v;
  private final DType type;

  private ClAttention(Attention op, DeviceInfo d, List<Spec> in, int first) {
    this.op = op;
    this.d = d;
    this.in = in;
    this.first = first;
    q = in.get(first).shape();
    k = in.get(first + 1).shape();
    v = in.get(first + 2).shape();
    type = in.get(first).dtype();
  }

  static List<Launch> forward(Attention op, DeviceInfo d, List<Spec> in) {
    ClAttention a = new ClAttention(op, d, in, 0);
    int lanes = a.lanes(a.q.dim(2));
    int extra = op.maxLogits() ? 3 : 2;
    Launch.Builder l = a.program(FORWARD, "attention", lanes).in(0, 1, 2);
    l.out(0, 1, op.maxLogits() ? 2 : 1, extra, extra + 1).longs(op.maxLogits() ? 1 : 0);
    return List.of(a.pairs(l).over(a.blocks(a.q, lanes), a.group()));
  }

  static List<Launch> back(AttentionGrad op, DeviceInfo d, List<Spec> in) {
    ClAttention a = new ClAttention(op.attention(), d, in, op.first());
    List<Launch> all = new ArrayList<>();
    long rows = a.q.elems(0, 3);
    Launch.Builder deltas = a.program(BACKWARD, "deltas", 1).in(0, op.result(), op.lse() ? 1 : 0);
    all.add(
        deltas
            .scratch(a.deltaBytes())
            .longs(rows, a.v.dim(3), op.lse() ? 1 : 0)
            .over(rows, GPU_GROUP));
    int queries = a.lanes(a.q.dim(2));
    Launch.Builder query = a.back(op, "query_back", queries).out(0);
    all.add(a.pairs(query).over(a.blocks(a.q, queries), a.group()));
    int keys = a.lanes(a.k.dim(2));
    Launch.Builder key = a.back(op, "key_back", keys).out(1, 2);
    all.add(a.pairs(key).over(a.blocks(a.k, keys), a.group()));
    op.wanted().forEach(o -> all.add(a.operand(op, o)));
    return all;
  }

  private Launch operand(AttentionGrad op, Operand o) {
    Shape s = in.get(first + op.attention().input(o)).shape();
    String entry =
        switch (o) {
          case BIAS -> "bias_back";
          case RELATIVE, FACTOR -> "relative_back";
          case DECAY -> "decay_back";
          default -> "sink_back";
        };
    Launch.Builder l = back(op, entry, 1).define("OF_OPERANDS", 1).out(op.output(o));
    if (o == Operand.BIAS) {
      long[] sizes = {1, 1, 1, 1};
      for (int axis = 1; axis <= s.rank(); axis++) {
        sizes[4 - axis] = s.dim(-axis);
      }
      l.long16(sizes);
    } else if (o == Operand.RELATIVE || o == Operand.FACTOR) {
      l.longs(s.dim(0), s.dim(1), o == Operand.FACTOR ? 1 : 0);
    }
    return pairs(l).over(s.elems(), d.gpu() ? GPU_GROUP : 1);
  }

  private Launch.Builder back(AttentionGrad op, String entry, int lanes) {
    return program(BACKWARD, entry, lanes)
        .in(0, first, first + 1, first + 2, op.result() + 1, op.result() + 2)
        .scratch(deltaBytes());
  }

  private long deltaBytes() {
    return Math.max(1, q.elems(0, 3)) * type.bytes();
  }

  private int lanes(long rows) {
    int full = d.lanes(type.bytes());
    return rows < full / 4 ? 1 : full;
  }

  private long blocks(Shape rows, int lanes) {
    return rows.elems(0, 2) * Math.ceilDiv(rows.dim(2), (long) lanes);
  }

  private long group() {
    return d.gpu() ? GPU_GROUP : 1;
  }

  private Launch.Builder program(ClSource source, String entry, int lanes) {
    Launch.Builder l = Launch.of(source, entry).computes(type).define("LANES", lanes);
    l.define("WIDE", Launch.roundUp(Math.max(1, Math.max(q.dim(3), v.dim(3))), 64));
    for (Operand o : op.operands()) {
      l.define(o.name(), Launch.name(in.get(first + op.input(o)).dtype()));
    }
    return op.dropout() > 0 ? l.define("DROPOUT", 1) : l;
  }

  private Launch.Builder pairs(Launch.Builder l) {
    Mask m = op.mask();
    l.longs(q.dim(0), q.dim(1), q.dim(1) / k.dim(1), q.dim(2), k.dim(2), q.dim(3), v.dim(3))
        .long16(m.left(), m.right(), m.sinks(), m.chunk(), m.topLeft() ? 1 : 0)
        .real(type, op.scale())
        .real(type, op.softcap());
    for (Operand o : op.operands()) {
      Shape s = in.get(first + op.input(o)).shape();
      l.in(first + op.input(o));
      switch (o) {
        case RUNS, BLOCKS, VISIBLE, BIAS -> l.long16(strides(s));
        case SLOPES -> l.longs(s.rank() == 2 ? q.dim(1) : 0);
        case RELATIVE, FACTOR -> l.longs(s.dim(0), s.dim(1));
        case QUERY_LENGTHS, KEY_LENGTHS, SINK, DECAY -> {}
      }
    }
    if (op.dropout() > 0) {
      l.longs(op.seed(), Bernoulli.threshold(op.dropout())).real(type, Dropout.scale(op.dropout()));
    }
    return l;
  }

  /// Distances along batch, head, query and key; 0 where it repeats.
  private static long[] strides(Shape s) {
    long[] strides = new long[4];
    for (int axis = 1; axis <= s.rank(); axis++) {
      boolean repeats = s.dim(-axis) == 1;
      strides[4 - axis] = repeats ? 0 : s.elems(s.rank() - axis + 1, s.rank());
    }
    return strides;
  }
}
