package dev.gatun.op.sequence.rnn;

import dev.gatun.cpu.simd.Gemm;
import dev.gatun.cpu.simd.GemmPlan;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.RowProduct;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// What the vector forms of unrolled cells share: the products of a step, their work memory and the
/// transposed weights.
///
/// A block is a dozen rows of the batch over all steps, so that threads never wait for each other.
/// The rows of `r` are the outputs of a forward product. Few rows times such a matrix are dot
/// products; from a number of steps on it pays to transpose `r` once: its rows are then runs of
/// outputs, and a product adds up scaled rows with nothing to fold.
final class UnrolledSimd {
  /// Rows of a block: two tiles of the product.
  static final int ROWS = 12;

  private static final int FEW_ROWS = 3;
  private static final int STEPS_OF_FEW = 16;
  private static final int PACK = 16;

  // Registers after the plan of the product: where things lie in scratch, in elements, and its
  // size in bytes.
  private static final int ZEROS = GemmPlan.SIZE;
  private static final int PACKED = ZEROS + 1;
  private static final int CANDIDATE = PACKED + 1;
  private static final int STATE = CANDIDATE + 1;
  private static final int SPARE = STATE + 1;
  private static final int BYTES = SPARE + 1;

  private static final Workers.Body PACK_BODY = UnrolledSimd::pack;

  private UnrolledSimd() {}

  static long forwardScratch(Unrolled op, List<Spec> in, int workers) {
    return scratch(op, in, false, workers);
  }

  static long backwardScratch(Unrolled op, List<Spec> in, int workers) {
    return scratch(op, in, true, workers);
  }

  private static long scratch(Unrolled op, List<Spec> in, boolean backward, int workers) {
    long[] r = new long[BYTES + 1];
    Spec x = in.get(op.first() + Unrolled.X);
    plan(op, x, in.get(op.first() + Unrolled.R), backward, workers, r);
    return r[BYTES];
  }

  /// Runs `body` for the blocks of the batch.
  static void run(Unrolled op, Call c, Workers w, boolean backward, Workers.Body body) {
    Spec x = c.inSpec(op.first() + Unrolled.X);
    plan(op, x, c.inSpec(op.first() + Unrolled.R), backward, w.count(), c.registers());
    c.kernel(op);
    Lanes.clear(c.scratch(), c.registers()[ZEROS] * c.dtype().bytes(), 64);
    if (!backward && packs(x)) {
      w.run(PACK_BODY, c, 0, (op.width(c) + PACK - 1) / PACK);
    }
    w.run(body, c, 0, (op.batch(c) + ROWS - 1) / ROWS);
  }

  private static boolean packs(Spec x) {
    return x.shape().dim(0) >= (x.shape().dim(1) <= FEW_ROWS ? STEPS_OF_FEW : 2);
  }

  /// What the first product makes: all gates, or all but the candidate where its state is reset
  /// before the product.
  private static int made(Unrolled op, int units) {
    return (resets(op) ? 2 : op.cell().gates()) * units;
  }

  private static boolean resets(Unrolled op) {
    return op.cell() instanceof GruCell g && !g.linearBeforeReset();
  }

  private static void plan(Unrolled op, Spec xs, Spec rs, boolean backward, int workers, long[] r) {
    int type = xs.dtype() == DType.F32 ? GemmPlan.F32 : GemmPlan.F64;
    int wide = xs.dtype().bytes();
    long batch = xs.shape().dim(1);
    int gates = Math.toIntExact(xs.shape().dim(2));
    int units = gates / op.cell().gates();
    long p = rs.shape().dim(1);
    int made = made(op, units);
    boolean packed = !backward && packs(xs);
    if (backward) {
      GemmPlan.plan(r, type, GemmPlan.ZERO, batch, p, made, gates, 1, p, 1, p, workers);
    } else {
      int init = op instanceof Gru g && g.bias() ? GemmPlan.BIAS : GemmPlan.ZERO;
      long down = packed ? packedRow(made) : 1;
      GemmPlan.plan(r, type, init, batch, made, p, p, 1, down, packed ? 1 : p, gates, workers);
    }
    GemmPlan.blockRows(r, ROWS);
    r[ZEROS] = round(GemmPlan.scratch(r) * workers / wide);
    r[PACKED] = r[ZEROS] + 16;
    r[CANDIDATE] = round(r[PACKED] + (packed ? packedRow(made) * p : 0));
    r[STATE] = round(r[CANDIDATE] + (packed && resets(op) ? units * p : 0));
    r[SPARE] = round(r[STATE] + (backward ? batch * p : 0));
    r[BYTES] = (r[SPARE] + workers * spareOf(units)) * wide;
  }

  /// Elements between rows of the transposed weights: one line more than a row, as rows a power of
  /// two apart meet in a few sets of L1.
  private static long packedRow(int made) {
    return round(made) + 16;
  }

  private static long round(long elements) {
    return elements + 15 & -16;
  }

  private static long spareOf(int units) {
    return round(12L * units) + 16;
  }

  /// Element of scratch where the gradient of each row's state has room.
  static long state(Call c) {
    return c.registers()[STATE];
  }

  /// Element of scratch where twelve rows of hidden units are worker `worker`'s own.
  static long spare(Call c, int units, int worker) {
    return c.registers()[SPARE] + worker * spareOf(units);
  }

  /// Rows `[k, k + 16)` of the transposed weights.
  private static void pack(Call c, long phase, int block, int worker) {
    Unrolled op = (Unrolled) c.kernel();
    int p = op.width(c);
    int made = made(op, op.units(c));
    MemorySegment r = Lanes.offHeap(c.in(Unrolled.R));
    MemorySegment to = Lanes.offHeap(c.scratch());
    int from = block * PACK;
    int n = Math.min(PACK, p - from);
    long at = c.registers()[PACKED] + from * packedRow(made);
    for (int i = 0; i < made; i++) {
      long row = (long) i * p + from;
      for (int k = 0; k < n; k++) {
        long o = at + k * packedRow(made) + i;
        move(c, r, row + k, to, o);
      }
    }
    int units = resets(op) ? op.units(c) : 0;
    for (int i = 0; i < units; i++) {
      for (int k = from; k < from + n; k++) {
        long row = (long) (made + i) * p;
        move(c, r, row + k, to, c.registers()[CANDIDATE] + (long) k * units + i);
      }
    }
  }

  private static void move(Call c, MemorySegment x, long xAt, MemorySegment y, long yAt) {
    if (c.dtype() == DType.F32) {
      y.set(Lanes.FLOAT, yAt * 4, x.get(Lanes.FLOAT, xAt * 4));
    } else {
      y.set(Lanes.DOUBLE, yAt * 8, x.get(Lanes.DOUBLE, xAt * 8));
    }
  }

  /// The state's part of the gates at time `t`, for the rows of a block: `u[t] = bias + h r^T`.
  static void forward(
      Unrolled op, Call c, MemorySegment h, MemorySegment u, int t, int block, int worker) {
    int units = op.units(c);
    if (units == 0) {
      return;
    }
    boolean packed = packs(c.inSpec(Unrolled.X));
    long at = (long) t * op.batch(c) * op.cell().gates() * units;
    boolean bias = op instanceof Gru g && g.bias();
    if (packed && !bias && op.batch(c) <= FEW_ROWS) {
      forwardRows(op, c, h, u, at);
      return;
    }
    Gemm.block(
        c.registers(),
        h,
        0,
        packed ? c.scratch() : c.in(Unrolled.R),
        packed ? c.registers()[PACKED] : 0,
        c.in(bias ? Gru.BIAS : Unrolled.R),
        u,
        at,
        c.scratch(),
        Gemm.IDENTITY,
        block,
        worker);
  }

  /// A row at a time, its sums in registers: with few rows a tile of the product is mostly empty.
  private static void forwardRows(Unrolled op, Call c, MemorySegment h, MemorySegment u, long at) {
    int p = op.width(c);
    int wide = c.dtype().bytes();
    int made = made(op, op.units(c));
    long[] r = c.registers();
    for (int b = 0; b < op.batch(c); b++) {
      RowProduct.sums(
          wide,
          c.scratch(),
          r[PACKED],
          packedRow(made),
          made,
          p,
          h,
          (long) b * p,
          u,
          at + (long) b * op.cell().gates() * op.units(c),
          c.scratch(),
          r[ZEROS]);
    }
  }

  /// The gradient of the states that step `t` read, for the rows of a block, into [#state]: `du[t]
  /// r`.
  static void backward(Unrolled op, Call c, MemorySegment du, int t, int block, int worker) {
    if (op.width(c) == 0) {
      return;
    }
    long at = (long) t * op.batch(c) * op.cell().gates() * op.units(c);
    MemorySegment r = c.in(op.first() + Unrolled.R);
    Gemm.block(
        c.registers(),
        du,
        at,
        r,
        0,
        r,
        c.scratch(),
        state(c),
        c.scratch(),
        Gemm.IDENTITY,
        block,
        worker);
  }

  /// The state's part of a candidate from the state that was reset, `y = R_n x` for one row.
  static void candidate(Call c, int n, MemorySegment x, long xAt, MemorySegment y, long yAt) {
    if (packs(c.inSpec(Unrolled.X))) {
      sums(c, c.scratch(), c.registers()[CANDIDATE], n, n, x, xAt, y, yAt);
    } else {
      dots(c, c.in(Unrolled.R), 2L * n * n, n, n, x, xAt, y, yAt);
    }
  }

  /// `y = w x` for one row, `n` rows of `w`.
  static void dots(
      Call c,
      MemorySegment w,
      long wAt,
      int n,
      int k,
      MemorySegment x,
      long xAt,
      MemorySegment y,
      long yAt) {
    int wide = c.dtype().bytes();
    RowProduct.dots(wide, w, wAt, n, k, x, xAt, y, yAt, c.scratch(), c.registers()[ZEROS]);
  }

  /// `y = w^T x` for one row, `k` rows of `w`.
  static void sums(
      Call c,
      MemorySegment w,
      long wAt,
      int n,
      int k,
      MemorySegment x,
      long xAt,
      MemorySegment y,
      long yAt) {
    int wide = c.dtype().bytes();
    RowProduct.sums(wide, w, wAt, n, n, k, x, xAt, y, yAt, c.scratch(), c.registers()[ZEROS]);
  }
}
