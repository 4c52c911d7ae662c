package dev.gatun.jmh;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;

/// The rounds of one [Duel] over all forks.
///
/// @param parameters of the benchmark
/// @param rounds for each round, the fields of [Nanos] by name
record Trial(Map<String, String> parameters, List<Map<String, Double>> rounds) {
  static Trial of(Map<String, String> parameters, Collection<RunResult> results) {
    return new Trial(
        parameters,
        results.stream()
            .flatMap(r -> r.getBenchmarkResults().stream())
            .flatMap(b -> b.getIterationResults().stream())
            .map(Trial::scores)
            .toList());
  }

  /// Primary results are left out: what a whole round took.
  private static Map<String, Double> scores(IterationResult iteration) {
    Map<String, Double> scores = new HashMap<>();
    iteration.getSecondaryResults().forEach((name, r) -> scores.put(name, r.getScore()));
    return scores;
  }

  String parameter(String name) {
    String value = parameters.get(name);
    if (value == null) {
      throw new IllegalArgumentException("Trial: no parameter is named " + name);
    }
    return value;
  }

  int threads() {
    return Integer.parseInt(parameter("threads"));
  }

  private static double nanos(Map<String, Double> round, String name) {
    return round.getOrDefault(name, 0.0);
  }

  private DoubleStream all(String name) {
    return rounds.stream().mapToDouble(r -> nanos(r, name));
  }

  /// Whether `name` was timed.
  boolean has(String name) {
    return all(name).anyMatch(v -> v > 0);
  }

  /// Least nanoseconds per call of `name`.
  double best(String name) {
    return all(name).min().orElseThrow();
  }

  /// The least time of `a` over the least time of `b`: other work on the machine only ever adds
  /// time, and to some loops more than to others.
  double ratio(String a, String b) {
    return best(a) / best(b);
  }

  /// Median over the rounds of the time of `a` over that of `b`: as busy as the machine was.
  double medianRatio(String a, String b) {
    return median(rounds.stream().mapToDouble(r -> nanos(r, a) / nanos(r, b)));
  }

  /// The peer's time over the engine's, each less the time of a call with one element. For what
  /// PyTorch does in several dispatches that leaves too little of its work.
  double netRatio() {
    return (best("peer") - best("peerCall")) / (best("ours") - best("ownCall"));
  }

  private static double median(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }
}
