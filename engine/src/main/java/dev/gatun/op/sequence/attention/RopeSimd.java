package dev.gatun.op.sequence.attention;

import dev.gatun.cpu.simd.RopeF32;
import dev.gatun.cpu.simd.RopeF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// Vector form of [Rope]: blocks are rows of one sequence.
final class RopeSimd {
  /// Elements of a block.
  private static final int BLOCK = 16_384;

  private static final int INTERLEAVED = 0;
  private static final int INVERSE = 1;

  private static final Workers.Body BODY = RopeSimd::block;

  private RopeSimd() {}

  static void run(Rope op, Call c, Workers w) {
    Shape x = c.inShape(0);
    if (x.elems() == 0) {
      return;
    }
    c.registers()[INTERLEAVED] = op.interleaved() ? 1 : 0;
    c.registers()[INVERSE] = op.inverse() ? 1 : 0;
    w.run(BODY, c, 0, Math.toIntExact(x.elems(0, x.rank() - 2) * pieces(x)));
  }

  private static int rows(Shape x) {
    return (int) Math.min(x.dim(-2), Math.max(1, BLOCK / x.dim(-1)));
  }

  /// Blocks of a sequence.
  private static long pieces(Shape x) {
    return (x.dim(-2) + rows(x) - 1) / rows(x);
  }

  private static void block(Call c, long phase, int block, int worker) {
    Shape x = c.inShape(0);
    long s = x.dim(-2);
    int d = Math.toIntExact(x.dim(-1));
    int h = (int) c.inShape(1).dim(-1);
    long sequence = block / pieces(x);
    long from = block % pieces(x) * rows(x);
    int n = (int) Math.min(rows(x), s - from);
    long at = (sequence * s + from) * d;
    long table = (Rope.tableRow(c.inShape(1), x, sequence) + from) * h;
    boolean inverse = c.registers()[INVERSE] == 1;
    boolean pairs = c.registers()[INTERLEAVED] == 1;
    MemorySegment cos = c.in(1);
    MemorySegment sin = c.in(2);
    if (c.dtype() == DType.F32) {
      if (pairs) {
        RopeF32.neighbours(c.in(0), at, cos, sin, table, c.out(0), at, n, d, h, inverse);
      } else {
        RopeF32.halves(c.in(0), at, cos, sin, table, c.out(0), at, n, d, h, inverse);
      }
      if (d > 2 * h) {
        RopeF32.rest(c.in(0), at, c.out(0), at, n, d, h);
      }
    } else {
      if (pairs) {
        RopeF64.neighbours(c.in(0), at, cos, sin, table, c.out(0), at, n, d, h, inverse);
      } else {
        RopeF64.halves(c.in(0), at, cos, sin, table, c.out(0), at, n, d, h, inverse);
      }
      if (d > 2 * h) {
        RopeF64.rest(c.in(0), at, c.out(0), at, n, d, h);
      }
    }
  }
}
