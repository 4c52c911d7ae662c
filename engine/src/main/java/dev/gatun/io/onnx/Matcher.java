package dev.gatun.io.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Who makes and who reads each value of a program, for [Fusions].
final class Matcher {
  private final @Nullable Step[] makers;
  private final List<List<Step>> readers = new ArrayList<>();
  private final @Nullable Value[] known;

  /// @param outputs slots that are read from outside
  /// @param known values by slot that do not depend on inputs
  Matcher(List<Step> steps, int[] outputs, @Nullable Value[] known) {
    this.known = known;
    makers = new Step[known.length];
    for (int i = 0; i < known.length; i++) {
      readers.add(new ArrayList<>());
    }
    for (Step s : steps) {
      for (int slot : s.in()) {
        if (slot >= 0) {
          readers.get(slot).add(s);
        }
      }
      for (int slot : s.out()) {
        if (slot >= 0) {
          makers[slot] = s;
        }
      }
    }
    // Two readers that are none: nothing may be merged into the only reader of an output.
    for (int slot : outputs) {
      readers.get(slot).addAll(Collections.nCopies(2, OUTSIDE));
    }
  }

  private static final Step OUTSIDE =
      new Step(
          new Graph.Node("", "", "", 0, List.of(), List.of(), Attributes.NONE),
          new Operators.Entry(0, n -> List.of(), Set.of()),
          new int[0],
          new int[0],
          Map.of(),
          Map.of());

  /// The step that makes `slot` if it is an `operator` of the standard and nobody but one step
  /// reads the result.
  @Nullable Step only(int slot, String operator) {
    Step s = by(slot, operator);
    return s != null && readers.get(slot).size() == 1 ? s : null;
  }

  /// The step that makes `slot` if it is an `operator` of the standard.
  @Nullable Step by(int slot, String operator) {
    Step s = slot < 0 ? null : makers[slot];
    return s != null && s.node().operator().equals(operator) && s.node().domain().isEmpty()
        ? s
        : null;
  }

  /// The operator that makes `slot` if it is one of ours and nobody but one step reads the result.
  <T extends Operator> @Nullable T only(int slot, Class<T> type) {
    Step s = slot < 0 ? null : makers[slot];
    return s != null && readers.get(slot).size() == 1 && type.isInstance(s.entry().operator())
        ? type.cast(s.entry().operator())
        : null;
  }

  /// The step that makes `slot`.
  @Nullable Step maker(int slot) {
    return slot < 0 ? null : makers[slot];
  }

  /// The value of `slot`, if it is known.
  @Nullable Value known(int slot) {
    return slot < 0 ? null : known[slot];
  }

  /// The number in `slot`, if it is known and one.
  OptionalDouble scalar(int slot) {
    Value v = known(slot);
    return v != null && v.shape().elems() == 1 && v.type().isFloating()
        ? OptionalDouble.of(v.tensor().reshape(-1).toDoubleArray()[0])
        : OptionalDouble.empty();
  }

  /// True if `slot` is known to be `c`, to the precision of F32.
  boolean is(int slot, double c) {
    OptionalDouble v = scalar(slot);
    return v.isPresent() && Math.abs(v.getAsDouble() - c) <= 1e-6 * Math.abs(c);
  }

  /// True if `slot` is known to be a number that no score comes near.
  boolean isLow(int slot) {
    OptionalDouble v = scalar(slot);
    return v.isPresent() && v.getAsDouble() <= -1e9;
  }

  /// For a step of two inputs, where its number is: 0 or 1, or -1 if neither is one.
  int scalarInput(Step s) {
    return scalar(s.in()[1]).isPresent() ? 1 : scalar(s.in()[0]).isPresent() ? 0 : -1;
  }

  /// For a step of two inputs in either order: the other one than that which is known to be `c`, or
  /// -1.
  int beside(Step s, double c) {
    return is(s.in()[1], c) ? s.in()[0] : is(s.in()[0], c) ? s.in()[1] : -1;
  }

  /// For a step of two inputs: the other one than `slot`, or -1.
  static int other(Step s, int slot) {
    return s.in()[0] == slot ? s.in()[1] : s.in()[1] == slot ? s.in()[0] : -1;
  }
}
