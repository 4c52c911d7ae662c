package dev.gatun.op.random;

import static dev.gatun.op.random.Mask.BLOCK;
import static dev.gatun.op.random.Mask.PIECE;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.PhiloxLanes;
import dev.gatun.cpu.simd.Threshold;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector forms of [Bernoulli], [Dropout] and [DropoutAdd]: piece by piece the words, the factors
/// that they choose, then the result.
final class MaskSimd {
  // Registers; numbers as the bits of a double.
  private static final int SEED = 0;
  private static final int THRESHOLD = 1;
  private static final int BELOW = 2;
  private static final int ABOVE = 3;

  private static final Loop.Binary MUL_F32 = Loop.f32((FloatVector x, FloatVector m) -> x.mul(m));
  private static final Loop.Binary MUL_F64 = Loop.f64((DoubleVector x, DoubleVector m) -> x.mul(m));
  private static final Loop.Ternary ADD_F32 =
      Loop.f32((FloatVector x, FloatVector m, FloatVector r) -> x.fma(m, r));
  private static final Loop.Ternary ADD_F64 =
      Loop.f64((DoubleVector x, DoubleVector m, DoubleVector r) -> x.fma(m, r));

  static final Workers.Body BERNOULLI = MaskSimd::bernoulli;
  static final Workers.Body DROPOUT = MaskSimd::dropout;
  static final Workers.Body DROPOUT_ADD = MaskSimd::dropoutAdd;

  private MaskSimd() {}

  /// Fills the registers: elements are `below` with probability `p`, else `above`.
  static void plan(Call c, double p, long seed, double below, double above) {
    long[] r = c.registers();
    r[SEED] = seed;
    r[THRESHOLD] = Bernoulli.threshold(p);
    r[BELOW] = Double.doubleToRawLongBits(below);
    r[ABOVE] = Double.doubleToRawLongBits(above);
  }

  /// What is chosen for elements `at` to `at + n`, into element `yAt` of `y`.
  private static void choose(
      Call c, long at, int n, int worker, MemorySegment y, long yAt, DType type) {
    long[] r = c.registers();
    long words = worker * Mask.perWorker(type);
    int groups = (n + Philox.GROUP - 1) / Philox.GROUP;
    PhiloxLanes.fill(r[SEED], at / Philox.GROUP, groups, c.scratch(), words);
    double below = Double.longBitsToDouble(r[BELOW]);
    double above = Double.longBitsToDouble(r[ABOVE]);
    if (type == DType.F32) {
      Threshold.f32(c.scratch(), words, y, yAt * 4, n, r[THRESHOLD], (float) below, (float) above);
    } else {
      Threshold.f64(c.scratch(), words, y, yAt * 8, n, r[THRESHOLD], below, above);
    }
  }

  /// Element number of the factors of worker `worker` in scratch.
  private static long factors(DType type, int worker) {
    return (worker * Mask.perWorker(type) + (long) PIECE * Integer.BYTES) / type.bytes();
  }

  private static void bernoulli(Call c, long phase, int block, int worker) {
    long end = Math.min(c.outShape(0).elems(), (block + 1L) * BLOCK);
    for (long at = (long) block * BLOCK; at < end; at += PIECE) {
      choose(c, at, (int) Math.min(PIECE, end - at), worker, c.out(0), at, c.dtype());
    }
  }

  private static void dropout(Call c, long phase, int block, int worker) {
    DType type = c.dtype();
    Loop.Binary mul = type == DType.F32 ? MUL_F32 : MUL_F64;
    long m = factors(type, worker);
    long end = Math.min(c.outShape(0).elems(), (block + 1L) * BLOCK);
    for (long at = (long) block * BLOCK; at < end; at += PIECE) {
      int n = (int) Math.min(PIECE, end - at);
      choose(c, at, n, worker, c.scratch(), m, type);
      mul.run(c.in(0), at, 0, c.scratch(), m, 0, c.out(0), at, 1, n);
    }
  }

  private static void dropoutAdd(Call c, long phase, int block, int worker) {
    DType type = c.dtype();
    Loop.Ternary add = type == DType.F32 ? ADD_F32 : ADD_F64;
    long m = factors(type, worker);
    long end = Math.min(c.outShape(0).elems(), (block + 1L) * BLOCK);
    for (long at = (long) block * BLOCK; at < end; at += PIECE) {
      int n = (int) Math.min(PIECE, end - at);
      choose(c, at, n, worker, c.scratch(), m, type);
      add.run(c.in(0), at, c.scratch(), m, c.in(1), at, c.out(0), at, n);
    }
  }
}
