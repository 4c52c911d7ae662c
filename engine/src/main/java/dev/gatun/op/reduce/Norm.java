package dev.gatun.op.reduce;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;

/// `y = sum(|x|^p)^(1/p)` over `axes`; the largest magnitude for infinite `p`; 0 where they have no
/// elements.
///
/// Shapes: as [Sum]; F32 or F64. NaN wins. Gradient: `dx = dy sign(x) (|x| / y)^(p - 1)`, for
/// infinite `p` shared evenly among the largest; 0 where `y` is. Cost: one read of `x`; for `p`
/// other than 1, 2 and infinity also a power of each element outside vectors. Error: F32 is added
/// up in double and rounded once; F64 as [Sum]. For `p = 2` squares beyond the range of double, of
/// magnitudes from `2^512` on, overflow.
///
/// Throws [IllegalArgumentException] unless `p > 0`.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
/// @param p 1 for the sum of magnitudes, 2 for Euclid's length, infinity for the greatest magnitude
public record Norm(List<Integer> axes, boolean keepDims, double p) implements Accumulation {
  /// Copies `axes`.
  public Norm {
    axes = List.copyOf(axes);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    List<Spec> out = Accumulation.super.infer(in);
    Rules.require(p > 0, this, "p must be greater than 0", "x", in);
    return out;
  }

  @Override
  public int planes() {
    return 2;
  }

  @Override
  public double attribute() {
    return p;
  }

  @Override
  public double value(long n, LongToDoubleFunction x) {
    double max = 0;
    for (long i = 0; i < n; i++) {
      max = Math.max(max, Math.abs(x.applyAsDouble(i)));
    }
    double sum = 0;
    for (long i = 0; i < n && max != 0; i++) {
      sum += Math.pow(Math.abs(x.applyAsDouble(i)) / max, p);
    }
    return of(max, sum, p);
  }

  /// The norm of numbers up to `max`, whose powers relative to it add up to `sum`.
  static double of(double max, double sum, double p) {
    return Double.isInfinite(p) || max == 0 || !Double.isFinite(max)
        ? max
        : max * Math.pow(sum, 1 / p);
  }

  @Override
  public Workers.Body body() {
    return NormSimd.body(p);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    String power =
        p == 1 ? "fabs(x) / a" : p == 2 ? "(x / a) * (x / a)" : "exp2(b * log2(fabs(x) / a))";
    String root = p == 1 ? "s" : p == 2 ? "sqrt(s)" : "exp2(log2(s) / b)";
    String finish =
        Double.isInfinite(p) ? "a" : "(a == 0) | (!isfinite(a)) ? a : a * (" + root + ")";
    return ClReduce.of(
        d,
        in.get(0),
        axes,
        infer(in).get(0),
        ClReduce.Form.magnitude(),
        ClReduce.Form.sum(power, finish),
        p);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor y = n.out(0).reshape(-1);
    Tensor d = dy.get(0).orElseThrow().reshape(-1);
    return List.of(Optional.of(Max.asRows(n.in(0), axes, rows -> new Grad(p).of(rows, y, d))));
  }

  /// `dx [m, n]` from `x [m, n]`, its norms `y [m]` and `dy [m]`.
  ///
  /// @param p of the norm
  public record Grad(double p) implements Kernel {
    private static final String NAMES = "x y dy";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(3, this, NAMES, in);
      Rules.computing(this, NAMES, in);
      Shape rows = in.get(0).shape();
      Rules.require(rows.rank() == 2, this, "x must be [m, n]", NAMES, in);
      Shape m = Shape.of(rows.dim(0));
      Rules.require(
          in.get(1).shape().equals(m) && in.get(2).shape().equals(m),
          this,
          "y and dy must be [m]",
          NAMES,
          in);
      return List.of(in.get(0));
    }

    @Override
    public void reference(Call c) {
      for (long r = 0, m = c.inShape(0).dim(0); r < m; r++) {
        row(c, p, r, c.inShape(0).dim(1));
      }
    }

    static void row(Call c, double p, long r, long n) {
      double y = c.get(1, r);
      double dy = c.get(2, r);
      long ties = 0;
      for (long i = r * n; i < (r + 1) * n && Double.isInfinite(p); i++) {
        ties += Math.abs(c.get(0, i)) == y ? 1 : 0;
      }
      for (long i = r * n; i < (r + 1) * n; i++) {
        double x = c.get(0, i);
        double share =
            Double.isInfinite(p)
                ? (Math.abs(x) == y ? 1.0 / ties : 0)
                : Math.pow(Math.abs(x) / y, p - 1);
        c.set(0, i, y == 0 && p != 1 || x == 0 ? 0 : dy * Math.signum(x) * share);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      NormSimd.gradient(p, c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClRows.norm(p, d, in.get(0));
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    /// Not differentiated again.
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(Optional.empty(), Optional.empty(), Optional.empty());
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(3, in, infer(in));
    }
  }
}
