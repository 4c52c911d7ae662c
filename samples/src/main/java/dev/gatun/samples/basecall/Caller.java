package dev.gatun.samples.basecall;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// From signals to bases: the network over a batch of rows, then a path for each read.
///
/// A row is a read, or a window of one that shares `overlap` steps with the next, whose outer
/// halves are dropped: steps near a window's edge lack what the network saw beyond it.
final class Caller {
  /// Steps whose probabilities are made at a time: they stay in cache for the decoder.
  private static final int STEPS = 512;

  /// The least probability that the decoder believes.
  private static final double FLOOR = 1e-5;

  private final Network network;
  private final int overlap;
  private final Map<String, Double> seconds = new LinkedHashMap<>();

  Caller(Network network, int overlap) {
    this.network = network;
    this.overlap = overlap;
  }

  /// What was called of a read.
  ///
  /// @param score log-probability of the path
  /// @param posterior `[blocks, 1025]` in rows, where it was asked for
  record Called(float score, int blocks, String bases, Optional<float[]> posterior) {}

  /// Steps `[from, to)` of read `read`, of which `[first, end)` count.
  private record Row(int read, int from, int to, int first, int end) {
    int steps() {
      return to - from;
    }
  }

  /// Seconds of each phase, summed up over all calls.
  Map<String, Double> seconds() {
    return seconds;
  }

  /// Calls reads as one batch of `rows` rows: each is cut into as many windows as there are rows
  /// for it.
  List<Called> call(List<Signal> reads, int rows, boolean keep, Scope scope) {
    try (Scope own = scope.child("reads")) {
      long start = System.nanoTime();
      List<Tensor> features = new ArrayList<>();
      List<Row> all = new ArrayList<>();
      for (int i = 0; i < reads.size(); i++) {
        Tensor f = network.features(reads.get(i).values(), own);
        features.add(f);
        all.addAll(rows(i, Math.toIntExact(f.dim(0)), Math.max(1, rows / reads.size())));
      }
      start = spent("convolution", start);
      Tensor hidden = network.recurrent(batch(features, all), lengths(all), own);
      spent("recurrent", start);
      List<Called> called = new ArrayList<>();
      for (int i = 0; i < reads.size(); i++) {
        called.add(decode(hidden, all, i, Math.toIntExact(features.get(i).dim(0)), keep));
      }
      return called;
    }
  }

  private long spent(String phase, long start) {
    long now = System.nanoTime();
    seconds.merge(phase, (now - start) * 1e-9, Double::sum);
    return now;
  }

  private List<Row> rows(int read, int steps, int count) {
    List<Row> rows = new ArrayList<>();
    int each = (steps + count - 1) / count;
    for (int first = 0; first < steps; first += each) {
      int end = Math.min(steps, first + each);
      int from = Math.max(0, first - overlap / 2);
      rows.add(new Row(read, from, Math.min(steps, end + overlap / 2), first, end));
    }
    return rows;
  }

  private static int[] lengths(List<Row> rows) {
    return rows.stream().mapToInt(Row::steps).toArray();
  }

  private static Tensor batch(List<Tensor> features, List<Row> rows) {
    int longest = rows.stream().mapToInt(Row::steps).max().orElseThrow();
    List<Tensor> parts = new ArrayList<>();
    for (Row r : rows) {
      Tensor part = features.get(r.read()).slice(0, r.from(), r.to());
      parts.add(r.steps() == longest ? part : part.pad(0, 0, longest - r.steps()));
    }
    Tensor first = parts.removeFirst();
    return parts.isEmpty() ? first.unsqueeze(1) : first.stack(1, parts.toArray(Tensor[]::new));
  }

  private Called decode(Tensor hidden, List<Row> rows, int read, int blocks, boolean keep) {
    float[] posterior = new float[keep ? Math.multiplyExact(blocks, Network.CLASSES) : 0];
    Transducer transducer = new Transducer();
    Homopolymers homopolymers = new Homopolymers();
    for (int b = 0; b < rows.size(); b++) {
      Row row = rows.get(b);
      for (int at = row.first(); row.read() == read && at < row.end(); at += STEPS) {
        int n = Math.min(STEPS, row.end() - at);
        long start = System.nanoTime();
        float[] logs = logs(hidden, b, at - row.from(), n, keep, posterior, at);
        start = spent("posterior", start);
        for (int t = 0; t < n; t++) {
          transducer.add(logs, t * Network.CLASSES);
          homopolymers.add(logs, t * Network.CLASSES);
        }
        spent("decoding", start);
      }
    }
    long start = System.nanoTime();
    Transducer.Best best = transducer.best();
    homopolymers.correct(best.states());
    String bases = Bases.along(best.states());
    spent("decoding", start);
    return new Called(
        best.score(), blocks, bases, keep ? Optional.of(posterior) : Optional.empty());
  }

  private float[] logs(
      Tensor hidden, int row, int from, int n, boolean keep, float[] posterior, int block) {
    try (Scope own = hidden.scope().child("posterior")) {
      Tensor steps = own.borrow(hidden).slice(0, from, from + n).slice(1, row, row + 1);
      Tensor p = network.posterior(steps.reshape(n, hidden.dim(2)));
      if (keep) {
        System.arraycopy(
            p.toFloatArray(), 0, posterior, block * Network.CLASSES, n * Network.CLASSES);
      }
      return Network.log(p, FLOOR).toFloatArray();
    }
  }

  /// `posterior` as a tensor.
  static Tensor tensor(float[] posterior, Scope scope) {
    return scope.tensor(Shape.of(posterior.length / Network.CLASSES, Network.CLASSES), posterior);
  }
}
