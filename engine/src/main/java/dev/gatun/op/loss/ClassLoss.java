package dev.gatun.op.loss;

import dev.gatun.autograd.Node;
import dev.gatun.op.Call;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import java.util.List;
import java.util.OptionalLong;

/// What losses over class indices, and their gradients, share: inputs `x [.., C]` and `targets
/// [..]`, a target that does not count, and weights of classes, which are the last input.
interface ClassLoss extends Kernel {
  /// Over rows.
  Reduction reduction();

  /// The target of rows that do not count.
  OptionalLong ignored();

  /// Whether the last input holds a weight of each class.
  boolean weighted();

  /// Checks all inputs: `fixed` of them and the weights.
  default void check(int fixed, String x, String names, List<Spec> in) {
    Rules.count(fixed + (weighted() ? 1 : 0), this, names, in);
    Spec s = in.get(0);
    Rules.require(s.dtype().computes(), this, x + " must be F32 or F64", names, in);
    Rules.require(in.get(1).dtype().indexes(), this, "targets must be I32 or I64", names, in);
    Rules.require(
        s.shape().rank() > 0 && s.shape().without(-1).equals(in.get(1).shape()),
        this,
        x + " must be [.., C] and targets [..]",
        names,
        in);
    Rules.require(
        !weighted()
            || in.get(fixed).dtype() == s.dtype()
                && in.get(fixed).shape().rank() == 1
                && in.get(fixed).shape().dim(0) == s.shape().dim(-1),
        this,
        "weights must be [C] in the type of " + x,
        names,
        in);
  }

  /// The class of row `r`, -1 where it does not count.
  ///
  /// @throws IllegalArgumentException unless it lies in `[0, C)` or is ignored
  default long target(Call c, long r) {
    long t = c.inSpec(1).dtype().readLong(c.in(1), r);
    if (ignored().isPresent() && t == ignored().getAsLong()) {
      return -1;
    }
    long classes = c.inShape(0).dim(-1);
    if (t < 0 || t >= classes) {
      throw new IllegalArgumentException(
          "%s: targets must lie in [0, %d); got %d for row %d of %s, targets %s"
              .formatted(this, classes, t, r, c.inSpec(0), c.inSpec(1)));
    }
    return t;
  }

  /// The weight of class `i`, 0 for -1.
  default double weight(Call c, long i) {
    if (i < 0) {
      return 0;
    }
    return weighted() ? c.get(c.inputs() - 1, i) : 1;
  }

  /// What the sum over rows is divided by: the weights of their targets for a mean, else 1. Checks
  /// all targets.
  default double divisor(Call c) {
    double sum = 0;
    for (long r = 0, rows = c.inShape(1).elems(); r < rows; r++) {
      sum += weight(c, target(c, r));
    }
    return reduction() == Reduction.MEAN ? sum : 1;
  }

  /// `dy` of row `r`, from input `i`.
  default double dy(Call c, int i, long r) {
    return c.get(i, reduction() == Reduction.NONE ? r : 0);
  }

  /// Refuses to leave out the gradient of the weights in silence.
  default void requireConstantWeights(Node n) {
    if (weighted() && n.needs(n.inputs() - 1)) {
      throw new IllegalStateException(
          this + ": weights have no gradient; got weights that want one; detach() them");
    }
  }
}
