package dev.gatun.samples.conform;

import dev.gatun.tensor.DType;

/// One stored result of a case: an output or a gradient, and how near to it a kernel must come.
///
/// @param gradient whether it is the gradient of input `name`, else it is output `name`
/// @param values the reference run in F64
/// @param err32 the largest error of the reference run in F32
/// @param scale the largest magnitude
/// @param relative64 what F64 kernels may be off by, relative to `scale`
@SuppressWarnings("ArrayRecordComponent") // read in place, never compared
record Expected(
    String name, boolean gradient, double[] values, double err32, double scale, double relative64) {
  /// The largest error allowed in a run of this type.
  double bound(DType dtype) {
    return dtype == DType.F64
        ? Math.max(relative64 * scale, 0x1p-26 * err32)
        : 4 * err32 + 4 * 0x1p-23 * scale;
  }

  /// The worst error of `got` over the bound; infinite where the sizes, an infinity or a NaN
  /// differ.
  double worst(double[] got, DType dtype) {
    if (got.length != values.length) {
      return Double.POSITIVE_INFINITY;
    }
    double bound = bound(dtype);
    double worst = 0;
    for (int i = 0; i < got.length; i++) {
      double error = Double.compare(got[i], values[i]) == 0 ? 0 : Math.abs(got[i] - values[i]);
      if (Double.isNaN(error) || (!Double.isFinite(values[i]) && error != 0)) {
        return Double.POSITIVE_INFINITY;
      }
      worst = Math.max(worst, error == 0 ? 0 : error / bound);
    }
    return worst;
  }

  @Override
  public String toString() {
    return (gradient ? "grad_" : "out_") + name;
  }
}
