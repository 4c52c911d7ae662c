package dev.gatun.io.onnx;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.function.LongBinaryOperator;

/// Unsigned 64-bit numbers, which I64 carries by their bits, and 64-bit integers beyond the 53 bits
/// of a double.
final class Unsigned {
  private static final double HALF = 0x1p63;

  private Unsigned() {}

  /// `x`, its order turned into that of signed numbers where it is `UINT64`; the same again turns
  /// it back.
  static Tensor ordered(ElementType type, Tensor x) {
    return type == ElementType.UINT64 ? x.xor(constant(x, Long.MIN_VALUE)) : x;
  }

  /// The values of a `UINT64` as a float, rounded once.
  static Tensor toReal(Tensor x, DType to) {
    // Half of it, whose last bit also says whether there was anything below it.
    Tensor half = shiftRight(x, constant(x, 1)).or(x.and(constant(x, 1)));
    return x.less(0).where(half.to(to).mul(2), x.to(to));
  }

  /// Floats cut towards 0 as `UINT64`; what is beyond its range becomes its end.
  static Tensor fromReal(Tensor x) {
    Tensor wide = x.to(DType.F64);
    Tensor rest = wide.sub(wide.scope().full(DType.F64, Shape.of(), HALF)).to(DType.I64);
    Tensor high = rest.xor(constant(rest, Long.MIN_VALUE));
    return wide.greaterEqual(HALF).where(high, wide.maximum(0).to(DType.I64));
  }

  /// `x` shifted to the right by `by` bits, zeros moving in.
  static Tensor shiftRight(Tensor x, Tensor by) {
    Tensor kept = constant(x, -1).xor(constant(x, -2).shiftLeft(by.neg().sub(constant(x, 1))));
    return x.shiftRight(by).and(kept);
  }

  /// The quotient of two tensors of I64, cut towards 0.
  static Tensor divide(ElementType type, Tensor x, Tensor y) {
    boolean unsigned = type == ElementType.UINT64;
    return each(x, y, unsigned ? Long::divideUnsigned : (a, b) -> a / b);
  }

  /// What is left of that, with the sign of `x` if `cut`, else with that of `y`.
  static Tensor remainder(ElementType type, Tensor x, Tensor y, boolean cut) {
    boolean unsigned = type == ElementType.UINT64;
    return each(x, y, unsigned ? Long::remainderUnsigned : cut ? (a, b) -> a % b : Math::floorMod);
  }

  /// Whether a double might not hold an element.
  static boolean isBeyondDoubles(ElementType type, Tensor x) {
    if (type.bits() < 64 || x.shape().elems() == 0) {
      return false;
    }
    return type == ElementType.UINT64 && x.less(0).any().item() != 0
        || x.to(DType.F64).abs().max().item() >= 0x1p53;
  }

  /// Element by element here: the engine has no division of integers, and these are rare.
  private static Tensor each(Tensor x, Tensor y, LongBinaryOperator f) {
    Shape shape = Shape.broadcast(x.shape(), y.shape());
    long[] a = x.broadcastTo(shape).toLongArray();
    long[] b = y.broadcastTo(shape).toLongArray();
    for (int i = 0; i < a.length; i++) {
      if (b[i] == 0) {
        throw new IllegalArgumentException("divisors must not be 0; element " + i + " is");
      }
      a[i] = f.applyAsLong(a[i], b[i]);
    }
    return x.scope().tensor(shape, a);
  }

  private static Tensor constant(Tensor like, long value) {
    return like.scope().full(DType.I64, Shape.of(), (double) value);
  }
}
