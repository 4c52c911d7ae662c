package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Moves between an image and the matrix of its patches, `[channels taps, pixels]`, whose column is
/// what the window of one output sees. A tile is some columns of that matrix, for some channels.
/// Offsets of planes are in elements, those of tiles in bytes.
final class PatchesSimd {
  private static final int VECTOR = Lanes.SHAPE.vectorBitSize() / 8;
  private static final int LANES_F = Lanes.F32.length();
  private static final int LANES = Lanes.F64.length();
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private PatchesSimd() {}

  /// Fills columns `first` to `first + n` for `channels` planes of `x` from `xAt` on; rows of the
  /// tile are `pitch` bytes apart.
  static void pack(
      long[] r,
      int wide,
      MemorySegment x,
      long xAt,
      int channels,
      long first,
      int n,
      MemorySegment to,
      long toAt,
      long pitch) {
    long row = toAt;
    for (int c = 0; c < channels; c++) {
      long plane = xAt + c * Grid.plane(r);
      for (int kh = 0; kh < Grid.kernelH(r); kh++) {
        for (int kw = 0; kw < Grid.kernelW(r); kw++) {
          packRow(r, wide, x, plane, kh, kw, first, n, to, row);
          row += pitch;
        }
      }
    }
  }

  /// One row of a tile: one tap of one channel for `n` outputs, by runs of a row of the image.
  private static void packRow(
      long[] r,
      int wide,
      MemorySegment x,
      long plane,
      int kh,
      int kw,
      long first,
      int n,
      MemorySegment to,
      long toAt) {
    int outW = Grid.outW(r);
    int stride = Grid.strideW(r);
    int shift = kw * Grid.dilationW(r) - Grid.left(r);
    int from = inside(-shift, stride, outW);
    int end = inside(Grid.w(r) - shift, stride, outW);
    int ow = (int) (first % outW);
    long ih = first / outW * Grid.strideH(r) + (long) kh * Grid.dilationH(r) - Grid.top(r);
    for (int done = 0; done < n; ) {
      int length = Math.min(n - done, outW - ow);
      int a = ow;
      int b = ow;
      if (ih >= 0 && ih < Grid.h(r)) {
        a = Math.clamp(from, ow, ow + length);
        b = Math.clamp(end, a, ow + length);
      }
      long at = toAt + (long) done * wide;
      zero(to, at, (a - ow) * wide);
      if (b > a) {
        long source = (plane + ih * Grid.w(r) + (long) a * stride + shift) * wide;
        move(wide, x, source, stride, b - a, to, at + (long) (a - ow) * wide);
      }
      zero(to, at + (long) (b - ow) * wide, (ow + length - b) * wide);
      done += length;
      ow = 0;
      ih += Grid.strideH(r);
    }
  }

  /// The first output of `count` whose input, a multiple of `stride`, is at least `input`.
  private static int inside(int input, int stride, int count) {
    return input <= 0 ? 0 : (int) Math.min(count, ((long) input + stride - 1) / stride);
  }

  /// Moves `n` elements that are `stride` apart.
  static void move(
      int wide, MemorySegment x, long xAt, int stride, int n, MemorySegment to, long toAt) {
    if (stride == 1) {
      copy(x, xAt, n * wide, to, toAt);
    } else if (wide == 4) {
      gather4(x, xAt, stride, n, to, toAt);
    } else {
      gather8(x, xAt, stride, n, to, toAt);
    }
  }

  private static void gather4(
      MemorySegment source, long xAt, int stride, int n, MemorySegment target, long toAt) {
    MemorySegment x = Lanes.offHeap(source);
    MemorySegment to = Lanes.offHeap(target);
    for (int i = 0; i < n; i++) {
      to.set(I32, toAt + i * 4L, x.get(I32, xAt + (long) i * stride * 4));
    }
  }

  private static void gather8(
      MemorySegment source, long xAt, int stride, int n, MemorySegment target, long toAt) {
    MemorySegment x = Lanes.offHeap(source);
    MemorySegment to = Lanes.offHeap(target);
    for (int i = 0; i < n; i++) {
      to.set(I64, toAt + i * 8L, x.get(I64, xAt + (long) i * stride * 8));
    }
  }

  /// Copies `bytes` bytes, a multiple of 4; the last vector may start within the one before.
  private static void copy(
      MemorySegment source, long xAt, int bytes, MemorySegment target, long toAt) {
    MemorySegment x = Lanes.offHeap(source);
    MemorySegment to = Lanes.offHeap(target);
    if (bytes < VECTOR) {
      for (int i = 0; i < bytes; i += 4) {
        to.set(I32, toAt + i, x.get(I32, xAt + i));
      }
      return;
    }
    int last = bytes - VECTOR;
    for (int i = 0; i < last; i += VECTOR) {
      IntVector.fromMemorySegment(Lanes.I32, x, xAt + i, Lanes.ORDER)
          .intoMemorySegment(to, toAt + i, Lanes.ORDER);
    }
    IntVector.fromMemorySegment(Lanes.I32, x, xAt + last, Lanes.ORDER)
        .intoMemorySegment(to, toAt + last, Lanes.ORDER);
  }

  private static void zero(MemorySegment to, long at, int bytes) {
    if (bytes > 0) {
      Lanes.clear(to, at, bytes);
    }
  }

  /// Sets `n` elements from `at` on to element `index` of input `input`.
  static void fill(Call c, int input, long index, MemorySegment to, long at, long n) {
    int wide = c.dtype().bytes();
    fill(wide, c.get(input, index), to, at * wide, n);
  }

  /// Sets `n` elements of `wide` bytes from byte offset `at` on.
  static void fill(int wide, double v, MemorySegment to, long at, long n) {
    if (wide == 4) {
      fill4((float) v, to, at, n);
    } else {
      fill8(v, to, at, n);
    }
  }

  private static void fill4(float v, MemorySegment target, long at, long n) {
    MemorySegment to = Lanes.offHeap(target);
    FloatVector all = FloatVector.broadcast(Lanes.F32, v);
    int count = Math.toIntExact(n);
    int i = 0;
    for (; i + LANES_F <= count; i += LANES_F) {
      all.intoMemorySegment(to, at + i * 4L, Lanes.ORDER);
    }
    for (; i < count; i++) {
      to.set(Lanes.FLOAT, at + i * 4L, v);
    }
  }

  private static void fill8(double v, MemorySegment target, long at, long n) {
    MemorySegment to = Lanes.offHeap(target);
    DoubleVector all = DoubleVector.broadcast(Lanes.F64, v);
    int count = Math.toIntExact(n);
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
      all.intoMemorySegment(to, at + i * 8L, Lanes.ORDER);
    }
    for (; i < count; i++) {
      to.set(Lanes.DOUBLE, at + i * 8L, v);
    }
  }

  /// Adds columns `first` to `first + n` of a tile to the places of the image that they are of: the
  /// transpose of [#pack].
  static void add(
      long[] r,
      int wide,
      MemorySegment tile,
      long tileAt,
      long pitch,
      int channels,
      long first,
      int n,
      MemorySegment y,
      long yAt) {
    long row = tileAt;
    for (int c = 0; c < channels; c++) {
      long plane = yAt + c * Grid.plane(r);
      for (int kh = 0; kh < Grid.kernelH(r); kh++) {
        for (int kw = 0; kw < Grid.kernelW(r); kw++) {
          addRow(r, wide, tile, row, kh, kw, first, n, y, plane);
          row += pitch;
        }
      }
    }
  }

  private static void addRow(
      long[] r,
      int wide,
      MemorySegment tile,
      long row,
      int kh,
      int kw,
      long first,
      int n,
      MemorySegment y,
      long plane) {
    int outW = Grid.outW(r);
    int stride = Grid.strideW(r);
    int shift = kw * Grid.dilationW(r) - Grid.left(r);
    int from = inside(-shift, stride, outW);
    int end = inside(Grid.w(r) - shift, stride, outW);
    int ow = (int) (first % outW);
    long ih = first / outW * Grid.strideH(r) + (long) kh * Grid.dilationH(r) - Grid.top(r);
    for (int done = 0; done < n; ) {
      int length = Math.min(n - done, outW - ow);
      int a = Math.clamp(from, ow, ow + length);
      int b = Math.clamp(end, a, ow + length);
      if (ih >= 0 && ih < Grid.h(r) && b > a) {
        long target = (plane + ih * Grid.w(r) + (long) a * stride + shift) * wide;
        long source = row + (long) (done + a - ow) * wide;
        scatter(wide, tile, source, b - a, y, target, stride);
      }
      done += length;
      ow = 0;
      ih += Grid.strideH(r);
    }
  }

  /// Adds `n` elements to others that are `stride` apart.
  static void scatter(
      int wide, MemorySegment x, long xAt, int n, MemorySegment y, long yAt, int stride) {
    if (wide == 4) {
      add4(x, xAt, n, y, yAt, stride);
    } else {
      add8(x, xAt, n, y, yAt, stride);
    }
  }

  private static void add4(
      MemorySegment source, long xAt, int n, MemorySegment target, long yAt, int stride) {
    MemorySegment x = Lanes.offHeap(source);
    MemorySegment y = Lanes.offHeap(target);
    int i = 0;
    for (; stride == 1 && i + LANES_F <= n; i += LANES_F) {
      FloatVector.fromMemorySegment(Lanes.F32, y, yAt + i * 4L, Lanes.ORDER)
          .add(FloatVector.fromMemorySegment(Lanes.F32, x, xAt + i * 4L, Lanes.ORDER))
          .intoMemorySegment(y, yAt + i * 4L, Lanes.ORDER);
    }
    for (; i < n; i++) {
      long o = yAt + (long) i * stride * 4;
      y.set(Lanes.FLOAT, o, y.get(Lanes.FLOAT, o) + x.get(Lanes.FLOAT, xAt + i * 4L));
    }
  }

  private static void add8(
      MemorySegment source, long xAt, int n, MemorySegment target, long yAt, int stride) {
    MemorySegment x = Lanes.offHeap(source);
    MemorySegment y = Lanes.offHeap(target);
    int i = 0;
    for (; stride == 1 && i + LANES <= n; i += LANES) {
      DoubleVector.fromMemorySegment(Lanes.F64, y, yAt + i * 8L, Lanes.ORDER)
          .add(DoubleVector.fromMemorySegment(Lanes.F64, x, xAt + i * 8L, Lanes.ORDER))
          .intoMemorySegment(y, yAt + i * 8L, Lanes.ORDER);
    }
    for (; i < n; i++) {
      long o = yAt + (long) i * stride * 8;
      y.set(Lanes.DOUBLE, o, y.get(Lanes.DOUBLE, o) + x.get(Lanes.DOUBLE, xAt + i * 8L));
    }
  }
}
