package dev.gatun.samples.basecall;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Finds the likeliest path through steps of log-probabilities by Viterbi's algorithm (IEEE
/// Transactions on Information Theory 13, 1967), a step at a time.
///
/// A state is the last five bases as digits of a number. From one step to the next a path stays
/// (probability of the last class), steps by one base or skips one, to a state that begins with
/// what is left of the one before; it pays for where it goes. It may wait before its first state
/// and after its last for at most `LOCAL` a step. Ties go to staying, then to stepping, and among
/// the states before to the lowest.
final class Transducer {
  /// In a path: no new base.
  static final int STAY = -1;

  private static final int STATES = Network.STATES;
  private static final int START = STATES;
  private static final int END = STATES + 1;
  private static final int STEPS = STATES / 4;
  private static final int SKIPS = STATES / 16;
  private static final float LOCAL = 2;
  private static final float NEVER = -1e30f;

  // How a state was reached: by staying, from the start, or by one of 4 steps or 16 skips.
  private static final byte STAYED = 0;
  private static final byte STARTED = 1;
  private static final byte STEPPED = 2;
  private static final byte SKIPPED = 6;

  private float[] before = new float[STATES + 2];
  private float[] score = new float[STATES + 2];
  private final float[] step = new float[STEPS];
  private final byte[] stepFrom = new byte[STEPS];
  private final float[] skip = new float[SKIPS];
  private final byte[] skipFrom = new byte[SKIPS];
  private final List<byte[]> moves = new ArrayList<>();
  private final List<Integer> ends = new ArrayList<>();

  Transducer() {
    Arrays.fill(score, NEVER);
    score[START] = 0;
  }

  /// The likeliest path.
  ///
  /// @param states one before each step and one after the last; [#STAY] where no base is new
  /// @param score its log-probability
  record Best(int[] states, float score) {}

  /// Takes the step whose log-probabilities begin at `at`.
  void add(float[] logs, int at) {
    float[] spent = before;
    before = score;
    score = spent;
    byte[] move = new byte[STATES];
    best(before, step, stepFrom, STEPPED);
    best(before, skip, skipFrom, SKIPPED);
    float stay = logs[at + STATES];
    float start = before[START];
    for (int block = 0; block < SKIPS; block++) {
      float skipped = skip[block];
      byte skippedFrom = skipFrom[block];
      for (int i = block * 4; i < block * 4 + 4; i++) {
        float stepped = step[i];
        byte steppedFrom = stepFrom[i];
        for (int s = i * 4; s < i * 4 + 4; s++) {
          float p = logs[at + s];
          float most = before[s] + stay;
          byte how = STAYED;
          float other = p + stepped;
          how = most < other ? steppedFrom : how;
          most = Math.max(most, other);
          other = p + skipped;
          how = most < other ? skippedFrom : how;
          most = Math.max(most, other);
          other = start + p;
          how = most < other ? STARTED : how;
          score[s] = Math.max(most, other);
          move[s] = how;
        }
      }
    }
    moves.add(move);
    wait(stay);
  }

  private void wait(float stay) {
    float pay = Math.max(-LOCAL, stay);
    score[START] = before[START] + pay;
    float most = before[END] + pay;
    int from = END;
    for (int s = 0; s < STATES; s++) {
      if (before[s] - LOCAL > most) {
        most = before[s] - LOCAL;
        from = s;
      }
    }
    score[END] = most;
    ends.add(from);
  }

  /// The greatest of the scores whose numbers are the same but for their first digits.
  private static void best(float[] from, float[] most, byte[] which, byte first) {
    int n = most.length;
    System.arraycopy(from, 0, most, 0, n);
    Arrays.fill(which, first);
    for (int r = 1; r < STATES / n; r++) {
      byte number = (byte) (first + r);
      for (int i = 0; i < n; i++) {
        float v = from[r * n + i];
        which[i] = most[i] < v ? number : which[i];
        most[i] = Math.max(most[i], v);
      }
    }
  }

  /// The likeliest path through all steps.
  Best best() {
    int steps = moves.size();
    int[] path = new int[steps + 1];
    Arrays.fill(path, STAY);
    int at = 0;
    for (int s = 1; s < score.length; s++) {
      at = score[s] > score[at] ? s : at;
    }
    float best = score[at];
    for (int t = steps; t > 0; t--) {
      int from = came(at, t - 1);
      if (from != STAY) {
        path[t] = at < STATES ? at : STAY;
        at = from;
      }
    }
    path[0] = at < STATES ? at : STAY;
    return new Best(path, best);
  }

  private int came(int state, int t) {
    if (state == START) {
      return START;
    }
    if (state == END) {
      return ends.get(t);
    }
    int how = moves.get(t)[state];
    if (how >= SKIPPED) {
      return (how - SKIPPED) * SKIPS + state / 16;
    }
    if (how >= STEPPED) {
      return (how - STEPPED) * STEPS + state / 4;
    }
    return how == STARTED ? START : STAY;
  }
}
