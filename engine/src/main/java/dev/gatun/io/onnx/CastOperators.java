package dev.gatun.io.onnx;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Changes of the element type.
final class CastOperators {
  private CastOperators() {}

  static void addTo(Operators all) {
    all.one("Cast", 6, n -> cast(n, type(n)));
    all.one("CastLike", 15, n -> cast(n, n.type(1)));
    all.one("BitCast", 26, n -> bits(n, type(n)));
  }

  private static ElementType type(Invocation n) {
    int code = Math.toIntExact(n.attributes().integer("to"));
    return ElementType.of(code)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "attribute to must name a type that the engine has; got " + code));
  }

  private static Value cast(Invocation n, ElementType to) {
    Tensor x = n.tensor(0);
    if (n.type(0) == to) {
      return new Value(to, x);
    }
    if (n.type(0) == ElementType.UINT64 && to.isFloating() && to.isWhole()) {
      return new Value(to, Unsigned.toReal(x, to.carrier()));
    }
    if (n.type(0) == ElementType.UINT64 && to.isFloating()) {
      // Far beyond all but the range of a shorter float.
      x = Unsigned.toReal(x, DType.F64);
    }
    boolean saturate = n.attributes().flag("saturate", true);
    if (to == ElementType.FLOAT8E8M0) {
      String mode = n.attributes().text("round_mode", "up");
      if (!List.of("up", "down", "nearest").contains(mode)) {
        throw new IllegalArgumentException(
            "attribute round_mode must be up, down or nearest; got " + mode);
      }
      return new Value(to, SmallFloat.powers(x.to(DType.F32), mode, saturate));
    }
    if (to.small().isPresent()) {
      return new Value(to, to.small().get().round(x.to(DType.F32), saturate));
    }
    // A shorter float is rounded once, from what the element is.
    boolean direct = to == ElementType.FLOAT16 || to == ElementType.BFLOAT16;
    if (direct && x.dtype() != DType.F32) {
      DType rounded = to == ElementType.FLOAT16 ? DType.F16 : DType.BF16;
      return new Value(to, x.to(rounded).to(DType.F32));
    }
    return n.result(to, x);
  }

  /// The same bits under another type of the same size.
  private static Value bits(Invocation n, ElementType to) {
    ElementType from = n.type(0);
    Tensor x = n.tensor(0);
    if (from.bits() != to.bits()) {
      throw new IllegalArgumentException(
          "types must be of one size; got %s and %s".formatted(from, to));
    }
    if (from.isInteger() && to.isInteger()) {
      return n.result(to, x);
    }
    if (!from.isWhole() || !to.isWhole()) {
      throw new IllegalArgumentException(
          "types must be ones that the engine has; got %s and %s".formatted(from, to));
    }
    MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(x.spec().bytes())]);
    x.readInto(bytes);
    Spec spec = new Spec(to.carrier(), x.shape());
    return new Value(to, n.scope().copyOf(spec.dtype(), spec.shape(), bytes));
  }
}
