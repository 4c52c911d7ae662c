package dev.gatun.op;

import dev.gatun.tensor.Spec;
import java.util.List;

/// The least work a call can do.
///
/// @param flops floating-point operations, a fused multiply-add being two
/// @param bytes read and written once each
public record Cost(double flops, double bytes) {
  /// `flopsPerElem` for each output element, every input and output touched once.
  public static Cost streaming(double flopsPerElem, List<Spec> in, List<Spec> out) {
    double flops = 0;
    double bytes = 0;
    for (Spec s : out) {
      flops += flopsPerElem * s.shape().elems();
      bytes += s.bytes();
    }
    for (Spec s : in) {
      bytes += s.bytes();
    }
    return new Cost(flops, bytes);
  }
}
