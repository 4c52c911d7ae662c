package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_ALL;

import dev.gatun.op.shape.Nonzero;
import dev.gatun.op.shape.Scatter;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Elements read and written by index: GatherElements, GatherND, ScatterElements, ScatterND,
/// NonZero.
final class ScatterOperators {
  private ScatterOperators() {}

  static void addTo(Operators all) {
    all.one("GatherElements", 11, ScatterOperators::gatherElements);
    all.one("GatherND", 11, ScatterOperators::gatherNd);
    all.one("Scatter", 9, ScatterOperators::scatterElements);
    all.one("ScatterElements", 11, ScatterOperators::scatterElements);
    all.one("ScatterND", 11, ScatterOperators::scatterNd);
    all.one(
        "NonZero",
        9,
        n -> new Value(ElementType.INT64, Nonzero.of(n.tensor(0)).transpose()),
        SHAPED_BY_ALL);
  }

  /// Other axes of the indices may be shorter than those of the input.
  private static Value gatherElements(Invocation n) {
    Tensor x = n.tensor(0);
    int axis = IndexOperators.axis(n, x.shape(), 0);
    requireRank(n, 1);
    Tensor indices = IndexOperators.fromStart(n.tensor(1), x.dim(axis));
    for (int a = 0; a < x.shape().rank(); a++) {
      x = a == axis ? x : x.slice(a, 0, indices.dim(a));
    }
    return ShapeOperators.moved(n, x.gather(axis, indices));
  }

  private static void requireRank(Invocation n, int indices) {
    if (n.shape(0).rank() != n.shape(indices).rank()) {
      throw new IllegalArgumentException(
          "data and indices must have as many axes; got %s and %s"
              .formatted(n.shape(0), n.shape(indices)));
    }
  }

  /// Where all other axes are as long as the input's, along the axis; else by places in the
  /// flattened input.
  private static Value scatterElements(Invocation n) {
    Tensor x = n.tensor(0);
    requireRank(n, 1);
    int axis = IndexOperators.axis(n, x.shape(), 0);
    Tensor indices = IndexOperators.fromStart(n.tensor(1), x.dim(axis));
    if (x.shape().with(axis, 1).equals(indices.shape().with(axis, 1))) {
      return ShapeOperators.moved(n, joined(n, axis, x, indices, n.tensor(2)));
    }
    requireWithin(indices, n.scope().full(indices.dtype(), Shape.of(), (double) x.dim(axis)));
    Tensor places = indices.to(DType.I64).mul((double) stride(x.shape(), axis));
    for (int a = 0; a < x.shape().rank(); a++) {
      if (a != axis) {
        long size = indices.dim(a);
        if (size > x.dim(a)) {
          throw new IllegalArgumentException(
              "indices must not be longer than data; got %s and %s"
                  .formatted(indices.shape(), x.shape()));
        }
        long[] along = new long[x.shape().rank()];
        Arrays.fill(along, 1);
        along[a] = size;
        long by = stride(x.shape(), a);
        long[] offsets = LongStream.range(0, size).map(i -> i * by).toArray();
        places = places.add(n.scope().tensor(Shape.of(along), offsets));
      }
    }
    Tensor y = joined(n, 0, x.flatten(), places.flatten(), n.tensor(2).flatten());
    return ShapeOperators.moved(n, y.reshape(x.shape().dims()));
  }

  private static long stride(Shape x, int axis) {
    return x.elems(axis + 1, x.rank());
  }

  /// Sums, products and extremes of integers are computed in F64: exact up to `2^53`.
  private static Tensor joined(Invocation n, int axis, Tensor x, Tensor indices, Tensor updates) {
    String name = n.attributes().text("reduction", "none");
    Scatter.Mode mode =
        switch (name) {
          case "none" -> Scatter.Mode.SET;
          case "add" -> Scatter.Mode.ADD;
          case "mul" -> Scatter.Mode.MUL;
          case "max" -> Scatter.Mode.MAX;
          case "min" -> Scatter.Mode.MIN;
          default ->
              throw new IllegalArgumentException(
                  "reduction must be none, add, mul, max or min; got '" + name + "'");
        };
    if (mode == Scatter.Mode.SET || x.dtype().computes()) {
      return n.like(0, x.scatter(axis, indices, updates, mode)).tensor();
    }
    boolean unsigned = n.type(0) == ElementType.UINT64;
    Tensor from = unsigned ? Unsigned.toReal(x, DType.F64) : x.to(DType.F64);
    Tensor with = unsigned ? Unsigned.toReal(updates, DType.F64) : updates.to(DType.F64);
    Tensor y = from.scatter(axis, indices, with, mode);
    if (unsigned) {
      return Unsigned.fromReal(y);
    }
    return n.like(0, y.to(DType.I64)).tensor();
  }

  /// Places in the axes from `first` on, as many as the rows of `indices` are long, flattened.
  private static Tensor places(Invocation n, Shape x, int first) {
    Tensor indices = n.tensor(1).to(DType.I64);
    int depth = Math.toIntExact(indices.dim(-1));
    if (first + depth > x.rank()) {
      throw new IllegalArgumentException(
          "indices must name at most all axes; got %s for %s".formatted(indices.shape(), x));
    }
    long[] dims = Arrays.copyOfRange(x.dims(), first, first + depth);
    long[] strides =
        IntStream.range(0, depth).mapToLong(i -> x.elems(first + i + 1, first + depth)).toArray();
    Tensor sizes = n.scope().tensor(Shape.of(depth), dims);
    Tensor whole = indices.less(0).where(indices.add(sizes), indices);
    requireWithin(whole, sizes);
    return whole.mul(n.scope().tensor(Shape.of(depth), strides)).sum(-1).flatten();
  }

  /// Flattened, an index out of its axis would name an element of another row.
  private static void requireWithin(Tensor indices, Tensor sizes) {
    if (indices.less(0).or(indices.greaterEqual(sizes)).any().item() != 0) {
      throw new IllegalArgumentException("indices must lie within their axes; some do not");
    }
  }

  private static Value gatherNd(Invocation n) {
    Tensor x = n.tensor(0);
    Shape indices = n.shape(1);
    int batch = Math.toIntExact(n.attributes().integer("batch_dims", 0));
    if (batch < 0 || batch >= indices.rank() || batch > x.shape().rank()) {
      throw new IllegalArgumentException("batch_dims must be axes of both; got " + batch);
    }
    int depth = Math.toIntExact(indices.dim(-1));
    Tensor at = places(n, x.shape(), batch);
    long batches = x.shape().elems(0, batch);
    long size = x.shape().elems(batch, batch + depth);
    if (batch > 0) {
      if (batches != indices.elems(0, batch)) {
        throw new IllegalArgumentException(
            "batches must agree; got %s and %s".formatted(x.shape(), indices));
      }
      long[] starts = LongStream.range(0, batches).map(b -> b * size).toArray();
      long each = indices.elems(batch, indices.rank() - 1);
      at = at.reshape(batches, each).add(n.scope().tensor(Shape.of(batches, 1), starts)).flatten();
    }
    long[] rest = Arrays.copyOfRange(x.shape().dims(), batch + depth, x.shape().rank());
    long inner = LongStream.of(rest).reduce(1, (a, b) -> a * b);
    long[] lead = Arrays.copyOf(indices.dims(), indices.rank() - 1);
    long[] dims = LongStream.concat(LongStream.of(lead), LongStream.of(rest)).toArray();
    Tensor y = x.reshape(batches * size, inner).indexSelect(0, at);
    return ShapeOperators.moved(n, y.reshape(dims));
  }

  private static Value scatterNd(Invocation n) {
    Tensor x = n.tensor(0);
    int depth = Math.toIntExact(n.shape(1).dim(-1));
    Tensor at = places(n, x.shape(), 0);
    long size = x.shape().elems(0, depth);
    long inner = x.shape().elems(depth, x.shape().rank());
    Shape rows = Shape.of(at.dim(0), inner);
    if (n.shape(2).elems() != rows.elems()) {
      throw new IllegalArgumentException(
          "updates must have a row of %d for each index; got %s".formatted(inner, n.shape(2)));
    }
    Tensor y =
        joined(
            n,
            0,
            x.reshape(size, inner),
            at.unsqueeze(1).broadcastTo(rows),
            n.tensor(2).reshape(rows.dims()));
    return ShapeOperators.moved(n, y.reshape(x.shape().dims()));
  }
}
