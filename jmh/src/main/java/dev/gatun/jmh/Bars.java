package dev.gatun.jmh;

import dev.gatun.tensor.DType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What the project promises of its speed, held against one run.
final class Bars {
  /// A limit that a result comes nearer to than this was not measured well.
  private static final double MARGIN = 1.05;

  /// Least ratio to PyTorch in cache on one thread.
  private static final Map<Subject, Double> IN_CACHE =
      Map.ofEntries(
          Map.entry(Subject.TANH, 3.0),
          Map.entry(Subject.LOG, 3.0),
          Map.entry(Subject.EXP, 1.5),
          Map.entry(Subject.SOFTMAX, 1.5),
          Map.entry(Subject.GELU, 1.5),
          Map.entry(Subject.ERF, 2.5),
          Map.entry(Subject.GELU_TANH, 2.5),
          Map.entry(Subject.SILU, 1.1),
          Map.entry(Subject.SIGMOID, 1.1),
          Map.entry(Subject.LAYER_NORM, 2.0),
          Map.entry(Subject.RMS_NORM, 2.0));

  private final List<Bar> rows = new ArrayList<>();

  /// A promise and what was measured.
  record Bar(String name, String measured, boolean met) {}

  List<Bar> rows() {
    return rows;
  }

  private void add(String name, double measured, double least) {
    String text = String.format(Locale.ROOT, "%.2f", measured);
    rows.add(
        new Bar(String.format(Locale.ROOT, "%s >= %.2f", name, least), text, measured >= least));
  }

  private void addAtMost(String name, double measured, double most) {
    String text = String.format(Locale.ROOT, "%.2f", measured);
    rows.add(new Bar(String.format(Locale.ROOT, "%s <= %.2f", name, most), text, measured <= most));
  }

  void products(List<Trial> trials) {
    for (int threads : new int[] {1, 2}) {
      for (DType dtype : new DType[] {DType.F32, DType.F64}) {
        List<Trial> some = Tables.select(trials, threads, dtype);
        if (some.isEmpty()) {
          continue;
        }
        String name = "matmul %s, %d threads: ".formatted(dtype, threads);
        add(name + "geometric mean over OpenBLAS", Tables.geometricMean(some), 1);
        some.stream()
            .filter(t -> isLargeSquare(Product.parse(t.parameter("sizes"))))
            .min(Comparator.comparingDouble(t -> t.ratio("ceiling", "ours")))
            .ifPresent(t ->
                add(
                    name + "worst of FMA peak from 512 up, " + t.parameter("sizes"),
                    t.ratio("ceiling", "ours"),
                    0.85));
      }
    }
  }

  private static boolean isLargeSquare(Product p) {
    return p.batch() == 1 && p.m() >= 512 && p.m() == p.k() && p.k() == p.n();
  }

  void weights(List<Trial> trials) {
    for (Trial t : trials) {
      add(
          "BF16 matrix-vector, %d threads: of streaming read".formatted(t.threads()),
          t.ratio("ceiling", "ours"),
          0.85);
    }
  }

  void cumSums(List<Trial> trials) {
    for (Trial t : trials) {
      String name = "cumsum along axis 0, %d threads: PyTorch / ours".formatted(t.threads());
      add(name, t.ratio("peer", "ours"), 8);
    }
  }

  void convolutions(List<Trial> trials) {
    for (Trial t : trials) {
      add(
          "conv1d %s, %d threads: PyTorch / ours".formatted(t.parameter("sizes"), t.threads()),
          t.ratio("peer", "ours"),
          1);
    }
  }

  /// Attention of one query: bound by memory, with many heads to a key head by arithmetic.
  void decode(List<Trial> trials) {
    for (Trial t : trials) {
      String name =
          "attention, 1 query, %s keys, %s heads a key head, %d threads: "
              .formatted(t.parameter("keys"), t.parameter("group"), t.threads());
      double peak = t.ratio("peak", "ours");
      if (t.parameter("group").equals("8") && peak >= 0.6) {
        add(name + "of FMA peak", peak, 0.6);
      } else {
        add(name + "of streaming read", t.ratio("ceiling", "ours"), 0.85);
      }
    }
  }

  void limits(List<Trial> trials) {
    trials.stream()
        .filter(Tables::limited)
        .max(Comparator.comparingDouble(Bars::ofLimit))
        .ifPresent(t ->
            rows.add(
                new Bar(
                    "every limit >= %.2f of every result".formatted(MARGIN),
                    "%.2f at %s".formatted(1 / ofLimit(t), t.parameters()),
                    ofLimit(t) * MARGIN <= 1)));
  }

  private static double ofLimit(Trial t) {
    double ours = t.best("ceiling") / t.best("ours");
    return t.has("peer") ? Math.max(ours, t.best("ceiling") / t.best("peer")) : ours;
  }

  void ops(List<Trial> trials) {
    for (Trial t : trials) {
      Subject s = Subject.valueOf(t.parameter("op"));
      if (t.parameter("rows").equals("32")) {
        Double least = IN_CACHE.get(s);
        if (least != null) {
          add(s + " in cache: PyTorch / ours", t.ratio("peer", "ours"), least);
        }
      } else {
        String name = "%s out of cache, %d threads: of stream".formatted(s, t.threads());
        add(name, t.ratio("ceiling", "ours"), 0.9);
      }
    }
  }

  /// Batches of real transforms and long convolutions, out of cache.
  void models(List<Trial> trials) {
    for (int threads : List.of(1, 2)) {
      double product = 1;
      int count = 0;
      for (Trial t : trials) {
        if (t.threads() != threads) {
          continue;
        }
        double ratio = t.ratio("peer", "ours");
        switch (t.parameter("model")) {
          case "MINILM" -> {
            product *= ratio;
            count++;
          }
          case "SILERO" ->
              add("Silero step, " + threads + " threads: ONNX Runtime / ours", ratio, 3);
          default ->
              add(
                  "int8 MiniLM %s, %s threads: ONNX Runtime / ours"
                      .formatted(t.parameter("size"), threads),
                  ratio,
                  0.6);
        }
      }
      if (count > 0) {
        add(
            "MiniLM, %s threads, geometric mean: ONNX Runtime / ours".formatted(threads),
            Math.pow(product, 1.0 / count),
            1);
      }
    }
  }

  void fourier(List<Trial> trials) {
    for (Trial t : trials) {
      if (t.parameter("rows").equals("256")) {
        String name =
            "%s 256 x %s, %d threads: ".formatted(t.parameter("op"), t.parameter("n"), t.threads());
        boolean convolution = t.parameter("op").startsWith("CONVOLUTION");
        add(name + "PyTorch / ours", t.ratio("peer", "ours"), convolution ? 2 : 1.5);
        if (t.has("javaPeer")) {
          add(name + "JTransforms / ours", t.ratio("javaPeer", "ours"), 1.5);
        }
      }
    }
  }

  void attention(List<Trial> trials) {
    for (Trial t : trials) {
      long length = Tables.length(t);
      boolean causal = Tables.isCausal(t);
      String name =
          "%sattention of %d, %d threads: ".formatted(causal ? "causal " : "", length, t.threads());
      double share = t.ratio("ceiling", "ours");
      if (Tables.pass(t) == AttentionBenchmark.Pass.TRAINING) {
        add(name + "forward and backward, of FMA peak", share, 0.7);
        continue;
      }
      if (causal || length == 512 || length == 2048) {
        add(name + "PyTorch / ours", t.ratio("peer", "ours"), causal ? leastCausal(length) : 1.1);
      }
      if (!causal || length >= 4096) {
        add(name + "of FMA peak", share, 0.75);
      } else if (length == 512) {
        add(name + "of FMA peak", share, 0.65);
      }
    }
  }

  /// PyTorch computes more of what a mask hides the shorter the sequence is.
  private static double leastCausal(long length) {
    return length <= 512 ? 1.8 : length <= 1024 ? 1.4 : length <= 2048 ? 1.2 : 1.1;
  }

  /// @param trials of the workloads that bars are about, by their names
  void devices(Map<String, Trial> trials, Launches.Row launches) {
    trials.forEach((name, t) -> {
      String word = name.substring(0, name.indexOf(' '));
      double least = word.equals("matmul") ? 0.9 : word.equals("attention") ? 0.7 : 0.6;
      add("OpenCL over the processor's device: " + name, t.ratio("peer", "ours"), least);
    });
    addAtMost("a call enqueued on OpenCL, us", launches.enqueue() / 1e3, 15);
  }

  void stateSpaces(List<Trial> trials) {
    for (Trial t : trials) {
      if (t.threads() > 1) {
        continue;
      }
      StateSpaceBenchmark.Form form = StateSpaceBenchmark.Form.valueOf(t.parameter("form"));
      switch (form) {
        case CAUCHY -> add("Cauchy sum over PyTorch's naive one", t.ratio("peer", "ours"), 8);
        case BILINEAR -> add("Cauchy sum, Gterms/s a core", form.terms() / t.best("ours"), 2.5);
        case VANDERMONDE -> add("Vandermonde over PyTorch's", t.ratio("peer", "ours"), 100);
        case DPLR -> add("S4's kernel over PyTorch's naive sums", 4 * t.ratio("peer", "ours"), 20);
      }
    }
  }

  void scans(List<Trial> trials) {
    double alone = 0;
    for (Trial t : trials) {
      if (!t.parameter("form").equals("CHANNEL")) {
        String name = "scan %s, %d threads: of triad".formatted(t.parameter("form"), t.threads());
        add(name, t.ratio("ceiling", "ours"), 0.9);
      } else if (t.threads() == 1) {
        alone = t.best("ours");
        add("scan of a million steps: Java loop / ours", t.ratio("peer", "ours"), 2.5);
      } else if (alone > 0) {
        add("scan of a million steps: one thread / two", alone / t.best("ours"), 1.7);
      }
    }
  }

  void selective(List<Trial> trials) {
    for (Trial t : trials) {
      if (t.parameter("steps").equals("1")) {
        continue;
      }
      double rate = StateTables.updates(t) / t.best("ours");
      add(
          "selective scan, Gupdates/s, %d threads".formatted(t.threads()),
          rate,
          t.threads() == 1 ? 2.2 : 4.2);
      add(
          "selective scan over PyTorch's loop, %d threads".formatted(t.threads()),
          t.ratio("peer", "ours"),
          15);
      addAtMost(
          "selective scan, backward over forward, %d threads".formatted(t.threads()),
          t.ratio("backward", "ours"),
          3);
    }
  }

  void linear(List<Trial> trials) {
    for (Trial t : trials) {
      String form = t.parameter("decay") + " " + t.parameter("update");
      boolean back = t.parameter("back").equals("true");
      add(
          "fast weights %s%s: recurrent / chunked".formatted(form, back ? ", gradient" : ""),
          t.ratio("peer", "ours"),
          2);
    }
  }

  void sparse(List<Trial> trials) {
    for (Trial t : trials) {
      addAtMost(
          "%s, %d threads: share of time / share of pairs"
              .formatted(t.parameter("form"), t.threads()),
          Tables.timeOverPairs(t),
          1.5);
    }
  }
}
