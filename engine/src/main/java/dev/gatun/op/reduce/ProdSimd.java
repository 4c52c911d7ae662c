package dev.gatun.op.reduce;

import static jdk.incubator.vector.VectorOperators.EQ;

import dev.gatun.cpu.simd.Accumulate;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Prod] and its gradient.
final class ProdSimd {
  private static final int BLOCK = 16_384;

  static final Workers.Body BODY =
      new States.Body(
          new OnePlaneSimd(
              Accumulate.of((a, x, p) -> a.mul(x), (a, b) -> a.mul(b), 1),
              (a, b) -> a * b,
              (v, n) -> v));

  /// The product of what is not zero.
  private static final Accumulate OTHERS =
      Accumulate.of((a, x, p) -> a.mul(x.blend(1, x.compare(EQ, 0))), (a, b) -> a.mul(b), 1);

  private static final Accumulate ZEROS =
      Accumulate.of((a, x, p) -> a.blend(a.add(1), x.compare(EQ, 0)), (a, b) -> a.add(b), 0);

  /// Products up to this, and down to its inverse, have all their digits and so have quotients.
  private static final double GREAT = 1e290;

  /// `y / x`; in F32 for a `y` that is a normal float, a rounding off.
  private static final Loop.Binary SHARE_F32 = Loop.f32((FloatVector x, FloatVector y) -> y.div(x));

  private static final Loop.Binary SHARE_F64 =
      Loop.f64((DoubleVector x, DoubleVector y) -> y.div(x));

  private static final Workers.Body ROWS = ProdSimd::rows;

  private ProdSimd() {}

  static void gradient(Call c, Workers w) {
    Shape x = c.inShape(0);
    if (x.elems() > 0) {
      long rows = rowsPerBlock(x);
      w.run(ROWS, c, 0, Math.toIntExact((x.dim(0) + rows - 1) / rows));
    }
  }

  private static long rowsPerBlock(Shape x) {
    return Math.max(1, BLOCK / x.dim(1));
  }

  private static void rows(Call c, long phase, int block, int worker) {
    Shape x = c.inShape(0);
    long begin = block * rowsPerBlock(x);
    long end = Math.min(x.dim(0), begin + rowsPerBlock(x));
    for (long r = begin; r < end; r++) {
      row(c, r, Math.toIntExact(x.dim(1)));
    }
  }

  private static void row(Call c, long r, int n) {
    boolean isF32 = c.dtype() == DType.F32;
    long at = r * n;
    double others = OTHERS.row(isF32, c.in(0), at, n, 0) * c.get(1, r);
    double size = Math.abs(others);
    if (!(isF32 ? size <= Double.MAX_VALUE : size <= GREAT && size >= 1 / GREAT)) {
      Prod.Grad.others(c, r, n);
      return;
    }
    double zeros = ZEROS.row(isF32, c.in(0), at, n, 0);
    if (zeros > 0) {
      clear(c, at, n);
      for (long i = at; i < at + n && zeros == 1; i++) {
        if (c.get(0, i) == 0) {
          c.set(0, i, others);
        }
      }
    } else if (isF32 && (size > Float.MAX_VALUE || size < Float.MIN_NORMAL)) {
      // The product lies outside the range of floats, but its quotients may not.
      for (long i = at; i < at + n; i++) {
        c.set(0, i, others / c.get(0, i));
      }
    } else {
      (isF32 ? SHARE_F32 : SHARE_F64).runScalar(c.in(0), at, others, c.out(0), at, n);
    }
  }

  private static void clear(Call c, long at, int n) {
    int size = c.dtype().bytes();
    Lanes.clear(c.out(0), at * size, (long) n * size);
  }
}
