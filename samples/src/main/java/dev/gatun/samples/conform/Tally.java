package dev.gatun.samples.conform;

import dev.gatun.tensor.DType;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;

/// Counts comparisons, remembers the worst and prints failures as they come.
final class Tally {
  private final PrintStream out;
  private long cases;
  private long passed;
  private long failed;
  private double worst = -1;
  private String where = "";

  Tally(PrintStream out) {
    this.out = out;
  }

  /// One more case.
  void begin() {
    cases++;
  }

  /// Compares what a run gave with every stored result.
  void compare(GoldenCase c, DType dtype, String state, Map<String, double[]> got) {
    for (Expected e : c.expected()) {
      double[] values = got.get(e.toString());
      double ratio = values == null ? Double.POSITIVE_INFINITY : e.worst(values, dtype);
      String name = "%s %s %s %s".formatted(c.name(), e, dtype, state);
      if (ratio > worst) {
        worst = ratio;
        where = name;
      }
      if (ratio <= 1) {
        passed++;
      } else {
        failed++;
        String what = values == null ? "is missing" : "is %.3g of its bound".formatted(ratio);
        out.printf(Locale.ROOT, "  FAILED %s %s%n", name, what);
      }
    }
  }

  /// A case that could not run: all of its `comparisons`, at least one, failed.
  void fail(String name, int comparisons, String why) {
    failed += Math.max(1, comparisons);
    out.printf(Locale.ROOT, "  FAILED %s: %s%n", name, why);
  }

  long cases() {
    return cases;
  }

  long failed() {
    return failed;
  }

  long comparisons() {
    return passed + failed;
  }

  /// Adds what another counted.
  void add(Tally other) {
    cases += other.cases;
    passed += other.passed;
    failed += other.failed;
  }

  /// The line of one file.
  void print(String file) {
    String error =
        worst < 0 ? "nothing ran" : "worst error %.3g of its bound (%s)".formatted(worst, where);
    out.printf(
        Locale.ROOT,
        "%-26s %3d cases %5d comparisons  %-6s %s%n",
        file,
        cases,
        comparisons(),
        failed == 0 && cases > 0 ? "ok" : "FAILED",
        error);
  }

  /// The last line.
  void printTotal() {
    out.printf(
        Locale.ROOT,
        "%d cases, %d comparisons: %d passed, %d failed%n",
        cases,
        comparisons(),
        passed,
        failed);
  }
}
