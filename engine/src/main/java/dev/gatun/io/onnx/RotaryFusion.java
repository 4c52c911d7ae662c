package dev.gatun.io.onnx;

import dev.gatun.tensor.Shape;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The patterns that rotary embeddings come in.
final class RotaryFusion {
  private RotaryFusion() {}

  /// Elements `from`, `from + step`, .. of `x` along `axis`, up to `to`.
  private record Part(int x, long axis, long from, long to, long step) {
    boolean isFirst(Part second) {
      return from == 0 && x == second.x && axis == second.axis && step == second.step;
    }

    /// Whether these are the first half, and `second` all that follows it.
    boolean isHalf(Part second) {
      return isFirst(second) && step == 1 && to > 0 && second.from == to && second.to > 2 * to - 1;
    }

    /// Whether these are the even elements and `second` the odd ones.
    boolean isEven(Part second) {
      return isFirst(second) && step == 2 && second.from == 1 && Math.min(to, second.to) > 1 << 30;
    }
  }

  private static Optional<Part> part(Matcher m, int slot) {
    Step s = m.by(slot, "Slice");
    if (s == null || s.node().version() < 10 || s.in().length < 4) {
      return Optional.empty();
    }
    long[] all = new long[4];
    all[3] = 1;
    for (int i = 1; i < s.in().length; i++) {
      Value v = m.known(s.in()[i]);
      if (v == null || v.shape().elems() != 1) {
        return Optional.empty();
      }
      all[i - 1] = v.tensor().toLongArray()[0];
    }
    return Optional.of(new Part(s.in()[0], all[2], all[0], all[1], all[3]));
  }

  /// The axis of a `Concat` of two.
  private static Optional<Long> axis(@Nullable Step concat) {
    return concat == null || concat.in().length != 2
        ? Optional.empty()
        : Optional.of(concat.node().attributes().integer("axis", 0));
  }

  /// `x cos + concat(-x2, x1) sin`, with tables that repeat themselves after a half.
  static @Nullable Step whole(Matcher m, Step last) {
    if (!last.node().operator().equals("Add")) {
      return null;
    }
    for (int i = 0; i < 2; i++) {
      Step plain = m.by(last.in()[i], "Mul");
      Step turned = m.by(last.in()[1 - i], "Mul");
      for (int j = 0; j < 4 && plain != null && turned != null; j++) {
        int x = plain.in()[j / 2];
        int cos = plain.in()[1 - j / 2];
        int sin = turned.in()[1 - j % 2];
        Optional<Part> half = swapped(m, turned.in()[j % 2], x);
        if (half.isPresent() && repeats(m, cos) && repeats(m, sin)) {
          Part p = half.get();
          return Fusions.step(last, new FusedRotary.Whole(p.axis(), p.to()), x, cos, sin);
        }
      }
    }
    return null;
  }

  /// The first half of `x`, if `slot` is its negative second half before the first.
  private static Optional<Part> swapped(Matcher m, int slot, int x) {
    Step concat = m.by(slot, "Concat");
    if (concat == null || axis(concat).isEmpty()) {
      return Optional.empty();
    }
    Step neg = m.by(concat.in()[0], "Neg");
    if (neg == null) {
      return Optional.empty();
    }
    Optional<Part> second = part(m, neg.in()[0]);
    return part(m, concat.in()[1])
        .filter(p -> p.x() == x && second.filter(p::isHalf).isPresent())
        .filter(p -> axis(concat).filter(a -> a == p.axis()).isPresent());
  }

  /// Whether the second half of the last axis of `slot` is sure to be like the first, as far as
  /// that axis is as long as it seems, which a run shows.
  private static boolean repeats(Matcher m, int slot) {
    Value v = m.known(slot);
    if (v != null) {
      return repeats(v);
    }
    Step s = m.maker(slot);
    if (s == null || !s.node().domain().isEmpty()) {
      return false;
    }
    return switch (s.node().operator()) {
      case "Cos", "Sin", "Cast", "Unsqueeze", "Identity" -> repeats(m, s.in()[0]);
      case "Mul" -> m.scalarInput(s) >= 0 && repeats(m, s.in()[1 - m.scalarInput(s)]);
      case "Gather" -> {
        Value table = m.known(s.in()[0]);
        boolean rows = s.node().attributes().integer("axis", 0) == 0;
        yield rows && table != null && table.shape().rank() > 1 && repeats(table);
      }
      case "Concat" ->
          axis(s).filter(a -> a == -1).isPresent() && s.in().length == 2 && s.in()[0] == s.in()[1];
      default -> false;
    };
  }

  private static boolean repeats(Value v) {
    Shape shape = v.shape();
    if (shape.rank() == 0 || shape.dim(-1) % 2 != 0 || !v.type().isFloating()) {
      return false;
    }
    double[] all = v.tensor().toDoubleArray();
    int width = Math.toIntExact(shape.dim(-1));
    for (int i = 0; i < all.length; i++) {
      if (i % width < width / 2 && all[i] != all[i + width / 2]) {
        return false;
      }
    }
    return true;
  }

  /// `concat(x1 cos - x2 sin, x2 cos + x1 sin)` of two halves, or of even and odd elements that are
  /// put in turn again.
  static @Nullable Step parts(Matcher m, Step last) {
    boolean reshaped = last.node().operator().equals("Reshape");
    Step concat = reshaped ? m.only(last.in()[0], "Concat") : last;
    if (concat == null || !concat.node().operator().equals("Concat") || axis(concat).isEmpty()) {
      return null;
    }
    Step difference = sum(m, concat.in()[0], "Sub", reshaped);
    Step sum = sum(m, concat.in()[1], "Add", reshaped);
    if (difference == null || sum == null) {
      return null;
    }
    for (int i = 0; i < 4; i++) {
      Step firstCos = m.by(difference.in()[0], "Mul");
      Step secondSin = m.by(difference.in()[1], "Mul");
      if (firstCos == null || secondSin == null) {
        return null;
      }
      int x1 = firstCos.in()[i / 2];
      int cos = firstCos.in()[1 - i / 2];
      int x2 = secondSin.in()[i % 2];
      int sin = secondSin.in()[1 - i % 2];
      Optional<Part> first = part(m, x1);
      Optional<Part> second = part(m, x2);
      if (first.isPresent() && second.isPresent() && isCross(m, sum, x1, x2, cos, sin)) {
        return parts(last, concat, first.get(), second.get(), reshaped, cos, sin);
      }
    }
    return null;
  }

  private static @Nullable Step parts(
      Step last, Step concat, Part first, Part second, boolean interleaved, int cos, int sin) {
    boolean fits = interleaved ? first.isEven(second) : first.isHalf(second);
    long joined = axis(concat).orElse(0L);
    if (!fits || first.axis() != -1 || joined != -1) {
      return null;
    }
    return interleaved
        ? Fusions.step(last, new FusedRotary.InTurn(), first.x(), cos, sin, last.in()[1])
        : Fusions.step(last, new FusedRotary.Halves(first.to()), first.x(), cos, sin);
  }

  /// The step that makes `slot`, below an `Unsqueeze` of a new last axis if there must be one.
  private static @Nullable Step sum(Matcher m, int slot, String operator, boolean unsqueezed) {
    if (!unsqueezed) {
      return m.by(slot, operator);
    }
    Step s = m.by(slot, "Unsqueeze");
    Value axes = s == null || s.in().length < 2 ? null : m.known(s.in()[1]);
    boolean last =
        axes != null && axes.shape().elems() == 1 && axes.tensor().toLongArray()[0] == -1;
    return s == null || !last ? null : m.by(s.in()[0], operator);
  }

  /// Whether `sum` is `x2 cos + x1 sin`.
  private static boolean isCross(Matcher m, Step sum, int x1, int x2, int cos, int sin) {
    for (int i = 0; i < 2; i++) {
      Step a = m.by(sum.in()[i], "Mul");
      Step b = m.by(sum.in()[1 - i], "Mul");
      if (a != null && b != null && Matcher.other(a, x2) == cos && Matcher.other(b, x1) == sin) {
        return true;
      }
    }
    return false;
  }
}
