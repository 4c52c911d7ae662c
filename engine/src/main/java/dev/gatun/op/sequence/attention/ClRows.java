package dev.gatun.op.sequence.attention;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of the small ops beside attention.
final class ClRows {
  private static final ClSource ROWS = ClSource.of(ClRows.class, "rows.cl");
  private static final ClSource ROTARY = ClSource.of(ClRows.class, "rotary.cl");
  private static final ClSource ROUTING = ClSource.of(ClRows.class, "routing.cl");
  private static final int GPU_GROUP = 64;
  private static final int CPU_GROUP = 4;

  /// Columns of a work-item in `rows.cl`.
  private static final long COLUMNS = 64;

  /// Numbers that an argument holds.
  private static final int PACK = 16;

  private ClRows() {}

  static List<Launch> combine(DeviceInfo d, List<Spec> in) {
    Shape lse = in.get(1).shape();
    long rows = lse.without(0).elems();
    Launch.Builder l = rows("combine", in.get(0).dtype()).in(0, 1).out(0, 1);
    return over(l.longs(rows, lse.dim(0), in.get(0).shape().dim(-1)), d, rows);
  }

  static List<Launch> combineBack(DeviceInfo d, List<Spec> in) {
    long rows = in.get(3).shape().elems();
    Launch.Builder l = rows("combine_back", in.get(0).dtype()).in(0, 1, 2, 3).out(0, 1);
    l.longs(rows, in.get(0).shape().dim(0), in.get(0).shape().dim(-1));
    return over(l, d, rows);
  }

  static List<Launch> sigSoftmax(DeviceInfo d, boolean log, Spec z) {
    Launch.Builder l = rows("sig_softmax", z.dtype()).in(0).out(0);
    return along(l, d, z.shape(), log);
  }

  static List<Launch> sigSoftmaxBack(DeviceInfo d, boolean log, Spec z) {
    Launch.Builder l = rows("sig_softmax_back", z.dtype()).in(0, 1, 2).out(0);
    return along(l, d, z.shape(), log);
  }

  private static List<Launch> along(Launch.Builder l, DeviceInfo d, Shape s, boolean log) {
    long rows = s.dim(-1) == 0 ? 0 : s.without(-1).elems();
    return over(l.longs(rows, s.dim(-1), log ? 1 : 0), d, rows);
  }

  static List<Launch> nearest(DeviceInfo d, List<Spec> in) {
    Shape x = in.get(0).shape();
    Shape m = in.get(1).shape();
    long rows = x.elems(0, 3);
    Launch.Builder l = rows("nearest", in.get(0).dtype()).in(0, 1).out(0);
    return over(l.longs(rows, x.dim(1), x.dim(2), m.dim(0), m.dim(1), m.dim(2)), d, rows);
  }

  static List<Launch> alibi(DeviceInfo d, Alibi op) {
    Launch.Builder l = rows("alibi", op.dtype()).out(0);
    return over(l.longs(op.heads(), Long.highestOneBit(op.heads())), d, op.heads());
  }

  static List<Launch> scan(DeviceInfo d, AttentionScan op, List<Spec> in) {
    Shape v = in.get(1).shape();
    long rows = v.elems(0, v.rank() - 2);
    boolean from = op.initial();
    Launch.Builder l = rows("scan", in.get(0).dtype()).in(0, 1, from ? 2 : 0, from ? 3 : 0);
    l.in(from ? 4 : 0).out(0, 1, 2, op.states() ? 3 : 0);
    l.longs(rows, v.dim(-2), v.dim(-1), from ? 1 : 0, op.states() ? 1 : 0);
    // The first columns make the states, even where there are none.
    long columns = Math.max(1, Math.ceilDiv(v.dim(-1), COLUMNS));
    return List.of(l.over(columns, rows, 1, 1));
  }

  static List<Launch> scanBack(DeviceInfo d, List<Spec> in) {
    Shape v = in.get(1).shape();
    long rows = v.elems(0, v.rank() - 2);
    Launch.Builder l = rows("scan_back", in.get(0).dtype()).in(0, 1, 2, 3, 4, 5).out(0, 1);
    l.scratch(Math.max(1, rows * v.dim(-1)) * Double.BYTES);
    return over(l.longs(rows, v.dim(-2), v.dim(-1)), d, rows);
  }

  static List<Launch> routing(DeviceInfo d, Routing op, List<Spec> in) {
    Shape q = in.get(0).shape();
    Shape k = in.get(1).shape();
    String rule = op + ": clusters must lie in [0, " + op.clusters() + ")";
    Launch.Builder queries = Launch.of(ROUTING, "places").in(0).out(0, 2);
    queries.longs(q.elems(), Math.max(1, q.dim(2)), 1, op.clusters()).checks(rule);
    Launch.Builder keys = Launch.of(ROUTING, "places").in(1).out(1, 1);
    keys.longs(k.elems(), Math.max(1, k.dim(2)), 0, op.clusters()).checks(rule);
    Launch.Builder runs = Launch.of(ROUTING, "runs").in(0, 1).out(2, 3);
    runs.longs(q.elems(), q.dim(2), k.dim(2), q.dim(1) / k.dim(1), op.causal() ? 1 : 0);
    return List.of(
        queries.over(q.elems(), group(d)),
        keys.over(k.elems(), group(d)),
        runs.over(q.elems(), group(d)));
  }

  /// @param positions the input, where they are one
  static List<Launch> rotary(
      DeviceInfo d,
      DType t,
      Rotary rotary,
      boolean keys,
      long offset,
      long n,
      List<Spec> positions) {
    int h = Math.toIntExact(rotary.dim() / 2);
    DType between = d.doubles() ? DType.F64 : DType.F32;
    long bytes = (long) h * between.bytes();
    List<Launch> all = new ArrayList<>();
    for (int first = 0; first < h; first += PACK) {
      long[] bits = new long[Math.min(PACK, h - first)];
      for (int i = 0; i < bits.length; i++) {
        double f = rotary.frequency(first + i);
        bits[i] = d.doubles() ? Double.doubleToLongBits(f) : Float.floatToIntBits((float) f);
      }
      Launch.Builder l = program(ROTARY, "frequencies", t).scratch(bytes);
      all.add(l.longs(first, bits.length).long16(bits).over(1, 1));
    }
    Launch.Builder table = program(ROTARY, "table", t);
    if (!positions.isEmpty()) {
      table.define("POSITIONS", Launch.name(positions.get(0).dtype())).in(0);
    }
    double base = rotary.xpos().map(Rotary.XPos::scaleBase).orElse(0.0);
    table.out(0, 1).scratch(bytes).longs(n, h, offset);
    table.real(between, rotary.scaling().magnitude());
    table.real(between, rotary.xpos().map(Rotary.XPos::center).orElse(0.0));
    all.add(table.real(between, keys ? -base : base).over(n * h, GPU_GROUP));
    return all;
  }

  private static Launch.Builder rows(String entry, DType t) {
    return program(ROWS, entry, t);
  }

  private static Launch.Builder program(ClSource source, String entry, DType t) {
    // Literals are as written: sums are doubles.
    Launch.Builder l = Launch.of(source, entry).define("IS_" + t, 1);
    return l.define("T", Launch.name(t));
  }

  private static List<Launch> over(Launch.Builder l, DeviceInfo d, long rows) {
    return List.of(l.over(rows, group(d)));
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : CPU_GROUP;
  }
}
