package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.Conv;
import dev.gatun.op.linear.ConvTranspose;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Conv and ConvTranspose; [PoolOperators] adds pooling. The engine's ops have one or two axes; a
/// further one is a sum over its taps.
final class ConvolutionOperators {
  private ConvolutionOperators() {}

  static void addTo(Operators all) {
    all.one("Conv", 1, n -> n.like(0, conv(n)));
    all.one("ConvTranspose", 1, n -> n.like(0, transpose(n)));
    all.one("DeformConv", 19, DeformableConvolution::run);
    PoolOperators.addTo(all);
  }

  /// Sizes behind batch and channels.
  static long[] spatial(Shape s) {
    if (s.rank() < 3) {
      throw new IllegalArgumentException("the image must be [N, C, ..]; got " + s);
    }
    return Arrays.copyOfRange(s.dims(), 2, s.rank());
  }

  private static Tensor conv(Invocation n) {
    return conv(n, n.tensor(0), n.tensor(1), n.optional(2), Activation.NONE);
  }

  /// The convolution that node `n` describes, of other numbers than those of its inputs.
  static Tensor conv(
      Invocation n, Tensor x, Tensor w, Optional<Tensor> bias, Activation activation) {
    long[] in = spatial(x.shape());
    Sliding s = Sliding.of(n, in, kernel(n, w));
    int groups = Math.toIntExact(n.attributes().integer("group", 1));
    if (s.axes() <= 2) {
      return Conv.of(s.axes(), x, w, bias, s.window(s.after()), groups, activation);
    }
    Tensor y = deep(x, w, s, groups);
    return activation.of(bias.isPresent() ? y.add(perChannel(bias.get(), s.axes())) : y);
  }

  /// The window's sizes, those of the weight.
  static long[] kernel(Invocation n, Tensor w) {
    long[] kernel = spatial(w.shape());
    n.attributes()
        .integers("kernel_shape")
        .ifPresent(k -> {
          if (!Arrays.equals(k, kernel)) {
            throw new IllegalArgumentException(
                "kernel_shape must be that of the weight; got %s for %s"
                    .formatted(Arrays.toString(k), w.shape()));
          }
        });
    return kernel;
  }

  /// A number for each channel beside `[N, C, ..]` with `axes` axes behind.
  static Tensor perChannel(Tensor bias, int axes) {
    long[] dims = new long[axes + 1];
    Arrays.fill(dims, 1);
    dims[0] = bias.shape().elems();
    return bias.reshape(dims);
  }

  /// The sum over the taps of the first axis of convolutions over the others.
  private static Tensor deep(Tensor x, Tensor w, Sliding s, int groups) {
    if (s.axes() <= 2) {
      return Conv.of(
          s.axes(), x, w, Optional.empty(), s.window(s.after()), groups, Activation.NONE);
    }
    Tensor padded = x.pad(2, s.before()[0], s.after()[0]);
    Tensor sum = tap(padded, w, s, groups, 0);
    for (long k = 1; k < s.kernel()[0]; k++) {
      sum = sum.add(tap(padded, w, s, groups, k));
    }
    return unfolded(sum, x.dim(0), s.out()[0]);
  }

  /// The part of tap `k` of the first axis, `[N D, C, ..]`.
  private static Tensor tap(Tensor padded, Tensor w, Sliding s, int groups, long k) {
    long from = k * s.dilation()[0];
    long to = from + (s.out()[0] - 1) * s.stride()[0] + 1;
    Tensor planes = padded.slice(2, from, to, s.stride()[0]).moveAxis(2, 1);
    return deep(planes.flatten(0, 1), w.select(2, k), s.part(1, s.axes()), groups);
  }

  /// `[N D, C, ..]` as `[N, C, D, ..]`.
  private static Tensor unfolded(Tensor y, long batch, long depth) {
    long[] dims = y.shape().insert(0, batch).dims();
    dims[1] = depth;
    return y.reshape(dims).moveAxis(1, 2);
  }

  private static Tensor transpose(Invocation n) {
    Tensor x = n.tensor(0);
    Tensor w = n.tensor(1);
    long[] in = spatial(x.shape());
    int axes = in.length;
    int groups = Math.toIntExact(n.attributes().integer("group", 1));
    long[] more = n.attributes().integers("output_padding").orElse(new long[axes]);
    Sliding.sized(more, axes, "output_padding");
    Sliding s = transposed(n, in, kernel(n, w), more);
    boolean direct = axes <= 2 && IntStream.range(0, axes).allMatch(i -> fits(s, i, in[i]));
    if (direct) {
      List<Long> size = Arrays.stream(s.out()).boxed().toList();
      Optional<Tensor> bias = n.optional(2);
      ConvTranspose op =
          new ConvTranspose(axes, s.window(s.after()), groups, size, bias.isPresent());
      return bias.isPresent() ? op.of(x, w, bias.get()) : op.of(x, w);
    }
    Tensor y = whole(x, w, s.unpadded(), groups);
    for (int i = 0; i < axes; i++) {
      long d = y.dim(2 + i);
      long from = s.before()[i];
      y = y.pad(2 + i, Math.max(0, -from), Math.max(0, from + s.out()[i] - d));
      y = y.slice(2 + i, Math.max(0, from), Math.max(0, from) + s.out()[i]);
    }
    return n.has(2) ? y.add(perChannel(n.tensor(2), axes)) : y;
  }

  /// Whether windows over the result are as many as there are inputs.
  private static boolean fits(Sliding s, int i, long in) {
    long room = s.out()[i] + s.before()[i] + s.after()[i] - s.span(i);
    return Math.min(s.before()[i], s.after()[i]) >= 0
        && room >= 0
        && room / s.stride()[i] + 1 == in;
  }

  /// The window whose transpose is wanted; `output_shape` decides over padding, which may be
  /// negative then.
  private static Sliding transposed(Invocation n, long[] in, long[] kernel, long[] more) {
    int axes = in.length;
    long[] ones = new long[axes];
    Arrays.fill(ones, 1);
    Attributes a = n.attributes();
    long[] pads = a.integers("pads").orElse(new long[2 * axes]);
    Sliding.sized(pads, 2 * axes, "pads");
    String auto = a.text("auto_pad", "NOTSET");
    boolean valid = auto.equals("VALID");
    Sliding s =
        new Sliding(
            kernel,
            Sliding.sized(a.integers("strides").orElse(ones), axes, "strides"),
            Sliding.sized(a.integers("dilations").orElse(ones), axes, "dilations"),
            valid ? new long[axes] : Arrays.copyOf(pads, axes),
            valid ? new long[axes] : Arrays.copyOfRange(pads, axes, 2 * axes),
            new long[axes]);
    Optional<long[]> shape = a.integers("output_shape");
    for (int i = 0; i < axes; i++) {
      long all = (in[i] - 1) * s.stride()[i] + s.span(i) + more[i];
      if (shape.isPresent() || auto.startsWith("SAME")) {
        long[] sizes = shape.orElse(in);
        s.out()[i] = shape.isPresent() ? sizes[sizes.length - axes + i] : in[i] * s.stride()[i];
        s.share(i, Math.max(0, all - s.out()[i]), auto.equals("SAME_UPPER"));
      } else {
        s.out()[i] = all - s.before()[i] - s.after()[i];
      }
    }
    return s;
  }

  /// The transpose without padding, as large as all taps reach.
  private static Tensor whole(Tensor x, Tensor w, Sliding s, int groups) {
    if (s.axes() <= 2) {
      return ConvTranspose.of(
          s.axes(), x, w, Optional.empty(), s.window(new long[s.axes()]), groups);
    }
    Tensor planes = x.moveAxis(2, 1).flatten(0, 1);
    Tensor sum = spreadTap(planes, w, s, groups, x.dim(0), 0);
    for (long k = 1; k < s.kernel()[0]; k++) {
      sum = sum.add(spreadTap(planes, w, s, groups, x.dim(0), k));
    }
    return sum;
  }

  /// What tap `k` of the first axis adds, where it adds it, to `batch` results.
  private static Tensor spreadTap(
      Tensor planes, Tensor w, Sliding s, int groups, long batch, long k) {
    long stride = s.stride()[0];
    long depth = planes.dim(0) / batch;
    long reach = (depth - 1) * stride + s.span(0);
    Tensor y = whole(planes, w.select(2, k), s.part(1, s.axes()), groups);
    y = spread(unfolded(y, batch, depth), stride);
    long from = k * s.dilation()[0];
    return y.pad(2, from, reach - from - y.dim(2));
  }

  /// `stride - 1` zeros between elements of axis 2.
  private static Tensor spread(Tensor y, long stride) {
    if (stride == 1) {
      return y;
    }
    long n = (y.dim(2) - 1) * stride + 1;
    return y.unsqueeze(3).pad(3, 0, stride - 1).flatten(2, 3).slice(2, 0, n);
  }

  /// The tensors of `parts` in a row along `axis`.
  static Tensor joined(List<Tensor> parts, int axis) {
    List<Tensor> rest = new ArrayList<>(parts.subList(1, parts.size()));
    return rest.isEmpty() ? parts.get(0) : parts.get(0).concat(axis, rest.toArray(Tensor[]::new));
  }
}
