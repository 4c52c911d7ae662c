package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.GROWS;
import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_REST;

import dev.gatun.op.shape.Arange;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// What chooses, joins and repeats elements: Gather, Slice, Concat, Split and their like.
final class IndexOperators {
  private IndexOperators() {}

  static void addTo(Operators all) {
    all.one("Gather", 1, IndexOperators::gather);
    all.one("Slice", 1, IndexOperators::slice, SHAPED_BY_REST);
    all.one("Concat", 4, IndexOperators::concat);
    all.add("Split", 2, IndexOperators::split, SHAPED_BY_REST);
    all.one(
        "Tile",
        6,
        n -> ShapeOperators.moved(n, n.tensor(0).tile(n.integers(1))),
        SHAPED_BY_REST,
        GROWS);
    all.one("Where", 9, n -> new Value(n.type(1), n.tensor(0).where(n.tensor(1), n.tensor(2))));
    all.one("OneHot", 9, IndexOperators::oneHot, SHAPED_BY_REST, GROWS);
    all.one("Compress", 9, IndexOperators::compress, SHAPED_BY_REST);
    all.one("Trilu", 14, IndexOperators::trilu);
    all.one("ReverseSequence", 10, IndexOperators::reverseSequence);
    PadOperators.addTo(all);
    WindowOperators.addTo(all);
    ScatterOperators.addTo(all);
    UniqueOperators.addTo(all);
    ResizeOperators.addTo(all);
  }

  static int axis(Invocation n, Shape x, long otherwise) {
    return ShapeOperators.axis(n.attributes().integer("axis", otherwise), x.rank());
  }

  /// Indices below 0 count from the end of an axis of size `dim`.
  static Tensor fromStart(Tensor indices, long dim) {
    Tensor whole = indices.dtype().indexes() ? indices : indices.to(DType.I64);
    return whole.less(0).where(whole.add((double) dim), whole);
  }

  /// The axes of the indices take the place of the axis.
  private static Value gather(Invocation n) {
    Tensor x = n.tensor(0);
    Tensor indices = n.tensor(1);
    int axis = axis(n, x.shape(), 0);
    Tensor chosen =
        indices.shape().elems() == 1
            ? single(x, axis, (long) n.number(1))
            : x.indexSelect(axis, fromStart(indices.reshape(-1), x.dim(axis)));
    return ShapeOperators.moved(n, chosen.reshape(replaced(x.shape(), axis, indices.shape())));
  }

  /// A view.
  private static Tensor single(Tensor x, int axis, long index) {
    long i = index < 0 ? index + x.dim(axis) : index;
    if (i < 0 || i >= x.dim(axis)) {
      throw new IllegalArgumentException(
          "an index must lie within its axis of %d; got %d".formatted(x.dim(axis), index));
    }
    return x.slice(axis, i, i + 1);
  }

  private static long[] replaced(Shape x, int axis, Shape by) {
    long[] d = x.dims();
    return Stream.of(Arrays.copyOf(d, axis), by.dims(), Arrays.copyOfRange(d, axis + 1, d.length))
        .flatMapToLong(Arrays::stream)
        .toArray();
  }

  private static Value slice(Invocation n) {
    boolean old = n.version() < 10;
    long[] starts = old ? attribute(n, "starts") : n.integers(1);
    long[] ends = old ? attribute(n, "ends") : n.integers(2);
    long[] axes =
        ShapeOperators.axes(n, 3, 10).orElse(LongStream.range(0, starts.length).toArray());
    long[] steps = n.has(4) ? n.integers(4) : new long[starts.length];
    if (!n.has(4)) {
      Arrays.fill(steps, 1);
    }
    if (starts.length != ends.length
        || starts.length != axes.length
        || starts.length != steps.length) {
      throw new IllegalArgumentException(
          "starts, ends, axes and steps must be as many; got %d, %d, %d and %d"
              .formatted(starts.length, ends.length, axes.length, steps.length));
    }
    Tensor x = n.tensor(0);
    for (int i = 0; i < axes.length; i++) {
      int axis = ShapeOperators.axis(axes[i], x.shape().rank());
      // Backwards, a start before the first element is the first; Python would take nothing.
      long from = steps[i] < 0 ? Math.max(starts[i], -x.dim(axis)) : starts[i];
      x = x.slice(axis, from, ends[i], steps[i]);
    }
    return ShapeOperators.moved(n, x);
  }

  private static long[] attribute(Invocation n, String name) {
    return n.attributes()
        .integers(name)
        .orElseThrow(() ->
            new IllegalArgumentException("attribute " + name + " must be given; it is missing"));
  }

  private static Value concat(Invocation n) {
    Tensor first = n.tensor(0);
    int axis = ShapeOperators.axis(n.attributes().integer("axis"), first.shape().rank());
    if (n.count() == 1) {
      return ShapeOperators.moved(n, first);
    }
    Tensor[] others = IntStream.range(1, n.count()).mapToObj(n::tensor).toArray(Tensor[]::new);
    return ShapeOperators.moved(n, first.concat(axis, others));
  }

  /// Without sizes, the parts are equal but for the last one, which may be shorter.
  private static List<Value> split(Invocation n) {
    Tensor x = n.tensor(0);
    int axis = axis(n, x.shape(), 0);
    Optional<long[]> named =
        n.version() < 13
            ? n.attributes().integers("split")
            : n.has(1) ? Optional.of(n.integers(1)) : Optional.empty();
    long[] sizes = named.orElseGet(() -> equal(n, x.dim(axis)));
    return x.split(axis, sizes).stream().map(part -> ShapeOperators.moved(n, part)).toList();
  }

  private static long[] equal(Invocation n, long dim) {
    long parts = n.attributes().integer("num_outputs", n.outputs());
    if (parts < 1 || parts > 1 << 20) {
      throw new IllegalArgumentException("there must be an output; got " + parts);
    }
    long size = Math.ceilDiv(dim, parts);
    return LongStream.range(0, parts).map(i -> Math.clamp(dim - i * size, 0, size)).toArray();
  }

  /// Indices below 0 count from the end; those outside of the depth have no 1.
  private static Value oneHot(Invocation n) {
    long depth = (long) n.number(1);
    Tensor indices = n.tensor(0).to(DType.I64);
    int rank = indices.shape().rank() + 1;
    int axis = ShapeOperators.axis(n.attributes().integer("axis", -1), rank);
    long[] along = new long[rank];
    Arrays.fill(along, 1);
    along[axis] = depth;
    Tensor classes =
        n.scope().run(new Arange(DType.I64, 0, 1, depth), List.of()).get(0).reshape(along);
    Tensor hit = fromStart(indices, depth).unsqueeze(axis).equal(classes);
    Tensor values = n.tensor(2).reshape(2);
    return new Value(n.type(2), hit.where(values.select(0, 1), values.select(0, 0)));
  }

  /// The condition may be shorter than the axis; without an axis the input is a vector.
  private static Value compress(Invocation n) {
    Tensor x = n.attributes().has("axis") ? n.tensor(0) : n.tensor(0).reshape(-1);
    int axis = axis(n, x.shape(), 0);
    double[] kept = n.tensor(1).toDoubleArray();
    long[] at = IntStream.range(0, kept.length).filter(i -> kept[i] != 0).asLongStream().toArray();
    return ShapeOperators.moved(n, x.indexSelect(axis, n.scope().tensor(Shape.of(at.length), at)));
  }

  private static Value trilu(Invocation n) {
    Tensor x = n.tensor(0);
    // Diagonals beyond the corners are all alike.
    long k = n.has(1) ? Math.clamp((long) n.number(1), -x.dim(-2) - 1, x.dim(-1) + 1) : 0;
    return ShapeOperators.moved(n, n.attributes().flag("upper", true) ? x.triu(k) : x.tril(k));
  }

  /// The first elements of each sequence backwards, as many as its length says.
  private static Value reverseSequence(Invocation n) {
    int rank = n.shape(0).rank();
    int batch = ShapeOperators.axis(n.attributes().integer("batch_axis", 1), rank);
    int time = ShapeOperators.axis(n.attributes().integer("time_axis", 0), rank);
    if (batch == time) {
      throw new IllegalArgumentException("batch_axis and time_axis must differ; both are " + time);
    }
    int[] order =
        IntStream.concat(
                IntStream.of(batch, time),
                IntStream.range(0, rank).filter(a -> a != batch && a != time))
            .toArray();
    Tensor x = n.tensor(0).permute(order);
    long steps = x.dim(1);
    long[] lengths = n.integers(1);
    if (lengths.length != x.dim(0) || Arrays.stream(lengths).anyMatch(l -> l < 0 || l > steps)) {
      throw new IllegalArgumentException(
          "there must be a length of at most %d for each sequence; got %s"
              .formatted(steps, Arrays.toString(lengths)));
    }
    long[] from = new long[Math.toIntExact(x.dim(0) * steps)];
    for (int i = 0; i < from.length; i++) {
      long b = i / steps;
      long t = i % steps;
      long length = lengths[(int) b];
      from[i] = b * steps + (t < length ? length - 1 - t : t);
    }
    Tensor y = x.flatten(0, 1).indexSelect(0, n.scope().tensor(Shape.of(from.length), from));
    int[] back = new int[rank];
    Arrays.setAll(back, a -> indexOf(order, a));
    return ShapeOperators.moved(n, y.reshape(x.shape().dims()).permute(back));
  }

  private static int indexOf(int[] all, int wanted) {
    return IntStream.range(0, all.length).filter(i -> all[i] == wanted).findFirst().orElseThrow();
  }
}
