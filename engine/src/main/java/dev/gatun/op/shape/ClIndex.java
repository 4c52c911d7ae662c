package dev.gatun.op.shape;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of ops that find elements by index.
final class ClIndex {
  private static final ClSource SOURCE = ClSource.of(ClIndex.class, "index.cl");
  private static final int CPU_CHUNK = 256;
  private static final int CPU_WIDTH = 64;
  private static final int GPU_GROUP = 64;

  private ClIndex() {}

  static List<Launch> select(IndexSelect op, DeviceInfo d, List<Spec> in, Spec y) {
    long unit = y.shape().elems(op.axis() + 1, y.shape().rank());
    long rows = in.get(0).shape().dim(op.axis());
    return List.of(
        moves(d, "select_rows", in.get(0).dtype(), in.get(1).dtype())
            .in(0, 1)
            .out(0)
            .longs(y.shape().elems(), unit, y.shape().dim(op.axis()), rows)
            .checks(indices(op, rows))
            .over(items(d, y.shape().elems()), group(d)));
  }

  static List<Launch> gather(Gather op, DeviceInfo d, List<Spec> in) {
    Shape y = in.get(1).shape();
    long rows = in.get(0).shape().dim(op.axis());
    return List.of(
        moves(d, "gather", in.get(0).dtype(), in.get(1).dtype())
            .in(0, 1)
            .out(0)
            .longs(y.elems(), y.elems(op.axis() + 1, y.rank()), y.dim(op.axis()), rows)
            .checks(indices(op, rows))
            .over(items(d, y.elems()), group(d)));
  }

  static List<Launch> oneHot(OneHot op, DeviceInfo d, Spec indices) {
    long n = indices.shape().elems();
    return List.of(
        moves(d, "one_hot", op.dtype(), indices.dtype())
            .in(0)
            .out(0)
            .longs(n, op.classes(), ClMoves.bits(op.dtype(), 1), ClMoves.bits(op.dtype(), 0))
            .checks(indices(op, op.classes()))
            .over(items(d, n), group(d)));
  }

  static List<Launch> readRows(ReadRows op, DeviceInfo d, List<Spec> in) {
    Shape x = in.get(0).shape();
    Shape places = in.get(1).shape();
    long length = op.unit() * x.dim(3);
    long n = x.dim(2) / op.unit();
    long units = places.elems() * x.dim(1);
    return List.of(
        moves(d, "read_units", in.get(0).dtype(), in.get(1).dtype())
            .in(0, 1)
            .out(0)
            .longs(length, x.dim(1), places.dim(1), Math.max(1, n), x.dim(0) * n)
            .checks(places(op, x.dim(0) * n))
            .over(items(d, length), units, group(d), 1));
  }

  static List<Launch> writeRows(WriteRows op, DeviceInfo d, List<Spec> in) {
    Shape y = in.get(0).shape();
    Shape x = in.get(1).shape();
    return List.of(
        moves(d, "write_rows", in.get(0).dtype(), in.get(2).dtype())
            .in(0, 1, 2)
            .longs(y.dim(3), y.dim(1), x.dim(2), Math.max(1, y.dim(2)))
            .longs(y.dim(0) * y.dim(2), x.dim(0))
            .checks(places(op, y.dim(0) * y.dim(2)))
            .over(items(d, y.dim(3)), y.dim(1), group(d), 1));
  }

  static List<Launch> scatter(Scatter op, DeviceInfo d, List<Spec> in) {
    DType t = in.get(0).dtype();
    boolean sets = op.mode() == Scatter.Mode.SET;
    String join =
        switch (op.mode()) {
          case SET -> "b";
          case ADD -> "a + b";
          case MUL -> "a * b";
          case MAX -> "isnan(a) || a > b || (a == b && !signbit(a)) ? a : b";
          case MIN -> "isnan(a) || a < b || (a == b && signbit(a)) ? a : b";
        };
    Launch.Builder l = Launch.of(SOURCE, "scatter");
    if (!sets) {
      l.computes(t);
    }
    l.define("JOINED", sets ? Launch.bits(t) : "T").define("JOIN", join).define("EACH", 1);
    long n = in.get(0).shape().dim(op.axis());
    return columns(l.in(0, 1, 2).out(0), op, d, op.axis(), in.get(1).shape(), n, in.get(1));
  }

  /// Elements of `in.get(0)` added up by the indices `in.get(1)` in zeros whose axis has `n`.
  ///
  /// @param each whether every element has an index, or every row
  static List<Launch> added(
      Kernel op, DeviceInfo d, int axis, long n, boolean each, List<Spec> in) {
    Launch.Builder l =
        Launch.of(SOURCE, "scatter")
            .computes(in.get(0).dtype())
            .define("JOINED", "T")
            .define("JOIN", "a + b")
            .define("FROM_ZERO", 1);
    if (each) {
      l.define("EACH", 1);
    }
    return columns(l.in(1, 0).out(0), op, d, axis, in.get(0).shape(), n, in.get(1));
  }

  static List<Launch> gradient(Scatter.Grad op, DeviceInfo d, List<Spec> in) {
    String entry =
        switch (op.mode()) {
          case SET, ADD -> "last";
          case MUL -> "others";
          case MAX, MIN -> "shares";
        };
    Launch.Builder l =
        Launch.of(SOURCE, entry)
            .computes(in.get(0).dtype())
            .define("GRADIENT", 1)
            .define("JOINED", "T")
            .define("JOIN", "b");
    for (int i = 0; i < in.size(); i++) {
      l.in(i);
    }
    l.out(0, 1);
    long n = in.get(0).shape().dim(op.axis());
    return columns(l, op, d, op.axis(), in.get(1).shape(), n, in.get(1));
  }

  private static List<Launch> columns(
      Launch.Builder l, Kernel op, DeviceInfo d, int axis, Shape source, long n, Spec indices) {
    long inner = source.elems(axis + 1, source.rank());
    long outers = source.elems(0, axis);
    int width = d.gpu() ? 1 : CPU_WIDTH;
    l.define("I", Launch.name(indices.dtype()))
        .define("WIDTH", width)
        .longs(outers, n, source.dim(axis), inner);
    if (op instanceof Scatter.Grad g
        && (g.mode() == Scatter.Mode.SET || g.mode() == Scatter.Mode.ADD)) {
      l.longs(g.mode() == Scatter.Mode.SET ? 1 : 0);
    }
    return List.of(
        l.checks(indices(op, n)).over(outers * Math.ceilDiv(inner, (long) width), group(d)));
  }

  private static Launch.Builder moves(DeviceInfo d, String entry, DType t, DType indices) {
    return Launch.of(SOURCE, entry)
        .define("E", Launch.bits(t))
        .define("I", Launch.name(indices))
        .define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
  }

  private static String indices(Kernel op, long n) {
    return op + ": indices must lie in [0, " + n + ")";
  }

  private static String places(Kernel op, long n) {
    return op + ": places must lie in [-1, " + n + ")";
  }

  private static long items(DeviceInfo d, long n) {
    return d.gpu() ? n : Math.ceilDiv(n, (long) CPU_CHUNK);
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : 1;
  }
}
