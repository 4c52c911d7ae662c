package dev.gatun.tensor;

import dev.gatun.op.reduce.All;
import dev.gatun.op.reduce.Any;
import dev.gatun.op.reduce.ArgMax;
import dev.gatun.op.reduce.ArgMin;
import dev.gatun.op.reduce.CountNonzero;
import dev.gatun.op.reduce.CumMax;
import dev.gatun.op.reduce.CumProd;
import dev.gatun.op.reduce.CumSum;
import dev.gatun.op.reduce.IntegerReduction;
import dev.gatun.op.reduce.IntegerReduction.Kind;
import dev.gatun.op.reduce.LogSoftmax;
import dev.gatun.op.reduce.LogSumExp;
import dev.gatun.op.reduce.Max;
import dev.gatun.op.reduce.Mean;
import dev.gatun.op.reduce.Min;
import dev.gatun.op.reduce.Norm;
import dev.gatun.op.reduce.Prod;
import dev.gatun.op.reduce.Softmax;
import dev.gatun.op.reduce.Std;
import dev.gatun.op.reduce.Sum;
import dev.gatun.op.reduce.Variance;
import dev.gatun.op.shape.Nonzero;
import dev.gatun.op.shape.SearchSorted;
import dev.gatun.op.shape.Sort;
import dev.gatun.op.shape.TopK;
import dev.gatun.op.shape.Unique;
import java.util.List;

/// Operators along axes, as methods of a [Tensor]: reductions, running totals, sorting. Where axes
/// are named, none means all of them, and they go away; the forms with `Keep` leave them with size
/// 1. Sums, products and extremes of integers and BOOL are [IntegerReduction]s.
public sealed interface TensorReductions permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  private List<Integer> axes(int... axes) {
    return self().shape().axes(axes);
  }

  private boolean counts() {
    return !self().dtype().computes()
        && self().dtype() != DType.F16
        && self().dtype() != DType.BF16;
  }

  /// Sum over `axes`; I64 for integers and BOOL.
  default Tensor sum(int... axes) {
    return sum(axes(axes), false);
  }

  /// Sum over `axes`, which stay with size 1.
  default Tensor sumKeep(int... axes) {
    return sum(axes(axes), true);
  }

  private Tensor sum(List<Integer> axes, boolean keep) {
    return (counts() ? new IntegerReduction(Kind.SUM, axes, keep) : new Sum(axes, keep)).of(self());
  }

  /// Mean over `axes`.
  default Tensor mean(int... axes) {
    return new Mean(axes(axes), false).of(self());
  }

  /// Mean over `axes`, which stay with size 1.
  default Tensor meanKeep(int... axes) {
    return new Mean(axes(axes), true).of(self());
  }

  /// Maximum over `axes`. NaN wins.
  default Tensor max(int... axes) {
    return max(axes(axes), false);
  }

  /// Maximum over `axes`, which stay with size 1.
  default Tensor maxKeep(int... axes) {
    return max(axes(axes), true);
  }

  private Tensor max(List<Integer> axes, boolean keep) {
    return (counts() ? new IntegerReduction(Kind.MAX, axes, keep) : new Max(axes, keep)).of(self());
  }

  /// Minimum over `axes`. NaN wins.
  default Tensor min(int... axes) {
    return min(axes(axes), false);
  }

  /// Minimum over `axes`, which stay with size 1.
  default Tensor minKeep(int... axes) {
    return min(axes(axes), true);
  }

  private Tensor min(List<Integer> axes, boolean keep) {
    return (counts() ? new IntegerReduction(Kind.MIN, axes, keep) : new Min(axes, keep)).of(self());
  }

  /// Product over `axes`; I64 for integers and BOOL.
  default Tensor prod(int... axes) {
    List<Integer> a = axes(axes);
    return (counts() ? new IntegerReduction(Kind.PROD, a, false) : new Prod(a, false)).of(self());
  }

  /// Variance over `axes`, estimated without bias from a sample: squares are divided by `n - 1`.
  default Tensor var(int... axes) {
    return new Variance(axes(axes), false, 1).of(self());
  }

  /// Variance over `axes`, which stay with size 1 under `keepDims`; squares are divided by `n -
  /// correction`.
  default Tensor var(double correction, boolean keepDims, int... axes) {
    return new Variance(axes(axes), keepDims, correction).of(self());
  }

  /// Standard deviation over `axes`: the root of [#var(int...)].
  default Tensor std(int... axes) {
    return new Std(axes(axes), false, 1).of(self());
  }

  /// Standard deviation over `axes`: the root of [#var(double, boolean, int...)].
  default Tensor std(double correction, boolean keepDims, int... axes) {
    return new Std(axes(axes), keepDims, correction).of(self());
  }

  /// `sum(|x|^p)^(1/p)` over `axes`; the greatest magnitude for infinite `p`.
  default Tensor norm(double p, int... axes) {
    return new Norm(axes(axes), false, p).of(self());
  }

  /// `log(sum(e^x))` over `axes`.
  default Tensor logSumExp(int... axes) {
    return new LogSumExp(axes(axes), false).of(self());
  }

  /// Index of the first greatest element along `axis`, I64; of the first NaN where there is one.
  default Tensor argMax(int axis) {
    return new ArgMax(List.of(self().shape().axis(axis)), false).of(self());
  }

  /// Index of the first least element along `axis`, I64; of the first NaN where there is one.
  default Tensor argMin(int axis) {
    return new ArgMin(List.of(self().shape().axis(axis)), false).of(self());
  }

  /// Whether any element over `axes` is not 0, BOOL.
  default Tensor any(int... axes) {
    return new Any(axes(axes), false).of(self());
  }

  /// Whether all elements over `axes` are not 0, BOOL.
  default Tensor all(int... axes) {
    return new All(axes(axes), false).of(self());
  }

  /// How many elements over `axes` are not 0, I64.
  default Tensor countNonzero(int... axes) {
    return new CountNonzero(axes(axes), false).of(self());
  }

  /// `e^x / sum(e^x)` along `axis`.
  default Tensor softmax(int axis) {
    return new Softmax(self().shape().axis(axis)).of(self());
  }

  /// `x - log(sum(e^x))` along `axis`.
  default Tensor logSoftmax(int axis) {
    return new LogSoftmax(self().shape().axis(axis)).of(self());
  }

  /// Running sum along `axis`.
  default Tensor cumSum(int axis) {
    return cumSum(axis, false, false);
  }

  /// Running sum along `axis`, from its end under `reverse`, without the element itself where
  /// `exclusive`.
  default Tensor cumSum(int axis, boolean reverse, boolean exclusive) {
    return new CumSum(self().shape().axis(axis), reverse, exclusive).of(self());
  }

  /// Running product along `axis`.
  default Tensor cumProd(int axis) {
    return new CumProd(self().shape().axis(axis)).of(self());
  }

  /// Running maximum along `axis`, and the places of the maxima.
  default List<Tensor> cumMax(int axis) {
    return new CumMax(self().shape().axis(axis)).apply(self());
  }

  /// The elements along `axis` in order, and the places they came from.
  default List<Tensor> sort(int axis, boolean descending) {
    return new Sort(self().shape().axis(axis), descending).apply(self());
  }

  /// The places of the elements along `axis` in order.
  default Tensor argSort(int axis, boolean descending) {
    return sort(axis, descending).get(1);
  }

  /// The `k` greatest elements along `axis`, greatest first, and the places they came from.
  default List<Tensor> topK(int axis, long k) {
    return new TopK(self().shape().axis(axis), k, true).apply(self());
  }

  /// Where each of `values` goes in this ascending vector, I64: before equal elements, or after
  /// them if `right`.
  default Tensor searchSorted(Tensor values, boolean right) {
    return new SearchSorted(right).of(self(), values);
  }

  /// The different elements in ascending order; a function of the host.
  default Unique unique() {
    return Unique.of(self());
  }

  /// The indices of the elements that are not 0, I64 `[count, rank]`; a function of the host.
  default Tensor nonzero() {
    return Nonzero.of(self());
  }
}
