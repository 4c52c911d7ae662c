package dev.gatun.samples.basecall;

import java.util.ArrayList;
import java.util.List;

/// Runs of one base, where a path cannot tell a base from no base: their lengths become the mean
/// number of bases that the posterior gives them instead of the likeliest path's.
///
/// A run begins after a state whose last four bases (or three, before any stays) are equal and the
/// one before is not; it goes on for as long as the path stays or repeats the state of five.
final class Homopolymers {
  private static final int STAY = Transducer.STAY;
  private static final int FOUR = Network.STATES / 4;
  private static final int THREE = Network.STATES / 16;

  // For each step: log-probabilities of no new base and of five equal bases.
  private final List<float[]> steps = new ArrayList<>();

  /// Takes the step whose log-probabilities begin at `at`.
  void add(float[] logs, int at) {
    float[] kept = new float[5];
    for (int base = 0; base < 4; base++) {
      kept[base] = logs[at + base * (Network.STATES - 1) / 3];
    }
    kept[4] = logs[at + Network.STATES];
    steps.add(kept);
  }

  /// A run: places `[from, to)` of a path.
  private record Run(int base, int from, int to) {}

  /// Corrects `path` in place; its place `i + 1` belongs to step `i`.
  void correct(int[] path) {
    List<Run> runs = new ArrayList<>();
    for (int base = 0; base < 4; base++) {
      find(path, base, runs);
    }
    for (Run run : runs) {
      correct(path, run);
    }
  }

  private void find(int[] path, int base, List<Run> runs) {
    int n = steps.size();
    int five = base * (Network.STATES - 1) / 3;
    for (int i = 1; i < n - 2; i++) {
      int p = path[i - 1];
      if (p == STAY || p == five || path[i] != STAY && path[i] != five) {
        continue;
      }
      if (p % FOUR == five % FOUR) {
        runs.add(new Run(base, i, end(path, five, i)));
      } else if (p % THREE == five % THREE) {
        int j = i;
        while (j < n && path[j] == STAY) {
          j++;
        }
        if (j < n - 1 && path[j] == five) {
          runs.add(new Run(base, j, end(path, five, j)));
        }
      }
    }
  }

  private int end(int[] path, int five, int from) {
    int e = from + 1;
    while (e < steps.size() && (path[e] == STAY || path[e] == five)) {
      e++;
    }
    return e;
  }

  private void correct(int[] path, Run run) {
    int five = run.base() * (Network.STATES - 1) / 3;
    double mean = 0;
    int found = 0;
    for (int i = run.from(); i < run.to(); i++) {
      float[] logs = steps.get(i - 1);
      double none = (float) Math.exp(logs[4]);
      double again = (float) Math.exp(logs[run.base()]);
      mean += again / (again + none);
      found += path[i] == five ? 1 : 0;
    }
    int wanted = (int) (mean + 0.5);
    if (wanted != found) {
      for (int i = run.from(); i < run.to(); i++) {
        path[i] = i - run.from() < wanted ? five : STAY;
      }
    }
  }
}
