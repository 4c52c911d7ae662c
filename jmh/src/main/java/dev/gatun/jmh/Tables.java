package dev.gatun.jmh;

import dev.gatun.tensor.DType;
import java.util.List;
import java.util.Locale;

/// Markdown tables of [Trial]s.
final class Tables {
  private final StringBuilder text;

  Tables(StringBuilder text) {
    this.text = text;
  }

  /// One line for a trial as it ends.
  static String brief(Trial t) {
    StringBuilder s = new StringBuilder();
    for (String name :
        List.of("ours", "ownCall", "kernel", "peer", "javaPeer", "peerCall", "ceiling", "dense")) {
      if (t.has(name)) {
        s.append(" %s %.1f us".formatted(name, t.best(name) / 1e3));
      }
    }
    return s.toString();
  }

  void row(Object... cells) {
    text.append('|');
    for (Object c : cells) {
      text.append(' ').append(c instanceof Double d ? format(d) : c).append(" |");
    }
    text.append('\n');
  }

  private static String format(double v) {
    return String.format(Locale.ROOT, v >= 100 ? "%.0f" : v >= 10 ? "%.1f" : "%.2f", v);
  }

  static String percent(double v) {
    return "%.0f %%".formatted(100 * v);
  }

  void heading(String title, String... columns) {
    text.append("\n## ").append(title).append("\n\n");
    row((Object[]) columns);
    text.append('|').append("---|".repeat(columns.length)).append('\n');
  }

  void ceilings(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading("Limits of the machine", "limit", "threads", "rate", "unit");
    for (Trial t : trials) {
      String limit = t.parameter("limit");
      String unit = limit.startsWith("FMA") ? "GFLOP/s" : limit.equals("exp") ? "Gelem/s" : "GB/s";
      row(limit, t.threads(), 1e9 / t.best("ceiling"), unit);
    }
  }

  void products(List<Trial> trials) {
    for (int threads : new int[] {1, 2}) {
      for (DType dtype : new DType[] {DType.F32, DType.F64}) {
        List<Trial> some = select(trials, threads, dtype);
        if (!some.isEmpty()) {
          products(
              some, "matmul %s, %d thread%s".formatted(dtype, threads, threads > 1 ? "s" : ""));
        }
      }
    }
  }

  static List<Trial> select(List<Trial> trials, int threads, DType dtype) {
    return trials.stream()
        .filter(t -> t.threads() == threads && t.parameter("dtype").equals(dtype.name()))
        .toList();
  }

  private void products(List<Trial> trials, String title) {
    heading(
        title,
        "m x k x n",
        "ours GFLOP/s",
        "kernel alone",
        "OpenBLAS",
        "ours / OpenBLAS",
        "median",
        "limit GFLOP/s",
        "of limit");
    for (Trial t : trials) {
      double flops = Product.parse(t.parameter("sizes")).flops();
      row(
          t.parameter("sizes"),
          flops / t.best("ours"),
          flops / t.best("kernel"),
          flops / t.best("peer"),
          t.ratio("peer", "ours"),
          t.medianRatio("peer", "ours"),
          flops / t.best("ceiling"),
          percent(t.ratio("ceiling", "ours")));
    }
    row("geometric mean", "", "", "", geometricMean(trials), "", "", "");
  }

  static double geometricMean(List<Trial> trials) {
    double logs = trials.stream().mapToDouble(t -> Math.log(t.ratio("peer", "ours"))).sum();
    return Math.exp(logs / trials.size());
  }

  void weights(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading("BF16 weights, one token", "threads", "ours GB/s", "read GB/s", "of limit");
    for (Trial t : trials) {
      double bytes = WeightBenchmark.bytes();
      row(
          t.threads(),
          bytes / t.best("ours"),
          bytes / t.best("ceiling"),
          percent(t.ratio("ceiling", "ours")));
    }
  }

  void cumSums(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading(
        "Running sum along axis 0 of 16,384 x 256 F32",
        "threads",
        "ours us",
        "PyTorch us",
        "PyTorch / ours",
        "median",
        "of copy");
    for (Trial t : trials) {
      row(
          t.threads(),
          t.best("ours") / 1e3,
          t.best("peer") / 1e3,
          t.ratio("peer", "ours"),
          t.medianRatio("peer", "ours"),
          percent(t.ratio("ceiling", "ours")));
    }
  }

  void ops(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading(
        "Ops, F32, rows of 512",
        "op",
        "elements",
        "threads",
        "ours us",
        "of that the call",
        "PyTorch us",
        "of that the call",
        "PyTorch / ours",
        "median",
        "without the calls",
        "of limit");
    for (Trial t : trials) {
      long elements = Long.parseLong(t.parameter("rows")) * OpBenchmark.COLUMNS;
      boolean limited = limited(t);
      row(
          t.parameter("op").toLowerCase(Locale.ROOT),
          elements >= 1 << 20 ? (elements >> 20) + " M" : (elements >> 10) + " K",
          t.threads(),
          t.best("ours") / 1e3,
          t.best("ownCall") / 1e3,
          t.best("peer") / 1e3,
          t.best("peerCall") / 1e3,
          t.ratio("peer", "ours"),
          t.medianRatio("peer", "ours"),
          t.netRatio(),
          limited ? percent(t.ratio("ceiling", "ours")) : "");
    }
  }

  void cases(List<String> operators, List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading("Operators out of cache, F32, one thread", "operator", "us", "limit us", "of limit");
    for (int i = 0; i < trials.size(); i++) {
      Trial t = trials.get(i);
      row(
          operators.get(i),
          t.best("ours") / 1e3,
          t.best("ceiling") / 1e3,
          percent(t.ratio("ceiling", "ours")));
    }
  }

  void models(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading(
        "ONNX models",
        "model",
        "size",
        "threads",
        "ours us",
        "ONNX Runtime us",
        "ONNX Runtime / ours",
        "median");
    for (Trial t : trials) {
      row(
          t.parameter("model"),
          t.parameter("size"),
          t.threads(),
          t.best("ours") / 1e3,
          t.best("peer") / 1e3,
          t.ratio("peer", "ours"),
          t.medianRatio("peer", "ours"));
    }
  }

  void fourier(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading(
        "Fourier transforms, F32",
        "op",
        "rows",
        "n",
        "threads",
        "ours us",
        "PyTorch us",
        "PyTorch / ours",
        "median",
        "JTransforms us",
        "JTransforms / ours");
    for (Trial t : trials) {
      boolean java = t.has("javaPeer");
      row(
          t.parameter("op").toLowerCase(Locale.ROOT),
          t.parameter("rows"),
          t.parameter("n"),
          t.threads(),
          t.best("ours") / 1e3,
          t.best("peer") / 1e3,
          t.ratio("peer", "ours"),
          t.medianRatio("peer", "ours"),
          java ? t.best("javaPeer") / 1e3 : "",
          java ? t.ratio("javaPeer", "ours") : "");
    }
  }

  /// Whether the trial's limit is the op's: the stream out of cache, the exponential in it.
  static boolean limited(Trial t) {
    return !t.parameters().containsKey("op")
        || !t.parameter("rows").equals("32")
        || t.parameter("op").equals("EXP");
  }

  void convolutions(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading(
        "conv1d F32",
        "batch x channels x length x outputs x taps",
        "threads",
        "ours us",
        "PyTorch us",
        "PyTorch / ours",
        "median",
        "of FMA peak");
    for (Trial t : trials) {
      row(
          t.parameter("sizes"),
          t.threads(),
          t.best("ours") / 1e3,
          t.best("peer") / 1e3,
          t.ratio("peer", "ours"),
          t.medianRatio("peer", "ours"),
          percent(t.ratio("ceiling", "ours")));
    }
  }

  void decode(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading(
        "Attention of one query, F32, 8 key heads of width 64",
        "keys",
        "heads a key head",
        "threads",
        "ours us",
        "GB/s",
        "of read",
        "of FMA peak",
        "PyTorch us",
        "PyTorch / ours",
        "median");
    for (Trial t : trials) {
      row(
          t.parameter("keys"),
          t.parameter("group"),
          t.threads(),
          t.best("ours") / 1e3,
          DecodeBenchmark.bytes(t) / t.best("ours"),
          percent(t.ratio("ceiling", "ours")),
          percent(t.ratio("peak", "ours")),
          t.best("peer") / 1e3,
          t.ratio("peer", "ours"),
          t.medianRatio("peer", "ours"));
    }
  }

  void attention(List<Trial> trials) {
    attention(
        "Attention F32, 8 heads of 64",
        trials.stream().filter(t -> pass(t) == AttentionBenchmark.Pass.FORWARD).toList());
    attention(
        "Attention F32, 8 heads of 64, with its gradient",
        trials.stream().filter(t -> pass(t) == AttentionBenchmark.Pass.TRAINING).toList());
  }

  private void attention(String title, List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading(
        title,
        "length",
        "mask",
        "threads",
        "ours GFLOP/s",
        "PyTorch",
        "PyTorch / ours",
        "median",
        "limit GFLOP/s",
        "of limit");
    for (Trial t : trials) {
      boolean peer = t.has("peer");
      boolean causal = isCausal(t);
      double flops = AttentionBenchmark.flops(length(t), causal, pass(t));
      row(
          length(t),
          causal ? "causal" : "",
          t.threads(),
          flops / t.best("ours"),
          peer ? flops / t.best("peer") : "",
          peer ? t.ratio("peer", "ours") : "",
          peer ? t.medianRatio("peer", "ours") : "",
          flops / t.best("ceiling"),
          percent(t.ratio("ceiling", "ours")));
    }
  }

  static AttentionBenchmark.Pass pass(Trial t) {
    return AttentionBenchmark.Pass.valueOf(t.parameter("pass"));
  }

  static boolean isCausal(Trial t) {
    return Boolean.parseBoolean(t.parameter("causal"));
  }

  static long length(Trial t) {
    return Long.parseLong(t.parameter("length"));
  }

  void memory(List<AttentionMemory.Row> rows) {
    heading(
        "Memory of causal attention, F32, one head of 64",
        "pass",
        "length",
        "threads",
        "seconds",
        "beyond inputs and results, MB",
        "one operand, MB",
        "all scores, MB");
    for (AttentionMemory.Row r : rows) {
      row(
          r.what(),
          r.length(),
          r.threads(),
          r.seconds(),
          r.extra() / 1e6,
          r.operand() / 1e6,
          r.scores() / 1e6);
    }
  }

  void steps(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading(
        "One token over a cache of constant memory, F32, 8 heads of 64",
        "cache",
        "window",
        "threads",
        "us",
        "instead of",
        "which takes us",
        "ratio",
        "median");
    for (Trial t : trials) {
      boolean ring = t.parameter("cache").equals(StepBenchmark.Subject.RING.name());
      row(
          t.parameter("cache").toLowerCase(Locale.ROOT),
          t.parameter("window"),
          t.threads(),
          t.best("ours") / 1e3,
          ring ? "the window again" : "all of %d tokens".formatted(StepBenchmark.ALL),
          t.best("dense") / 1e3,
          t.ratio("dense", "ours"),
          t.medianRatio("dense", "ours"));
    }
  }

  void streaming(List<Streaming.Row> rows) {
    heading(
        "Tokens through a window of %d, F32, one head of 64, one thread"
            .formatted(Streaming.WINDOW),
        "tokens so far",
        "us a token",
        "us a token since the row above, in the mean",
        "bytes held");
    rows.forEach(r -> row(r.tokens(), r.nanos() / 1e3, r.mean() / 1e3, r.live()));
  }

  void sparse(List<Trial> trials) {
    if (trials.isEmpty()) {
      return;
    }
    heading(
        "Attention to some keys, F32, one head of 64 over %d tokens"
            .formatted(SparseBenchmark.LENGTH),
        "form",
        "mask",
        "threads",
        "share of pairs",
        "ours ms",
        "all keys ms",
        "share of time",
        "of time / of pairs");
    for (Trial t : trials) {
      SparseBenchmark.Form form = SparseBenchmark.Form.valueOf(t.parameter("form"));
      row(
          form.name().toLowerCase(Locale.ROOT),
          form.isCausal() ? "causal" : "",
          t.threads(),
          "%.1f %%".formatted(100 * t.best("share")),
          t.best("ours") / 1e6,
          t.best("dense") / 1e6,
          "%.1f %%".formatted(100 * t.ratio("ours", "dense")),
          timeOverPairs(t));
    }
  }

  /// Share of the plain form's time over the share of its pairs.
  static double timeOverPairs(Trial t) {
    return t.ratio("ours", "dense") / t.best("share");
  }

  void bars(Bars bars) {
    heading("Bars", "bar", "measured", "");
    bars.rows().forEach(b -> row(b.name(), b.measured(), b.met() ? "met" : "NOT MET"));
  }
}
