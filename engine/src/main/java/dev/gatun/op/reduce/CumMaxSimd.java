package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.Scan;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;

/// Vector form of [CumMax]: maxima by scans; their places from `x` and the maxima, which are still
/// in cache.
final class CumMaxSimd {
  static final Workers.Body BODY = new RunningSimd(new Places());

  private static final Scan MAX =
      new Scan(false, false, (a, b) -> a.max(b), Double.NEGATIVE_INFINITY);

  private CumMaxSimd() {}

  private record Places() implements RunningSimd.Form {
    @Override
    public void row(Call c, long at, int n) {
      MAX.row(c.dtype() == DType.F32, c.in(0), at, c.out(0), at, n);
      CumMax.places(c, at, 1, n);
    }

    @Override
    public void columns(Call c, long at, long inner, long n, int width, long spare) {
      MAX.columns(
          c.dtype() == DType.F32, c.in(0), c.out(0), at, inner, n, width, c.scratch(), spare);
      for (int i = 0; i < width; i++) {
        CumMax.places(c, at + i, inner, n);
      }
    }
  }
}
