package dev.gatun.cpu.simd;

import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorMask;

/// Bodies of elementwise loops: what happens to one register of each input.
///
/// A functor is a lambda without captures over static methods such as those of `Exp`; a [Loop]
/// compiles it into a loop of its own. `V` is `FloatVector`, `DoubleVector`, `IntVector`,
/// `LongVector` or `ByteVector`.
public interface Functor {

  /// One input.
  interface Unary<V extends Vector<?>> extends Functor {
    V apply(V x);
  }

  /// Two inputs.
  interface Binary<V extends Vector<?>> extends Functor {
    V apply(V x, V y);
  }

  /// Two inputs of which something holds or not.
  interface Test<V extends Vector<?>> extends Functor {
    VectorMask<?> apply(V x, V y);
  }

  /// Three inputs, such as the gradient, the input and the output of an op.
  interface Ternary<V extends Vector<?>> extends Functor {
    V apply(V x, V y, V z);
  }
}
