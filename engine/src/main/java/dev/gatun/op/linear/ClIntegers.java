package dev.gatun.op.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.op.Launch.In;
import dev.gatun.op.Launch.Out;
import dev.gatun.op.Launch.Scratch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of [MatMulInteger] and [QuantizedLinear].
final class ClIntegers {
  private static final ClSource SOURCE = ClSource.of(ClIntegers.class, "codes.cl");
  private static final int CPU_CHUNK = 256;
  private static final int GPU_GROUP = 64;

  /// Elements of a range, as `codes.cl` has it.
  private static final int BLOCK = 4096;

  private static final long ALIGN = 128;

  private ClIntegers() {}

  static List<Launch> integers(MatMulInteger op, DeviceInfo d, List<Spec> in) {
    Shape a = in.get(0).shape();
    Shape b = in.get(1).shape();
    long m = a.dim(-2);
    long k = a.dim(-1);
    long n = b.dim(-1);
    Shape batch = MatMul.batch(op.infer(in).get(0).shape());
    Shape as = MatMul.batch(a);
    Shape bs = MatMul.batch(b);
    Scratch left = new Scratch(0, 4 * a.elems());
    Scratch right = after(left, ClProduct.bytes(DType.F32, bs.elems(), k, n));
    Launch.Builder lefts = program(d, "lefts").define("A", Launch.name(in.get(0).dtype()));
    if (op.aZero()) {
      lefts.define("ZEROS", 1);
    }
    lefts.in(0).with(left).longs(k);
    if (op.aZero()) {
      lefts.in(2).longs(in.get(2).shape().elems());
    }
    ClProduct p = new ClProduct(DType.F32, m, n, k).whole();
    ClMatMul.batches(p, batch, as, bs, m * k, k * Launch.roundUp(n, ClProduct.WIDTH));
    int zero = op.bZero() ? in.size() - 1 : -1;
    return List.of(
        each(lefts, d, k, k == 0 ? 0 : a.elems() / k),
        panels(d, in, zero, right, bs.elems(), k, n),
        p.launch(d, left, right, new Out(0)));
  }

  /// Panels of input 1 less its zero points in input `zero`, where that is not negative.
  private static Launch panels(
      DeviceInfo d, List<Spec> in, int zero, Scratch to, long batch, long k, long n) {
    Launch.Builder l = ClProduct.panels(d, DType.F32, in.get(1).dtype());
    if (zero >= 0) {
      l.define("ZEROS", 1);
    }
    l.in(1).with(to);
    if (zero >= 0) {
      long zeros = in.get(zero).shape().elems();
      l.in(zero).longs(zeros == 1 ? 0 : 1, zeros > n ? n : 0);
    }
    return ClProduct.over(l.longs(n, k, n, 1, k * n), d, batch, k, n);
  }

  static List<Launch> linear(QuantizedLinear op, DeviceInfo d, List<Spec> in) {
    long k = in.get(1).shape().dim(0);
    long n = in.get(1).shape().dim(1);
    long m = in.get(0).shape().elems(0, in.get(0).shape().rank() - 1);
    long groups = op.rows() ? m : 1;
    long width = op.rows() ? k : m * k;
    long blocks = Math.ceilDiv(width, (long) BLOCK);
    Scratch left = new Scratch(0, 4 * m * k);
    Scratch right = after(left, ClProduct.bytes(DType.F32, 1, k, n));
    Scratch ranges = after(right, 8 * groups * blocks);
    Scratch scale = after(ranges, 4 * groups);
    Scratch zero = after(scale, 4 * groups);
    int step = op.rows() ? 1 : 0;
    List<Launch> all = new ArrayList<>();
    all.add(program(d, "ranges").in(0).with(ranges).longs(width).over(blocks, groups, 1, 1));
    all.add(
        program(d, "scales")
            .with(ranges)
            .with(scale)
            .with(zero)
            .longs(blocks, groups)
            .over(groups, d.gpu() ? GPU_GROUP : 1));
    Launch.Builder codes = program(d, "codes").in(0).with(left).with(scale).with(zero);
    all.add(each(codes.longs(k, step), d, k, m));
    all.add(panels(d, in, op.zero() ? 3 : -1, right, 1, k, n));
    long scales = in.get(2).shape().elems() == 1 ? 0 : 1;
    ClProduct p = new ClProduct(DType.F32, m, n, k).whole();
    Launch.Argument[] bias = op.bias() ? new Launch.Argument[] {new In(in.size() - 1)} : NONE;
    p.scaled(new In(2), scale, scales, step, bias);
    all.add(p.launch(d, left, right, new Out(0)));
    return all;
  }

  private static final Launch.Argument[] NONE = {};

  private static Scratch after(Scratch s, long bytes) {
    return new Scratch(Launch.roundUp(s.offset() + s.bytes(), ALIGN), bytes);
  }

  private static Launch.Builder program(DeviceInfo d, String entry) {
    return Launch.of(SOURCE, entry).computes(DType.F32).define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
  }

  private static Launch each(Launch.Builder l, DeviceInfo d, long k, long rows) {
    // A work-item of a GPU that is beyond a row has nothing in its chunk.
    return d.gpu()
        ? l.over(k, rows, GPU_GROUP, 1)
        : l.over(Math.ceilDiv(k, (long) CPU_CHUNK), rows, 1, 1);
  }
}
