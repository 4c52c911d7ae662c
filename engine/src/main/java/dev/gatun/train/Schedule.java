package dev.gatun.train;

/// Learning rate as a function of the step, counted from 0.
@FunctionalInterface
public interface Schedule {
  /// The rate for step `step`.
  double rate(long step);

  /// The same rate always.
  static Schedule constant(double rate) {
    return step -> rate;
  }

  /// Linear warm-up from `peak / warmUp` to `peak` over `warmUp` steps, then half a cosine down to
  /// `floor` at step `steps`, where it stays.
  ///
  /// Source: Loshchilov and Hutter, SGDR, 2017, equation 5, one period.
  ///
  /// @throws IllegalArgumentException unless `0 <= warmUp < steps`
  static Schedule cosine(double peak, double floor, long warmUp, long steps) {
    if (warmUp < 0 || warmUp >= steps) {
      throw new IllegalArgumentException(
          "Schedule: warm-up must be shorter than the whole; got %d of %d steps"
              .formatted(warmUp, steps));
    }
    return step -> {
      if (step < warmUp) {
        return peak * (step + 1) / warmUp;
      }
      double done = Math.min(1, (double) (step - warmUp) / (steps - warmUp));
      return floor + (peak - floor) * (1 + Math.cos(Math.PI * done)) / 2;
    };
  }
}
