package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_ALL;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Unique: different elements, or slices along an axis, on the host, as how many there are depends
/// on the data.
final class UniqueOperators {
  private UniqueOperators() {}

  static void addTo(Operators all) {
    all.add("Unique", 11, UniqueOperators::unique, SHAPED_BY_ALL);
  }

  /// Values, where each stands first, which of them each slice is, and how often each stands.
  private static List<Value> unique(Invocation n) {
    boolean flat = !n.attributes().has("axis");
    Tensor x = flat ? n.tensor(0).flatten() : n.tensor(0);
    int axis = IndexOperators.axis(n, x.shape(), 0);
    int count = Math.toIntExact(x.dim(axis));
    long[] keys = keys(n, x.moveAxis(axis, 0));
    int width = count == 0 ? 0 : keys.length / count;
    List<Integer> order = new ArrayList<>(IntStream.range(0, count).boxed().toList());
    order.sort((a, b) -> compare(keys, width, a, b));
    List<List<Integer>> groups = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (i == 0 || compare(keys, width, order.get(i - 1), order.get(i)) != 0) {
        groups.add(new ArrayList<>());
      }
      groups.getLast().add(order.get(i));
    }
    if (!n.attributes().flag("sorted", true)) {
      groups.sort((a, b) -> Integer.compare(a.getFirst(), b.getFirst()));
    }
    long[] inverse = new long[count];
    for (int g = 0; g < groups.size(); g++) {
      for (int i : groups.get(g)) {
        inverse[i] = g;
      }
    }
    long[] firsts = groups.stream().mapToLong(List::getFirst).toArray();
    Value indices = n.integers(Shape.of(firsts.length), firsts);
    return List.of(
        ShapeOperators.moved(n, x.indexSelect(axis, indices.tensor())),
        indices,
        n.integers(Shape.of(count), inverse),
        n.integers(Shape.of(firsts.length), groups.stream().mapToLong(List::size).toArray()));
  }

  private static int compare(long[] keys, int width, int a, int b) {
    return Arrays.compare(keys, a * width, (a + 1) * width, keys, b * width, (b + 1) * width);
  }

  /// Integers in the order of the elements; the two zeros are one, and so are all NaN, which come
  /// last.
  private static long[] keys(Invocation n, Tensor x) {
    if (n.type(0).isFloating()) {
      double[] values = x.toDoubleArray();
      long[] keys = new long[values.length];
      for (int i = 0; i < keys.length; i++) {
        long bits = Double.doubleToLongBits(values[i] + 0.0);
        keys[i] = bits ^ (bits >> 63 & Long.MAX_VALUE);
      }
      return keys;
    }
    long[] keys = x.toLongArray();
    if (n.type(0) == ElementType.UINT64) {
      Arrays.setAll(keys, i -> keys[i] ^ Long.MIN_VALUE);
    }
    return keys;
  }
}
