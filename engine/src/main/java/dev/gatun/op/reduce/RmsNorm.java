package dev.gatun.op.reduce;

import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `y = x / sqrt(mean(x^2) + eps) weight + bias` over the last axis or groups of it, and the gated
/// form of Mamba-2, where `gate` passes through SiLU: `y = norm(x) silu(gate)` if `normBeforeGate`,
/// else `y = norm(x silu(gate))`; weight and bias belong to the norm.
///
/// Shapes: `x` and `y` `[.., D]`, then `gate` like `x`, `weight [D]` and `bias [D]` where there
/// are; F32 or F64. Gradient of the norm, with `h = x rstd` and `g = dy weight`: `dx = rstd (g - h
/// mean(g h))`, `dweight = sum(dy h)`, `dbias = sum(dy)` over rows, added in blocks that depend on
/// the shape only; through the gate by the product rule, in the same pass. Cost: one read and one
/// write while a row fits the first-level cache. Error: a few `eps` of the largest `|x| rstd`.
/// Sources: Zhang, Sennrich, Root mean square layer normalization, arXiv 1910.07467; Dao, Gu,
/// Transformers are SSMs, arXiv 2405.21060, section 7.
///
/// @param eps added to the mean square
/// @param groupSize elements that share a mean square, which must divide `D`; 0 for all of `D`
/// @param gate whether there is a gate
/// @param normBeforeGate whether the gate applies after the norm
/// @param weight whether there is a weight
/// @param bias whether there is a bias
public record RmsNorm(
    double eps, long groupSize, boolean gate, boolean normBeforeGate, boolean weight, boolean bias)
    implements RowNorm {
  /// Normalises `x` without a gate, over all of the last axis.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(Tensor x, Optional<Tensor> weight, double eps) {
    return of(x, Optional.empty(), weight, Optional.empty(), eps, 0, true);
  }

  /// Normalises `x`, gated where there is a gate.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(
      Tensor x,
      Optional<Tensor> gate,
      Optional<Tensor> weight,
      Optional<Tensor> bias,
      double eps,
      long groupSize,
      boolean normBeforeGate) {
    List<Tensor> in = new ArrayList<>(List.of(x));
    gate.ifPresent(in::add);
    weight.ifPresent(in::add);
    bias.ifPresent(in::add);
    return new RmsNorm(
            eps, groupSize, gate.isPresent(), normBeforeGate, weight.isPresent(), bias.isPresent())
        .of(in.toArray(Tensor[]::new));
  }

  @Override
  public boolean centred() {
    return false;
  }

  @Override
  public long run(Shape x) {
    return groupSize == 0 ? x.dim(-1) : groupSize;
  }

  @Override
  public long width(Shape x) {
    return x.dim(-1);
  }

  @Override
  public void check(List<Spec> in, String names) {
    Shape x = in.get(0).shape();
    Rules.require(
        x.rank() > 0 && groupSize >= 0 && (groupSize == 0 || x.dim(-1) % groupSize == 0),
        this,
        "groupSize must divide the last axis of x",
        names,
        in);
  }
}
