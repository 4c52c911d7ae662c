package dev.gatun.op.reduce;

import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `y = (x - mean) / sqrt(var + eps) weight + bias`, with mean and biased variance over each
/// sample's groups of neighbouring channels and all positions.
///
/// Shapes: `x` and `y` `[N, C, ..]`, then `weight [C]` and `bias [C]` where there are; F32 or F64.
/// Gradient: as [LayerNorm], `dweight` and `dbias` summed over samples and positions. Cost: two
/// reads and one write of `x`, one read where a group fits the first-level cache; where there are a
/// few positions, up to 63, the weights of a sample are read repeated from scratch memory. Error:
/// as [LayerNorm]. Source: Wu, He, Group normalization, arXiv 1803.08494.
///
/// @param groups number of groups, which must divide `C`
/// @param eps added to the variance
/// @param weight whether there is a weight
/// @param bias whether there is a bias
public record GroupNorm(int groups, double eps, boolean weight, boolean bias) implements RowNorm {
  /// Normalises `x`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(
      Tensor x, int groups, Optional<Tensor> weight, Optional<Tensor> bias, double eps) {
    List<Tensor> in = new ArrayList<>(List.of(x));
    weight.ifPresent(in::add);
    bias.ifPresent(in::add);
    return new GroupNorm(groups, eps, weight.isPresent(), bias.isPresent())
        .of(in.toArray(Tensor[]::new));
  }

  @Override
  public boolean centred() {
    return true;
  }

  @Override
  public long run(Shape x) {
    return x.dim(1) / groups * repeat(x);
  }

  @Override
  public long width(Shape x) {
    return x.dim(1) * repeat(x);
  }

  /// Positions. An empty tensor counts one, so that the number of weights is still known.
  @Override
  public long repeat(Shape x) {
    return Math.max(1, x.elems(2, x.rank()));
  }

  @Override
  public void check(List<Spec> in, String names) {
    Shape x = in.get(0).shape();
    Rules.require(
        x.rank() >= 2 && groups > 0 && x.dim(1) % groups == 0,
        this,
        "x must be [N, C, ..] and groups must divide C",
        names,
        in);
  }
}
