package dev.gatun.io.onnx;

import dev.gatun.op.linear.AvgPool;
import dev.gatun.op.linear.MaxPool;
import dev.gatun.op.linear.Window;
import dev.gatun.op.reduce.Norm;
import dev.gatun.op.shape.Pad;
import dev.gatun.op.shape.Scatter;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Pooling, over windows and over whole images. Windows of more than two axes are taken apart:
/// greatest values, sums and means of what is in the image are all made axis by axis.
final class PoolOperators {
  private PoolOperators() {}

  private enum Kind {
    MAX,
    /// Divided by the taps within the image.
    MEAN,
    /// Divided by all taps.
    MEAN_OF_ALL
  }

  static void addTo(Operators all) {
    all.add("MaxPool", 1, PoolOperators::max);
    all.one("AveragePool", 1, PoolOperators::average);
    all.one("LpPool", 1, PoolOperators::power);
    all.one("GlobalAveragePool", 1, n -> n.like(0, n.tensor(0).meanKeep(images(n))));
    all.one("GlobalMaxPool", 1, n -> n.like(0, n.tensor(0).maxKeep(images(n))));
    all.one("GlobalLpPool", 1, PoolOperators::globalPower);
    all.one("MaxUnpool", 9, PoolOperators::unpool, Operators.Trait.SHAPED_BY_REST);
  }

  private static int[] images(Invocation n) {
    int rank = n.shape(0).rank();
    ConvolutionOperators.spatial(n.shape(0));
    return IntStream.range(2, rank).toArray();
  }

  private static Sliding sliding(Invocation n) {
    long[] kernel =
        n.attributes()
            .integers("kernel_shape")
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "attribute kernel_shape must be given; it is missing"));
    return Sliding.of(n, ConvolutionOperators.spatial(n.shape(0)), kernel);
  }

  private static double p(Invocation n) {
    return n.version() < 2 ? n.attributes().number("p", 2) : n.attributes().integer("p", 2);
  }

  private static Value globalPower(Invocation n) {
    List<Integer> axes = Arrays.stream(images(n)).boxed().toList();
    return n.like(0, new Norm(axes, true, p(n)).of(n.tensor(0)));
  }

  private static Value power(Invocation n) {
    Sliding s = sliding(n);
    double p = p(n);
    double taps = Arrays.stream(s.kernel()).reduce(1, Math::multiplyExact);
    Tensor x = n.tensor(0).abs();
    if (p == 1) {
      return n.like(0, pool(x, s, Kind.MEAN_OF_ALL).mul(taps));
    }
    Tensor sum = pool(p == 2 ? x.square() : x.pow(n.scalar(0, p)), s, Kind.MEAN_OF_ALL).mul(taps);
    return n.like(0, p == 2 ? sum.sqrt() : sum.pow(n.scalar(0, 1 / p)));
  }

  /// Padding counts where the attribute says so; what `ceil_mode` adds never does.
  private static Value average(Invocation n) {
    Sliding s = sliding(n);
    if (!n.attributes().flag("count_include_pad", false)) {
      return n.like(0, pool(n.tensor(0), s, Kind.MEAN));
    }
    return n.like(0, pool(padded(n.tensor(0), s, 0), s.unpadded(), Kind.MEAN));
  }

  private static Tensor padded(Tensor x, Sliding s, double value) {
    Tensor y = x;
    int rank = x.shape().rank();
    for (int i = 0; i < s.axes(); i++) {
      if (s.before()[i] != 0 || s.after()[i] != 0) {
        y = Pad.axis(rank, 2 + i, s.before()[i], s.after()[i], Pad.Mode.CONSTANT, value).of(y);
      }
    }
    return y;
  }

  private static Tensor pool(Tensor x, Sliding s, Kind kind) {
    int axes = s.axes();
    if (axes <= 2) {
      return plane(x, s, kind);
    }
    // The last two axes, all others as channels; then the others, each behind all of them.
    long[] dims = x.shape().dims();
    long lead = x.shape().elems(1, dims.length - 2);
    Tensor y =
        plane(x.reshape(dims[0], lead, dims[axes], dims[axes + 1]), s.part(axes - 2, axes), kind);
    dims[axes] = y.dim(2);
    dims[axes + 1] = y.dim(3);
    y = y.reshape(dims);
    for (int i = 0; i < axes - 2; i++) {
      Tensor last = y.moveAxis(2 + i, -1);
      long[] sizes = last.shape().dims();
      Tensor lines = last.reshape(dims[0], -1, last.dim(-1));
      sizes[sizes.length - 1] = s.out()[i];
      y = plane(lines, s.part(i, i + 1), kind).reshape(sizes).moveAxis(-1, 2 + i);
    }
    return y;
  }

  private static Tensor plane(Tensor x, Sliding s, Kind kind) {
    Window w = s.over(ConvolutionOperators.spatial(x.shape()));
    int axes = s.axes();
    int kernelH = axes == 1 ? 1 : Math.toIntExact(s.kernel()[0]);
    int kernelW = Math.toIntExact(s.kernel()[axes - 1]);
    return switch (kind) {
      case MAX -> new MaxPool(axes, kernelH, kernelW, w).of(x);
      case MEAN -> new AvgPool(axes, kernelH, kernelW, w, false).of(x);
      case MEAN_OF_ALL -> new AvgPool(axes, kernelH, kernelW, w, true).of(x);
    };
  }

  private static List<Value> max(Invocation n) {
    Sliding s = sliding(n);
    Tensor x = n.tensor(0);
    // Bytes are exact in F32.
    Tensor floating = x.dtype().computes() ? x : x.to(DType.F32);
    Value y = n.like(0, pool(floating, s, Kind.MAX));
    return n.wants(1) ? List.of(y, places(n, floating, s)) : List.of(y);
  }

  /// Where maxima come from: the taps one after the other, the first of equals staying.
  private static Value places(Invocation n, Tensor x, Sliding s) {
    Tensor values = reaching(padded(x, s, Double.NEGATIVE_INFINITY), s, Double.NEGATIVE_INFINITY);
    Tensor numbers = reaching(padded(numbers(n, x.shape()), s, -1), s, -1);
    Shape y =
        Shape.of(
            LongStream.concat(LongStream.of(x.dim(0), x.dim(1)), Arrays.stream(s.out())).toArray());
    Tensor most = tap(values, s, 0);
    Tensor place = tap(numbers, s, 0).broadcastTo(y);
    long taps = Arrays.stream(s.kernel()).reduce(1, Math::multiplyExact);
    for (long tap = 1; tap < taps; tap++) {
      Tensor v = tap(values, s, tap);
      Tensor i = tap(numbers, s, tap).broadcastTo(y);
      Tensor better = v.greater(most).or(place.less(0));
      most = better.where(v, most);
      place = better.where(i, place);
    }
    long images = x.dim(0) * x.dim(1);
    long plane = x.shape().elems(2, x.shape().rank());
    long[] lead = y.dims();
    Arrays.fill(lead, 2, lead.length, 1);
    Tensor base =
        n.scope().arange(DType.I64, 0, (double) images, 1).mul((double) plane).reshape(lead);
    return new Value(ElementType.INT64, place.add(base));
  }

  /// Numbers of the elements of one image, `[1, 1, ..]`; `storage_order` 1 counts the first axis
  /// fastest.
  private static Tensor numbers(Invocation n, Shape x) {
    long[] dims = ConvolutionOperators.spatial(x);
    int axes = dims.length;
    Tensor count = n.scope().arange(DType.I64, 0, (double) x.elems(2, axes + 2), 1);
    if (n.attributes().flag("storage_order", false)) {
      long[] reversed = new long[axes];
      Arrays.setAll(reversed, i -> dims[axes - 1 - i]);
      int[] order = IntStream.range(0, axes).map(i -> axes - 1 - i).toArray();
      count = count.reshape(reversed).permute(order);
    }
    return count.reshape(dims).unsqueeze(0).unsqueeze(0);
  }

  /// `x` with as much behind it as the last window needs.
  private static Tensor reaching(Tensor x, Sliding s, double value) {
    Tensor y = x;
    for (int i = 0; i < s.axes(); i++) {
      long missing = (s.out()[i] - 1) * s.stride()[i] + s.span(i) - y.dim(2 + i);
      if (missing > 0) {
        int rank = y.shape().rank();
        y = Pad.axis(rank, 2 + i, 0, missing, Pad.Mode.CONSTANT, value).of(y);
      }
    }
    return y;
  }

  /// What tap `tap` of all windows reads.
  private static Tensor tap(Tensor x, Sliding s, long tap) {
    Tensor y = x;
    long rest = tap;
    for (int i = s.axes() - 1; i >= 0; i--) {
      long from = rest % s.kernel()[i] * s.dilation()[i];
      rest /= s.kernel()[i];
      y = y.slice(2 + i, from, from + (s.out()[i] - 1) * s.stride()[i] + 1, s.stride()[i]);
    }
    return y;
  }

  /// Indices count in the least image that pooling takes to `x`; a larger `output_shape` adds zeros
  /// behind it.
  private static Value unpool(Invocation n) {
    Tensor x = n.tensor(0);
    long[] in = ConvolutionOperators.spatial(x.shape());
    int axes = in.length;
    Attributes a = n.attributes();
    long[] kernel = a.integers("kernel_shape").orElse(new long[0]);
    Sliding.sized(kernel, axes, "kernel_shape");
    long[] ones = new long[axes];
    Arrays.fill(ones, 1);
    long[] stride = Sliding.sized(a.integers("strides").orElse(ones), axes, "strides");
    long[] pads = Sliding.sized(a.integers("pads").orElse(new long[2 * axes]), 2 * axes, "pads");
    long[] dims = x.shape().dims();
    for (int i = 0; i < axes; i++) {
      dims[2 + i] = (in[i] - 1) * stride[i] + kernel[i] - pads[i] - pads[axes + i];
    }
    Shape least = Shape.of(dims);
    Tensor y =
        n.scope()
            .zeros(x.dtype(), Shape.of(least.elems()))
            .scatter(0, n.tensor(1).flatten(), x.flatten(), Scatter.Mode.SET)
            .reshape(dims);
    if (n.has(2)) {
      long[] wanted = Sliding.sized(n.integers(2), axes + 2, "output_shape");
      for (int i = 0; i < wanted.length; i++) {
        y = y.pad(i, 0, wanted[i] - dims[i]);
      }
    }
    return n.like(0, y);
  }
}
