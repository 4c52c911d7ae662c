package dev.gatun.op.sequence.scan;

import dev.gatun.tensor.Shape;

/// Where the numbers of a scan lie. States `[lead, T, parts, middle, inner]` are walked in `OUTERS`
/// runs, one for each `lead` and `middle`, of `T` steps and `INNER` channels side by side; gates
/// are the same but for axes of size 1. `INNER` is as many of the last axes as gates have, or as
/// many as they share. The numbers lie in an array, which for vector forms is that of the call.
final class ScanLayout {
  /// Steps.
  static final int T = 0;

  /// Channels of a run.
  static final int INNER = 1;

  /// Runs.
  static final int OUTERS = 2;

  /// Runs of the same `lead`.
  static final int MIDDLE = 3;

  /// Elements from one step of a state to the next.
  static final int STEP = 4;

  /// Elements from one part of a state to the next in the same tensor.
  static final int HOP = 5;

  /// Elements from one gate to the next: 0 where all steps share one.
  static final int GATE_STEP = 6;

  /// Elements from one part of a gate to the next in the same tensor.
  static final int GATE_HOP = 7;

  /// 1 where all channels of a run share a gate.
  static final int SHARED = 8;

  /// The first of the axes of states that make up `INNER`.
  static final int FIRST = 9;

  static final int AXIS = 10;

  /// Axes of the parts of a state.
  static final int PARTS = 11;

  /// Numbers that these take.
  static final int SIZE = 12;

  private ScanLayout() {}

  /// Whether gates of shape `a` and states of shape `b` fit a scan along `axis`.
  static boolean fits(Combiner combiner, int axis, Shape a, Shape b) {
    int parts = combiner.axes();
    if (axis < 0 || axis + parts >= b.rank() || a.rank() != b.rank() + parts) {
      return false;
    }
    boolean fits = parts == 0 || b.dim(axis + 1) == combiner.size();
    for (int i = 0; i < b.rank(); i++) {
      if (i <= axis || i > axis + parts) {
        long size = a.dim(i > axis ? i + parts : i);
        fits &= size == b.dim(i) || size == 1;
      }
    }
    for (int i = axis + 1; i <= axis + 2 * parts; i++) {
      fits &= a.dim(i) == combiner.size();
    }
    return fits;
  }

  static void fill(long[] r, Combiner combiner, int axis, Shape a, Shape b) {
    int parts = combiner.axes();
    int first = firstInner(axis, parts, a, b);
    r[T] = b.dim(axis);
    r[INNER] = b.elems(first, b.rank());
    r[MIDDLE] = b.elems(axis + 1 + parts, first);
    r[OUTERS] = b.elems(0, axis) * r[MIDDLE];
    r[STEP] = b.elems(axis + 1, b.rank());
    r[HOP] = parts == 0 ? 0 : b.elems(axis + 2, b.rank());
    r[GATE_STEP] = a.dim(axis) == 1 ? 0 : a.elems(axis + 1, a.rank());
    r[GATE_HOP] = parts == 0 ? 0 : a.elems(axis + 3, a.rank());
    r[SHARED] = a.elems(first + parts, a.rank()) == 1 && r[INNER] > 1 ? 1 : 0;
    r[FIRST] = first;
    r[AXIS] = axis;
    r[PARTS] = parts;
  }

  static long[] of(Combiner combiner, int axis, Shape a, Shape b) {
    long[] r = new long[SIZE];
    fill(r, combiner, axis, a, b);
    return r;
  }

  private static int firstInner(int axis, int parts, Shape a, Shape b) {
    int first = b.rank();
    boolean shared = false;
    boolean own = false;
    for (int i = b.rank() - 1; i > axis + parts; i--) {
      shared |= b.dim(i) > 1 && a.dim(i + parts) == 1;
      own |= a.dim(i + parts) > 1;
      if (shared && own) {
        break;
      }
      first = i;
    }
    return first;
  }

  /// First element of run `outer` in a tensor of states.
  static long start(long[] r, long outer) {
    return outer / r[MIDDLE] * (r[T] * r[STEP]) + outer % r[MIDDLE] * r[INNER];
  }

  /// First element of run `outer` in a tensor of states of one time.
  static long state(long[] r, long outer) {
    return outer / r[MIDDLE] * r[STEP] + outer % r[MIDDLE] * r[INNER];
  }

  /// First element of run `outer` in a tensor of gates of shape `a`.
  static long gate(long[] r, Shape a, Shape b, long outer) {
    int axis = (int) r[AXIS];
    int parts = (int) r[PARTS];
    int first = (int) r[FIRST];
    long at = 0;
    long stride = a.elems(first + parts, a.rank());
    long rest = outer;
    for (int i = first - 1; i >= 0; i--) {
      if (i == axis) {
        stride *= a.elems(axis, axis + 1 + 2 * parts);
      } else if (i < axis || i > axis + parts) {
        long size = a.dim(i > axis ? i + parts : i);
        at += size == 1 ? 0 : rest % b.dim(i) * stride;
        rest /= b.dim(i);
        stride *= size;
      }
    }
    return at;
  }
}
