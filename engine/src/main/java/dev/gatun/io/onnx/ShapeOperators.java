package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.GROWS;
import static dev.gatun.io.onnx.Operators.Trait.READS_SHAPES;
import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_REST;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// What changes the shape and not the elements: Shape, Reshape, Transpose and their like.
final class ShapeOperators {
  private ShapeOperators() {}

  static void addTo(Operators all) {
    all.one("Identity", 1, n -> moved(n, n.tensor(0)));
    all.one("Shape", 1, ShapeOperators::shape, READS_SHAPES);
    all.one("Size", 1, n -> n.integers(Shape.of(), n.shape(0).elems()), READS_SHAPES);
    all.one("Reshape", 5, ShapeOperators::reshape, SHAPED_BY_REST);
    all.one("Transpose", 1, ShapeOperators::transpose);
    all.one("Squeeze", 1, ShapeOperators::squeeze, SHAPED_BY_REST);
    all.one("Unsqueeze", 1, ShapeOperators::unsqueeze, SHAPED_BY_REST);
    all.one("Flatten", 1, ShapeOperators::flatten);
    all.one("Expand", 8, ShapeOperators::expand, SHAPED_BY_REST, GROWS);
    all.one("DepthToSpace", 1, ShapeOperators::depthToSpace);
    all.one("SpaceToDepth", 1, ShapeOperators::spaceToDepth);
  }

  /// `t`, whose elements are elements of input 0: they need no rounding.
  static Value moved(Invocation n, Tensor t) {
    return new Value(n.type(0), t);
  }

  /// Axes that are an attribute up to version `since` and input `input` from then on.
  static Optional<long[]> axes(Invocation n, int input, int since) {
    if (n.version() < since) {
      return n.attributes().integers("axes");
    }
    return n.has(input) ? Optional.of(n.integers(input)) : Optional.empty();
  }

  /// `axes` counted from the start of `rank` axes, in ascending order.
  private static int[] sorted(long[] axes, int rank) {
    int[] all = Arrays.stream(axes).mapToInt(a -> axis(a, rank)).sorted().toArray();
    if (Arrays.stream(all).distinct().count() != all.length) {
      throw new IllegalArgumentException(
          "an axis must be named once; got " + Arrays.toString(axes));
    }
    return all;
  }

  /// `axis` of `rank` axes, counted from the start.
  static int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw new IllegalArgumentException(
          "an axis must lie in [-%d, %d); got %d".formatted(rank, rank, axis));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  private static Value shape(Invocation n) {
    long[] dims = n.shape(0).dims();
    int from = bound(n.attributes().integer("start", 0), dims.length);
    int to = bound(n.attributes().integer("end", dims.length), dims.length);
    long[] part = from < to ? Arrays.copyOfRange(dims, from, to) : new long[0];
    return n.integers(Shape.of(part.length), part);
  }

  private static int bound(long i, int rank) {
    return Math.clamp(i < 0 ? i + rank : i, 0, rank);
  }

  /// A size of 0 stands for that of the input unless `allowzero`.
  private static Value reshape(Invocation n) {
    Tensor x = n.tensor(0);
    long[] dims = n.integers(1);
    boolean zeros = n.attributes().flag("allowzero", false);
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == 0 && !zeros) {
        dims[i] = x.dim(i);
      }
    }
    return moved(n, x.reshape(dims));
  }

  private static Value transpose(Invocation n) {
    Tensor x = n.tensor(0);
    int rank = x.shape().rank();
    int[] axes = new int[rank];
    Arrays.setAll(axes, i -> rank - 1 - i);
    n.attributes()
        .integers("perm")
        .ifPresent(perm -> Arrays.setAll(axes, i -> Math.toIntExact(perm[i])));
    return moved(n, x.permute(axes));
  }

  /// Without axes, all of size 1 go.
  private static Value squeeze(Invocation n) {
    Tensor x = n.tensor(0);
    Optional<long[]> named = axes(n, 1, 13);
    int rank = x.shape().rank();
    int[] gone =
        named.isPresent()
            ? sorted(named.get(), rank)
            : IntStream.range(0, rank).filter(a -> x.dim(a) == 1).toArray();
    if (Arrays.stream(gone).anyMatch(a -> x.dim(a) != 1)) {
      throw new IllegalArgumentException(
          "axes that go must have size 1; got " + Arrays.toString(gone) + " of " + x.shape());
    }
    List<Integer> without = Arrays.stream(gone).boxed().toList();
    return moved(n, x.reshape(x.shape().reduce(without, false).dims()));
  }

  private static Value unsqueeze(Invocation n) {
    long[] named =
        axes(n, 1, 13)
            .orElseThrow(() -> new IllegalArgumentException("axes must be given; there are none"));
    Shape shape = n.shape(0);
    for (int a : sorted(named, shape.rank() + named.length)) {
      shape = shape.insert(a, 1);
    }
    return moved(n, n.tensor(0).reshape(shape.dims()));
  }

  private static Value flatten(Invocation n) {
    Shape x = n.shape(0);
    long named = n.attributes().integer("axis", 1);
    int axis = named == x.rank() ? x.rank() : axis(named, x.rank());
    return moved(n, n.tensor(0).reshape(x.elems(0, axis), x.elems(axis, x.rank())));
  }

  private static Value expand(Invocation n) {
    Shape shape = Shape.broadcast(n.shape(0), Shape.of(n.integers(1)));
    return moved(n, n.tensor(0).broadcastTo(shape));
  }

  /// `[B, C, H, W]` to `[B, C / b^2, H b, W b]`; in DCR order the channel is the fastest of the
  /// three axes that C is made of, in CRD order the slowest.
  private static Value depthToSpace(Invocation n) {
    long[] d = imageDims(n);
    long b = block(n);
    String mode = n.attributes().text("mode", "DCR");
    long c = divided(d[1], b * b);
    Tensor y =
        switch (mode) {
          case "DCR" -> n.tensor(0).reshape(d[0], b, b, c, d[2], d[3]).permute(0, 3, 4, 1, 5, 2);
          case "CRD" -> n.tensor(0).reshape(d[0], c, b, b, d[2], d[3]).permute(0, 1, 4, 2, 5, 3);
          default ->
              throw new IllegalArgumentException("mode must be DCR or CRD; got '" + mode + "'");
        };
    return moved(n, y.reshape(d[0], c, d[2] * b, d[3] * b));
  }

  private static Value spaceToDepth(Invocation n) {
    long[] d = imageDims(n);
    long b = block(n);
    long h = divided(d[2], b);
    long w = divided(d[3], b);
    Tensor y = n.tensor(0).reshape(d[0], d[1], h, b, w, b).permute(0, 3, 5, 1, 2, 4);
    return moved(n, y.reshape(d[0], d[1] * b * b, h, w));
  }

  private static long[] imageDims(Invocation n) {
    if (n.shape(0).rank() != 4) {
      throw new IllegalArgumentException("the input must be [N,C,H,W]; got " + n.shape(0));
    }
    return n.shape(0).dims();
  }

  private static long block(Invocation n) {
    long b = n.attributes().integer("blocksize");
    if (b < 1 || b > 1 << 20) {
      throw new IllegalArgumentException("blocksize must be positive; got " + b);
    }
    return b;
  }

  private static long divided(long size, long by) {
    if (size % by != 0) {
      throw new IllegalArgumentException(
          "blocks must fill their axis; got size %d for %d".formatted(size, by));
    }
    return size / by;
  }
}
