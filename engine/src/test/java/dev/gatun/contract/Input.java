package dev.gatun.contract;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;

/// One input of a case: what it is and its elements in row-major order.
///
/// @param differentiable whether the case has a gradient for it
public record Input(Spec spec, double[] values, boolean differentiable) {
  /// The tensor on the device of `s`.
  public Tensor on(Scope s) {
    return s.tensor(spec.dtype(), spec.shape(), values);
  }

  /// The same numbers without gradient.
  public Input constant() {
    return new Input(spec, values, false);
  }

  /// The same with element `i` replaced.
  Input with(int i, double v) {
    double[] copy = values.clone();
    copy[i] = v;
    return new Input(spec, copy, differentiable);
  }

  /// The spec that `text` names: `F32[2,3]`.
  static Spec spec(String text) {
    int bracket = text.indexOf('[');
    String dims = text.substring(bracket + 1, text.length() - 1);
    long[] sizes =
        dims.isEmpty()
            ? new long[0]
            : java.util.Arrays.stream(dims.split(",", -1)).mapToLong(Long::parseLong).toArray();
    return new Spec(DType.valueOf(text.substring(0, bracket).strip()), Shape.of(sizes));
  }
}
