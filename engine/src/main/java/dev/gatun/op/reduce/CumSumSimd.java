package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.RunningSumF32;
import dev.gatun.cpu.simd.Scan;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;

/// Vector form of [CumSum]: scans in double, but down columns of F32, where that would not keep up
/// with memory, sums of two floats.
///
/// @param totals for rows and for F64
record CumSumSimd(RunningSimd.Totals totals, boolean reverse, boolean exclusive)
    implements RunningSimd.Form {
  private static final Workers.Body FORWARD = body(false, false);
  private static final Workers.Body REVERSE = body(true, false);
  private static final Workers.Body FORWARD_EXCLUSIVE = body(false, true);
  private static final Workers.Body REVERSE_EXCLUSIVE = body(true, true);

  private static Workers.Body body(boolean reverse, boolean exclusive) {
    Scan scan = new Scan(reverse, exclusive, (a, b) -> a.add(b), 0);
    return new RunningSimd(new CumSumSimd(new RunningSimd.Totals(scan), reverse, exclusive));
  }

  static Workers.Body body(CumSum op) {
    if (op.exclusive()) {
      return op.reverse() ? REVERSE_EXCLUSIVE : FORWARD_EXCLUSIVE;
    }
    return op.reverse() ? REVERSE : FORWARD;
  }

  @Override
  public void row(Call c, long at, int n) {
    totals.row(c, at, n);
  }

  @Override
  public void columns(Call c, long at, long inner, long n, int width, long spare) {
    if (c.dtype() != DType.F32) {
      totals.columns(c, at, inner, n, width, spare);
      return;
    }
    long first = reverse ? at + (n - 1) * inner : at;
    long step = reverse ? -inner : inner;
    // A double of scratch is two floats: a sum and what its rounding lost.
    RunningSumF32.columns(
        c.in(0), c.out(0), first, step, n, width, exclusive, c.scratch(), 2 * spare);
  }
}
