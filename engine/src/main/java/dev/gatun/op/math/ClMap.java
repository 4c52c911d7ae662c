package dev.gatun.op.math;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.Arrays;
import java.util.List;

/// OpenCL launches of elementwise ops from the body of a function of one element.
final class ClMap {
  private static final ClSource SOURCE = ClSource.of(ClMap.class, "functions.cl", "map.cl");
  private static final ClSource FUNCTIONS = ClSource.of(ClMap.class, "functions.cl");
  private static final int CPU_CHUNK = 256;
  private static final int CPU_GROUP = 16;
  private static final int GPU_GROUP = 64;

  private ClMap() {}

  /// `y = f(x)`; `body` sees `x`, `a` and `b`.
  static List<Launch> unary(DeviceInfo d, String body, Spec x, DType result, double a, double b) {
    DType t = x.dtype();
    long n = x.shape().elems();
    Launch.Builder l = program(d, "unary", body, t, result).in(0).out(0).longs(n);
    if (t.computes() && result == t) {
      l.pointwise(new Launch.Pointwise(FUNCTIONS, body, t, n, List.of(true), a, b));
    }
    return List.of(attributes(l, t, a, b).over(items(d, n), group(d)));
  }

  /// `z = f(x, y)` with broadcasting; `body` sees `x`, `y`, `a` and `b`.
  static List<Launch> binary(DeviceInfo d, String body, List<Spec> in, Spec z, double a, double b) {
    DType t = in.get(0).dtype();
    Launch.Builder l = program(d, "binary", body, t, z.dtype());
    long[] r = plan(in, z);
    if (t.computes() && z.dtype() == t && r[Elementwise.AXES] == 1) {
      List<Boolean> each = List.of(r[Elementwise.X_INNER] != 0, r[Elementwise.Y_INNER] != 0);
      l.pointwise(new Launch.Pointwise(FUNCTIONS, body, t, r[Elementwise.INNER], each, a, b));
    }
    return binary(l, d, in, z, a, b);
  }

  private static long[] plan(List<Spec> in, Spec z) {
    long[] r = new long[Elementwise.Y_STRIDE + Elementwise.MAX_AXES];
    Elementwise.plan(r, in.get(0).shape(), in.get(1).shape(), z.shape());
    return r;
  }

  /// `z = x slope(y)`; `slope` is an expression in `x` and `a`.
  static List<Launch> slope(DeviceInfo d, String slope, List<Spec> in, double a) {
    Spec z = in.get(0);
    Launch.Builder l =
        program(d, "binary", "return x * slope(y, a);", z.dtype(), z.dtype())
            .define("IS_SLOPE", 1)
            .define("SLOPE", slope);
    return binary(l, d, in, z, a, 0);
  }

  private static List<Launch> binary(
      Launch.Builder l, DeviceInfo d, List<Spec> in, Spec z, double a, double b) {
    long[] r = plan(in, z);
    int axes = (int) r[Elementwise.AXES];
    long inner = r[Elementwise.INNER];
    l.in(0, 1)
        .out(0)
        .longs(inner, r[Elementwise.X_INNER], r[Elementwise.Y_INNER], axes - 1)
        .long16(outer(r, Elementwise.SIZE, axes))
        .long16(outer(r, Elementwise.X_STRIDE, axes))
        .long16(outer(r, Elementwise.Y_STRIDE, axes));
    long rows = inner == 0 ? 0 : r[Elementwise.ROWS];
    return List.of(attributes(l, in.get(0).dtype(), a, b).over(items(d, inner), rows, group(d), 1));
  }

  private static long[] outer(long[] r, int from, int axes) {
    return Arrays.copyOfRange(r, from + 1, from + axes);
  }

  /// `results` results of three operands of one shape, the inputs `operands`; `body` sees `x`, `y`
  /// and `z` and sets `*u` and `*v`.
  static List<Launch> several(DeviceInfo d, String body, int results, Spec x, int... operands) {
    long n = x.shape().elems();
    return List.of(
        program(d, "several", body, x.dtype(), x.dtype())
            .define("SEVERAL", results)
            .in(operands)
            .out(0, results - 1)
            .longs(n)
            .over(items(d, n), group(d)));
  }

  /// `x += y`, in place.
  static List<Launch> addTo(DeviceInfo d, Spec x) {
    long n = x.shape().elems();
    Launch.Builder l =
        program(d, "binary", "return x + y;", x.dtype(), x.dtype())
            .in(0, 1, 0)
            .longs(n, 1, 1, 0)
            .long16()
            .long16()
            .long16();
    return List.of(attributes(l, x.dtype(), 0, 0).over(items(d, n), 1, group(d), 1));
  }

  private static Launch.Builder program(
      DeviceInfo d, String entry, String body, DType t, DType result) {
    boolean vectors = t.computes() && result == t;
    Launch.Builder l =
        Launch.of(SOURCE, entry)
            .computes(t)
            .define("BODY", body)
            .define("LANES", vectors ? d.lanes(t.bytes()) : 1)
            .define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
    return result == t ? l : l.define("R", Launch.name(result));
  }

  private static Launch.Builder attributes(Launch.Builder l, DType t, double a, double b) {
    return t.computes() ? l.real(t, a).real(t, b) : l.longs((long) a, (long) b);
  }

  private static long items(DeviceInfo d, long n) {
    return d.gpu() ? n : Math.ceilDiv(n, (long) CPU_CHUNK);
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : CPU_GROUP;
  }
}
