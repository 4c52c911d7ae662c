package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.GROWS;
import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_REST;

import dev.gatun.op.shape.Pad;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/// Pad and CenterCropPad: what adds elements around a tensor or cuts them off.
final class PadOperators {
  private PadOperators() {}

  static void addTo(Operators all) {
    all.one("Pad", 2, PadOperators::pad, SHAPED_BY_REST, GROWS);
    all.one("CenterCropPad", 18, PadOperators::centerCropPad, SHAPED_BY_REST, GROWS);
  }

  /// Elements added before and after each axis; fewer than none are cut off.
  private record Amounts(long[] before, long[] after) {
    static Amounts of(int rank, long[] axes, long[] pads) {
      if (pads.length != 2 * axes.length) {
        throw new IllegalArgumentException(
            "pads must hold two numbers for each axis; got %d for %d"
                .formatted(pads.length, axes.length));
      }
      Amounts a = new Amounts(new long[rank], new long[rank]);
      for (int i = 0; i < axes.length; i++) {
        int axis = ShapeOperators.axis(axes[i], rank);
        a.before[axis] = pads[i];
        a.after[axis] = pads[i + axes.length];
      }
      return a;
    }
  }

  private static Value pad(Invocation n) {
    boolean old = n.version() < 11;
    long[] pads = old ? n.attributes().integers("pads").orElse(new long[0]) : n.integers(1);
    int rank = n.shape(0).rank();
    long[] axes = n.has(3) ? n.integers(3) : LongStream.range(0, rank).toArray();
    Amounts amounts = Amounts.of(rank, axes, pads);
    String mode = n.attributes().text("mode", "constant");
    if (mode.equals("constant")) {
      double value = old ? n.attributes().number("value", 0) : n.has(2) ? n.number(2) : 0;
      return ShapeOperators.moved(n, constant(n.tensor(0), amounts, value));
    }
    Pad.Mode m =
        switch (mode) {
          case "reflect" -> Pad.Mode.REFLECT;
          case "edge" -> Pad.Mode.REPLICATE;
          case "wrap" -> Pad.Mode.CIRCULAR;
          default ->
              throw new IllegalArgumentException(
                  "mode must be constant, reflect, edge or wrap; got '" + mode + "'");
        };
    Tensor y = n.tensor(0);
    for (int a = 0; a < rank; a++) {
      if (amounts.before[a] != 0 || amounts.after[a] != 0) {
        y = copied(y, a, amounts.before[a], amounts.after[a], m);
      }
    }
    return ShapeOperators.moved(n, y);
  }

  private static Tensor constant(Tensor x, Amounts amounts, double value) {
    List<Long> before = new ArrayList<>();
    List<Long> after = new ArrayList<>();
    Tensor y = x;
    for (int a = 0; a < x.shape().rank(); a++) {
      y = cut(y, a, amounts.before[a], amounts.after[a]);
      before.add(Math.max(0, amounts.before[a]));
      after.add(Math.max(0, amounts.after[a]));
    }
    return new Pad(before, after, Pad.Mode.CONSTANT, value).of(y);
  }

  private static Tensor cut(Tensor x, int axis, long before, long after) {
    long from = Math.max(0, -before);
    long to = x.dim(axis) - Math.max(0, -after);
    if (from > to) {
      throw new IllegalArgumentException(
          "no more must be cut off than there is; got %d and %d of %s"
              .formatted(before, after, x.shape()));
    }
    return x.slice(axis, from, to);
  }

  /// The engine's op where one period of the axis is enough, else a choice by index.
  private static Tensor copied(Tensor x, int axis, long before, long after, Pad.Mode mode) {
    long dim = x.dim(axis);
    long most = Math.max(before, after);
    if (Math.min(before, after) >= 0 && (mode == Pad.Mode.REPLICATE || most < dim)) {
      return x.pad(axis, before, after, mode);
    }
    long size = dim + before + after;
    if (dim == 0 || size < 0) {
      throw new IllegalArgumentException("there must be elements to copy; got " + x.shape());
    }
    long period = mode == Pad.Mode.REFLECT ? Math.max(1, 2 * (dim - 1)) : dim;
    long[] from = new long[Math.toIntExact(size)];
    Arrays.setAll(
        from,
        i -> {
          long at = i - before;
          if (mode == Pad.Mode.REPLICATE) {
            return Math.clamp(at, 0, dim - 1);
          }
          long in = Math.floorMod(at, period);
          return in < dim ? in : period - in;
        });
    return x.indexSelect(axis, x.scope().tensor(Shape.of(size), from));
  }

  /// Where the two ends cannot be alike, what is added has the odd element at the end, and so has
  /// what is cut off.
  private static Value centerCropPad(Invocation n) {
    Tensor x = n.tensor(0);
    long[] target = n.integers(1);
    int rank = x.shape().rank();
    long[] axes = n.attributes().integers("axes").orElse(LongStream.range(0, rank).toArray());
    if (target.length != axes.length) {
      throw new IllegalArgumentException(
          "there must be a size for each axis; got %d for %d"
              .formatted(target.length, axes.length));
    }
    long[] pads = new long[2 * axes.length];
    for (int i = 0; i < axes.length; i++) {
      long more = target[i] - x.dim(ShapeOperators.axis(axes[i], rank));
      pads[i] = more / 2;
      pads[i + axes.length] = more - more / 2;
    }
    return ShapeOperators.moved(n, constant(x, Amounts.of(rank, axes, pads), 0));
  }
}
