package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [CausalConv1d], with time along the lanes.
final class CausalConv1dSimd {
  /// Outputs of a block, as whole rows or as a piece of a long one.
  private static final int BLOCK = 16_384;

  // Registers: operands by number, -1 where there is none, then sizes.
  private static final int X = 0;
  private static final int BIAS = 1;
  private static final int STATE = 2;
  private static final int FINAL = 3;
  private static final int SILU = 4;
  private static final int L = 5;
  private static final int D = 6;
  private static final int TAPS = 7;
  private static final int ROWS = 8;

  static final Loop.Unary SILU_F32 = Loop.f32((FloatVector x) -> x.mul(SigmoidLanes.f32(x)));
  static final Loop.Unary SILU_F64 = Loop.f64((DoubleVector x) -> x.mul(SigmoidLanes.f64(x)));

  private static final Workers.Body FORWARD = CausalConv1dSimd::block;

  private CausalConv1dSimd() {}

  /// Sets the registers for a convolution whose inputs start at input `x`.
  static void plan(CausalConv1d op, Call c, int x) {
    long[] r = c.registers();
    Shape s = c.inShape(x);
    r[X] = x;
    r[BIAS] = op.bias() ? x + 2 : -1;
    r[STATE] = op.initialState() ? x + op.state() : -1;
    r[FINAL] = op.finalState() ? 1 : -1;
    r[SILU] = op.activation() == Activation.SILU ? 1 : 0;
    r[L] = s.dim(2);
    r[D] = s.dim(1);
    r[TAPS] = c.inShape(x + 1).dim(1);
    r[ROWS] = s.dim(0) * s.dim(1);
  }

  static void forward(CausalConv1d op, Call c, Workers w) {
    plan(op, c, 0);
    long[] r = c.registers();
    long blocks =
        r[L] > BLOCK
            ? r[ROWS] * ((r[L] + BLOCK - 1) / BLOCK)
            : (r[ROWS] + rowsPerBlock(r) - 1) / rowsPerBlock(r);
    w.run(FORWARD, c, 0, Math.toIntExact(blocks));
  }

  private static long rowsPerBlock(long[] r) {
    return Math.max(1, BLOCK / Math.max(1, r[L]));
  }

  private static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    if (r[L] > BLOCK) {
      long pieces = (r[L] + BLOCK - 1) / BLOCK;
      long from = block % pieces * BLOCK;
      piece(c, block / pieces, from, (int) Math.min(BLOCK, r[L] - from));
      return;
    }
    long rows = rowsPerBlock(r);
    for (long row = block * rows; row < Math.min(r[ROWS], (block + 1) * rows); row++) {
      piece(c, row, 0, (int) r[L]);
    }
  }

  private static void piece(Call c, long row, long from, int n) {
    long[] r = c.registers();
    long at = row * r[L] + from;
    convolve(c, row, from, n, c.out(0), at);
    if (r[SILU] == 1) {
      (c.dtype() == DType.F32 ? SILU_F32 : SILU_F64).run(c.out(0), at, c.out(0), at, n);
    }
    if (r[FINAL] >= 0 && from + n == r[L]) {
      DType type = c.dtype();
      for (long j = 0; j < r[TAPS] - 1; j++) {
        double v = input(c, row, r[L] - r[TAPS] + 1 + j);
        type.write(c.out((int) r[FINAL]), row * (r[TAPS] - 1) + j, v);
      }
    }
  }

  /// Outputs `from` to `from + n` of `row` before the activation, to element `yAt` of `y`.
  static void convolve(Call c, long row, long from, int n, MemorySegment y, long yAt) {
    long[] r = c.registers();
    int taps = (int) r[TAPS];
    long channel = row % r[D];
    MemorySegment w = c.in((int) r[X] + 1);
    double b = r[BIAS] < 0 ? 0 : c.get((int) r[BIAS], channel);
    int head = (int) Math.min(n, Math.max(0, taps - 1 - from));
    for (int t = 0; t < head; t++) {
      head(c, row, from + t, b, y, yAt + t);
    }
    long at = row * r[L] + from + head - (taps - 1);
    MemorySegment x = c.in((int) r[X]);
    if (head == n) {
      return;
    }
    if (c.dtype() == DType.F32) {
      CorrelateSimd.f32(x, at, w, channel * taps, 1, taps, (float) b, y, yAt + head, n - head);
    } else {
      CorrelateSimd.f64(x, at, w, channel * taps, 1, taps, b, y, yAt + head, n - head);
    }
  }

  /// One of the first outputs, which reach back into the state.
  private static void head(Call c, long row, long t, double b, MemorySegment y, long yAt) {
    long[] r = c.registers();
    DType type = c.dtype();
    long w = row % r[D] * r[TAPS];
    double s = b;
    for (int k = 0; k < r[TAPS]; k++) {
      s += c.get((int) r[X] + 1, w + k) * input(c, row, t - r[TAPS] + 1 + k);
    }
    type.write(y, yAt, s);
  }

  /// Input `t` of `row`; negative ones lie in the initial state.
  static double input(Call c, long row, long t) {
    long[] r = c.registers();
    if (t >= 0) {
      return c.get((int) r[X], row * r[L] + t);
    }
    long lead = r[TAPS] - 1;
    return r[STATE] < 0 ? 0 : c.get((int) r[STATE], row * lead + lead + t);
  }
}
