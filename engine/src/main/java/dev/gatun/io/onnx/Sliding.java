package dev.gatun.io.onnx;

import dev.gatun.op.linear.Window;
import java.util.Arrays;
import java.util.stream.IntStream;

/// How a window walks over the last axes of an image, one number for each of them.
///
/// @param kernel taps
/// @param stride inputs between outputs
/// @param dilation inputs between taps
/// @param before padding in front
/// @param after padding behind; what `ceil_mode` adds is not in it
/// @param out outputs
record Sliding(
    long[] kernel, long[] stride, long[] dilation, long[] before, long[] after, long[] out) {

  /// The window of node `n` over an image whose last axes have the sizes `in`.
  static Sliding of(Invocation n, long[] in, long[] kernel) {
    int axes = in.length;
    Attributes a = n.attributes();
    long[] ones = new long[axes];
    Arrays.fill(ones, 1);
    long[] stride = sized(a.integers("strides").orElse(ones), axes, "strides");
    long[] dilation = sized(a.integers("dilations").orElse(ones), axes, "dilations");
    long[] pads = a.integers("pads").orElse(new long[2 * axes]);
    sized(pads, 2 * axes, "pads");
    sized(kernel, axes, "kernel_shape");
    Sliding s =
        new Sliding(
            kernel,
            stride,
            dilation,
            Arrays.copyOf(pads, axes),
            Arrays.copyOfRange(pads, axes, 2 * axes),
            new long[axes]);
    String auto = a.text("auto_pad", "NOTSET");
    boolean ceil = a.flag("ceil_mode", false);
    for (int i = 0; i < axes; i++) {
      s.fit(i, in[i], auto, ceil);
    }
    return s;
  }

  static long[] sized(long[] values, int count, String name) {
    if (values.length != count) {
      throw new IllegalArgumentException(
          "%s must have %d numbers; got %s".formatted(name, count, Arrays.toString(values)));
    }
    return values;
  }

  /// Elements of the input from a window's first tap to its last.
  long span(int i) {
    return dilation[i] * (kernel[i] - 1) + 1;
  }

  private void fit(int i, long in, String auto, boolean ceil) {
    switch (auto) {
      case "NOTSET" -> {}
      case "VALID" -> {
        before[i] = 0;
        after[i] = 0;
      }
      case "SAME_UPPER", "SAME_LOWER" -> {
        out[i] = Math.ceilDiv(in, stride[i]);
        share(i, Math.max(0, (out[i] - 1) * stride[i] + span(i) - in), auto.equals("SAME_UPPER"));
        return;
      }
      default ->
          throw new IllegalArgumentException(
              "auto_pad must be NOTSET, VALID, SAME_UPPER or SAME_LOWER; got " + auto);
    }
    long room = in + before[i] + after[i] - span(i);
    if (room < 0) {
      throw new IllegalArgumentException(
          "the window must fit into the padded image; got %d taps over %d elements"
              .formatted(kernel[i], in));
    }
    out[i] = (ceil ? Math.ceilDiv(room, stride[i]) : room / stride[i]) + 1;
    // The last window must not start behind the image.
    if (ceil && (out[i] - 1) * stride[i] >= in + before[i]) {
      out[i]--;
    }
  }

  /// Shares padding out, an odd element being at the end if `upper`.
  void share(int i, long total, boolean upper) {
    before[i] = upper ? total / 2 : total - total / 2;
    after[i] = total - before[i];
  }

  int axes() {
    return kernel.length;
  }

  /// Axes `from` to `to`.
  Sliding part(int from, int to) {
    return new Sliding(
        Arrays.copyOfRange(kernel, from, to),
        Arrays.copyOfRange(stride, from, to),
        Arrays.copyOfRange(dilation, from, to),
        Arrays.copyOfRange(before, from, to),
        Arrays.copyOfRange(after, from, to),
        Arrays.copyOfRange(out, from, to));
  }

  /// Without padding, which was added to the image.
  Sliding unpadded() {
    return new Sliding(kernel, stride, dilation, new long[axes()], new long[axes()], out);
  }

  /// Padding behind axis `i` of size `in` with which there are just [#out] windows: less than the
  /// attribute says where windows leave something over.
  long tail(int i, long in) {
    return Math.max(0, (out[i] - 1) * stride[i] + span(i) - in - before[i]);
  }

  /// The engine's form for one or two axes of the sizes `in`.
  Window over(long... in) {
    return window(IntStream.range(0, axes()).mapToLong(i -> tail(i, in[i])).toArray());
  }

  /// The engine's form for one or two axes with the padding `behind`.
  Window window(long... behind) {
    int w = axes() - 1;
    Window line =
        Window.PLAIN
            .stride(1, Math.toIntExact(stride[w]))
            .dilation(1, Math.toIntExact(dilation[w]))
            .padding(0, 0, Math.toIntExact(before[w]), Math.toIntExact(behind[w]));
    if (axes() == 1) {
      return line;
    }
    return line.stride(Math.toIntExact(stride[0]), line.strideW())
        .dilation(Math.toIntExact(dilation[0]), line.dilationW())
        .padding(Math.toIntExact(before[0]), Math.toIntExact(behind[0]), line.left(), line.right());
  }
}
