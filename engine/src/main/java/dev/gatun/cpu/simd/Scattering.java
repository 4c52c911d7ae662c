package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.util.function.DoubleBinaryOperator;

/// A loop that joins numbers to elements that indices name: `y[t] = f(y[t], s[i])` for `i` in
/// order, where `t` is index `i` times the length of a row, and more. Each type and function has a
/// loop of its own, for the reason that [Loop] gives: in one for all, with branches on the type and
/// on the function, C2 takes checks of bounds out of the loop by what the profile says of branches
/// (profiled loop predicates), is wrong about them, and compiles again, and again, while a million
/// elements go through the interpreter.
public interface Scattering {
  /// What a copy of [ScatterLoop] is made of.
  record Body(boolean f32, DoubleBinaryOperator f) {}

  /// A loop over F32, or else F64; `f` captures nothing.
  static Scattering of(boolean f32, DoubleBinaryOperator f) {
    return (Scattering) Template.copy(ScatterLoop.class, new Body(f32, f));
  }

  /// Joins `n` elements of `source` from element `from` on to `y[to + indices[index + i * unit] *
  /// row + i * shift]`.
  ///
  /// @param wide whether indices are I64, not I32
  void run(
      MemorySegment source,
      long from,
      MemorySegment indices,
      boolean wide,
      long index,
      long unit,
      MemorySegment y,
      long to,
      long row,
      long shift,
      int n);
}
