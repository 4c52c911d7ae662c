package dev.gatun.op.reduce;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of softmax and its kin.
final class ClSoftmax {
  private static final ClSource SOURCE = ClSource.of(ClSoftmax.class, "softmax.cl");
  private static final int GPU_GROUP = 64;
  private static final long WORK = 4096;

  /// The result where it is the first expression, divided.
  static final String KEPT = "x / s";

  private ClSoftmax() {}

  /// `result` of each element, after the sum of `first` along the axis; expressions of
  /// `softmax.cl`.
  static List<Launch> of(
      DeviceInfo d, AlongAxis op, Spec x, boolean hasMax, String first, String result) {
    Shape s = x.shape();
    if (s.elems() == 0) {
      return List.of();
    }
    long n = op.length(s);
    long inner = op.inner(s);
    long runs = op.runs(s);
    boolean columns = inner > 1;
    int full = d.lanes(x.dtype().bytes());
    int lanes = (columns ? inner : n) < full ? 1 : full;
    long per = d.gpu() ? 1 : Math.max(1, WORK / n);
    long items =
        columns ? runs / inner * Math.ceilDiv(inner, (long) lanes) : Math.ceilDiv(runs, per);
    int g = op.names().equals("x") ? 0 : 1;
    return List.of(
        Launch.of(SOURCE, "along")
            .computes(x.dtype())
            .define("LANES", lanes)
            .define("COLUMNS", columns ? 1 : 0)
            .define("HAS_MAX", hasMax ? 1 : 0)
            .define("FIRST", first)
            .define("RESULT", result)
            .define("KEPT", result.equals(KEPT) ? 1 : 0)
            .in(0, g)
            .out(0)
            .longs(n, inner, runs, per)
            .over(items, d.gpu() ? GPU_GROUP : 1));
  }
}
