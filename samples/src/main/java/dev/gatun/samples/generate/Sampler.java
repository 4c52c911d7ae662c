package dev.gatun.samples.generate;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Draws a token by its scores: among the likeliest that have a share of all, each as likely as
/// `exp(score / temperature)`. Source: Holtzman et al., "The Curious Case of Neural Text
/// Degeneration", arXiv 1904.09751, section 3.1.
final class Sampler {
  private final double temperature;
  private final double share;
  private final SplittableRandom random;

  /// @param temperature 0 for the likeliest
  Sampler(double temperature, double share, Optional<Long> seed) {
    this.temperature = temperature;
    this.share = share;
    random = seed.map(s -> new SplittableRandom(s)).orElseGet(SplittableRandom::new);
  }

  /// The number of a token; of equal scores the first is the likelier.
  int draw(float... scores) {
    List<Integer> order =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -scores[i]))
            .toList();
    if (temperature == 0) {
      return order.get(0);
    }
    double most = scores[order.get(0)];
    double[] weights =
        order.stream().mapToDouble(i -> Math.exp((scores[i] - most) / temperature)).toArray();
    double all = 0;
    for (double w : weights) {
      all += w;
    }
    int count = 0;
    double kept = 0;
    while (count < weights.length && kept < share * all) {
      kept += weights[count++];
    }
    double at = random.nextDouble() * kept;
    for (int i = 0; i < count; i++) {
      at -= weights[i];
      if (at < 0) {
        return order.get(i);
      }
    }
    return order.get(Math.max(0, count - 1));
  }
}
