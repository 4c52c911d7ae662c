package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.Scan;
import dev.gatun.device.Workers;

/// Vector form of [CumSum].
final class CumSumSimd {
  private static final Workers.Body FORWARD = body(false, false);
  private static final Workers.Body REVERSE = body(true, false);
  private static final Workers.Body FORWARD_EXCLUSIVE = body(false, true);
  private static final Workers.Body REVERSE_EXCLUSIVE = body(true, true);

  private CumSumSimd() {}

  private static Workers.Body body(boolean reverse, boolean exclusive) {
    Scan scan = new Scan(reverse, exclusive, (a, b) -> a.add(b), 0);
    return new RunningSimd(new RunningSimd.Totals(scan));
  }

  static Workers.Body body(CumSum op) {
    if (op.exclusive()) {
      return op.reverse() ? REVERSE_EXCLUSIVE : FORWARD_EXCLUSIVE;
    }
    return op.reverse() ? REVERSE : FORWARD;
  }
}
