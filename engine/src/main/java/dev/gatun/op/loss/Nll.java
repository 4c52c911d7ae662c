package dev.gatun.op.loss;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Negative log-likelihood of class indices: `-w_k x_k` for each row with target `k`, weights 1
/// where none are given. `MEAN` divides the sum over rows by that of `w_k`. Rows whose target is
/// `ignored` have loss 0 and do not count.
///
/// Shapes: logarithms of probabilities `x [.., C]` F32 or F64, `targets [..]` I32 or I64, each in
/// `[0, C)` or ignored, then `weights [C]` where there are; the result is a scalar, or `[..]` under
/// [Reduction#NONE]. The mean of no rows is NaN. Gradient: `-w_k dy` at the target and 0 elsewhere,
/// divided as the loss; none of the weights. Cost: one element a row; the gradient writes all of
/// `x`. Error: rounded to nearest; rows are added in doubles. [CrossEntropy] takes logits in one
/// pass.
///
/// Throws [IllegalArgumentException] while it runs if a target lies outside `[0, C)`.
///
/// @param reduction over rows
/// @param ignored the target of rows that do not count
/// @param weighted whether a third input holds a weight of each class
public record Nll(Reduction reduction, OptionalLong ignored, boolean weighted)
    implements ClassLoss {
  /// All rows and classes count alike.
  public Nll(Reduction reduction) {
    this(reduction, OptionalLong.empty(), false);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    check(2, "x", "x targets weights", in);
    return List.of(in.get(0).withShape(reduction.of(in.get(1).shape())));
  }

  @Override
  public void reference(Call c) {
    double divisor = divisor(c);
    double sum = 0;
    for (long r = 0, rows = c.inShape(1).elems(); r < rows; r++) {
      long target = target(c, r);
      double loss =
          target < 0 ? 0 : -weight(c, target) * c.get(0, r * c.inShape(0).dim(-1) + target);
      sum += loss;
      if (reduction == Reduction.NONE) {
        c.set(0, r, loss);
      }
    }
    if (reduction != Reduction.NONE) {
      c.set(0, 0, sum / divisor);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    NllSimd.forward(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClClassLoss.likelihood(this, d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return CrossEntropyPlan.scratch(in, 0, workers);
  }

  @Override
  public Keep keep() {
    return weighted ? Keep.inputs(0, 1, 2) : Keep.inputs(0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    requireConstantWeights(n);
    Grad grad = new Grad(reduction, ignored, weighted);
    Tensor d = dy.get(0).orElseThrow();
    if (!weighted) {
      return List.of(Optional.of(grad.of(n.in(0), n.in(1), d)), Optional.empty());
    }
    Tensor dx = grad.of(n.in(0), n.in(1), d, n.in(2));
    return List.of(Optional.of(dx), Optional.empty(), Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return new Cost(0, 2.0 * in.get(1).bytes());
  }

  /// `dx` from `x`, of which the shape counts, `targets`, `dy` and the weights.
  ///
  /// @param reduction as the op's own
  /// @param ignored as the op's own
  /// @param weighted as the op's own
  public record Grad(Reduction reduction, OptionalLong ignored, boolean weighted)
      implements ClassLoss {
    private static final String NAMES = "x targets dy weights";

    @Override
    public List<Spec> infer(List<Spec> in) {
      check(3, "x", NAMES, in);
      Spec x = in.get(0);
      Rules.require(
          in.get(2).equals(x.withShape(reduction.of(in.get(1).shape()))),
          this,
          "dy must be like the loss",
          NAMES,
          in);
      return List.of(x);
    }

    @Override
    public void reference(Call c) {
      long classes = c.inShape(0).dim(-1);
      double divisor = divisor(c);
      for (long i = 0, n = c.inShape(0).elems(); i < n; i++) {
        c.set(0, i, 0);
      }
      for (long r = 0, rows = c.inShape(1).elems(); r < rows; r++) {
        long target = target(c, r);
        if (target >= 0) {
          c.set(0, r * classes + target, -weight(c, target) * dy(c, 2, r) / divisor);
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      NllSimd.gradient(this, c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClClassLoss.likelihoodBack(this, d, in);
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    /// @throws IllegalStateException always
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      throw new IllegalStateException(
          this + ": there is no second derivative; got a request for one");
    }

    @Override
    public Cost cost(List<Spec> in) {
      return new Cost(0, in.get(0).bytes());
    }
  }
}
