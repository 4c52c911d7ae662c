package dev.gatun.op.shape;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of storage formats of 8 and 4 bits.
final class ClQuantize {
  private static final ClSource SOURCE = ClSource.of(ClQuantize.class, "quantize.cl");
  private static final int CPU_CHUNK = 1024;
  private static final int GPU_GROUP = 64;
  private static final long PIECE = 8192;

  private ClQuantize() {}

  static List<Launch> quantize(Quantize op, DeviceInfo d, Spec x) {
    return groups(d, "quantize", op.bits(), x.dtype(), x.shape().elems(), op.group(), false);
  }

  static List<Launch> dequantize(Dequantize op, DeviceInfo d, Spec y) {
    return groups(d, "dequantize", op.bits(), op.to(), y.shape().elems(), op.group(), true);
  }

  private static List<Launch> groups(
      DeviceInfo d, String entry, int bits, DType t, long n, long group, boolean back) {
    long groups = n / group;
    long chunk = d.gpu() ? 1 : Math.max(1, CPU_CHUNK / group);
    Launch.Builder l =
        program(d, entry).define("T", Launch.name(t)).define("BITS", bits).define("CHUNK", chunk);
    l = back ? l.in(0, 1).out(0) : l.in(0).out(0, 1);
    return List.of(l.longs(groups, group).over(Math.ceilDiv(groups, chunk), group(d)));
  }

  static List<Launch> linear(QuantizeLinear op, DeviceInfo d, List<Spec> in) {
    return linear(d, "quantize_linear", op.to(), in, op.axis(), op.block());
  }

  static List<Launch> linear(DequantizeLinear op, DeviceInfo d, List<Spec> in) {
    return linear(d, "dequantize_linear", in.get(0).dtype(), in, op.axis(), op.block());
  }

  private static List<Launch> linear(
      DeviceInfo d, String entry, DType code, List<Spec> in, int axis, long block) {
    Shape x = in.get(0).shape();
    Launch.Builder l = program(d, entry).define("CODE", Launch.name(code)).in(0, 1);
    if (in.size() > 2) {
      l.define("ZERO", 1).in(2);
    }
    l.out(0).longs(x.elems());
    if (ScaleGrid.isOne(in.get(1).shape(), block)) {
      l.longs(0, 1, 1, 1);
    } else {
      l.longs(block == 0 ? 1 : 2, x.elems(axis + 1, x.rank()), x.dim(axis), block);
    }
    return List.of(chunked(l, d).over(items(d, x.elems()), group(d)));
  }

  /// The range by pieces, the scale, then the codes.
  static List<Launch> dynamic(DeviceInfo d, Spec x) {
    long n = x.shape().elems();
    long pieces = Math.ceilDiv(n, PIECE);
    long bytes = Math.max(1, pieces) * 2 * Float.BYTES;
    return List.of(
        codes(d, "range").in(0).scratch(bytes).longs(n, PIECE).over(pieces, 1),
        codes(d, "scale_of_range").scratch(bytes).out(1, 2).longs(pieces).over(1, 1),
        codes(d, "quantize_linear")
            .define("ZERO", 1)
            .in(0)
            .out(1, 2, 0)
            .longs(n, 0, 1, 1, 1)
            .over(items(d, n), group(d)));
  }

  private static Launch.Builder codes(DeviceInfo d, String entry) {
    return chunked(program(d, entry).define("CODE", Launch.name(DType.U8)), d);
  }

  private static Launch.Builder chunked(Launch.Builder l, DeviceInfo d) {
    return l.define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
  }

  private static Launch.Builder program(DeviceInfo d, String entry) {
    Launch.Builder l = Launch.of(SOURCE, entry);
    return d.gpu() ? l.define("IS_GPU", 1) : l;
  }

  private static long items(DeviceInfo d, long n) {
    return d.gpu() ? n : Math.ceilDiv(n, (long) CPU_CHUNK);
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : 1;
  }
}
