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
import dev.gatun.op.math.Relu;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Cosine of the angle between rows: `c = sum(x y) / (max(|x|, eps) max(|y|, eps))` with Euclidean
/// norms over the last axis.
///
/// Shapes: `x` and `y` agree in `[.., D]`, F32 or F64; the result is `[..]`. Gradient: `dx = dc (y
/// / (|x| |y|) - c x / |x|^2)`, without its second term where `|x| <= eps`, and `dy` likewise.
/// Cost: one read of both while a row fits the first-level cache. Error: that of three sums of `D`
/// products, in F32 up to 2048 of them, then in doubles.
///
/// @param eps least norm that is divided by, above 0
public record CosineSimilarity(double eps) implements Kernel {
  private static final String NAMES = "x y";

  /// @throws IllegalArgumentException unless `eps > 0`
  public CosineSimilarity {
    if (!(eps > 0)) {
      throw new IllegalArgumentException("CosineSimilarity: eps must be above 0; got " + eps);
    }
  }

  /// `eps` of 1e-8.
  public static CosineSimilarity standard() {
    return new CosineSimilarity(1e-8);
  }

  /// Embedding loss of pairs of rows: `1 - c` where `same` is 1, `max(0, c - margin)` where it is
  /// 0, reduced over rows. `same [..]` has the type of `x`. Written in ops, whose gradients these
  /// are.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor loss(Tensor x, Tensor y, Tensor same, double margin, Reduction reduction) {
    Tensor c = standard().of(x, y);
    Tensor near = same.mul(c.neg().add(1));
    Tensor far = same.neg().add(1).mul(new Relu().of(c.add(-margin)));
    Tensor each = near.add(far);
    return switch (reduction) {
      case MEAN -> each.mean();
      case SUM -> each.sum();
      case NONE -> each;
    };
  }

  private static Spec check(Kernel op, int count, String names, List<Spec> in) {
    Rules.count(count, op, names, in);
    Rules.computing(op, names, in);
    Spec x = in.get(0);
    Rules.require(
        x.equals(in.get(1)) && x.shape().rank() > 0,
        op,
        "x and y must agree in shape and have an axis",
        names,
        in);
    return x;
  }

  private static Spec stats(Spec x) {
    return x.withShape(Shape.of(x.shape().without(-1).elems(), 3));
  }

  /// The result, and for the gradient three numbers a row: `1 / max(|x|, eps)`, negative where
  /// `eps` is the larger, the same of `y`, and the result.
  @Override
  public List<Spec> infer(List<Spec> in) {
    Spec x = check(this, 2, NAMES, in);
    return List.of(x.withShape(x.shape().without(-1)), stats(x));
  }

  @Override
  public void reference(Call c) {
    long n = c.inShape(0).dim(-1);
    for (long r = 0, rows = c.outShape(0).elems(); r < rows; r++) {
      double xy = 0;
      double xx = 0;
      double yy = 0;
      for (long i = r * n; i < (r + 1) * n; i++) {
        xy += c.get(0, i) * c.get(1, i);
        xx += c.get(0, i) * c.get(0, i);
        yy += c.get(1, i) * c.get(1, i);
      }
      result(c, r, xy, xx, yy, eps);
    }
  }

  /// Writes the results of row `r` from its three sums.
  static void result(Call c, long r, double xy, double xx, double yy, double eps) {
    double a = inverse(Math.sqrt(xx), eps);
    double b = inverse(Math.sqrt(yy), eps);
    double cosine = xy * Math.abs(a) * Math.abs(b);
    c.set(0, r, cosine);
    c.set(1, 3 * r, a);
    c.set(1, 3 * r + 1, b);
    c.set(1, 3 * r + 2, cosine);
  }

  private static double inverse(double norm, double eps) {
    return norm <= eps ? -1 / eps : 1 / norm;
  }

  @Override
  public void simd(Call c, Workers w) {
    CosineSimilaritySimd.forward(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClCosine.forward(this, d, in.get(0));
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1).andExtras(1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    List<Tensor> d = new Grad().apply(n.in(0), n.in(1), n.saved(0), dy.get(0).orElseThrow());
    return List.of(Optional.of(d.get(0)), Optional.of(d.get(1)));
  }

  @Override
  public Cost cost(List<Spec> in) {
    return new Cost(6.0 * in.get(0).shape().elems(), 2.0 * in.get(0).bytes());
  }

  /// `dx` and `dy` from `x`, `y`, the kept numbers and the gradient `dc` of the result.
  public record Grad() implements Kernel {
    private static final String NAMES = "x y stats dc";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Spec x = check(this, 4, NAMES, in);
      Rules.require(
          in.get(2).equals(stats(x)) && in.get(3).shape().equals(x.shape().without(-1)),
          this,
          "stats must be three numbers a row and dc one",
          NAMES,
          in);
      return List.of(x, x);
    }

    /// Factor of the other operand in row `r`.
    static double cross(Call c, long r) {
      return c.get(3, r) * Math.abs(c.get(2, 3 * r)) * Math.abs(c.get(2, 3 * r + 1));
    }

    /// Factor of operand `i` itself, 0 where its norm was too small to count.
    static double own(Call c, long r, int i) {
      double a = c.get(2, 3 * r + i);
      return a < 0 ? 0 : c.get(3, r) * c.get(2, 3 * r + 2) * a * a;
    }

    @Override
    public void reference(Call c) {
      long n = c.inShape(0).dim(-1);
      for (long r = 0, rows = c.inShape(3).elems(); r < rows; r++) {
        for (long i = r * n; i < (r + 1) * n; i++) {
          c.set(0, i, cross(c, r) * c.get(1, i) - own(c, r, 0) * c.get(0, i));
          c.set(1, i, cross(c, r) * c.get(0, i) - own(c, r, 1) * c.get(1, i));
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      CosineSimilaritySimd.gradient(c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClCosine.back(d, in.get(0));
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
      return Cost.streaming(3, in, infer(in));
    }
  }
}
