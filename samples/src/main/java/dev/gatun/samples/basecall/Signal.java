package dev.gatun.samples.basecall;

import java.io.IOException;
import java.util.Arrays;

/// The part of a read that is called, scaled by its median and its median absolute deviation.
///
/// Chunks of 100 samples at either end whose deviation is not above the least of all are left out
/// (a stall, an open pore), then 200 samples at the start and 10 at the end. All steps are in
/// single precision, as the network was trained.
///
/// @param values `(current - median) / (1.4826 median |current - median|)`
/// @param start first sample of the read that is kept
/// @param samples of the whole read
record Signal(float[] values, int start, int samples) {
  private static final int CHUNK = 100;
  private static final int TRIM_START = 200;
  private static final int TRIM_END = 10;
  private static final float NORMAL = 1.4826f;

  /// The sample after the last that is kept.
  int end() {
    return start + values.length;
  }

  /// @throws IOException if nothing is left, or what is left does not vary
  static Signal of(Fast5 read) throws IOException {
    float[] x = read.current();
    float[] deviations = new float[x.length / CHUNK];
    for (int i = 0; i < deviations.length; i++) {
      float[] chunk = Arrays.copyOfRange(x, i * CHUNK, (i + 1) * CHUNK);
      deviations[i] = deviation(chunk, median(chunk));
    }
    float least = Float.POSITIVE_INFINITY;
    for (float d : deviations) {
      least = Math.min(least, d);
    }
    int first = 0;
    while (first < deviations.length && deviations[first] <= least) {
      first++;
    }
    int last = deviations.length;
    while (last > first && deviations[last - 1] <= least) {
      last--;
    }
    int from = first * CHUNK + TRIM_START;
    int to = last * CHUNK - TRIM_END;
    if (from >= to) {
      throw new IOException(
          "%s is too short to be called: %d samples".formatted(read.name(), x.length));
    }
    return new Signal(scaled(read.name(), Arrays.copyOfRange(x, from, to)), from, x.length);
  }

  private static float[] scaled(String name, float[] x) throws IOException {
    float median = median(x);
    float deviation = deviation(x, median);
    if (!(deviation > 0 && deviation < Float.POSITIVE_INFINITY)) {
      throw new IOException(
          "%s cannot be called: the deviation of its samples is %s".formatted(name, deviation));
    }
    for (int i = 0; i < x.length; i++) {
      x[i] = (x[i] - median) / deviation;
    }
    return x;
  }

  /// Deviation that a normal distribution of this median absolute deviation has.
  private static float deviation(float[] x, float median) {
    float[] apart = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      apart[i] = Math.abs(x[i] - median);
    }
    return median(apart) * NORMAL;
  }

  private static float median(float[] x) {
    float[] sorted = x.clone();
    Arrays.sort(sorted);
    int low = (sorted.length - 1) / 2;
    return (float) (0.5 * sorted[low] + 0.5 * sorted[sorted.length / 2]);
  }
}
