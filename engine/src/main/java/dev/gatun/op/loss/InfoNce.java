package dev.gatun.op.loss;

import dev.gatun.op.reduce.RmsNorm;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Tensor;
import java.util.Optional;
import java.util.stream.LongStream;

/// Contrastive loss of two sets of rows of which the `i`-th belong together: the mean cross-entropy
/// of `i` under the logits `q_i k_j / temperature` over all `j`.
///
/// Shapes: `q` and `k` `[N, D]`, F32 or F64; the result is a scalar. Written in a matrix product
/// and [CrossEntropy], whose gradients and errors these are. Sources: van den Oord et al.,
/// Representation learning with contrastive predictive coding, arXiv 1807.03748, equation 4;
/// symmetric form: Radford et al., arXiv 2103.00020, figure 3.
///
/// @param temperature what logits are divided by, above 0
/// @param normalise whether rows are first brought to length 1
/// @param symmetric whether the loss is the mean of that of `q` over `k` and that of `k` over `q`
public record InfoNce(double temperature, boolean normalise, boolean symmetric) {
  /// @throws IllegalArgumentException unless `temperature > 0`
  public InfoNce {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException(
          "InfoNce: temperature must be above 0; got " + temperature);
    }
  }

  /// The loss of these rows.
  ///
  /// @throws IllegalArgumentException unless `q` and `k` agree in `[N, D]`
  public Tensor of(Tensor q, Tensor k) {
    if (q.shape().rank() != 2 || !q.spec().equals(k.spec())) {
      throw new IllegalArgumentException(
          "%s: q and k must agree in type and shape [N, D]; got q %s, k %s"
              .formatted(this, q.spec(), k.spec()));
    }
    Tensor logits = unit(q).matmul(unit(k).transpose()).div(scale(q));
    long n = q.dim(0);
    Tensor own =
        logits
            .scope()
            .tensor(
                DType.I64,
                q.shape().without(-1),
                LongStream.range(0, n).asDoubleStream().toArray());
    Tensor loss = CrossEntropy.mean().of(logits, own);
    if (!symmetric) {
      return loss;
    }
    return loss.add(CrossEntropy.mean().of(logits.transpose(), own)).div(2);
  }

  /// Rows of length `sqrt(D)`: [#scale] takes that off again.
  private Tensor unit(Tensor x) {
    return normalise ? RmsNorm.of(x, Optional.empty(), 1e-24) : x;
  }

  private double scale(Tensor q) {
    return temperature * (normalise ? q.dim(-1) : 1);
  }
}
