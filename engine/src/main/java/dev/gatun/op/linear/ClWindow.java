package dev.gatun.op.linear;

import dev.gatun.tensor.Shape;

/// The numbers of a window over an image, as `window.cl` names them.
final class ClWindow {
  private ClWindow() {}

  /// `kernelH` is 1 for one axis, as other numbers along the height are.
  static long[] of(Window window, long kernelH, long kernelW, Shape image, Shape out) {
    boolean line = image.rank() == 3;
    Window w = line ? window.line() : window;
    return new long[] {
      line ? 1 : image.dim(2),
      image.dim(-1),
      line ? 1 : out.dim(2),
      out.dim(-1),
      kernelH,
      kernelW,
      w.strideH(),
      w.strideW(),
      w.dilationH(),
      w.dilationW(),
      w.top(),
      w.left()
    };
  }
}
