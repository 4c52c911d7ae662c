package dev.gatun.op.shape;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The elements of `x` where a mask is set, as a vector in row-major order.
///
/// Its length depends on the mask, so this is a function of the host and no op: it reads the mask
/// and selects by index. Gradient: `dy` at those places, 0 elsewhere, by [IndexSelect].
public final class MaskedSelect {
  private MaskedSelect() {}

  /// The selection; `mask` is BOOL and broadcasts to `x`.
  ///
  /// @throws IllegalArgumentException if it is not or does not
  public static Tensor of(Tensor x, Tensor mask) {
    if (mask.dtype() != DType.BOOL) {
      throw new IllegalArgumentException(
          "MaskedSelect: mask must be BOOL; got x %s, mask %s".formatted(x.spec(), mask.spec()));
    }
    long n = x.shape().elems();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment set = arena.allocate(n);
      mask.broadcastTo(x.shape()).readInto(set);
      long count = 0;
      for (long i = 0; i < n; i++) {
        count += DType.BOOL.readLong(set, i);
      }
      Shape size = Shape.of(count);
      MemorySegment places = arena.allocate(count * DType.I64.bytes(), DType.I64.bytes());
      for (long i = 0, k = 0; i < n; i++) {
        if (DType.BOOL.readLong(set, i) != 0) {
          places.setAtIndex(ValueLayout.JAVA_LONG, k++, i);
        }
      }
      Tensor indices = x.scope().copyOf(DType.I64, size, places);
      return new IndexSelect(0).of(x.reshape(n), indices);
    }
  }
}
