package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.GROWS;
import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_ALL;
import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_REST;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;

/// Fourier transforms, windows and the matrix of mel filters. Complex tensors have a last axis of
/// two, real ones one of one.
final class SignalOperators {
  private SignalOperators() {}

  static void addTo(Operators all) {
    all.one("DFT", 17, SignalOperators::dft, SHAPED_BY_REST);
    all.one("STFT", 17, SignalOperators::stft, SHAPED_BY_REST);
    all.one("HannWindow", 17, n -> window(n, 0.5, -0.5, 0), SHAPED_BY_ALL, GROWS);
    all.one("HammingWindow", 17, n -> window(n, 25 / 46.0, -21 / 46.0, 0), SHAPED_BY_ALL, GROWS);
    all.one("BlackmanWindow", 17, n -> window(n, 0.42, -0.5, 0.08), SHAPED_BY_ALL, GROWS);
    all.one("MelWeightMatrix", 17, SignalOperators::mel, SHAPED_BY_ALL, GROWS);
  }

  /// The axis is an attribute before version 20 and an input since.
  private static Value dft(Invocation n) {
    Tensor x = n.tensor(0);
    long axis =
        n.version() < 20 ? n.attributes().integer("axis", 1) : n.has(2) ? (long) n.number(2) : -2;
    int at = x.shape().axis(Math.toIntExact(axis));
    if (at == x.shape().rank() - 1) {
      throw new IllegalArgumentException("the axis must not be that of complex parts; got " + axis);
    }
    boolean half = n.attributes().flag("onesided", false);
    boolean back = n.attributes().flag("inverse", false);
    long given = x.dim(at);
    long length = n.has(1) ? (long) n.number(1) : half && back ? 2 * (given - 1) : given;
    if (length < 1) {
      throw new IllegalArgumentException("a transform must have a length; got " + length);
    }
    return n.like(0, transform(x, at, length, half, back));
  }

  /// The transform of `length` elements of axis `axis`, zeros being added where there are fewer.
  private static Tensor transform(Tensor x, int axis, long length, boolean half, boolean back) {
    boolean real = x.dim(-1) == 1;
    if (half && real == back) {
      throw new IllegalArgumentException(
          "a one-sided transform must be of real numbers, its inverse of complex ones; got "
              + x.shape());
    }
    Tensor fitted = fitted(x, axis, half && back ? length / 2 + 1 : length);
    Tensor re = fitted.select(-1, 0);
    if (half && !back) {
      return complex(re.rfft(axis));
    }
    Tensor im = real ? re.scope().zeros(re.dtype(), re.shape()) : fitted.select(-1, 1);
    if (half) {
      return re.irfft(im, axis, length).unsqueeze(-1 + x.shape().rank());
    }
    return complex(back ? re.ifft(im, axis) : re.fft(im, axis));
  }

  private static Tensor fitted(Tensor x, int axis, long length) {
    long d = x.dim(axis);
    return d < length ? x.pad(axis, 0, length - d) : x.slice(axis, 0, length);
  }

  private static Tensor complex(List<Tensor> parts) {
    Tensor re = parts.get(0);
    return re.stack(re.shape().rank(), parts.get(1));
  }

  /// Inputs: `[B, L, 1 or 2]`, step, window, length of a frame; result `[B, frames, bins, 2]`.
  private static Value stft(Invocation n) {
    Tensor x = n.tensor(0);
    long step = (long) n.number(1);
    long length = n.has(3) ? (long) n.number(3) : n.has(2) ? n.shape(2).dim(0) : x.dim(1);
    if (step <= 0 || length <= 0 || length > x.dim(1)) {
      throw new IllegalArgumentException(
          "step and frames must be positive and a frame not longer than the signal; got %d, %d for %s"
              .formatted(step, length, x.shape()));
    }
    long frames = 1 + (x.dim(1) - length) / step;
    Tensor starts =
        n.scope().arange(DType.I64, 0, (double) frames, 1).mul((double) step).reshape(frames, 1);
    Tensor places = starts.add(n.scope().arange(DType.I64, 0, (double) length, 1)).flatten();
    Tensor y = x.indexSelect(1, places).reshape(x.dim(0), frames, length, x.dim(2));
    if (n.has(2)) {
      Tensor w = n.tensor(2);
      // A window shorter than a frame lies at its beginning.
      y = y.mul(fitted(w, 0, length).reshape(length, 1));
    }
    boolean half = n.attributes().flag("onesided", true) && x.dim(2) == 1;
    return n.like(0, transform(y, 2, length, half, false));
  }

  /// `a + b cos(2 pi i / N) + c cos(4 pi i / N)` with `N` the size, less one unless periodic.
  private static Value window(Invocation n, double a, double b, double c) {
    long size = (long) n.number(0);
    double period = n.attributes().flag("periodic", true) ? size : size - 1;
    Tensor angle =
        n.scope().arange(DType.F64, 0, (double) size, 1).mul(2 * Math.PI / Math.max(1, period));
    Tensor w = angle.cos().mul(b).add(a);
    return n.result(type(n), c == 0 ? w : w.add(angle.mul(2).cos().mul(c)));
  }

  private static ElementType type(Invocation n) {
    long code = n.attributes().integer("output_datatype", ElementType.FLOAT.code());
    return ElementType.of(Math.toIntExact(code))
        .orElseThrow(() ->
            new IllegalArgumentException(
                "output_datatype must be a type that is there; got " + code));
  }

  private static double mel(double hertz) {
    return 2595 * Math.log10(1 + hertz / 700);
  }

  /// Triangles over the bins of a spectrum: `[length / 2 + 1, filters]`. The corners, which are
  /// whole bins, are `filters + 2` points spaced evenly in mel.
  private static Value mel(Invocation n) {
    long filters = (long) n.number(0);
    long length = (long) n.number(1);
    double rate = n.number(2);
    double low = mel(n.number(3));
    double step = (mel(n.number(4)) - low) / (double) (filters + 2);
    long bins = length / 2 + 1;
    double[] corner = new double[Math.toIntExact(filters + 2)];
    for (int i = 0; i < corner.length; i++) {
      double hertz = 700 * (Math.pow(10, (low + i * step) / 2595) - 1);
      corner[i] = Math.floor((double) (length + 1) * hertz / rate);
    }
    Tensor corners = n.scope().tensor(Shape.of(corner.length), corner);
    Tensor left = corners.slice(0, 0, filters);
    Tensor centre = corners.slice(0, 1, filters + 1);
    Tensor right = corners.slice(0, 2, filters + 2);
    Tensor bin = n.scope().arange(DType.F64, 0, (double) bins, 1).reshape(bins, 1);
    // Where two corners meet, the filter is 1 at its centre.
    Tensor up = bin.sub(left).div(centre.sub(left).maximum(1));
    Tensor down = right.sub(bin).div(right.sub(centre).maximum(1));
    Tensor one = n.scope().full(DType.F64, Shape.of(), 1);
    Tensor peak = bin.equal(centre).where(one, up.minimum(down));
    return n.result(type(n), peak.maximum(0));
  }
}
