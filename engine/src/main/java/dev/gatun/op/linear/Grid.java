package dev.gatun.op.linear;

import dev.gatun.cpu.simd.GemmPlan;
import dev.gatun.tensor.Shape;

/// The sizes of one call of a window over an image, in registers after those of a [GemmPlan], so
/// that neither reference nor blocks need the op. Pairs of a height and a width share a register.
final class Grid {
  private static final int IMAGE = GemmPlan.SIZE;
  private static final int OUT = IMAGE + 1;
  private static final int KERNEL = IMAGE + 2;
  private static final int STRIDE = IMAGE + 3;
  private static final int DILATION = IMAGE + 4;
  private static final int PADDING = IMAGE + 5;

  /// Batch size.
  static final int BATCH = IMAGE + 6;

  /// Groups of channels.
  static final int GROUPS = IMAGE + 7;

  /// Channels of the image in a group.
  static final int CHANNELS = IMAGE + 8;

  /// Channels of the other side in a group.
  static final int OUTPUTS = IMAGE + 9;

  /// First register that is free for a kernel.
  static final int FREE = IMAGE + 10;

  private Grid() {}

  /// Sets everything: `image [N, C, (H,) W]`, `kernel [O, C/groups, (KH,) KW]`, `out [N, O, (OH,)
  /// OW]`.
  static void set(long[] r, Window window, int groups, Shape image, Shape kernel, Shape out) {
    boolean line = image.rank() == 3;
    set(r, window, line, line ? 1 : kernel.dim(2), kernel.dim(-1), image, out);
    r[GROUPS] = groups;
    r[CHANNELS] = kernel.dim(1);
    r[OUTPUTS] = kernel.dim(0) / groups;
  }

  /// Sets what a window over each channel for itself needs.
  static void set(
      long[] r, Window window, boolean line, long kernelH, long kernelW, Shape image, Shape out) {
    Window w = line ? window.line() : window;
    r[IMAGE] = pair(line ? 1 : image.dim(2), image.dim(-1));
    r[OUT] = pair(line ? 1 : out.dim(2), out.dim(-1));
    r[KERNEL] = pair(kernelH, kernelW);
    r[STRIDE] = pair(w.strideH(), w.strideW());
    r[DILATION] = pair(w.dilationH(), w.dilationW());
    r[PADDING] = pair(w.top(), w.left());
    r[BATCH] = image.dim(0);
    r[GROUPS] = image.dim(1);
    r[CHANNELS] = 1;
    r[OUTPUTS] = 1;
  }

  private static long pair(long h, long w) {
    return (long) Math.toIntExact(h) << 32 | Math.toIntExact(w);
  }

  static int h(long[] r) {
    return (int) (r[IMAGE] >> 32);
  }

  static int w(long[] r) {
    return (int) r[IMAGE];
  }

  static int outH(long[] r) {
    return (int) (r[OUT] >> 32);
  }

  static int outW(long[] r) {
    return (int) r[OUT];
  }

  static int kernelH(long[] r) {
    return (int) (r[KERNEL] >> 32);
  }

  static int kernelW(long[] r) {
    return (int) r[KERNEL];
  }

  static int strideH(long[] r) {
    return (int) (r[STRIDE] >> 32);
  }

  static int strideW(long[] r) {
    return (int) r[STRIDE];
  }

  static int dilationH(long[] r) {
    return (int) (r[DILATION] >> 32);
  }

  static int dilationW(long[] r) {
    return (int) r[DILATION];
  }

  static int top(long[] r) {
    return (int) (r[PADDING] >> 32);
  }

  static int left(long[] r) {
    return (int) r[PADDING];
  }

  /// Elements of a plane of the image.
  static long plane(long[] r) {
    return (long) h(r) * w(r);
  }

  /// Elements of a plane of the output.
  static long pixels(long[] r) {
    return (long) outH(r) * outW(r);
  }

  /// Taps of a window.
  static int taps(long[] r) {
    return kernelH(r) * kernelW(r);
  }

  /// Weights of one output: taps of all channels of its group.
  static long depth(long[] r) {
    return r[CHANNELS] * taps(r);
  }

  /// Whether a window is one element and the output is where it was read: no patches are needed.
  static boolean isPointwise(long[] r) {
    return taps(r) == 1 && r[STRIDE] == pair(1, 1) && r[PADDING] == 0 && r[IMAGE] == r[OUT];
  }

  /// Element of a plane of the image that tap `tap` of output `pixel` reads, -1 for padding.
  static long at(long[] r, long pixel, long tap) {
    long ih = pixel / outW(r) * strideH(r) + tap / kernelW(r) * dilationH(r) - top(r);
    long iw = pixel % outW(r) * strideW(r) + tap % kernelW(r) * dilationW(r) - left(r);
    return ih < 0 || ih >= h(r) || iw < 0 || iw >= w(r) ? -1 : ih * w(r) + iw;
  }
}
