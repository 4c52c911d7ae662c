package dev.gatun.op.linear;

/// How a window of taps walks over the last one or two axes of an image: tap `k` of output `o`
/// reads input `o stride + k dilation - padding`. What has one axis uses the parts named `W`,
/// `left` and `right`, and ignores the others.
///
/// @param strideH inputs between outputs along the height
/// @param strideW inputs between outputs along the width
/// @param top padding before the first row
/// @param bottom padding after the last row
/// @param left padding before the first column
/// @param right padding after the last column
/// @param dilationH inputs between taps along the height
/// @param dilationW inputs between taps along the width
public record Window(
    int strideH,
    int strideW,
    int top,
    int bottom,
    int left,
    int right,
    int dilationH,
    int dilationW) {
  /// Every output beside the last, no padding.
  public static final Window PLAIN = new Window(1, 1, 0, 0, 0, 0, 1, 1);

  /// Checks the numbers.
  ///
  /// @throws IllegalArgumentException if a stride or a dilation is not positive or a padding
  ///   negative
  public Window {
    if (Math.min(Math.min(strideH, strideW), Math.min(dilationH, dilationW)) < 1
        || Math.min(Math.min(top, bottom), Math.min(left, right)) < 0) {
      throw new IllegalArgumentException(
          "Window: strides and dilations must be at least 1 and padding not negative; got"
              + " strides %d, %d, padding %d, %d, %d, %d, dilations %d, %d"
                  .formatted(strideH, strideW, top, bottom, left, right, dilationH, dilationW));
    }
  }

  /// The same stride, padding and dilation on every side.
  public static Window of(int stride, int padding, int dilation) {
    return PLAIN.stride(stride, stride).padding(padding, padding).dilation(dilation, dilation);
  }

  /// The same padded to give as many outputs as inputs at a stride of 1, and `ceil(input / stride)`
  /// where the stride divides the input: an odd element is at the end.
  public Window same(int kernelH, int kernelW) {
    int h = dilationH * (kernelH - 1);
    int w = dilationW * (kernelW - 1);
    return padding(h / 2, h - h / 2, w / 2, w - w / 2);
  }

  /// The same with other strides.
  public Window stride(int h, int w) {
    return new Window(h, w, top, bottom, left, right, dilationH, dilationW);
  }

  /// The same with other dilations.
  public Window dilation(int h, int w) {
    return new Window(strideH, strideW, top, bottom, left, right, h, w);
  }

  /// The same with padding `h` above and below, `w` left and right.
  public Window padding(int h, int w) {
    return padding(h, h, w, w);
  }

  /// The same with a padding for each side.
  public Window padding(int above, int below, int before, int after) {
    return new Window(strideH, strideW, above, below, before, after, dilationH, dilationW);
  }

  /// The form for one axis: nothing moves along the height.
  Window line() {
    return new Window(1, strideW, 0, 0, left, right, 1, dilationW);
  }

  /// Outputs along the height for `h` inputs and `kernel` taps; none where the taps do not fit.
  long rows(long h, long kernel) {
    return steps(h + top + bottom - dilationH * (kernel - 1) - 1, strideH);
  }

  /// Outputs along the width.
  long columns(long w, long kernel) {
    return steps(w + left + right - dilationW * (kernel - 1) - 1, strideW);
  }

  private static long steps(long last, int stride) {
    return last < 0 ? 0 : last / stride + 1;
  }

  /// Inputs along the height for which there are `h` outputs, the least ones.
  long inputRows(long h, long kernel) {
    return (h - 1) * strideH + dilationH * (kernel - 1) + 1 - top - bottom;
  }

  /// Inputs along the width.
  long inputColumns(long w, long kernel) {
    return (w - 1) * strideW + dilationW * (kernel - 1) + 1 - left - right;
  }
}
