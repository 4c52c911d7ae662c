package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.READS_SHAPES;
import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_REST;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;

/// What changes the shape and not the elements: Shape, Reshape, Transpose and their like.
final class ShapeOperators {
  private ShapeOperators() {}

  static void addTo(Operators all) {
    all.one("Identity", 1, n -> n.like(0, n.tensor(0)));
    all.one("Shape", 1, ShapeOperators::shape, READS_SHAPES);
    all.one("Size", 1, n -> n.integers(Shape.of(), n.shape(0).elems()), READS_SHAPES);
    all.one("Reshape", 5, ShapeOperators::reshape, SHAPED_BY_REST);
    all.one("Transpose", 1, ShapeOperators::transpose);
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
    return n.like(0, x.reshape(dims));
  }

  private static Value transpose(Invocation n) {
    Tensor x = n.tensor(0);
    int rank = x.shape().rank();
    int[] axes = new int[rank];
    Arrays.setAll(axes, i -> rank - 1 - i);
    n.attributes()
        .integers("perm")
        .ifPresent(perm -> Arrays.setAll(axes, i -> Math.toIntExact(perm[i])));
    return n.like(0, x.permute(axes));
  }
}
