package dev.gatun.io.onnx;

/// Changes of the element type.
final class CastOperators {
  private CastOperators() {}

  static void addTo(Operators all) {
    all.one("Cast", 6, CastOperators::cast);
  }

  private static Value cast(Invocation n) {
    ElementType to =
        ElementType.of((int) n.attributes().integer("to"))
            .orElseThrow(() -> new IllegalArgumentException("type is not there"));
    return n.result(to, n.tensor(0));
  }
}
