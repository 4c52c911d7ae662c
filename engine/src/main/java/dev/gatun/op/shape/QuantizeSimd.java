package dev.gatun.op.shape;

import dev.gatun.cpu.simd.Codes;
import dev.gatun.cpu.simd.Convert;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Vector forms of [Quantize] and [Dequantize]: group by group in F32; doubles go through work
/// memory.
final class QuantizeSimd {
  private static final long BLOCK = 16_384;

  private static final int BITS = 0;
  private static final int GROUP = 1;
  private static final int PIECE = 2;

  private static final Workers.Body QUANTIZE = QuantizeSimd::quantizeBlock;
  private static final Workers.Body DEQUANTIZE = QuantizeSimd::dequantizeBlock;

  private QuantizeSimd() {}

  /// A group in F32 for each worker.
  static long scratch(DType type, long group, int workers) {
    return type == DType.F64 ? 4 * group * workers : 0;
  }

  static void quantize(Quantize op, Call c, Workers w) {
    w.run(QUANTIZE, c, 0, plan(c, op.bits(), op.group(), c.outShape(1).elems()));
  }

  static void dequantize(Dequantize op, Call c, Workers w) {
    w.run(DEQUANTIZE, c, 0, plan(c, op.bits(), op.group(), c.inShape(1).elems()));
  }

  private static int plan(Call c, int bits, long group, long groups) {
    long[] r = c.registers();
    r[BITS] = bits;
    r[GROUP] = group;
    r[PIECE] = Math.max(1, BLOCK / group);
    return Math.toIntExact((groups + r[PIECE] - 1) / r[PIECE]);
  }

  private static void quantizeBlock(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int n = Math.toIntExact(r[GROUP]);
    long bytes = n * r[BITS] / 8;
    boolean wide = c.dtype() == DType.F64;
    MemorySegment x = wide ? c.scratch() : c.in(0);
    long end = Math.min(c.outShape(1).elems(), (block + 1) * r[PIECE]);
    for (long g = block * r[PIECE]; g < end; g++) {
      long at = wide ? 4L * n * worker : g * n * 4;
      if (wide) {
        Convert.f64ToF32(c.in(0), g * n * 8, x, at, n);
      }
      float limit = Quantize.limit((int) r[BITS]);
      float max = Codes.greatest(x, at, n);
      boolean sound = max < Float.POSITIVE_INFINITY;
      float scale = sound ? (max >= Quantize.LEAST ? max / limit : 0) : Float.NaN;
      c.out(1).set(Lanes.FLOAT, g * 4, scale);
      if (!(scale > 0)) {
        BytesSimd.fill(c.out(0), g * bytes, bytes, 0);
      } else if (r[BITS] == 8) {
        Codes.round8(x, at, c.out(0), g * bytes, n, limit / max);
      } else {
        Codes.round4(x, at, c.out(0), g * bytes, n / 2, limit / max);
      }
    }
  }

  private static void dequantizeBlock(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int n = Math.toIntExact(r[GROUP]);
    long bytes = n * r[BITS] / 8;
    boolean wide = c.outSpec(0).dtype() == DType.F64;
    MemorySegment y = wide ? c.scratch() : c.out(0);
    long end = Math.min(c.inShape(1).elems(), (block + 1) * r[PIECE]);
    for (long g = block * r[PIECE]; g < end; g++) {
      long at = wide ? 4L * n * worker : g * n * 4;
      float scale = c.in(1).get(Lanes.FLOAT, g * 4);
      if (r[BITS] == 8) {
        Codes.scale8(c.in(0), g * bytes, y, at, n, scale);
      } else {
        Codes.scale4(c.in(0), g * bytes, y, at, n / 2, scale);
      }
      if (wide) {
        Convert.f32ToF64(y, at, c.out(0), g * n * 8, n);
      }
    }
  }
}
