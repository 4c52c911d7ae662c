package dev.gatun.io.onnx;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What to run: the steps whose results are not known before, and what can be let go after each.
///
/// @param dead by step, the slots that nobody reads after it
/// @param known values by slot that need not be computed
record Plan(List<Step> steps, List<int[]> dead, @Nullable Value[] known) {
  /// The steps of `all` that `outputs` need and that are not `known`.
  static Plan of(List<Step> all, int[] outputs, @Nullable Value[] known) {
    boolean[] needed = new boolean[known.length];
    for (int o : outputs) {
      needed[o] = true;
    }
    List<Step> steps = new ArrayList<>();
    List<int[]> dead = new ArrayList<>();
    boolean[] read = needed.clone();
    for (Step s : all.reversed()) {
      if (makesNew(s, needed, known)) {
        List<Integer> last = new ArrayList<>();
        for (int slot : s.in()) {
          if (slot >= 0) {
            needed[slot] = true;
            if (!read[slot]) {
              read[slot] = true;
              last.add(slot);
            }
          }
        }
        for (int slot : s.out()) {
          if (slot >= 0 && !read[slot]) {
            last.add(slot);
          }
        }
        steps.add(s);
        dead.add(last.stream().mapToInt(Integer::intValue).toArray());
      }
    }
    return new Plan(List.copyOf(steps.reversed()), List.copyOf(dead.reversed()), known);
  }

  private static boolean makesNew(Step s, boolean[] needed, @Nullable Value[] known) {
    for (int slot : s.out()) {
      if (slot >= 0 && needed[slot] && known[slot] == null) {
        return true;
      }
    }
    return false;
  }
}
