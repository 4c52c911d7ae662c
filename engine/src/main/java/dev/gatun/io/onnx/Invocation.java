package dev.gatun.io.onnx;

import dev.gatun.device.Device;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// One call of an operator: its inputs, its attributes, and the scope its results live in.
final class Invocation {
  private final Step step;
  private final @Nullable Value[] inputs;
  private final Scope scope;

  Invocation(Step step, @Nullable Value[] inputs, Scope scope) {
    this.step = step;
    this.inputs = inputs;
    this.scope = scope;
  }

  /// Where results live; inputs are borrowed into it, so that what is computed from them does.
  Scope scope() {
    return scope;
  }

  Device device() {
    return scope.device();
  }

  /// The operator's name.
  String operator() {
    return step.node().operator();
  }

  /// Version of the operator set.
  int version() {
    return step.node().version();
  }

  Attributes attributes() {
    return step.node().attributes();
  }

  /// Inputs that the node names, those left out in the middle included.
  int count() {
    return step.node().inputs().size();
  }

  boolean has(int i) {
    return i < count() && inputs[i] != null;
  }

  /// Input `i`.
  ///
  /// @throws IllegalArgumentException if it was left out
  Value value(int i) {
    Value v = i < count() ? inputs[i] : null;
    if (v == null) {
      throw new IllegalArgumentException("input " + i + " must be given; it is missing");
    }
    return v;
  }

  /// Input `i`, borrowed into [#scope].
  Tensor tensor(int i) {
    return scope.borrow(value(i).tensor());
  }

  Optional<Tensor> optional(int i) {
    return has(i) ? Optional.of(tensor(i)) : Optional.empty();
  }

  /// All inputs, none of which may be left out.
  List<Tensor> tensors() {
    return IntStream.range(0, count()).mapToObj(this::tensor).toList();
  }

  ElementType type(int i) {
    return value(i).type();
  }

  Shape shape(int i) {
    return value(i).shape();
  }

  /// The elements of input `i`, which holds integers: sizes, axes.
  long[] integers(int i) {
    return value(i).tensor().toLongArray();
  }

  /// The only element of input `i`.
  double number(int i) {
    return value(i).tensor().reshape(-1).select(0, 0).item();
  }

  /// Outputs that the node names, "" included.
  int outputs() {
    return step.node().outputs().size();
  }

  /// True if somebody wants output `i`.
  boolean wants(int i) {
    return i < outputs() && !step.node().outputs().get(i).isEmpty();
  }

  /// `t` as a result of the element type of input `i`.
  Value like(int i, Tensor t) {
    return result(type(i), t);
  }

  /// `t`, converted to the carrier of `type` if it is of another, and brought back to `type`'s
  /// values.
  Value result(ElementType type, Tensor t) {
    if (type == ElementType.UINT64 && t.dtype().computes()) {
      return new Value(type, Unsigned.fromReal(t));
    }
    // Integers of few bits wrap, where a conversion to their carrier would saturate.
    DType carrier = type.bits() < 8 && type.isInteger() ? DType.I32 : type.carrier();
    Tensor carried = t.dtype() == carrier ? t : t.to(carrier);
    return new Value(type, type.isWhole() ? carried : type.narrow(carried));
  }

  /// A tensor of 64-bit integers.
  Value integers(Shape shape, long... values) {
    return new Value(ElementType.INT64, scope.tensor(shape, values));
  }

  /// A scalar of the carrier of input `i`'s type.
  Tensor scalar(int i, double value) {
    return scope.full(type(i).carrier(), Shape.of(), value);
  }

  /// A truth value.
  Value truth(Tensor t) {
    return new Value(ElementType.BOOL, t.dtype() == DType.BOOL ? t : t.to(DType.BOOL));
  }

  /// Graph attribute `name`.
  Graph body(String name) {
    Program body = step.bodies().get(name);
    if (body == null) {
      throw new IllegalArgumentException("attribute " + name + " must be a graph; it is missing");
    }
    return body.graph();
  }

  /// Runs graph attribute `name` on `in`; what it sees of the graph around it is there. The results
  /// live in [#scope].
  List<Value> run(String name, List<Value> in) {
    Program body = step.bodies().get(name);
    int[] from = step.captures().get(name);
    if (body == null || from == null) {
      throw new IllegalArgumentException("attribute " + name + " must be a graph; it is missing");
    }
    Value[] captured = new Value[body.captured().size()];
    for (int i = 0; i < captured.length; i++) {
      Value v = inputs[from[i]];
      if (v == null) {
        throw new IllegalStateException(body.captured().get(i) + " must have a value; it has none");
      }
      captured[i] = v;
    }
    return new Execution(body, body.plan(), scope).run(in, captured);
  }
}
