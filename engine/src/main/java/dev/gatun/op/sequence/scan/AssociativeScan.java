package dev.gatun.op.sequence.scan;

import dev.gatun.op.shape.Concat;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// A scan of any [Combination] along an axis: the result at `t` joins all elements up to `t`.
/// Linear recurrences are faster as a [Scan]; sums, products and maxima as
/// [dev.gatun.op.reduce.CumSum], [dev.gatun.op.reduce.CumProd] and [dev.gatun.op.reduce.CumMax].
///
/// Neighbours are joined, the half as many results scanned, and what lies between is joined from
/// those: `2 T` joins in `2 log2 T` calls of the combination, each of which goes over half of the
/// elements of the call before at once. So a program's own function runs at the speed of its ops,
/// over vectors and threads, also where there is but one channel. Each join reads and writes memory
/// where a kernel keeps registers: affine steps take 9 to 31 times as long as by [Scan]. Gradient:
/// that of the ops it is made of, which keeps their results: `O(T)` memory. Results are the same
/// bits for any number of threads. Source: Ladner and Fischer, "Parallel Prefix Computation", J.
/// ACM 27 (1980); Brent and Kung, "A Regular Layout for Parallel Adders", IEEE Trans. Computers
/// C-31 (1982).
///
/// @param combination of neighbours
/// @param axis of time in each tensor of an element, counted from 0
/// @param reverse whether the last element comes first
public record AssociativeScan(Combination combination, int axis, boolean reverse) {
  /// From the first element to the last.
  public AssociativeScan(Combination combination, int axis) {
    this(combination, axis, false);
  }

  /// For each position all elements up to it, itself included.
  ///
  /// @throws IllegalArgumentException if tensors have no such axis or differ in its length, or if
  ///   the combination returns something else than an element
  public List<Tensor> of(List<Tensor> elements) {
    check(elements);
    return turned(scan(turned(elements)));
  }

  /// The same after a state, an element with a time of 1.
  ///
  /// @throws IllegalArgumentException as [#of]
  public List<Tensor> of(List<Tensor> elements, List<Tensor> state) {
    check(elements);
    check(state);
    List<Tensor> all = scan(joined(state, turned(elements)));
    long t = all.get(0).dim(axis);
    return turned(each(all, x -> x.slice(axis, 1, t)));
  }

  /// For each position all elements before it: `state` for the first.
  ///
  /// @throws IllegalArgumentException as [#of]
  public List<Tensor> before(List<Tensor> elements, List<Tensor> state) {
    check(elements);
    check(state);
    long t = elements.get(0).dim(axis);
    List<Tensor> all = joined(state, turned(elements));
    return turned(scan(each(all, x -> x.slice(axis, 0, t))));
  }

  private void check(List<Tensor> elements) {
    require(!elements.isEmpty(), "an element must have a tensor", elements);
    for (Tensor x : elements) {
      require(axis >= 0 && axis < x.shape().rank(), "axis must exist", elements);
      require(x.dim(axis) == elements.get(0).dim(axis), "times must agree", elements);
    }
  }

  private void require(boolean holds, String rule, List<Tensor> got) {
    if (!holds) {
      throw new IllegalArgumentException(
          "AssociativeScan[axis=%d]: %s; got %s"
              .formatted(axis, rule, got.stream().map(Tensor::spec).toList()));
    }
  }

  private List<Tensor> turned(List<Tensor> x) {
    return reverse ? each(x, t -> t.flip(axis)) : x;
  }

  private static List<Tensor> each(List<Tensor> x, UnaryOperator<Tensor> f) {
    return x.stream().map(f).toList();
  }

  private List<Tensor> joined(List<Tensor> first, List<Tensor> second) {
    Concat concat = new Concat(axis);
    List<Tensor> all = new ArrayList<>();
    for (int i = 0; i < first.size(); i++) {
      all.add(concat.of(first.get(i), second.get(i)));
    }
    return all;
  }

  /// Every second position from `from` on, before `to`.
  private List<Tensor> half(List<Tensor> x, long from, long to) {
    return each(x, t -> t.slice(axis, from, Math.max(from, to), 2));
  }

  private List<Tensor> combine(List<Tensor> earlier, List<Tensor> later) {
    List<Tensor> all = combination.join(earlier, later);
    boolean same = all.size() == later.size();
    for (int i = 0; i < all.size() && same; i++) {
      same = all.get(i).spec().equals(later.get(i).spec());
    }
    require(same, "what joins elements must return one of the same types and shapes", all);
    return all;
  }

  private List<Tensor> scan(List<Tensor> x) {
    long t = x.get(0).dim(axis);
    if (t < 2) {
      return x;
    }
    List<Tensor> odd = scan(combine(half(x, 0, t - 1), half(x, 1, t)));
    List<Tensor> even = each(x, e -> e.slice(axis, 0, 1));
    if (t > 2) {
      long pairs = (t - 1) / 2;
      List<Tensor> before = each(odd, e -> e.slice(axis, 0, pairs));
      even = joined(even, combine(before, half(x, 2, t)));
    }
    List<Tensor> all = new ArrayList<>();
    for (int i = 0; i < x.size(); i++) {
      all.add(interleaved(even.get(i), odd.get(i)));
    }
    return all;
  }

  /// `even[0], odd[0], even[1], ..`, of which there may be one more of `even`.
  private Tensor interleaved(Tensor even, Tensor odd) {
    long pairs = odd.dim(axis);
    Shape shape = odd.shape().with(axis, 2 * pairs);
    Tensor both = Concat.stack(axis + 1, even.slice(axis, 0, pairs), odd).reshape(shape.dims());
    return even.dim(axis) == pairs
        ? both
        : new Concat(axis).of(both, even.slice(axis, pairs, pairs + 1));
  }
}
