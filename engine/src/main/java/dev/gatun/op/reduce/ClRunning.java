package dev.gatun.op.reduce;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of running totals. Few long runs are cut into pieces: their totals, these added
/// up, and the pieces once more.
final class ClRunning {
  private static final ClSource SOURCE = ClSource.of(ClRunning.class, "running.cl");
  private static final int GPU_GROUP = 64;
  private static final int CPU_WIDTH = 32;
  private static final long PIECE = 4096;

  /// Work-items that need no pieces beside them.
  private static final long ENOUGH = 64;

  private final DeviceInfo d;
  private final Spec x;
  private final long n;
  private final long inner;
  private final long outers;
  private final int width;

  private ClRunning(DeviceInfo d, Spec x, int axis) {
    this.d = d;
    this.x = x;
    Shape s = x.shape();
    n = s.dim(axis);
    inner = s.elems(axis + 1, s.rank());
    outers = n == 0 ? 0 : s.elems(0, axis);
    width = d.gpu() || inner == 1 ? 1 : CPU_WIDTH;
  }

  /// `join` of the total `s` and an element `x`.
  static List<Launch> totals(Running op, DeviceInfo d, Spec x, String join) {
    ClRunning r = new ClRunning(d, x, op.axis());
    long pieces = r.items() < ENOUGH && r.n > 2 * PIECE ? Math.ceilDiv(r.n, PIECE) : 1;
    long length = pieces == 1 ? r.n : PIECE;
    long runs = r.outers * r.inner;
    long bytes = pieces == 1 ? Double.BYTES : runs * pieces * Double.BYTES;
    Launch apply =
        r.program("apply", op, join)
            .in(0)
            .out(0)
            .scratch(bytes)
            .longs(r.outers, r.n, r.inner, length, pieces)
            .over(r.items(), pieces, r.group(), 1);
    if (pieces == 1) {
      return List.of(apply);
    }
    Launch totals =
        r.program("totals", op, join)
            .in(0)
            .scratch(bytes)
            .longs(r.outers, r.n, r.inner, length)
            .over(r.items(), pieces, r.group(), 1);
    Launch starts =
        r.program("starts", op, join).scratch(bytes).longs(runs, pieces).over(runs, r.group());
    return List.of(totals, starts, apply);
  }

  static List<Launch> highest(CumMax op, DeviceInfo d, Spec x) {
    ClRunning r = new ClRunning(d, x, op.axis());
    return r.over(r.program("highest").in(0).out(0, 1));
  }

  static List<Launch> productsBack(CumProd.Grad op, DeviceInfo d, Spec x) {
    ClRunning r = new ClRunning(d, x, op.axis());
    return r.over(r.program("products_back").in(0, 1).out(0));
  }

  private List<Launch> over(Launch.Builder l) {
    return List.of(l.longs(outers, n, inner).over(items(), group()));
  }

  private Launch.Builder program(String entry, Running op, String join) {
    return program(entry)
        .define("JOIN", join)
        .define("IDENTITY", op.identity() == 0 ? "0" : "1")
        .define("REVERSE", op.reverse() ? 1 : 0)
        .define("EXCLUSIVE", op.exclusive() ? 1 : 0);
  }

  private Launch.Builder program(String entry) {
    return Launch.of(SOURCE, entry).computes(x.dtype()).define("WIDTH", width);
  }

  private long items() {
    return outers * Math.ceilDiv(inner, (long) width);
  }

  private long group() {
    return d.gpu() ? GPU_GROUP : 1;
  }
}
