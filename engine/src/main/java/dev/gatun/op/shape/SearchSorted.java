package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// For each value the number of elements of `sorted` that are less, or, from the right, not
/// greater: where it would have to be put in.
///
/// Shapes: `sorted [n]` ascending, as [Sort] makes it; `values` any, of the same type, which is
/// F32, F64 or an integer; the result I64 in their shape. No gradient: a step function. Cost: a
/// binary search for each value.
///
/// @param right whether equal elements are counted too
public record SearchSorted(boolean right) implements Kernel {
  private static final String NAMES = "sorted values";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    DType t = in.get(0).dtype();
    Rules.require(t == in.get(1).dtype(), this, "dtypes must agree", NAMES, in);
    boolean fits = t != DType.F16 && t != DType.BF16 && t != DType.BOOL;
    Rules.require(fits, this, "dtypes must be F32, F64 or integers", NAMES, in);
    Rules.require(in.get(0).shape().rank() == 1, this, "sorted must be [n]", NAMES, in);
    return List.of(new Spec(DType.I64, in.get(1).shape()));
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = c.inShape(1).elems(); i < n; i++) {
      long count = 0;
      for (long j = 0; j < c.inShape(0).elems(); j++) {
        count += precedes(c, j, i, right) ? 1 : 0;
      }
      c.set(0, i, (double) count);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    SearchSortedSimd.run(c, w, right);
  }

  /// Whether element `j` of `sorted` stands before where value `i` goes.
  private static boolean precedes(Call c, long j, long i, boolean right) {
    DType t = c.dtype();
    int order =
        t.computes()
            ? Double.compare(c.get(0, j) + 0.0, c.get(1, i) + 0.0)
            : Long.compare(t.readLong(c.in(0), j), t.readLong(c.in(1), i));
    return right ? order <= 0 : order < 0;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClSort.search(this, d, in);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(Optional.empty(), Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    double n = in.get(0).shape().elems();
    double steps = Math.ceil(Math.log(n + 1) / Math.log(2));
    double bytes = Cost.streaming(0, in, infer(in)).bytes();
    return new Cost(in.get(1).shape().elems() * steps, bytes);
  }
}
