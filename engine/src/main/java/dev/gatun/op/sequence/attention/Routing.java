package dev.gatun.op.sequence.attention;

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
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// The order of queries and of keys by cluster, by position within one, and which of the ordered
/// keys each of the ordered queries sees: those of its cluster and, causally, none that stands
/// later. With fewer queries than keys the last ones stand at the same place.
///
/// Shapes: clusters of queries `[B, H, Sq]` and of keys `[B, Hk, Sk]`, I64, `H` a multiple of `Hk`.
/// Results, I64: the query `[B, H, Sq]` and the key `[B, Hk, Sk]` that comes at each place, the
/// place of each query `[B, H, Sq]`, and [Operand#RUNS] `[B, H, Sq, 4]`, of which the second is
/// empty. No gradient. Cost: two counting sorts, `O(Sq + Sk + clusters)` a head.
///
/// Throws [IllegalArgumentException] while it runs if a cluster lies outside `[0, clusters)`.
///
/// @param clusters how many there are
/// @param causal whether later keys are hidden
public record Routing(long clusters, boolean causal) implements Kernel {
  private static final String NAMES = "queries keys";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Shape q = in.get(0).shape();
    Shape k = in.get(1).shape();
    boolean typed = in.get(0).dtype() == DType.I64 && in.get(1).dtype() == DType.I64;
    Rules.require(
        typed && q.rank() == 3 && k.rank() == 3,
        this,
        "clusters must be I64 [B, H, Sq] and [B, Hk, Sk]",
        NAMES,
        in);
    Rules.require(
        q.dim(0) == k.dim(0) && k.dim(1) > 0 && q.dim(1) % k.dim(1) == 0,
        this,
        "batches must agree and H be a multiple of Hk",
        NAMES,
        in);
    Spec runs = new Spec(DType.I64, q.insert(3, 4));
    return List.of(in.get(0), in.get(1), in.get(0), runs);
  }

  /// Checks all clusters.
  void check(Call c) {
    for (int i = 0; i < 2; i++) {
      for (long j = 0, n = c.inShape(i).elems(); j < n; j++) {
        long cluster = DType.I64.readLong(c.in(i), j);
        if (cluster < 0 || cluster >= clusters) {
          throw new IllegalArgumentException(
              "%s: clusters must lie in [0, %d); got %d as element %d of %s %s"
                  .formatted(this, clusters, cluster, j, i == 0 ? "queries" : "keys", c.inSpec(i)));
        }
      }
    }
  }

  @Override
  public void reference(Call c) {
    check(c);
    Shape q = c.inShape(0);
    Shape k = c.inShape(1);
    long group = q.dim(1) / k.dim(1);
    for (long row = 0; row < k.elems(); row++) {
      c.set(1, row / k.dim(2) * k.dim(2) + place(c, 1, row), (double) (row % k.dim(2)));
    }
    for (long row = 0; row < q.elems(); row++) {
      long i = row % q.dim(2);
      long head = row / q.dim(2);
      long to = head * q.dim(2) + place(c, 0, row);
      c.set(0, to, (double) i);
      c.set(2, row, (double) (to % q.dim(2)));
      long before = 0;
      long seen = 0;
      for (long j = 0; j < k.dim(2); j++) {
        double other = c.get(1, head / group * k.dim(2) + j);
        before += other < c.get(0, row) ? 1 : 0;
        boolean sees = !causal || j <= i + k.dim(2) - q.dim(2);
        seen += other == c.get(0, row) && sees ? 1 : 0;
      }
      c.set(3, 4 * to, (double) before);
      for (int end = 1; end < 4; end++) {
        c.set(3, 4 * to + end, (double) (before + seen));
      }
    }
  }

  /// Place of element `row` of input `in` in its head: what is in clusters before, and before it in
  /// its own.
  private static long place(Call c, int in, long row) {
    long n = c.inShape(in).dim(2);
    long first = row / n * n;
    long place = 0;
    for (long j = first; j < first + n; j++) {
      double other = c.get(in, j);
      place += other < c.get(in, row) || other == c.get(in, row) && j < row ? 1 : 0;
    }
    return place;
  }

  @Override
  public void simd(Call c, Workers w) {
    if (!RoutingSimd.inside(c, clusters)) {
      check(c);
    }
    RoutingSimd.run(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRows.routing(d, this, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    long heads = in.get(0).shape().elems(0, 2) + in.get(1).shape().elems(0, 2);
    return heads * (clusters + 1) * Long.BYTES;
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return Collections.nCopies(2, Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }
}
