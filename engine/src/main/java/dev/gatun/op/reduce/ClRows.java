package dev.gatun.op.reduce;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of gradients of reductions, row by row.
final class ClRows {
  private static final ClSource SOURCE = ClSource.of(ClRows.class, "rows.cl");
  private static final int GPU_GROUP = 64;
  private static final long WORK = 4096;

  private ClRows() {}

  static List<Launch> max(DeviceInfo d, Spec x) {
    return over(program("max_back", x).in(0, 1, 2), d, x.shape());
  }

  static List<Launch> prod(DeviceInfo d, Spec x) {
    return over(program("prod_back", x).in(0, 1), d, x.shape());
  }

  static List<Launch> norm(double p, DeviceInfo d, Spec x) {
    boolean highest = Double.isInfinite(p);
    String share =
        highest ? "a == y ? (T) 1 / ties : 0" : p == 1 ? "1" : p == 2 ? "a / y" : "POWER(a / y)";
    Launch.Builder l = program("norm_back", x).in(0, 1, 2);
    l.define("SHARE", share).define("COUNTS", highest ? 1 : 0);
    Shape s = x.shape();
    long per = per(d, s.dim(1));
    l.out(0).longs(s.dim(0), s.dim(1), per).real(x.dtype(), p);
    return List.of(l.over(Math.ceilDiv(s.dim(0), per), group(d)));
  }

  static List<Launch> quotient(DeviceInfo d, Spec x) {
    return over(program("quotient", x).in(0, 1), d, Shape.of(x.shape().elems(), 1));
  }

  private static List<Launch> over(Launch.Builder l, DeviceInfo d, Shape rows) {
    long per = per(d, rows.dim(1));
    l.out(0).longs(rows.dim(0), rows.dim(1), per);
    return List.of(l.over(Math.ceilDiv(rows.dim(0), per), group(d)));
  }

  private static long per(DeviceInfo d, long n) {
    return d.gpu() ? 1 : Math.max(1, WORK / Math.max(1, n));
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : 1;
  }

  private static Launch.Builder program(String entry, Spec x) {
    return Launch.of(SOURCE, entry).computes(x.dtype());
  }
}
