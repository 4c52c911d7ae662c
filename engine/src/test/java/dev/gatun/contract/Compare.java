package dev.gatun.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.gatun.contract.Run.Result;
import dev.gatun.tensor.DType;
import java.util.Arrays;
import java.util.List;

/// Compares results with a bound.
final class Compare {
  private Compare() {}

  /// Fails unless `got` is within `slack` times the case's bound of `want`, NaN and infinities in
  /// the same places.
  static void near(Run run, String what, double slack, List<Result> want, List<Result> got) {
    assertEquals(want.size(), got.size(), () -> run + " " + what + ": number of results");
    for (int k = 0; k < want.size(); k++) {
      Result w = want.get(k);
      Result g = got.get(k);
      assertEquals(w.spec(), g.spec(), () -> run + " " + what);
      DType t = w.spec().dtype();
      near(
          run + " " + what + ", result " + k,
          w.values(),
          g.values(),
          slack * run.of().bound(t, run.n()),
          run.of().ofScale()
              ? scale(w.values())
              : t == DType.F64 ? Double.MIN_NORMAL : Float.MIN_NORMAL);
    }
  }

  /// Fails unless every element is within `bound * max(|want|, floor)`.
  static void near(String what, double[] want, double[] got, double bound, double floor) {
    assertEquals(want.length, got.length, what);
    for (int i = 0; i < want.length; i++) {
      double w = want[i];
      double g = got[i];
      boolean close =
          Double.isFinite(w)
              ? Math.abs(g - w) <= bound * Math.max(Math.abs(w), floor)
              : Double.compare(w, g) == 0;
      if (!close) {
        fail(
            "%s: element %d must be %s within %.3g of %.3g; got %s"
                .formatted(what, i, w, bound, Math.max(Math.abs(w), floor), g));
      }
    }
  }

  /// Fails unless the bits are the same.
  static void same(String what, List<Result> want, List<Result> got) {
    for (int k = 0; k < want.size(); k++) {
      int at = Arrays.mismatch(want.get(k).values(), got.get(k).values());
      if (at >= 0) {
        fail(
            "%s: element %d of result %d must be %s; got %s"
                .formatted(what, at, k, want.get(k).values()[at], got.get(k).values()[at]));
      }
    }
  }

  /// The largest finite magnitude.
  static double scale(double[] values) {
    return Arrays.stream(values).map(Math::abs).filter(Double::isFinite).max().orElse(0);
  }
}
