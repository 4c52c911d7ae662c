package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;

/// One operator with what its tests and its benchmark need to know; see [OpCases].
///
/// @param name unique; `add`, `add.row`
/// @param op the op at size `n`
/// @param inputs its inputs at that size
/// @param ulps how far a device may be from the reference, in units of the type's rounding step, at
///   size `n`
/// @param ofScale whether that is relative to the largest magnitude of the result, as for sums, or
///   to each element
/// @param smallest the least size that makes sense
/// @param big a size that several workers share
/// @param targets how many of the first inputs are variables written in place
/// @param gradient whether `vjp` is checked
/// @param wrong inputs that must be refused
public record OpCase(
    String name,
    IntFunction<Op> op,
    Function<Draw, List<Input>> inputs,
    IntToDoubleFunction ulps,
    boolean ofScale,
    int smallest,
    int big,
    int targets,
    boolean gradient,
    List<Wrong> wrong) {

  /// Inputs that an op refuses.
  ///
  /// @param message part of the message
  public record Wrong(String message, List<Spec> in) {}

  /// A case within 1 ulp of each element, sizes 0 to 40,000, with gradients.
  public static OpCase of(String name, IntFunction<Op> op, Function<Draw, List<Input>> inputs) {
    return new OpCase(name, op, inputs, n -> 1, false, 0, 40_000, 0, true, List.of());
  }

  /// A case whose op has the same attributes at every size.
  public static OpCase of(String name, Op op, Function<Draw, List<Input>> inputs) {
    return of(name, n -> op, inputs);
  }

  /// Within `bound` ulp of each element.
  public OpCase ulps(double bound) {
    return new OpCase(name, op, inputs, n -> bound, false, smallest, big, targets, gradient, wrong);
  }

  /// Within `bound` ulp of the largest element, at size `n`: for sums, whose error grows with `n`
  /// and whose result may cancel.
  public OpCase ulpsOfScale(IntToDoubleFunction bound) {
    return new OpCase(name, op, inputs, bound, true, smallest, big, targets, gradient, wrong);
  }

  /// No sizes below `n`.
  public OpCase from(int n) {
    return new OpCase(name, op, inputs, ulps, ofScale, n, big, targets, gradient, wrong);
  }

  /// Shared by several workers at size `n`, where 40,000 is too much or too little.
  public OpCase big(int n) {
    return new OpCase(name, op, inputs, ulps, ofScale, smallest, n, targets, gradient, wrong);
  }

  /// The first `n` inputs are variables, written in place. No gradient.
  public OpCase inPlace(int n) {
    return new OpCase(name, op, inputs, ulps, ofScale, smallest, big, n, false, wrong);
  }

  /// No input has a gradient.
  public OpCase noGradient() {
    return new OpCase(name, op, inputs, ulps, ofScale, smallest, big, targets, false, wrong);
  }

  /// Inputs of these types and shapes (`F32[2,3]`) are refused with `message` in the text.
  public OpCase wrong(String message, String... in) {
    Wrong w = new Wrong(message, Arrays.stream(in).map(Input::spec).toList());
    return new OpCase(
        name,
        op,
        inputs,
        ulps,
        ofScale,
        smallest,
        big,
        targets,
        gradient,
        Stream.concat(wrong.stream(), Stream.of(w)).toList());
  }

  /// The inputs at size `n`, those of the case's own type in `t`.
  public List<Input> inputs(DType t, int n) {
    return inputs.apply(new Draw(t, n));
  }

  /// The types worth testing: one, where the inputs do not depend on it.
  List<DType> dtypes() {
    List<Spec> f32 = inputs(DType.F32, 1).stream().map(Input::spec).toList();
    List<Spec> f64 = inputs(DType.F64, 1).stream().map(Input::spec).toList();
    return f32.equals(f64) ? List.of(DType.F32) : List.of(DType.F32, DType.F64);
  }

  /// The bound for a result of type `t` at size `n`, relative.
  public double bound(DType t, int n) {
    double step =
        switch (t) {
          case F64 -> 0x1p-52;
          case F32 -> 0x1p-23;
          case F16 -> 0x1p-10;
          case BF16 -> 0x1p-7;
          case I8, U8, I32, I64, BOOL -> 0;
        };
    return ulps.applyAsDouble(n) * step;
  }

  @Override
  public String toString() {
    return name;
  }
}
