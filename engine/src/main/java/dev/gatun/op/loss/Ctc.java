package dev.gatun.op.loss;

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
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Connectionist temporal classification: the negative logarithm of the summed probability of all
/// paths of classes, one class a frame, that spell the target once repetitions and then blanks are
/// struck out.
///
/// Shapes: logarithms of probabilities `x [B, T, C]` F32 or F64, `targets [B, S]` padded with
/// anything, `inputLengths [B]` and `targetLengths [B]`, all three I32 or I64. The result is a
/// scalar, or `[B]` under [Reduction#NONE], in the type of `x`. `MEAN` divides each loss by the
/// length of its target, at least 1, then takes the mean over the batch. A target that no path
/// spells has loss infinity and gradient NaN, or 0 and 0 under `zeroInfinity`.
///
/// Gradient of `x` alone, that of the formula: `-q dy` with the posterior probability `q` of class
/// `c` in frame `t`; frames beyond the length have 0. Under a log-softmax that makes `softmax(x) -
/// q` of the logits.
///
/// Forward and backward variables are logarithms in doubles, whatever the type; minus infinity is
/// -1e300, so that no step makes NaN of it. Cost: six passes over `2 S + 1` states a frame, and as
/// many for the gradient; the forward variables are kept, `8 B T (2 S + 3)` bytes. Error: that of
/// the rounding to the type. Source: Graves et al., Connectionist temporal classification, ICML
/// 2006, section 4.
///
/// Throws [IllegalArgumentException] while it runs if a length or a label is out of range, or a
/// label is the blank.
///
/// @param blank class of no label
/// @param zeroInfinity whether losses that are infinite count as 0
/// @param reduction over the batch
public record Ctc(long blank, boolean zeroInfinity, Reduction reduction) implements Kernel {
  private static final String NAMES = "x targets inputLengths targetLengths";

  /// The logarithm of nothing.
  static final double NEVER = -1e300;

  @Override
  public List<Spec> infer(List<Spec> in) {
    check(this, 4, NAMES, in);
    Shape x = in.get(0).shape();
    Shape b = Shape.of(x.dim(0));
    Rules.require(blank >= 0 && blank < x.dim(2), this, "blank must lie in [0, C)", NAMES, in);
    Shape states = Shape.of(x.dim(0), x.dim(1), 2 * in.get(1).shape().dim(1) + 3);
    return List.of(
        in.get(0).withShape(reduction.of(b)), new Spec(DType.F64, states), new Spec(DType.F64, b));
  }

  private static void check(Kernel op, int count, String names, List<Spec> in) {
    Rules.count(count, op, names, in);
    Rules.require(in.get(0).dtype().computes(), op, "x must be F32 or F64", names, in);
    Rules.require(
        in.subList(1, 4).stream().allMatch(s -> s.dtype().indexes()),
        op,
        "targets and lengths must be I32 or I64",
        names,
        in);
    Shape x = in.get(0).shape();
    Rules.require(
        x.rank() == 3
            && in.get(1).shape().rank() == 2
            && in.get(1).shape().dim(0) == x.dim(0)
            && in.subList(2, 4).stream().allMatch(s -> s.shape().equals(Shape.of(x.dim(0)))),
        op,
        "x must be [B, T, C], targets [B, S] and lengths [B]",
        names,
        in);
  }

  /// @throws IllegalArgumentException unless all lengths and labels are in range
  static void check(Kernel op, Call c, long blank) {
    for (long b = 0; b < c.inShape(0).dim(0); b++) {
      require(op, "inputLengths", inputLength(c, b), c.inShape(0).dim(1), b);
      long n = targetLength(c, b);
      require(op, "targetLengths", n, c.inShape(1).dim(1), b);
      for (long i = 0; i < n; i++) {
        long label = label(c, b, i);
        if (label < 0 || label >= c.inShape(0).dim(2) || label == blank) {
          throw new IllegalArgumentException(
              "%s: labels must lie in [0, %d) and not be the blank; got %d as label %d of row %d"
                  .formatted(op, c.inShape(0).dim(2), label, i, b));
        }
      }
    }
  }

  private static void require(Kernel op, String what, long n, long most, long b) {
    if (n < 0 || n > most) {
      throw new IllegalArgumentException(
          "%s: %s must lie in [0, %d]; got %d for row %d".formatted(op, what, most, n, b));
    }
  }

  static long inputLength(Call c, long b) {
    return c.inSpec(2).dtype().readLong(c.in(2), b);
  }

  static long targetLength(Call c, long b) {
    return c.inSpec(3).dtype().readLong(c.in(3), b);
  }

  static long label(Call c, long b, long i) {
    return c.inSpec(1).dtype().readLong(c.in(1), b * c.inShape(1).dim(1) + i);
  }

  /// The class of state `s` of row `b`: blanks around the labels.
  private static long state(Call c, long b, int s, long blank) {
    return s % 2 == 0 ? blank : label(c, b, s / 2);
  }

  /// Whether a path may come to state `s` over that before the last.
  static boolean skips(Call c, long b, int s) {
    return s % 2 == 1 && s > 1 && label(c, b, s / 2) != label(c, b, s / 2 - 1);
  }

  /// `log(e^x + e^y + e^z)`
  static double add(double x, double y, double z) {
    double m = Math.max(x, Math.max(y, z));
    return m + Math.log(Math.exp(x - m) + Math.exp(y - m) + Math.exp(z - m));
  }

  /// The loss of a row whose last two forward variables are these.
  static double loss(double last, double before) {
    double log = add(last, before, NEVER);
    return log < NEVER / 2 ? Double.POSITIVE_INFINITY : -log;
  }

  /// What the loss of row `b` is divided by.
  private static double divisor(Call c, long b, Reduction reduction) {
    return reduction == Reduction.MEAN
        ? Math.max(1, targetLength(c, b)) * (double) c.inShape(0).dim(0)
        : 1;
  }

  /// Writes the results from the losses of the rows, output 2.
  void reduce(Call c) {
    double sum = 0;
    long rows = c.inShape(0).dim(0);
    for (long b = 0; b < rows; b++) {
      double loss = DType.F64.read(c.out(2), b);
      loss = zeroInfinity && loss == Double.POSITIVE_INFINITY ? 0 : loss / divisor(c, b, reduction);
      sum += loss;
      if (reduction == Reduction.NONE) {
        c.set(0, b, loss);
      }
    }
    if (reduction != Reduction.NONE) {
      c.set(0, 0, rows == 0 && reduction == Reduction.MEAN ? Double.NaN : sum);
    }
  }

  @Override
  public void reference(Call c) {
    check(this, c, blank);
    long frames = c.inShape(0).dim(1);
    long classes = c.inShape(0).dim(2);
    long width = c.outShape(1).dim(2);
    for (long b = 0; b < c.inShape(0).dim(0); b++) {
      int states = Math.toIntExact(2 * targetLength(c, b) + 1);
      double[] a = new double[states + 2];
      Arrays.fill(a, NEVER);
      double[] next = a.clone();
      for (long t = 0, n = inputLength(c, b); t < n; t++) {
        for (int s = 0; s < states; s++) {
          double sum = add(a[s + 2], a[s + 1], skips(c, b, s) ? a[s] : NEVER);
          sum = t == 0 ? (s < 2 ? 0 : NEVER) : sum;
          double emitted = c.get(0, (b * frames + t) * classes + state(c, b, s, blank));
          next[s + 2] = Math.max(sum + emitted, NEVER);
        }
        System.arraycopy(next, 0, a, 0, a.length);
        for (int s = 0; s < a.length; s++) {
          c.set(1, (b * frames + t) * width + s, a[s]);
        }
      }
      boolean empty = inputLength(c, b) == 0;
      double last = empty && states == 1 ? 0 : a[states + 1];
      c.set(2, b, loss(last, states == 1 ? NEVER : a[states]));
    }
    reduce(c);
  }

  @Override
  public void simd(Call c, Workers w) {
    CtcSimd.forward(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClCtc.forward(this, d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return scratch(in.get(1), workers);
  }

  /// Rows of doubles for each worker.
  private static long scratch(Spec targets, int workers) {
    return ROWS * row(targets.shape().dim(1)) * 8 * workers;
  }

  /// Rows of scratch that each worker has.
  static final int ROWS = 8;

  /// Elements of a row of scratch under targets of at most `labels` labels.
  static long row(long labels) {
    return 2 * labels + 8 & -8;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1, 2, 3).andExtras(2);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor dx =
        new Grad(this)
            .of(
                n.in(0),
                n.in(1),
                n.in(2),
                n.in(3),
                n.saved(0),
                n.saved(1),
                dy.get(0).orElseThrow());
    return List.of(Optional.of(dx), Optional.empty(), Optional.empty(), Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    double states = (double) infer(in).get(1).shape().elems();
    return new Cost(100 * states, in.get(0).bytes() + 8 * states);
  }

  /// `dx` from the inputs, the kept forward variables and losses, and `dy`.
  ///
  /// @param ctc the loss
  public record Grad(Ctc ctc) implements Kernel {
    private static final String NAMES = Ctc.NAMES + " states losses dy";

    @Override
    public List<Spec> infer(List<Spec> in) {
      check(this, 7, NAMES, in);
      List<Spec> out = ctc.infer(in.subList(0, 4));
      Rules.require(
          in.get(4).equals(out.get(1))
              && in.get(5).equals(out.get(2))
              && in.get(6).equals(out.get(0)),
          this,
          "states and losses must be those of the loss and dy like it",
          NAMES,
          in);
      return List.of(in.get(0));
    }

    /// Factor on the gradient of row `b`: NaN where the loss is infinite and that counts.
    static double dy(Call c, long b, Reduction reduction, boolean zeroInfinity) {
      if (c.get(5, b) == Double.POSITIVE_INFINITY) {
        return zeroInfinity ? 0 : Double.NaN;
      }
      return c.get(6, reduction == Reduction.NONE ? b : 0) / divisor(c, b, reduction);
    }

    @Override
    public void reference(Call c) {
      check(this, c, ctc.blank());
      long frames = c.inShape(0).dim(1);
      long classes = c.inShape(0).dim(2);
      for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
        c.set(0, i, 0);
      }
      for (long b = 0; b < c.inShape(0).dim(0); b++) {
        double dy = dy(c, b, ctc.reduction(), ctc.zeroInfinity());
        int states = Math.toIntExact(2 * targetLength(c, b) + 1);
        double[] later = new double[states + 2];
        Arrays.fill(later, NEVER);
        long n = inputLength(c, b);
        for (long t = n - 1; t >= 0; t--) {
          long at = (b * frames + t) * classes;
          double[] d = new double[Math.toIntExact(classes)];
          for (int s = 0; s < states; s++) {
            boolean skips = s + 2 < states && skips(c, b, s + 2);
            double sum = add(later[s], later[s + 1], skips ? later[s + 2] : NEVER);
            sum = t == n - 1 ? (s >= states - 2 ? 0 : NEVER) : sum;
            int k = (int) state(c, b, s, ctc.blank());
            double a = c.get(4, (b * frames + t) * c.inShape(4).dim(2) + s + 2);
            d[k] += Math.exp(a + sum + c.get(5, b));
            // Upwards in place: what is still read lies above.
            later[s] = Math.max(sum + c.get(0, at + k), NEVER);
          }
          for (int k = 0; k < classes; k++) {
            c.set(0, at + k, dy == 0 ? 0 : -d[k] * dy);
          }
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      CtcSimd.gradient(this, c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClCtc.back(this, d, in);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return Ctc.scratch(in.get(1), workers);
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
      return new Cost(
          130.0 * in.get(4).shape().elems(), 2.0 * in.get(0).bytes() + in.get(4).bytes());
    }
  }
}
