package dev.gatun.samples.vad;

import java.util.ArrayList;
import java.util.List;

/// Finds where somebody speaks in the probabilities of windows.
///
/// Speech begins where a probability reaches `threshold` and ends where none did for `silence`
/// samples after one fell below `hysteresis`; shorter than `speech`, it is dropped.
///
/// @param threshold at which speech begins
/// @param hysteresis below which it may end
/// @param speech the least samples of speech
/// @param silence the least samples of silence that part two
/// @param pad samples that each is widened by, at most half of a gap
record Segments(double threshold, double hysteresis, long speech, long silence, long pad) {
  /// Speech.
  ///
  /// @param start its first sample
  /// @param end the sample after its last
  /// @param mean mean probability of its windows, before it was widened
  record Segment(long start, long end, double mean) {}

  /// The speech in a recording of `length` samples.
  List<Segment> find(float[] probabilities, long length) {
    List<Segment> found = new ArrayList<>();
    int start = -1;
    int quiet = -1;
    for (int i = 0; i < probabilities.length; i++) {
      if (probabilities[i] >= threshold) {
        start = start < 0 ? i : start;
        quiet = -1;
      } else if (start >= 0 && (quiet >= 0 || probabilities[i] < hysteresis)) {
        quiet = quiet < 0 ? i : quiet;
        if ((i - quiet) * (long) Silero.WINDOW >= silence) {
          add(found, probabilities, start, quiet, length);
          start = -1;
          quiet = -1;
        }
      }
    }
    if (start >= 0) {
      add(found, probabilities, start, quiet < 0 ? probabilities.length : quiet, length);
    }
    return widened(found, length);
  }

  private void add(List<Segment> found, float[] probabilities, int from, int to, long length) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += probabilities[i];
    }
    long start = (long) from * Silero.WINDOW;
    long end = Math.min(length, (long) to * Silero.WINDOW);
    if (end - start >= speech) {
      found.add(new Segment(start, end, sum / (to - from)));
    }
  }

  private List<Segment> widened(List<Segment> found, long length) {
    List<Segment> wide = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      Segment s = found.get(i);
      long before = i == 0 ? s.start() : (s.start() - found.get(i - 1).end()) / 2;
      long after =
          i + 1 == found.size() ? length - s.end() : (found.get(i + 1).start() - s.end()) / 2;
      wide.add(
          new Segment(s.start() - Math.min(pad, before), s.end() + Math.min(pad, after), s.mean()));
    }
    return wide;
  }
}
