package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.Scan;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [CumProd] and its gradient.
final class CumProdSimd {
  static final Workers.Body BODY =
      new RunningSimd(new RunningSimd.Totals(new Scan(false, false, (a, b) -> a.mul(b), 1)));

  static final Workers.Body GRAD = new RunningSimd(new Gradient());

  /// Loops over a row of columns.
  ///
  /// @param back `dy + x b`
  private record Loops(Loop.Ternary back, Loop.Binary mul) {}

  private static final Loops F32 =
      new Loops(
          Loop.f32((FloatVector dy, FloatVector x, FloatVector b) -> x.fma(b, dy)),
          Loop.f32((FloatVector x, FloatVector y) -> x.mul(y)));

  private static final Loops F64 =
      new Loops(
          Loop.f64((DoubleVector dy, DoubleVector x, DoubleVector b) -> x.fma(b, dy)),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.mul(y)));

  private CumProdSimd() {}

  /// Backwards `b_i = dy_i + x_(i+1) b_(i+1)` into the result, then forwards times the product of
  /// all before.
  private record Gradient() implements RunningSimd.Form {
    @Override
    public void row(Call c, long at, int n) {
      CumProd.Grad.run(c, at, 1, n);
    }

    @Override
    public void columns(Call c, long at, long inner, long n, int width, long spare) {
      boolean isF32 = c.dtype() == DType.F32;
      Loops f = isF32 ? F32 : F64;
      MemorySegment x = c.in(0);
      MemorySegment dx = c.out(0);
      long last = at + (n - 1) * inner;
      f.mul().runScalar(c.in(1), last, 1, dx, last, width);
      for (long i = last - inner; i >= at; i -= inner) {
        f.back().run(c.in(1), i, x, i + inner, dx, i + inner, dx, i, width);
      }
      MemorySegment before = c.scratch();
      // A float is half of a double of scratch.
      long b = isF32 ? 2 * spare : spare;
      for (int i = 0; i < width; i++) {
        if (isF32) {
          before.set(Lanes.FLOAT, (b + i) * Float.BYTES, 1);
        } else {
          before.set(Lanes.DOUBLE, (b + i) * Double.BYTES, 1);
        }
      }
      for (long i = at; i <= last; i += inner) {
        f.mul().run(dx, i, 0, before, b, 0, dx, i, 1, width);
        f.mul().run(before, b, 0, x, i, 0, before, b, 1, width);
      }
    }
  }
}
