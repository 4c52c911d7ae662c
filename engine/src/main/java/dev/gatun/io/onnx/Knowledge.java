package dev.gatun.io.onnx;

import dev.gatun.tensor.Scope;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a run shows to be the same for all inputs of the same shapes: results of constants and of
/// shapes, and so on. Later runs need not compute it.
///
/// A value's shape is fixed if the shapes of the inputs it came from are, and the data of those
/// that decide on shapes; its data are fixed if all inputs' data are, or if only shapes were read.
final class Knowledge {
  private final Scope scope;
  private final long most;
  private final boolean[] fixedShape;
  private final boolean[] fixedData;
  private final @Nullable Value[] known;

  /// @param shapes slots whose shapes are taken as fixed
  /// @param known what is known before, which is kept
  /// @param scope where new values are kept
  /// @param most bytes of a value that is kept
  Knowledge(int[] shapes, @Nullable Value[] known, Scope scope, long most) {
    this.most = most;
    this.scope = scope;
    this.known = known.clone();
    this.fixedShape = new boolean[known.length];
    this.fixedData = new boolean[known.length];
    for (int slot : shapes) {
      fixedShape[slot] = true;
    }
    for (int i = 0; i < known.length; i++) {
      if (known[i] != null) {
        fixedShape[i] = true;
        fixedData[i] = true;
      }
    }
  }

  /// All that is known by now.
  @Nullable Value[] known() {
    return known.clone();
  }

  /// True if all inputs of `step` are known.
  boolean isKnown(Step step) {
    return !step.entry().traits().contains(Operators.Trait.RANDOM) && all(fixedData, step.in(), 0);
  }

  /// Learns from the results of `step`.
  void after(Step step, @Nullable Value[] values) {
    Set<Operators.Trait> traits = step.entry().traits();
    int[] in = step.in();
    boolean shapes = all(fixedShape, in, 0);
    if (traits.contains(Operators.Trait.SHAPED_BY_ALL) || !step.bodies().isEmpty()) {
      shapes &= all(fixedData, in, 0);
    }
    if (traits.contains(Operators.Trait.SHAPED_BY_FIRST)) {
      shapes &= in.length > 0 && all(fixedData, new int[] {in[0]}, 0);
    }
    if (traits.contains(Operators.Trait.SHAPED_BY_REST)) {
      shapes &= all(fixedData, in, 1);
    }
    boolean data = shapes && (traits.contains(Operators.Trait.READS_SHAPES) || isKnown(step));
    for (int slot : step.out()) {
      Value v = slot < 0 ? null : values[slot];
      if (v != null) {
        fixedShape[slot] = shapes;
        if (data && v.tensor().spec().bytes() <= most) {
          fixedData[slot] = true;
          known[slot] = new Value(v.type(), v.tensor().in(scope));
        }
      }
    }
  }

  private static boolean all(boolean[] flags, int[] slots, int from) {
    for (int i = from; i < slots.length; i++) {
      if (slots[i] >= 0 && !flags[slots[i]]) {
        return false;
      }
    }
    return true;
  }
}
