package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.GROWS;
import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_REST;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/// Resize and Upsample: one axis after the other, as sums of chosen elements times weights.
final class ResizeOperators {
  private ResizeOperators() {}

  static void addTo(Operators all) {
    all.one("Upsample", 7, ResizeOperators::upsample, SHAPED_BY_REST, GROWS);
    all.one("Resize", 10, n -> older(n, n.tensor(1).toDoubleArray()), SHAPED_BY_REST, GROWS);
    all.one("Resize", 11, ResizeOperators::resize, SHAPED_BY_REST, GROWS);
  }

  /// One axis: its sizes, and where element `x` of the result lies in the input.
  ///
  /// @param num with `den`, the input's elements for one of the result
  private record Axis(
      int axis, long in, long out, double num, double den, String mode, double from, double to) {
    /// The size of the result before it is cut to a whole number: what the standard's formulas use.
    private double length() {
      return in * den / num;
    }

    double place(long x) {
      return switch (mode) {
        case "asymmetric" -> x * num / den;
        case "half_pixel" -> half(x);
        case "pytorch_half_pixel" -> length() > 1 ? half(x) : 0;
        case "half_pixel_symmetric" -> {
          double adjustment = out / length();
          yield in / 2.0 * (1 - adjustment) + half(x);
        }
        case "align_corners" -> out > 1 ? x * (in - 1.0) / (length() - 1) : 0;
        case "tf_crop_and_resize" ->
            out > 1
                ? from * (in - 1) + x * (to - from) * (in - 1) / (length() - 1)
                : 0.5 * (from + to) * (in - 1);
        default ->
            throw new IllegalArgumentException(
                "coordinate_transformation_mode must be one of the standard's; got '" + mode + "'");
      };
    }

    private double half(long x) {
      return (x + 0.5) * num / den - 0.5;
    }

    boolean isIdentity() {
      for (long x = 0; x < out; x++) {
        if (place(x) != x) {
          return false;
        }
      }
      return in == out;
    }
  }

  private static Value upsample(Invocation n) {
    return older(
        n,
        n.version() < 9
            ? n.attributes().numbers("scales").orElse(new double[0])
            : n.tensor(1).toDoubleArray());
  }

  /// Before version 11 places were counted from corners, and the nearest was the one below, or
  /// above where the result is smaller: the standard left that open, and models come from a runtime
  /// that does so.
  private static Value older(Invocation n, double[] scales) {
    Shape x = n.shape(0);
    if (scales.length != x.rank()) {
      throw new IllegalArgumentException(
          "there must be a scale for each axis; got %d for %s".formatted(scales.length, x));
    }
    List<Axis> axes = new ArrayList<>();
    for (int a = 0; a < scales.length; a++) {
      axes.add(scaled(a, x.dim(a), scales[a], "asymmetric", 0, 1));
    }
    Tensor t = n.tensor(0);
    boolean nearest = n.attributes().text("mode", "nearest").equals("nearest");
    for (Axis a : axes) {
      t =
          nearest
              ? nearest(t, a, a.den() < a.num() ? "ceil" : "floor")
              : weighted(t, a, new Filter(1, 0, false, false));
    }
    return n.like(0, t);
  }

  /// The size is the floor of a product of floats, as where models come from.
  private static Axis scaled(int axis, long in, double scale, String mode, double from, double to) {
    if (!(scale > 0 && in * scale < 1L << 40)) {
      throw new IllegalArgumentException("scales must be positive; got " + scale);
    }
    return new Axis(axis, in, (long) (in * (float) scale), 1, scale, mode, from, to);
  }

  private static Value resize(Invocation n) {
    List<Axis> axes = axes(n);
    Tensor x = n.tensor(0);
    Attributes a = n.attributes();
    String mode = a.text("mode", "nearest");
    Tensor y = x;
    for (Axis axis : axes) {
      boolean antialias = a.flag("antialias", false);
      boolean exclude = a.flag("exclude_outside", false);
      y =
          switch (mode) {
            case "nearest" -> nearest(y, axis, a.text("nearest_mode", "round_prefer_floor"));
            case "linear" -> weighted(y, axis, new Filter(1, 0, antialias, exclude));
            case "cubic" ->
                weighted(
                    y, axis, new Filter(2, a.number("cubic_coeff_a", -0.75), antialias, exclude));
            default ->
                throw new IllegalArgumentException(
                    "mode must be nearest, linear or cubic; got '" + mode + "'");
          };
    }
    for (Axis axis : axes) {
      if (axis.mode().equals("tf_crop_and_resize")) {
        y = extrapolated(y, axis, a.number("extrapolation_value", 0));
      }
    }
    return n.like(0, y);
  }

  private static List<Axis> axes(Invocation n) {
    Shape x = n.shape(0);
    long[] named = n.attributes().integers("axes").orElse(LongStream.range(0, x.rank()).toArray());
    int[] at = Arrays.stream(named).mapToInt(a -> ShapeOperators.axis(a, x.rank())).toArray();
    String mode = n.attributes().text("coordinate_transformation_mode", "half_pixel");
    Optional<double[]> scales = numbers(n, 2);
    double[] sizes = numbers(n, 3).orElse(new double[0]);
    double[] region = numbers(n, 1).orElse(new double[0]);
    if (mode.equals("tf_crop_and_resize") && region.length != 2 * at.length
        || scales.map(s -> s.length).orElse(sizes.length) != at.length) {
      throw new IllegalArgumentException(
          "scales or sizes, and the region if it is asked for, must name each axis; there are "
              + at.length);
    }
    double common = scales.isPresent() ? 0 : common(n, x, at, sizes);
    List<Axis> axes = new ArrayList<>();
    for (int i = 0; i < at.length; i++) {
      long in = x.dim(at[i]);
      double from = region.length == 0 ? 0 : region[i];
      double to = region.length == 0 ? 1 : region[i + at.length];
      if (scales.isPresent()) {
        axes.add(scaled(at[i], in, scales.get()[i], mode, from, to));
      } else if (common > 0) {
        long out = (long) Math.floor(common * in + 0.5);
        axes.add(new Axis(at[i], in, out, 1, common, mode, from, to));
      } else {
        long out = (long) sizes[i];
        axes.add(new Axis(at[i], in, out, in, out, mode, from, to));
      }
    }
    return axes;
  }

  private static Optional<double[]> numbers(Invocation n, int input) {
    return n.has(input) && n.shape(input).elems() > 0
        ? Optional.of(n.tensor(input).toDoubleArray())
        : Optional.empty();
  }

  /// The one scale of all axes that keeps their ratio, or 0.
  private static double common(Invocation n, Shape x, int[] at, double[] sizes) {
    String policy = n.attributes().text("keep_aspect_ratio_policy", "stretch");
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (int i = 0; i < at.length; i++) {
      least = Math.min(least, sizes[i] / x.dim(at[i]));
      most = Math.max(most, sizes[i] / x.dim(at[i]));
    }
    return switch (policy) {
      case "stretch" -> 0;
      case "not_larger" -> least;
      case "not_smaller" -> most;
      default ->
          throw new IllegalArgumentException(
              "keep_aspect_ratio_policy must be stretch, not_larger or not_smaller; got '"
                  + policy
                  + "'");
    };
  }

  private static Tensor nearest(Tensor x, Axis a, String mode) {
    if (a.isIdentity()) {
      return x;
    }
    long[] from = new long[Math.toIntExact(a.out())];
    for (int i = 0; i < from.length; i++) {
      double p = a.place(i);
      double whole =
          switch (mode) {
            case "round_prefer_floor" -> Math.ceil(p - 0.5);
            case "round_prefer_ceil" -> Math.floor(p + 0.5);
            case "floor" -> Math.floor(p);
            case "ceil" -> Math.ceil(p);
            default ->
                throw new IllegalArgumentException(
                    "nearest_mode must be one of the standard's; got '" + mode + "'");
          };
      from[i] = Math.clamp((long) whole, 0, a.in() - 1);
    }
    return x.indexSelect(a.axis(), x.scope().tensor(Shape.of(from.length), from));
  }

  /// Weights by distance.
  ///
  /// @param reach 1 for a triangle, 2 for a cubic
  /// @param a of the cubic (R. Keys, "Cubic convolution interpolation for digital image
  ///   processing", IEEE Trans. ASSP 29, 1981)
  /// @param antialias stretched where the result is smaller
  /// @param exclude elements beyond the ends have no weight; else the ends are repeated
  private record Filter(int reach, double a, boolean antialias, boolean exclude) {
    double weight(double distance) {
      double d = Math.abs(distance);
      if (reach == 1) {
        return Math.max(0, 1 - d);
      }
      if (d <= 1) {
        return ((a + 2) * d - (a + 3)) * d * d + 1;
      }
      return d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0;
    }
  }

  private static Tensor weighted(Tensor t, Axis a, Filter f) {
    if (a.isIdentity()) {
      return t;
    }
    Tensor x = t.dtype().computes() ? t : t.to(DType.F32);
    double scale = f.antialias() ? Math.min(1, a.den() / a.num()) : 1;
    int first = (int) Math.floor(-f.reach() / scale) + 1;
    int taps = 2 - 2 * first;
    int out = Math.toIntExact(a.out());
    double[][] weights = new double[taps][out];
    long[][] from = new long[taps][out];
    for (int i = 0; i < out; i++) {
      double place = a.place(i);
      double below = Math.floor(place);
      double sum = 0;
      for (int k = 0; k < taps; k++) {
        long at = (long) below + first + k;
        boolean gone = f.exclude() && (at < 0 || at >= a.in());
        weights[k][i] = gone ? 0 : f.weight(scale * (first + k - (place - below)));
        from[k][i] = Math.clamp(at, 0, a.in() - 1);
        sum += weights[k][i];
      }
      for (int k = 0; k < taps; k++) {
        weights[k][i] /= sum;
      }
    }
    return sum(x, a.axis(), from, weights);
  }

  private static Tensor sum(Tensor x, int axis, long[][] from, double[][] weights) {
    Scope scope = x.scope();
    long[] along = new long[x.shape().rank()];
    Arrays.fill(along, 1);
    along[axis] = from[0].length;
    Optional<Tensor> sum = Optional.empty();
    for (int k = 0; k < from.length; k++) {
      Tensor part =
          x.indexSelect(axis, scope.tensor(Shape.of(from[k].length), from[k]))
              .mul(scope.tensor(x.dtype(), Shape.of(along), weights[k]));
      sum = Optional.of(sum.map(s -> s.add(part)).orElse(part));
    }
    return sum.orElseThrow();
  }

  private static Tensor extrapolated(Tensor y, Axis a, double value) {
    double[] outside = new double[Math.toIntExact(a.out())];
    for (int i = 0; i < outside.length; i++) {
      outside[i] = a.place(i) < 0 || a.place(i) > a.in() - 1 ? 1 : 0;
    }
    long[] along = new long[y.shape().rank()];
    Arrays.fill(along, 1);
    along[a.axis()] = outside.length;
    Tensor mask = y.scope().tensor(DType.BOOL, Shape.of(along), outside);
    return y.maskedFill(mask, value);
  }
}
