package dev.gatun.jmh;

import java.util.List;
import java.util.Locale;

/// The tables of state space models and of scans.
record StateTables(Tables tables) {
  void sums(List<Trial> trials) {
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

  /// State updates of a call.
  static double updates(Trial t) {
    return 1.0
        * SelectiveBenchmark.CHANNELS
        * SelectiveBenchmark.MODES
        * Integer.parseInt(t.parameter("steps"));
  }

  void selective(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    tables.heading(
        "Selective scan, F32, %d channels of %d modes"
            .formatted(SelectiveBenchmark.CHANNELS, SelectiveBenchmark.MODES),
        "steps",
        "threads",
        "ours us",
        "Gupdates/s",
        "backward us",
        "backward / forward",
        "PyTorch loop us",
        "ratio");
    for (Trial t : trials) {
      tables.row(
          t.parameter("steps"),
          t.threads(),
          t.best("ours") / 1e3,
          updates(t) / t.best("ours"),
          t.best("backward") / 1e3,
          t.ratio("backward", "ours"),
          t.best("peer") / 1e3,
          t.ratio("peer", "ours"));
    }
  }

  void linear(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    tables.heading(
        "Fast weights, F32, 4096 steps, 8 heads of 64 keys and values",
        "decay",
        "update",
        "gradient",
        "threads",
        "chunked ms",
        "recurrent ms",
        "ratio");
    for (Trial t : trials) {
      tables.row(
          t.parameter("decay"),
          t.parameter("update"),
          t.parameter("back"),
          t.threads(),
          t.best("ours") / 1e6,
          t.best("peer") / 1e6,
          t.ratio("peer", "ours"));
    }
  }

  void generation(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    tables.heading(
        "One more element of a sequence, F32, 512 features: S4's step and attention over a cache",
        "context",
        "threads",
        "S4 us",
        "elements/s",
        "attention us",
        "elements/s",
        "ratio");
    for (Trial t : trials) {
      tables.row(
          t.parameter("context"),
          t.threads(),
          t.best("ours") / 1e3,
          1e9 / t.best("ours"),
          t.best("dense") / 1e3,
          1e9 / t.best("dense"),
          t.ratio("dense", "ours"));
    }
  }

  void stream(List<Streaming.Row> rows) {
    tables.heading(
        "A stream through S4, F32, %d features, step by step".formatted(Streaming.FEATURES),
        "steps",
        "us a step",
        "mean since the row before",
        "bytes held");
    for (Streaming.Row r : rows) {
      tables.row(r.tokens(), r.nanos() / 1e3, r.mean() / 1e3, r.live());
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
}
