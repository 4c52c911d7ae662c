package dev.gatun.op.sequence.attention;

import dev.gatun.op.shape.IndexSelect;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.stream.LongStream;

/// Clusters of rows, for each head: what [RoutedAttention] routes by and [CodebookAttention] looks
/// up. Nothing is random: the same rows give the same centroids.
///
/// Rows are `[B, H, S, D]`, centroids `[H, C, D]`, shared by the batches, or `[1, C, D]`, shared by
/// the heads too. Sources: Lloyd, Least squares quantization in PCM, 1982; for the moving average
/// van den Oord et al., VQ-VAE, arXiv 1711.00937, appendix A.1.
public final class KMeans {
  private static final String NAME = "KMeans";

  private KMeans() {}

  /// The nearest centroid of each row, as [Nearest] finds it; I64 `[B, H, S]`, without gradient.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor assign(Tensor x, Tensor centroids) {
    require(x, centroids);
    return new Nearest().of(x.detach(), centroids.detach());
  }

  private static void require(Tensor x, Tensor centroids) {
    boolean fits =
        x.shape().rank() == 4
            && centroids.shape().rank() == 3
            && (centroids.dim(0) == 1 || centroids.dim(0) == x.dim(1))
            && centroids.dim(1) > 0
            && centroids.dim(2) == x.dim(3);
    Inputs.require(
        fits && centroids.dtype() == x.dtype() && x.dtype().computes(),
        NAME,
        "rows must be [B, H, S, D] and centroids [H or 1, C, D] of their type",
        x,
        centroids);
  }

  /// Rows at even distances as first centroids, `[H, count, D]`.
  ///
  /// @throws IllegalArgumentException if there are fewer rows than that, or `count` is less than 1
  public static Tensor start(Tensor x, long count) {
    Inputs.require(x.shape().rank() == 4, NAME, "rows must be [B, H, S, D]", x);
    long rows = x.dim(0) * x.dim(2);
    Inputs.require(
        count >= 1 && count <= rows, NAME, "there must be a row for each of " + count, x);
    try (Scope work = x.device().scope("centroids")) {
      long[] at = LongStream.range(0, count).map(c -> c * rows / count).toArray();
      Tensor places = work.tensor(Shape.of(count), at);
      return new IndexSelect(1).of(byHead(work.borrow(x.detach())), places).in(x.scope());
    }
  }

  /// Centroids moved towards the means of the rows that are nearest to them, `c = decay c + (1 -
  /// decay) mean`; one that no row is nearest to stays. With a decay of 0 this is a step of Lloyd's
  /// algorithm, with one near 1 the moving average of training.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit or `decay` is not in [0, 1]
  public static Tensor step(Tensor x, Tensor centroids, double decay) {
    require(x, centroids);
    Inputs.require(
        decay >= 0 && decay <= 1 && centroids.dim(0) == x.dim(1),
        NAME,
        "decay must lie in [0, 1], not %s, and each head have centroids".formatted(decay),
        x,
        centroids);
    try (Scope work = x.device().scope("centroids")) {
      Tensor c = work.borrow(centroids.detach());
      long count = c.dim(1);
      Tensor rows = byHead(work.borrow(x.detach())).unsqueeze(0);
      Tensor nearest = assign(rows, c);
      Tensor counts = Rows.counts(x.dtype(), nearest, count).squeeze(0);
      Tensor means = means(rows, nearest, count).squeeze(0);
      Tensor moved = c.mul(decay).add(means.mul(1 - decay));
      return counts.greater(0).where(moved, c).in(Scope.youngest(List.of(x, centroids)));
    }
  }

  /// [#start] and `steps` steps of Lloyd's algorithm.
  ///
  /// @throws IllegalArgumentException if there are fewer rows than centroids
  public static Tensor fit(Tensor x, long count, int steps) {
    try (Scope work = x.device().scope("centroids")) {
      Tensor rows = work.borrow(x.detach());
      Tensor c = start(rows, count);
      for (int i = 0; i < steps; i++) {
        c = step(rows, c, 0);
      }
      return c.in(x.scope());
    }
  }

  /// Means of the rows of each of `count` clusters, `[B, H, count, D]`, 0 for an empty one; their
  /// gradient goes to the rows.
  ///
  /// @param clusters of each row, I64 `[B, H, S]`
  public static Tensor means(Tensor x, Tensor clusters, long count) {
    Tensor counts = Rows.counts(x.dtype(), clusters, count);
    return Rows.sums(x, clusters, count).div(counts.maximum(1));
  }

  /// Rows of length 1, without gradient; rows of 0 stay. Among centroids of length 1, the nearest
  /// is that of the greatest product, whatever the length of the row.
  public static Tensor unit(Tensor x) {
    try (Scope work = x.device().scope("rows")) {
      Tensor rows = work.borrow(x.detach());
      Tensor norm = rows.norm(2, -1).unsqueeze(-1);
      return rows.div(norm.equal(0).where(norm.add(1), norm)).in(x.scope());
    }
  }

  /// `[H, B S, D]`.
  private static Tensor byHead(Tensor x) {
    return x.permute(1, 0, 2, 3).reshape(x.dim(1), x.dim(0) * x.dim(2), x.dim(3));
  }
}
