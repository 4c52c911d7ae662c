package dev.gatun.op.shape;

import dev.gatun.cpu.simd.Affine;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Vector forms of [QuantizeLinear], [DequantizeLinear] and [DynamicQuantize]: run by run, where a
/// run has one scale or a scale for each element.
final class AffineSimd {
  private static final long PIECE = 16_384;

  // How scales lie, lengths of the last run and of others, and how many of them a block does.
  private static final int FORM = 0;
  private static final int RUN = 1;
  private static final int RUNS = 2;
  private static final int EACH = 3;
  private static final int DIM = 4;
  private static final int BLOCK = 5;
  private static final int FLIP = 6;
  private static final int ZERO = 7;
  private static final int TOTAL = 8;
  private static final int BLOCKS = 9;

  /// One scale; one a run, in turn; the same row of scales for each run; blocks that are runs, or
  /// that are rows of scales.
  private static final int ONE = 0;

  private static final int IN_TURN = 1;
  private static final int ROW = 2;
  private static final int BLOCK_RUNS = 3;
  private static final int BLOCK_ROWS = 4;

  private static final Workers.Body QUANTIZE = (c, phase, block, worker) -> runs(c, block, true);
  private static final Workers.Body DEQUANTIZE = (c, phase, block, worker) -> runs(c, block, false);
  private static final Workers.Body RANGE = (c, phase, block, worker) -> range(c, block);
  private static final Workers.Body CODES = (c, phase, block, worker) -> codes(c, block);

  private AffineSimd() {}

  static void quantize(QuantizeLinear op, Call c, Workers w) {
    run(QUANTIZE, c, w, op.axis(), op.block(), op.zero(), op.to());
  }

  static void dequantize(DequantizeLinear op, Call c, Workers w) {
    run(DEQUANTIZE, c, w, op.axis(), op.block(), op.zero(), c.dtype());
  }

  private static void run(
      Workers.Body body, Call c, Workers w, int axis, long block, boolean zero, DType codes) {
    Shape x = c.inShape(0);
    long n = x.elems();
    if (n == 0) {
      return;
    }
    long[] r = c.registers();
    int form = form(x, c.inShape(1), axis, block);
    long inner = form == ONE ? 1 : x.elems(axis + 1, x.rank());
    r[FORM] = form;
    r[TOTAL] = n;
    r[DIM] = form == ONE ? 1 : x.dim(axis);
    r[BLOCK] = block;
    r[BLOCKS] = block == 0 ? 1 : (r[DIM] + block - 1) / block;
    r[RUN] =
        switch (form) {
          case ONE -> PIECE;
          case ROW -> r[DIM];
          case BLOCK_RUNS -> block;
          default -> inner;
        };
    r[RUNS] = form == BLOCK_RUNS ? n / r[DIM] * r[BLOCKS] : (n + r[RUN] - 1) / r[RUN];
    r[EACH] = Math.max(1, PIECE / r[RUN]);
    r[FLIP] = codes == DType.U8 ? 0x80 : 0;
    r[ZERO] = zero ? 1 : 0;
    if (!zero && (form == ROW || form == BLOCK_ROWS)) {
      Lanes.clear(c.scratch(), 0, c.scratch().byteSize() & -4);
    }
    w.run(body, c, 0, Math.toIntExact((r[RUNS] + r[EACH] - 1) / r[EACH]));
  }

  private static int form(Shape x, Shape scale, int axis, long block) {
    if (ScaleGrid.isOne(scale, block)) {
      return ONE;
    }
    boolean last = x.elems(axis + 1, x.rank()) == 1;
    if (block == 0) {
      return last ? ROW : IN_TURN;
    }
    return last ? BLOCK_RUNS : BLOCK_ROWS;
  }

  /// Zero points of a row that has none.
  static long scratch(Shape x, Shape scale, int axis, long block, boolean zero) {
    int form = x.elems() == 0 ? ONE : form(x, scale, axis, block);
    if (zero || form != ROW && form != BLOCK_ROWS) {
      return 0;
    }
    return (form == ROW ? x.dim(axis) : x.elems(axis + 1, x.rank())) + 63 & -64;
  }

  private static void runs(Call c, int block, boolean quantize) {
    long[] r = c.registers();
    long end = Math.min(r[RUNS], (block + 1) * r[EACH]);
    for (long i = block * r[EACH]; i < end; i++) {
      int form = (int) r[FORM];
      long from = i * r[RUN];
      long length = Math.min(r[RUN], r[TOTAL] - from);
      if (form == BLOCK_RUNS) {
        long at = i % r[BLOCKS] * r[BLOCK];
        from = i / r[BLOCKS] * r[DIM] + at;
        length = Math.min(r[BLOCK], r[DIM] - at);
      }
      long g =
          switch (form) {
            case IN_TURN -> i % r[DIM];
            case BLOCK_RUNS -> i;
            case BLOCK_ROWS -> (i / r[DIM] * r[BLOCKS] + i % r[DIM] / r[BLOCK]) * r[RUN];
            default -> 0;
          };
      int n = Math.toIntExact(length);
      if (form == ROW || form == BLOCK_ROWS) {
        each(c, from, g, n, quantize);
      } else {
        one(c, from, g, n, quantize);
      }
    }
  }

  private static void one(Call c, long from, long g, int n, boolean quantize) {
    long[] r = c.registers();
    int flip = (int) r[FLIP];
    float scale = c.in(1).get(Lanes.FLOAT, g * 4);
    int raw = r[ZERO] == 0 ? 0 : c.in(2).get(ValueLayout.JAVA_BYTE, g);
    int zero = (byte) (raw ^ flip);
    if (quantize) {
      Affine.quantize(c.in(0), from * 4, scale, zero, flip, c.out(0), from, n);
    } else if (c.dtype() == DType.I32) {
      Affine.scale(c.in(0), from * 4, scale, c.out(0), from * 4, n);
    } else {
      Affine.dequantize(c.in(0), from, flip, scale, zero, c.out(0), from * 4, n);
    }
  }

  private static void each(Call c, long from, long g, int n, boolean quantize) {
    long[] r = c.registers();
    int flip = (int) r[FLIP];
    MemorySegment zeros = r[ZERO] == 0 ? c.scratch() : c.in(2);
    long z = r[ZERO] == 0 ? 0 : g;
    MemorySegment s = c.in(1);
    if (quantize) {
      Affine.quantizeEach(c.in(0), from * 4, s, g * 4, zeros, z, flip, c.out(0), from, n);
    } else if (c.dtype() == DType.I32) {
      Affine.scaleEach(c.in(0), from * 4, s, g * 4, c.out(0), from * 4, n);
    } else {
      Affine.dequantizeEach(c.in(0), from, flip, s, g * 4, zeros, z, c.out(0), from * 4, n);
    }
  }

  /// The ranges of the blocks of `n` elements.
  static long ranges(long n) {
    return (n + PIECE - 1) / PIECE * 8;
  }

  static void dynamic(Call c, Workers w) {
    long n = c.inShape(0).elems();
    int blocks = Math.toIntExact((n + PIECE - 1) / PIECE);
    w.run(RANGE, c, 0, blocks);
    float low = 0;
    float high = 0;
    for (int i = 0; i < blocks; i++) {
      low = Math.min(low, c.scratch().get(Lanes.FLOAT, i * 8L));
      high = Math.max(high, c.scratch().get(Lanes.FLOAT, i * 8L + 4));
    }
    float scale = DynamicQuantize.scale(low, high);
    c.out(1).set(Lanes.FLOAT, 0, scale);
    c.out(2).set(ValueLayout.JAVA_BYTE, 0, (byte) DynamicQuantize.zero(low, scale));
    w.run(CODES, c, 0, blocks);
  }

  private static void range(Call c, int block) {
    long from = block * PIECE;
    int n = (int) Math.min(PIECE, c.inShape(0).elems() - from);
    Affine.range(c.in(0), from * 4, n, c.scratch(), block * 8L);
  }

  private static void codes(Call c, int block) {
    long from = block * PIECE;
    int n = (int) Math.min(PIECE, c.inShape(0).elems() - from);
    float scale = c.out(1).get(Lanes.FLOAT, 0);
    int zero = (byte) (c.out(2).get(ValueLayout.JAVA_BYTE, 0) ^ 0x80);
    Affine.quantize(c.in(0), from * 4, scale, zero, 0x80, c.out(0), from, n);
  }
}
