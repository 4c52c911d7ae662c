package dev.gatun.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// The sizes of a tensor's axes, outermost first. Rank 0 is a scalar; a size of 0 is an empty
/// tensor. Axes may be named from the end: -1 is the last one.
public final class Shape {
  private final long[] dims;
  private final long elems;

  private Shape(long[] dims) {
    this.dims = dims;
    this.elems = product(dims);
  }

  /// The shape with the given sizes.
  ///
  /// @throws IllegalArgumentException if a size is negative or the number of elements is 2^60 or
  ///   more, beyond which byte sizes would overflow
  public static Shape of(long... dims) {
    return new Shape(dims.clone());
  }

  private static long product(long[] dims) {
    for (long d : dims) {
      if (d < 0) {
        throw new IllegalArgumentException(
            "Shape: sizes must not be negative; got " + Arrays.toString(dims));
      }
    }
    long n = 1;
    boolean empty = Arrays.stream(dims).anyMatch(d -> d == 0);
    for (long d : dims) {
      if (!empty && (Math.multiplyHigh(n, d) != 0 || n * d < 0 || n * d >= 1L << 60)) {
        throw new IllegalArgumentException(
            "Shape: the number of elements must be below 2^60; got " + Arrays.toString(dims));
      }
      n = empty ? 0 : n * d;
    }
    return n;
  }

  /// Number of axes.
  public int rank() {
    return dims.length;
  }

  /// Number of elements; 1 for a scalar.
  public long elems() {
    return elems;
  }

  /// Size of axis `axis`, which may be negative.
  ///
  /// @throws IllegalArgumentException if there is no such axis
  public long dim(int axis) {
    return dims[axis(axis)];
  }

  /// `axis` counted from the start.
  ///
  /// @throws IllegalArgumentException unless `-rank <= axis < rank`
  public int axis(int axis) {
    if (axis < -dims.length || axis >= dims.length) {
      throw new IllegalArgumentException(
          "Shape: axis must lie in [-%d, %d); got %d for %s"
              .formatted(dims.length, dims.length, axis, this));
    }
    return axis < 0 ? axis + dims.length : axis;
  }

  /// A copy of the sizes.
  public long[] dims() {
    return dims.clone();
  }

  /// Product of the sizes of axes `from` (inclusive) to `to` (exclusive), both counted from 0.
  public long elems(int from, int to) {
    long n = 1;
    for (int i = from; i < to; i++) {
      n *= dims[i];
    }
    return n;
  }

  /// This shape with the size of `axis` replaced.
  public Shape with(int axis, long size) {
    long[] d = dims.clone();
    d[axis(axis)] = size;
    return new Shape(d);
  }

  /// This shape without `axis`.
  public Shape without(int axis) {
    int a = axis(axis);
    long[] d = new long[dims.length - 1];
    System.arraycopy(dims, 0, d, 0, a);
    System.arraycopy(dims, a + 1, d, a, d.length - a);
    return new Shape(d);
  }

  /// This shape with a new axis of `size`, number `axis` of the result.
  ///
  /// @throws IllegalArgumentException unless the result has such an axis
  public Shape insert(int axis, long size) {
    long[] d = new long[dims.length + 1];
    if (axis < -d.length || axis >= d.length) {
      throw new IllegalArgumentException(
          "Shape: a new axis must lie in [-%d, %d]; got %d for %s"
              .formatted(d.length, dims.length, axis, this));
    }
    int a = axis < 0 ? axis + d.length : axis;
    System.arraycopy(dims, 0, d, 0, a);
    d[a] = size;
    System.arraycopy(dims, a, d, a + 1, dims.length - a);
    return new Shape(d);
  }

  /// The axes in `axes` counted from the start and sorted; all of them if `axes` is empty.
  ///
  /// @throws IllegalArgumentException if an axis does not exist or is named twice
  public List<Integer> axes(int... axes) {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < (axes.length == 0 ? rank() : axes.length); i++) {
      int a = axes.length == 0 ? i : axis(axes[i]);
      if (all.contains(a)) {
        throw new IllegalArgumentException(
            "Shape: an axis must be named once; got " + Arrays.toString(axes) + " for " + this);
      }
      all.add(a);
    }
    return all.stream().sorted().toList();
  }

  /// This shape reduced over `axes` (counted from the start): size 1 with `keepDims`, else gone.
  public Shape reduce(List<Integer> axes, boolean keepDims) {
    long[] d = new long[dims.length];
    int n = 0;
    for (int i = 0; i < dims.length; i++) {
      if (!axes.contains(i)) {
        d[n++] = dims[i];
      } else if (keepDims) {
        d[n++] = 1;
      }
    }
    return new Shape(Arrays.copyOf(d, n));
  }

  /// The shape that `a` and `b` broadcast to by NumPy's rule: aligned at the last axis, sizes must
  /// agree or one of them be 1.
  ///
  /// @throws IllegalArgumentException if they do not broadcast; the message names both, the caller
  ///   adds the op
  public static Shape broadcast(Shape a, Shape b) {
    int rank = Math.max(a.rank(), b.rank());
    long[] d = new long[rank];
    for (int i = 1; i <= rank; i++) {
      long x = i <= a.rank() ? a.dim(-i) : 1;
      long y = i <= b.rank() ? b.dim(-i) : 1;
      if (x != y && x != 1 && y != 1) {
        throw new IllegalArgumentException("shapes must broadcast; got " + a + ", " + b);
      }
      d[rank - i] = x == 1 ? y : x;
    }
    return new Shape(d);
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Shape s && Arrays.equals(dims, s.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /// `[2,8,128,64]`; `[]` for a scalar.
  @Override
  public String toString() {
    return Arrays.stream(dims).mapToObj(Long::toString).collect(Collectors.joining(",", "[", "]"));
  }
}
