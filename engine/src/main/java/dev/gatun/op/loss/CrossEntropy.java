package dev.gatun.op.loss;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Negative log-likelihood of class indices under logits: for each row, `loss = log(sum(e^logits))
/// - logits[target]`, reduced over the rows as `reduction` says.
///
/// Shapes: `logits [.., C]` F32 or F64, `targets [..]` I32 or I64, each in `[0, C)`; the result is
/// a scalar, or `[..]` under [Reduction#NONE], and has the type of the logits. The mean of no rows
/// is NaN. Gradient of the logits: `(softmax(logits) - onehot(targets)) dy`, divided by the number
/// of rows for a mean, in one pass from the saved `log(sum(e^logits))`. Cost: one read of the
/// logits. A row with `+inf` has the loss `+inf`, or NaN if that is its target. Error: a few `eps`
/// of the larger of `max - logits[target]` and `log C`; rows are added in doubles.
///
/// Throws [IllegalArgumentException] while it runs if a target lies outside `[0, C)`.
///
/// @param reduction over rows
public record CrossEntropy(Reduction reduction) implements Kernel {
  private static final String NAMES = "logits targets";

  /// What becomes of the losses of the rows.
  public enum Reduction {
    /// Their mean.
    MEAN,
    /// Their sum.
    SUM,
    /// Each is a result.
    NONE
  }

  /// The mean over all rows.
  public static CrossEntropy mean() {
    return new CrossEntropy(Reduction.MEAN);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Spec logits = in.get(0);
    check(this, NAMES, in);
    Shape rows = in.get(1).shape();
    return List.of(
        logits.withShape(reduction == Reduction.NONE ? rows : Shape.of()), logits.withShape(rows));
  }

  private static void check(Kernel op, String names, List<Spec> in) {
    Spec logits = in.get(0);
    Rules.require(logits.dtype().computes(), op, "logits must be F32 or F64", names, in);
    Rules.require(in.get(1).dtype().indexes(), op, "targets must be I32 or I64", names, in);
    Rules.require(
        logits.shape().rank() > 0 && logits.shape().without(-1).equals(in.get(1).shape()),
        op,
        "logits must be [.., C] and targets [..]",
        names,
        in);
  }

  /// The class of row `r`.
  ///
  /// @throws IllegalArgumentException unless it lies in `[0, classes)`
  static long target(Kernel op, Call c, long r, long classes) {
    long t = c.inSpec(1).dtype().readLong(c.in(1), r);
    if (t < 0 || t >= classes) {
      throw new IllegalArgumentException(
          "%s: targets must lie in [0, %d); got %d for row %d of logits %s, targets %s"
              .formatted(op, classes, t, r, c.inSpec(0), c.inSpec(1)));
    }
    return t;
  }

  @Override
  public void reference(Call c) {
    long rows = c.inShape(1).elems();
    long classes = c.inShape(0).dim(-1);
    double sum = 0;
    for (long r = 0; r < rows; r++) {
      long target = target(this, c, r, classes);
      double lse = logSumExp(c, r * classes, classes);
      double loss = lse - c.get(0, r * classes + target);
      c.set(1, r, lse);
      sum += loss;
      if (reduction == Reduction.NONE) {
        c.set(0, r, loss);
      }
    }
    if (reduction != Reduction.NONE) {
      c.set(0, 0, reduction == Reduction.MEAN ? sum / rows : sum);
    }
  }

  private static double logSumExp(Call c, long from, long n) {
    double max = Double.NEGATIVE_INFINITY;
    for (long i = 0; i < n; i++) {
      max = Math.max(max, c.get(0, from + i));
    }
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += Math.exp(c.get(0, from + i) - max);
    }
    return Double.isInfinite(max) ? max : max + Math.log(sum);
  }

  @Override
  public void simd(Call c, Workers w) {
    CrossEntropySimd.forward(this, c, w);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1).andExtras(1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(
        dy.get(0).map(d -> new Grad(reduction).of(n.in(0), n.in(1), n.saved(0), d)),
        Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return new Cost(20.0 * in.get(0).shape().elems(), in.get(0).bytes() + in.get(1).bytes());
  }

  /// `dlogits` from `logits`, `targets`, `lse = log(sum(e^logits))` and `dy`.
  ///
  /// @param reduction as the op's own
  public record Grad(Reduction reduction) implements Kernel {
    private static final String NAMES = "logits targets lse dy";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(4, this, NAMES, in);
      check(this, NAMES, in);
      Shape rows = in.get(1).shape();
      Rules.require(
          in.get(2).equals(in.get(0).withShape(rows))
              && in.get(3)
                  .equals(in.get(0).withShape(reduction == Reduction.NONE ? rows : Shape.of())),
          this,
          "lse must be [..] and dy like the loss",
          NAMES,
          in);
      return List.of(in.get(0));
    }

    /// `dy` of the loss of row `r`.
    double dy(Call c, long r) {
      return switch (reduction) {
        case MEAN -> c.get(3, 0) / c.inShape(1).elems();
        case SUM -> c.get(3, 0);
        case NONE -> c.get(3, r);
      };
    }

    @Override
    public void reference(Call c) {
      long classes = c.inShape(0).dim(-1);
      for (long r = 0, rows = c.inShape(1).elems(); r < rows; r++) {
        long target = target(this, c, r, classes);
        double dy = dy(c, r);
        for (long i = 0; i < classes; i++) {
          double p = Math.exp(c.get(0, r * classes + i) - c.get(2, r));
          c.set(0, r * classes + i, (i == target ? p - 1 : p) * dy);
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      CrossEntropySimd.gradient(this, c, w);
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    /// Second derivatives are not offered: compose [dev.gatun.op.reduce.LogSoftmax] for those.
    ///
    /// @throws IllegalStateException always
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      throw new IllegalStateException(
          this + ": there is no second derivative; got one; compose logSoftmax instead");
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(16, in, infer(in));
    }
  }
}
