package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.GROWS;
import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_ALL;

import dev.gatun.op.shape.Arange;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;

/// What makes tensors of nothing: constants, ranges. Random numbers are in [RandomOperators].
final class ConstantOperators {
  private ConstantOperators() {}

  static void addTo(Operators all) {
    all.one("Constant", 1, n -> constant(n.attributes(), n.scope()));
    all.one("ConstantOfShape", 9, ConstantOperators::constantOfShape, SHAPED_BY_ALL, GROWS);
    all.one("Range", 11, ConstantOperators::range, SHAPED_BY_ALL, GROWS);
    RandomOperators.addTo(all);
  }

  /// The value of a Constant node, whichever attribute holds it.
  ///
  /// @throws IllegalArgumentException if it is text, sparse or missing
  static Value constant(Attributes a, Scope scope) {
    if (a.stored("value").isPresent()) {
      return a.stored("value").get().load(scope);
    }
    if (a.has("value_int")) {
      return new Value(ElementType.INT64, scope.tensor(Shape.of(), a.integer("value_int")));
    }
    if (a.has("value_float")) {
      return floats(scope, Shape.of(), a.number("value_float"));
    }
    if (a.integers("value_ints").isPresent()) {
      long[] v = a.integers("value_ints").get();
      return new Value(ElementType.INT64, scope.tensor(Shape.of(v.length), v));
    }
    if (a.numbers("value_floats").isPresent()) {
      double[] v = a.numbers("value_floats").get();
      return floats(scope, Shape.of(v.length), v);
    }
    throw new IllegalArgumentException(
        "a constant must be a dense tensor or numbers; got attributes " + a.values().keySet());
  }

  private static Value floats(Scope scope, Shape shape, double... values) {
    return new Value(ElementType.FLOAT, scope.tensor(ElementType.FLOAT.carrier(), shape, values));
  }

  /// A view of the one value.
  private static Value constantOfShape(Invocation n) {
    Value one =
        n.attributes()
            .stored("value")
            .map(s -> s.load(n.scope()))
            .orElseGet(() -> floats(n.scope(), Shape.of(), 0));
    if (one.shape().elems() != 1) {
      throw new IllegalArgumentException("value must have one element; got " + one.shape());
    }
    Shape shape = Shape.of(n.integers(0));
    return new Value(one.type(), one.tensor().reshape().broadcastTo(shape));
  }

  private static Value range(Invocation n) {
    double start = n.number(0);
    double step = n.number(2);
    double size = Math.ceil((n.number(1) - start) / step);
    if (!(size < 1L << 40)) {
      throw new IllegalArgumentException(
          "a finite number of steps must lead from start to limit; got %s, %s, %s"
              .formatted(start, n.number(1), step));
    }
    Arange op = new Arange(n.type(0).carrier(), start, step, (long) Math.max(0, size));
    Tensor y = n.scope().run(op, List.of()).get(0);
    return n.like(0, y);
  }
}
