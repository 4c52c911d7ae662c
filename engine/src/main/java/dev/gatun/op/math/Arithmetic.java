package dev.gatun.op.math;

import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// `z = f(x, y)`, element by element, shapes broadcast by NumPy's rule, F32, F64, I32 and I64,
/// whose results wrap. Integers have no gradient.
interface Arithmetic extends Binary {
  /// The definition on one pair of integers, before the result is cut to its type.
  long f(long x, long y);

  @Override
  default List<Spec> infer(List<Spec> in) {
    Shape z = Pairs.infer(this, in, Pairs.NUMBERS, "F32 or F64, I32 or I64");
    return List.of(in.get(0).withShape(z));
  }

  @Override
  default void reference(Call c) {
    if (c.dtype().computes()) {
      Binary.super.reference(c);
    } else {
      Pairs.integers(c, this::f);
    }
  }
}
