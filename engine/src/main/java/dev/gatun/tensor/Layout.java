package dev.gatun.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Where the elements of a tensor lie in its buffer: element `(i0, i1, ...)` is at `offset + i0 *
/// stride(0) + i1 * stride(1) + ...`, all counted in elements. A stride of 0 repeats.
public final class Layout {
  private final long offset;
  private final long[] strides;

  private Layout(long offset, long[] strides) {
    this.offset = offset;
    this.strides = strides;
  }

  /// Row-major without gaps from element `offset` on.
  public static Layout contiguous(Shape shape, long offset) {
    long[] strides = new long[shape.rank()];
    long next = 1;
    for (int i = shape.rank() - 1; i >= 0; i--) {
      strides[i] = next;
      next *= Math.max(1, shape.dim(i));
    }
    return new Layout(offset, strides);
  }

  /// Element number of the first element.
  public long offset() {
    return offset;
  }

  /// The same, `elements` further on.
  public Layout shifted(long elements) {
    return new Layout(offset + elements, strides);
  }

  /// Distance between neighbours along `axis` (counted from 0), in elements.
  public long stride(int axis) {
    return strides[axis];
  }

  /// True if the elements of `shape` lie in row-major order without gaps.
  public boolean isContiguous(Shape shape) {
    long next = 1;
    for (int i = shape.rank() - 1; i >= 0; i--) {
      if (shape.dim(i) != 1 && strides[i] != next) {
        return shape.elems() == 0;
      }
      next *= shape.dim(i);
    }
    return true;
  }

  /// Axis `i` of the result is axis `axes.get(i)` of this.
  public Layout permute(List<Integer> axes) {
    return new Layout(offset, axes.stream().mapToLong(a -> strides[a]).toArray());
  }

  /// Starts at element `start` of `axis` and takes every `step`-th; `step` may be negative.
  public Layout slice(int axis, long start, long step) {
    long[] s = strides.clone();
    s[axis] *= step;
    return new Layout(offset + start * strides[axis], s);
  }

  /// `from` repeated to `to` by NumPy's rule, with strides of 0.
  public Layout broadcast(Shape from, Shape to) {
    int lead = to.rank() - from.rank();
    long[] s = new long[to.rank()];
    for (int i = lead; i < s.length; i++) {
      s[i] = from.dim(i - lead) == to.dim(i) ? strides[i - lead] : 0;
    }
    return new Layout(offset, s);
  }

  /// The same elements under shape `to`, or empty if that needs a copy. Axes of size 1 are dropped,
  /// runs of axes of `from` that lie without a gap are merged, and each merged run must be cut by
  /// whole axes of `to`.
  public Optional<Layout> reshape(Shape from, Shape to) {
    if (isContiguous(from)) {
      return Optional.of(contiguous(to, offset));
    }
    int[] axes = IntStream.range(0, from.rank()).filter(a -> from.dim(a) != 1).toArray();
    long[] s = new long[to.rank()];
    int i = 0;
    int j = 0;
    while (i < axes.length || j < to.rank()) {
      int i1 = i;
      int j1 = j;
      long n = i < axes.length ? from.dim(axes[i++]) : 1;
      long m = j < to.rank() ? to.dim(j++) : 1;
      while (n != m) {
        if (n < m) {
          n *= from.dim(axes[i++]);
        } else {
          m *= to.dim(j++);
        }
      }
      for (int a = i1; a < i - 1; a++) {
        if (strides[axes[a]] != from.dim(axes[a + 1]) * strides[axes[a + 1]]) {
          return Optional.empty();
        }
      }
      long next = i > i1 ? strides[axes[i - 1]] : 1;
      for (int a = j - 1; a >= j1; a--) {
        s[a] = next;
        next *= to.dim(a);
      }
    }
    return Optional.of(new Layout(offset, s));
  }

  /// Element number in the buffer of element `index` in row-major order of `shape`.
  public long at(Shape shape, long index) {
    long p = offset;
    for (int i = shape.rank() - 1; i >= 0; i--) {
      p += index % shape.dim(i) * strides[i];
      index /= shape.dim(i);
    }
    return p;
  }

  @Override
  public String toString() {
    return "offset " + offset + " strides " + Arrays.toString(strides);
  }
}
