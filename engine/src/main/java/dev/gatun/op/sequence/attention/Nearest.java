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
import java.util.List;
import java.util.Optional;

/// The nearest centroid of each row, the first of equals: the `c` of the greatest `x[s] m[c] -
/// |m[c]|^2 / 2`. The products of a tile of rows stay in cache: no matrix of rows by centroids is
/// ever in memory.
///
/// Shapes: rows `x [B, H, S, D]`, centroids `m [H or 1, C, D]`, `C` at least 1, F32 or F64; the
/// result I64 `[B, H, S]`. A row for which no score is a number has 0. No gradient: a step
/// function. Error: among centroids whose distances agree to rounding, any may be taken. Cost: `2 C
/// D` flops a row.
public record Nearest() implements Kernel {
  private static final String NAMES = "x centroids";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Shape x = in.get(0).shape();
    Shape m = in.get(1).shape();
    Rules.require(x.rank() == 4, this, "x must be [B, H, S, D]", NAMES, in);
    boolean fits =
        m.rank() == 3
            && (m.dim(0) == 1 || m.dim(0) == x.dim(1))
            && m.dim(1) > 0
            && m.dim(2) == x.dim(3);
    Rules.require(fits, this, "centroids must be [H or 1, C, D]", NAMES, in);
    return List.of(new Spec(DType.I64, x.without(3)));
  }

  @Override
  public void reference(Call c) {
    Shape x = c.inShape(0);
    Shape m = c.inShape(1);
    long d = x.dim(3);
    for (long row = 0; row < x.elems(0, 3); row++) {
      long head = m.dim(0) == 1 ? 0 : row / x.dim(2) % x.dim(1);
      double best = Double.NEGATIVE_INFINITY;
      long nearest = 0;
      for (long k = 0; k < m.dim(1); k++) {
        double product = 0;
        double square = 0;
        for (long e = 0; e < d; e++) {
          double y = c.get(1, (head * m.dim(1) + k) * d + e);
          product += c.get(0, row * d + e) * y;
          square += y * y;
        }
        double score = product - square / 2;
        nearest = score > best ? k : nearest;
        best = score > best ? score : best;
      }
      c.set(0, row, (double) nearest);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    NearestSimd.run(c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRows.nearest(d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    Shape m = in.get(1).shape();
    int size = in.get(0).dtype().bytes();
    return NearestSimd.halves(m, size) + workers * NearestSimd.perWorker(m.dim(2), size);
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
    double bytes = Cost.streaming(0, in, infer(in)).bytes();
    return new Cost(2.0 * in.get(0).shape().elems() * in.get(1).shape().dim(1), bytes);
  }
}
