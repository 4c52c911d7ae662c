package dev.gatun.io.onnx;

import org.jspecify.annotations.Nullable;

/// The pattern that dynamic quantisation leaves of a linear layer.
final class QuantizedFusion {
  private QuantizedFusion() {}

  /// `cast(MatMulInteger(codes(x), w)) (scale(x) scale(w)) + bias`, with the codes and the scale of
  /// one `DynamicQuantizeLinear`.
  static @Nullable Step dynamic(Matcher m, Step last) {
    if (!last.node().operator().equals("Add") || !last.node().domain().isEmpty()) {
      return null;
    }
    for (int i = 0; i < 2; i++) {
      Value bias = m.known(last.in()[1 - i]);
      Step scaled = m.only(last.in()[i], "Mul");
      if (bias != null && bias.shape().rank() == 1 && scaled != null) {
        for (int j = 0; j < 2; j++) {
          Step fused = scaled(m, last, scaled, j, last.in()[1 - i]);
          if (fused != null) {
            return fused;
          }
        }
      }
    }
    return null;
  }

  private static @Nullable Step scaled(Matcher m, Step last, Step scaled, int j, int bias) {
    Value row = m.known(bias);
    Step cast = m.only(scaled.in()[j], "Cast");
    Step scales = m.by(scaled.in()[1 - j], "Mul");
    Step product = cast == null ? null : m.only(cast.in()[0], "MatMulInteger");
    Step codes = product == null ? null : m.by(product.in()[0], "DynamicQuantizeLinear");
    if (row == null
        || cast == null
        || product == null
        || cast.node().attributes().integer("to", 0) != ElementType.FLOAT.code()
        || codes == null
        || scales == null
        || product.in().length < 3) {
      return null;
    }
    int scale = Matcher.other(scales, codes.out()[1]);
    Value w = m.known(product.in()[1]);
    Value s = m.known(scale);
    boolean fits =
        w != null
            && s != null
            && w.shape().rank() == 2
            && (s.shape().elems() == 1 || s.shape().equals(row.shape()))
            && w.shape().dim(1) == row.shape().dim(0)
            && product.in()[2] == codes.out()[2];
    int zero = product.in().length > 3 ? product.in()[3] : -1;
    return fits && (zero < 0 || m.known(zero) != null)
        ? Fusions.step(
            last, new Fused.DynamicLinear(), codes.in()[0], product.in()[1], scale, bias, zero)
        : null;
  }
}
