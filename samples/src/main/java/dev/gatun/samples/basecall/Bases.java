package dev.gatun.samples.basecall;

/// The bases along a path of states.
final class Bases {
  private static final String LETTERS = "ACGT";

  private Bases() {}

  /// The first state's five bases, then what each later state adds beyond what it shares with the
  /// one before; empty for a path that only stays.
  static String along(int[] path) {
    StringBuilder bases = new StringBuilder();
    int before = Transducer.STAY;
    for (int state : path) {
      if (state != Transducer.STAY) {
        int fresh = before == Transducer.STAY ? Network.KMER : fresh(before, state);
        for (int i = fresh - 1; i >= 0; i--) {
          bases.append(LETTERS.charAt(state >> 2 * i & 3));
        }
        before = state;
      }
    }
    return bases.toString();
  }

  /// How many bases `next` has after the longest end of `state` that is its beginning; at least 1.
  private static int fresh(int state, int next) {
    int fresh = 1;
    while ((state & (Network.STATES >> 2 * fresh) - 1) != next >> 2 * fresh) {
      fresh++;
    }
    return fresh;
  }
}
