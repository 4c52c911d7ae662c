package dev.gatun.nn.rwkv;

import dev.gatun.nn.Module;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.reduce.GroupNorm;
import dev.gatun.op.reduce.LayerNorm;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Parameters by the names that a file gives them: `blocks.0.att.key.weight` is `weight` of `key`
/// of `att` of `0` of `blocks`.
final class Weights extends Module {
  private final Map<String, Variable> own = new LinkedHashMap<>();
  private final Map<String, Weights> parts = new LinkedHashMap<>();

  Weights(Scope scope, Map<String, Tensor> tensors) {
    tensors.forEach((name, t) -> {
      if (!name.contains(".")) {
        own.put(name, parameter(name, scope, t));
      }
    });
    split(tensors).forEach((name, t) -> parts.put(name, child(name, new Weights(scope, t))));
  }

  /// Tensors whose names have a dot, by what is before the first one.
  static Map<String, Map<String, Tensor>> split(Map<String, Tensor> tensors) {
    Map<String, Map<String, Tensor>> parts = new LinkedHashMap<>();
    tensors.forEach((name, t) -> {
      int dot = name.indexOf('.');
      if (dot >= 0) {
        String rest = name.substring(dot + 1);
        parts.computeIfAbsent(name.substring(0, dot), p -> new LinkedHashMap<>()).put(rest, t);
      }
    });
    return parts;
  }

  boolean has(String name) {
    return own.containsKey(name) || parts.containsKey(name);
  }

  /// @throws IllegalArgumentException if there is none of that name
  Weights part(String name) {
    return part(parts, name);
  }

  /// @throws IllegalArgumentException if there is none of that name
  static Weights part(Map<String, Weights> parts, String name) {
    Weights w = parts.get(name);
    if (w == null) {
      throw new IllegalArgumentException(
          "Rwkv: a model must have '%s'; got %s".formatted(name, parts.keySet()));
    }
    return w;
  }

  /// A parameter in the scope of `input`.
  ///
  /// @throws IllegalArgumentException if there is none of that name
  Tensor get(String name, Tensor input) {
    Variable v = own.get(name);
    if (v == null) {
      throw new IllegalArgumentException(
          "Rwkv: a model must have '%s'; got %s".formatted(name, own.keySet()));
    }
    return borrow(v, input);
  }

  /// A parameter as a vector: files give it axes of 1.
  Tensor vector(String name, Tensor input) {
    return get(name, input).flatten();
  }

  /// `x W^T` for `W [out, in]`, a parameter of this module.
  Tensor project(String name, Tensor x) {
    return x.linear(get(name, x), Optional.empty(), Activation.NONE);
  }

  /// `x W^T` by the `weight` of a part.
  Tensor linear(String name, Tensor x) {
    return part(name).project("weight", x);
  }

  /// Layer normalisation by `weight` and `bias` of this module.
  Tensor norm(Tensor x) {
    return LayerNorm.of(x, Optional.of(get("weight", x)), Optional.of(get("bias", x)), 1e-5);
  }

  /// Normalisation of each of `heads` parts of the last axis.
  Tensor norm(Tensor x, int heads, double eps) {
    Shape shape = x.shape();
    long d = shape.dim(shape.rank() - 1);
    Tensor rows = x.reshape(d == 0 ? 0 : shape.elems() / d, d);
    return GroupNorm.of(
            rows, heads, Optional.of(get("weight", x)), Optional.of(get("bias", x)), eps)
        .reshape(shape.dims());
  }
}
