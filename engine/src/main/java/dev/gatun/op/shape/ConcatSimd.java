package dev.gatun.op.shape;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;

/// Vector form of [Concat]: the result is cut into blocks of bytes, wherever that falls, and each
/// is put together from the pieces of the inputs that belong there.
final class ConcatSimd {
  private static final long BLOCK = 1 << 17;

  // Registers: bytes of a row of the result, and of the result.
  private static final int ROW = 0;
  private static final int ALL = 1;

  private static final Workers.Body BODY = ConcatSimd::block;

  private ConcatSimd() {}

  static void run(Call c, Workers w, int axis) {
    Shape y = c.outShape(0);
    long outer = y.elems(0, axis);
    long all = c.outSpec(0).bytes();
    if (all == 0) {
      return;
    }
    for (int k = 0; k < c.inputs(); k++) {
      c.scratch().set(BytesSimd.LONG, 8L * k, c.inSpec(k).bytes() / outer);
    }
    c.registers()[ROW] = all / outer;
    c.registers()[ALL] = all;
    w.run(BODY, c, 0, Math.toIntExact((all + BLOCK - 1) / BLOCK));
  }

  private static long bytes(Call c, int k) {
    return c.scratch().get(BytesSimd.LONG, 8L * k);
  }

  private static void block(Call c, long phase, int block, int worker) {
    long to = block * BLOCK;
    long end = Math.min(c.registers()[ALL], to + BLOCK);
    long row = to / c.registers()[ROW];
    long at = to % c.registers()[ROW];
    int k = 0;
    for (; at >= bytes(c, k); k++) {
      at -= bytes(c, k);
    }
    while (to < end) {
      long piece = bytes(c, k);
      long n = Math.min(piece - at, end - to);
      BytesSimd.copy(c.in(k), row * piece + at, c.out(0), to, n);
      to += n;
      at = 0;
      k++;
      if (k == c.inputs()) {
        k = 0;
        row++;
      }
    }
  }
}
