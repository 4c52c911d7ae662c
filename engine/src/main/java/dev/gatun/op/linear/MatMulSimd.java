package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Gemm;
import dev.gatun.cpu.simd.GemmPlan;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Vector form of [MatMul]: the batch and the blocks of each matrix are one list of blocks.
final class MatMulSimd {
  // Registers after those of the plan: blocks of a matrix, then the batch's axes from the innermost
  // out, neighbours merged where both operands run on or both repeat.
  static final int PER_MATRIX = GemmPlan.SIZE;
  private static final int AXES = PER_MATRIX + 1;
  private static final int DIM = AXES + 1;
  private static final int MAX_AXES = 4;
  static final int A_STRIDE = DIM + MAX_AXES;
  static final int B_STRIDE = A_STRIDE + MAX_AXES;

  // Of small products: matrices, and how many of them a block does.
  private static final int SMALL = B_STRIDE + MAX_AXES;
  private static final int EACH = SMALL + 1;

  /// Multiply-adds of a product that is done before a plan's block would have started.
  private static final long SMALL_WORK = 4096;

  /// Those of a block of small products.
  private static final long SMALL_BLOCK = 1 << 18;

  private static final Workers.Body NONE = fused(Activation.NONE);
  private static final Workers.Body RELU = fused(Activation.RELU);
  private static final Workers.Body GELU = fused(Activation.GELU);
  private static final Workers.Body SILU = fused(Activation.SILU);
  private static final Workers.Body SIGMOID = fused(Activation.SIGMOID);
  private static final Workers.Body TANH = fused(Activation.TANH);
  private static final Workers.Body SMALL_PLAIN =
      (c, phase, block, worker) -> small(c, block, false);
  private static final Workers.Body SMALL_TRANSPOSED =
      (c, phase, block, worker) -> small(c, block, true);

  private MatMulSimd() {}

  static void run(MatMul op, Call c, Workers w) {
    long[] r = c.registers();
    plan(op, c.inSpec(0), c.inSpec(1), r, w.count());
    r[PER_MATRIX] = GemmPlan.blocks(r);
    long matrices = batch(op, c, r);
    if (matrices > 1 && isSmall(op, c)) {
      long work = op.m(c.inSpec(0)) * op.n(c.inSpec(1)) * op.k(c.inSpec(0));
      r[SMALL] = matrices;
      r[EACH] = Math.max(1, SMALL_BLOCK / Math.max(1, work));
      long blocks = (matrices + r[EACH] - 1) / r[EACH];
      w.run(op.transA() ? SMALL_TRANSPOSED : SMALL_PLAIN, c, 0, Math.toIntExact(blocks));
      return;
    }
    w.run(body(op.activation()), c, 0, Math.toIntExact(r[PER_MATRIX] * matrices));
  }

  /// Whether the matrices of a batch are too small for tiles, and the rows of `b` and of the result
  /// are contiguous vectors.
  private static boolean isSmall(MatMul op, Call c) {
    Spec a = c.inSpec(0);
    Spec b = c.inSpec(1);
    long n = op.n(b);
    return !op.transB()
        && !op.bias()
        && op.activation() == Activation.NONE
        && a.dtype() == b.dtype()
        && n >= (a.dtype() == DType.F32 ? Lanes.F32.length() : Lanes.F64.length())
        && op.m(a) * n * op.k(a) <= SMALL_WORK;
  }

  private static void small(Call c, int block, boolean transA) {
    long[] r = c.registers();
    Shape a = c.inShape(0);
    Shape y = c.outShape(0);
    int m = (int) y.dim(-2);
    int n = (int) y.dim(-1);
    int k = (int) a.dim(transA ? -2 : -1);
    int aRow = transA ? 1 : k;
    int aCol = transA ? m : 1;
    MemorySegment left = c.in(0);
    MemorySegment right = c.in(1);
    long end = Math.min(r[SMALL], (block + 1) * r[EACH]);
    for (long i = block * r[EACH]; i < end; i++) {
      long aAt = offset(r, i, A_STRIDE);
      long bAt = offset(r, i, B_STRIDE);
      long cAt = i * m * n;
      if (c.dtype() == DType.F32) {
        SmallProductSimd.f32(left, aAt, aRow, aCol, right, bAt, c.out(0), cAt, m, n, k);
      } else {
        SmallProductSimd.f64(left, aAt, aRow, aCol, right, bAt, c.out(0), cAt, m, n, k);
      }
    }
  }

  /// Bytes of work memory of all workers.
  static long scratch(MatMul op, List<Spec> in, int workers) {
    long[] plan = new long[GemmPlan.SIZE];
    plan(op, in.get(0), in.get(1), plan, workers);
    return GemmPlan.scratch(plan) * workers;
  }

  static boolean foldsBatch(MatMul op, Shape b) {
    return !op.transA() && b.elems(0, b.rank() - 2) == 1;
  }

  private static void plan(MatMul op, Spec a, Spec b, long[] r, int workers) {
    long m = op.m(a);
    long k = op.k(a);
    long n = op.n(b);
    int type =
        a.dtype() == DType.F64
            ? GemmPlan.F64
            : b.dtype() == DType.BF16 ? GemmPlan.BF16 : GemmPlan.F32;
    // One weight for a batch of rows: the batch is more rows.
    long rows = foldsBatch(op, b.shape()) ? a.shape().elems(0, a.shape().rank() - 2) * m : m;
    GemmPlan.plan(
        r,
        type,
        op.bias() ? GemmPlan.BIAS : GemmPlan.ZERO,
        rows,
        n,
        k,
        op.transA() ? 1 : k,
        op.transA() ? m : 1,
        op.transB() ? 1 : n,
        op.transB() ? k : 1,
        n,
        workers);
  }

  /// Writes the batch's axes and returns how many matrices there are.
  static long batch(MatMul op, Call c, long[] r) {
    Shape a = c.inShape(0);
    Shape b = c.inShape(1);
    Shape y = c.outShape(0);
    r[AXES] = 0;
    if (foldsBatch(op, b)) {
      return 1;
    }
    long aStride = a.dim(-1) * a.dim(-2);
    long bStride = b.dim(-1) * b.dim(-2);
    long matrices = 1;
    for (int i = 3; i <= y.rank(); i++) {
      long da = i <= a.rank() ? a.dim(-i) : 1;
      long db = i <= b.rank() ? b.dim(-i) : 1;
      if (y.dim(-i) != 1) {
        push(r, y.dim(-i), da == 1 ? 0 : aStride, db == 1 ? 0 : bStride);
      }
      aStride *= da;
      bStride *= db;
      matrices *= y.dim(-i);
    }
    return matrices;
  }

  private static void push(long[] r, long dim, long aStride, long bStride) {
    int n = Math.toIntExact(r[AXES]);
    long last = n == 0 ? 0 : r[DIM + n - 1];
    if (n > 0 && aStride == r[A_STRIDE + n - 1] * last && bStride == r[B_STRIDE + n - 1] * last) {
      r[DIM + n - 1] *= dim;
      return;
    }
    if (n == MAX_AXES) {
      throw new IllegalArgumentException(
          "MatMul: at most "
              + MAX_AXES
              + " runs of leading axes may differ in how they repeat; got more");
    }
    r[DIM + n] = dim;
    r[A_STRIDE + n] = aStride;
    r[B_STRIDE + n] = bStride;
    r[AXES]++;
  }

  static long offset(long[] r, long matrix, int stride) {
    long at = 0;
    for (int i = 0; i < r[AXES]; i++) {
      at += matrix % r[DIM + i] * r[stride + i];
      matrix /= r[DIM + i];
    }
    return at;
  }

  private static Workers.Body body(Activation activation) {
    return switch (activation) {
      case NONE -> NONE;
      case RELU -> RELU;
      case GELU -> GELU;
      case SILU -> SILU;
      case SIGMOID -> SIGMOID;
      case TANH -> TANH;
    };
  }

  private static Workers.Body fused(Activation activation) {
    Loop.Unary f32 = ActivationSimd.of(ActivationSimd.number(activation), 4);
    Loop.Unary f64 = ActivationSimd.of(ActivationSimd.number(activation), 8);
    return (c, phase, block, worker) -> block(c, c.dtype() == DType.F32 ? f32 : f64, block, worker);
  }

  private static void block(Call c, Loop.Unary activation, int block, int worker) {
    long[] r = c.registers();
    long matrix = block / r[PER_MATRIX];
    Shape y = c.outShape(0);
    MemorySegment bias = c.inputs() > 2 ? c.in(2) : c.in(0);
    Gemm.block(
        r,
        c.in(0),
        offset(r, matrix, A_STRIDE),
        c.in(1),
        offset(r, matrix, B_STRIDE),
        bias,
        c.out(0),
        matrix * y.dim(-1) * y.dim(-2),
        c.scratch(),
        activation,
        (int) (block % r[PER_MATRIX]),
        worker);
  }
}
