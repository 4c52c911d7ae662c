package dev.gatun.op.loss;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Negative log-likelihood of class indices under logits. For each row, with `l_c = log(sum(e^x)) -
/// x_c` and target `k`:
///
/// ```
/// loss = (1 - smoothing) w_k l_k + smoothing / C sum_c w_c l_c
/// ```
///
/// with weights 1 where none are given. `MEAN` divides the sum over rows by that of `w_k`, without
/// weights by the number of rows. Rows whose target is `ignored` have loss 0 and do not count.
///
/// Shapes: logits `x [.., C]` F32 or F64, `targets [..]` I32 or I64, each in `[0, C)` or ignored,
/// then `weights [C]` where there are; the result is a scalar, or `[..]` under [Reduction#NONE],
/// and has the type of the logits. The mean of no rows is NaN. Gradient of the logits, with `p =
/// softmax(x)` and `W = sum(w)`: `((1 - smoothing) w_k (p - onehot(k)) + smoothing / C (W p - w))
/// dy`, divided as the loss, in one pass from the saved `log(sum(e^x))`; none of the weights. Cost:
/// one read of the logits, a second one from cache with smoothing. A row with `+inf` has the loss
/// `+inf`, or NaN if that is its target. Error: a few `eps` of the larger of `|log(sum(e^x))|` and
/// `|x_k|`; rows are added in doubles. Source for smoothing: Szegedy et al., Rethinking the
/// Inception architecture, arXiv 1512.00567, section 7.
///
/// Throws [IllegalArgumentException] while it runs if a target lies outside `[0, C)`.
///
/// @param reduction over rows
/// @param smoothing share of the target's probability spread over all classes, in [0, 1]
/// @param ignored the target of rows that do not count
/// @param weighted whether a third input holds a weight of each class
public record CrossEntropy(
    Reduction reduction, double smoothing, OptionalLong ignored, boolean weighted)
    implements ClassLoss {
  /// @throws IllegalArgumentException unless `smoothing` lies in [0, 1]
  public CrossEntropy {
    if (!(smoothing >= 0 && smoothing <= 1)) {
      throw new IllegalArgumentException(
          "CrossEntropy: smoothing must lie in [0, 1]; got " + smoothing);
    }
  }

  /// All rows count alike, and nothing is smoothed.
  public CrossEntropy(Reduction reduction) {
    this(reduction, 0, OptionalLong.empty(), false);
  }

  /// The mean over all rows.
  public static CrossEntropy mean() {
    return new CrossEntropy(Reduction.MEAN);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    check(2, "logits", "logits targets weights", in);
    Spec logits = in.get(0);
    Shape rows = in.get(1).shape();
    return List.of(logits.withShape(reduction.of(rows)), logits.withShape(rows));
  }

  @Override
  public void reference(Call c) {
    long classes = c.inShape(0).dim(-1);
    double divisor = divisor(c);
    double sum = 0;
    for (long r = 0, rows = c.inShape(1).elems(); r < rows; r++) {
      long target = target(c, r);
      double lse = logSumExp(c, r * classes, classes);
      double loss = 0;
      if (target >= 0) {
        loss = (1 - smoothing) * weight(c, target) * (lse - c.get(0, r * classes + target));
        for (long i = 0; i < classes && smoothing > 0; i++) {
          loss += smoothing / classes * weight(c, i) * (lse - c.get(0, r * classes + i));
        }
      }
      c.set(1, r, lse);
      sum += loss;
      if (reduction == Reduction.NONE) {
        c.set(0, r, loss);
      }
    }
    if (reduction != Reduction.NONE) {
      c.set(0, 0, sum / divisor);
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
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClClassLoss.entropy(this, d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return CrossEntropyPlan.scratch(in, smoothing, workers);
  }

  @Override
  public Keep keep() {
    return (weighted ? Keep.inputs(0, 1, 2) : Keep.inputs(0, 1)).andExtras(1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Grad grad = new Grad(reduction, smoothing, ignored, weighted);
    Tensor d = dy.get(0).orElseThrow();
    if (!weighted) {
      return List.of(Optional.of(grad.of(n.in(0), n.in(1), n.saved(0), d)), Optional.empty());
    }
    requireConstantWeights(n);
    Tensor dx = grad.of(n.in(0), n.in(1), n.saved(0), d, n.in(2));
    return List.of(Optional.of(dx), Optional.empty(), Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return new Cost(20.0 * in.get(0).shape().elems(), in.get(0).bytes() + in.get(1).bytes());
  }

  /// `dlogits` from `logits`, `targets`, `lse = log(sum(e^logits))`, `dy` and the weights.
  ///
  /// @param reduction as the op's own
  /// @param smoothing as the op's own
  /// @param ignored as the op's own
  /// @param weighted as the op's own
  public record Grad(Reduction reduction, double smoothing, OptionalLong ignored, boolean weighted)
      implements ClassLoss {
    private static final String NAMES = "logits targets lse dy weights";

    @Override
    public List<Spec> infer(List<Spec> in) {
      check(4, "logits", NAMES, in);
      Spec logits = in.get(0);
      Shape rows = in.get(1).shape();
      Rules.require(
          in.get(2).equals(logits.withShape(rows))
              && in.get(3).equals(logits.withShape(reduction.of(rows))),
          this,
          "lse must be [..] and dy like the loss",
          NAMES,
          in);
      return List.of(logits);
    }

    /// Sum of the weights.
    double total(Call c) {
      double total = 0;
      for (long i = 0, classes = c.inShape(0).dim(-1); i < classes; i++) {
        total += weight(c, i);
      }
      return total;
    }

    @Override
    public void reference(Call c) {
      long classes = c.inShape(0).dim(-1);
      double divisor = divisor(c);
      double spread = smoothing / classes;
      double total = total(c);
      for (long r = 0, rows = c.inShape(1).elems(); r < rows; r++) {
        long target = target(c, r);
        double own = (1 - smoothing) * weight(c, target);
        double dy = dy(c, 3, r) / divisor;
        for (long i = 0; i < classes; i++) {
          double p = Math.exp(c.get(0, r * classes + i) - c.get(2, r));
          double d = own * (i == target ? p - 1 : p);
          d += smoothing == 0 ? 0 : spread * (total * p - weight(c, i));
          c.set(0, r * classes + i, target < 0 ? 0 : d * dy);
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      CrossEntropySimd.gradient(this, c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClClassLoss.entropyBack(this, d, in);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return CrossEntropyPlan.scratch(in, smoothing, workers);
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
