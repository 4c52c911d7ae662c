package dev.gatun.jmh;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The tables of state space models, of scans and of OpenCL.
record DeviceTables(Tables tables) {
  void stateSpaces(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    tables.heading(
        "State space models, F32",
        "form",
        "threads",
        "ours ms",
        "Gterms/s",
        "of peak / 24 flops",
        "PyTorch naive ms",
        "ratio");
    for (Trial t : trials) {
      StateSpaceBenchmark.Form form = StateSpaceBenchmark.Form.valueOf(t.parameter("form"));
      tables.row(
          form.name().toLowerCase(Locale.ROOT),
          t.threads(),
          t.best("ours") / 1e6,
          form.terms() / t.best("ours"),
          Tables.percent(t.ratio("ceiling", "ours")),
          t.best("peer") / 1e6,
          t.ratio("peer", "ours"));
    }
  }

  void scans(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    tables.heading(
        "First-order scans, F32",
        "form",
        "threads",
        "ours ms",
        "GB/s",
        "of triad",
        "Java loop, one thread, ms",
        "ratio");
    for (Trial t : trials) {
      ScanBenchmark.Form form = ScanBenchmark.Form.valueOf(t.parameter("form"));
      tables.row(
          form.name().toLowerCase(Locale.ROOT),
          t.threads(),
          t.best("ours") / 1e6,
          form.bytes() / t.best("ours"),
          Tables.percent(t.ratio("ceiling", "ours")),
          t.best("peer") / 1e6,
          t.ratio("peer", "ours"));
    }
  }

  /// @param slow why operators take more than three times as long, by their names
  void devices(
      String device, List<String> operators, List<Trial> trials, Map<String, String> slow) {
    tables.heading(
        "OpenCL on " + device + " against the processor's own device, F32, two threads",
        "operator",
        "OpenCL us",
        "processor us",
        "ratio",
        "why below 0.3");
    for (int i = 0; i < trials.size(); i++) {
      Trial t = trials.get(i);
      double ratio = t.ratio("peer", "ours");
      String why = ratio < 0.3 ? slow.getOrDefault(operators.get(i), "not known") : "";
      tables.row(operators.get(i), t.best("ours") / 1e3, t.best("peer") / 1e3, ratio, why);
    }
  }

  void launches(Launches.Row launches) {
    tables.heading(
        "Calls on OpenCL, two elements", "enqueued us", "computed us", "bytes allocated");
    tables.row(launches.enqueue() / 1e3, launches.done() / 1e3, launches.bytes());
  }
}
