package dev.gatun.nn;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;

/// First values of a parameter. Random ones come from the counter-based generator, so a seed gives
/// the same numbers on every device and thread count.
@FunctionalInterface
public interface Initializer {
  /// The values, in `scope`.
  Tensor make(Scope scope, DType dtype, Shape shape);

  /// Zeros.
  static Initializer zeros() {
    return Scope::zeros;
  }

  /// Ones.
  static Initializer ones() {
    return (scope, dtype, shape) -> scope.full(dtype, shape, 1);
  }

  /// Normal numbers of mean 0 and this standard deviation.
  static Initializer normal(double deviation, long seed) {
    return (scope, dtype, shape) -> scope.normal(dtype, shape, seed).mul(deviation);
  }

  /// Uniform numbers in `[-bound, bound)`.
  static Initializer uniform(double bound, long seed) {
    return (scope, dtype, shape) -> scope.uniform(dtype, shape, seed).mul(2 * bound).add(-bound);
  }

  /// Uniform numbers of variance `2 / fanIn`, which keeps the scale of activations through layers
  /// with a rectifier; `fanIn` is the product of all axes but the first.
  ///
  /// Source: He et al., Delving Deep into Rectifiers, 2015, equation 10.
  static Initializer kaimingUniform(long seed) {
    return (scope, dtype, shape) -> {
      long fanIn = Math.max(1, shape.elems(Math.min(1, shape.rank()), shape.rank()));
      return uniform(Math.sqrt(6.0 / fanIn), seed).make(scope, dtype, shape);
    };
  }
}
