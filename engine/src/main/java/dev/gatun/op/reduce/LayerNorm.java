package dev.gatun.op.reduce;

import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `y = (x - mean) / sqrt(var + eps) weight + bias` over the last axis, with the biased variance
/// `var = mean((x - mean)^2)`.
///
/// Shapes: `x` and `y` `[.., D]`, then `weight [D]` and `bias [D]` where there are; F32 or F64.
/// Gradient, with `h = (x - mean) rstd` and `g = dy weight`: `dx = rstd (g - mean(g) - h mean(g
/// h))`, `dweight = sum(dy h)`, `dbias = sum(dy)` over rows, added in blocks that depend on the
/// shape only. Cost: one read and one write while a row fits the first-level cache, else two reads.
/// Error: a few `eps` of the largest `|x - mean| rstd`; the variance is summed about the mean of a
/// piece of the row, since the difference of moments cancels. Source: Ba, Kiros, Hinton, Layer
/// normalization, arXiv 1607.06450.
///
/// @param eps added to the variance
/// @param weight whether there is a weight
/// @param bias whether there is a bias
public record LayerNorm(double eps, boolean weight, boolean bias) implements RowNorm {
  /// Normalises `x`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(Tensor x, Optional<Tensor> weight, Optional<Tensor> bias, double eps) {
    List<Tensor> in = new ArrayList<>(List.of(x));
    weight.ifPresent(in::add);
    bias.ifPresent(in::add);
    return new LayerNorm(eps, weight.isPresent(), bias.isPresent()).of(in.toArray(Tensor[]::new));
  }

  @Override
  public boolean centred() {
    return true;
  }

  @Override
  public long run(Shape x) {
    return x.dim(-1);
  }

  @Override
  public long width(Shape x) {
    return x.dim(-1);
  }

  @Override
  public void check(List<Spec> in, String names) {
    Rules.require(in.get(0).shape().rank() > 0, this, "x must have an axis", names, in);
  }
}
