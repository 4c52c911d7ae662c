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
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;

/// `y = prod(x)` over `axes`; 1 where they have no elements.
///
/// Shapes: as [Sum]; F32 or F64. Gradient: `dx_i = dy` times the product of the others, right where
/// elements are 0. Cost: one read of `x`. Error: F32 is multiplied in double, so that no product of
/// part of the elements overflows, and rounded once; F64 within `n` roundings of `n` factors. The
/// order depends on the shape and the vector width only.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
public record Prod(List<Integer> axes, boolean keepDims) implements Accumulation {
  /// Copies `axes`.
  public Prod {
    axes = List.copyOf(axes);
  }

  @Override
  public int planes() {
    return 1;
  }

  @Override
  public double value(long n, LongToDoubleFunction x) {
    double v = 1;
    for (long i = 0; i < n; i++) {
      v *= x.applyAsDouble(i);
    }
    return v;
  }

  @Override
  public Workers.Body body() {
    return ProdSimd.BODY;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClReduce.of(
        d,
        in.get(0),
        axes(),
        infer(in).get(0),
        new ClReduce.Form("x", "x * y", "1", "s", false),
        0);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor d = dy.get(0).orElseThrow().reshape(-1);
    return List.of(Optional.of(Max.asRows(n.in(0), axes, rows -> new Grad().of(rows, d))));
  }

  /// `dx [m, n]` from `x [m, n]` and `dy [m]`: the product of a row over each of its elements;
  /// where one is 0, it alone gets the product of the others, and where more are, all get 0.
  public record Grad() implements Kernel {
    private static final String NAMES = "x dy";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(2, this, NAMES, in);
      Rules.computing(this, NAMES, in);
      Shape x = in.get(0).shape();
      Rules.require(x.rank() == 2, this, "x must be [m, n]", NAMES, in);
      Rules.require(
          in.get(1).shape().equals(Shape.of(x.dim(0))), this, "dy must be [m]", NAMES, in);
      return List.of(in.get(0));
    }

    @Override
    public void reference(Call c) {
      long n = c.inShape(0).dim(1);
      for (long r = 0, m = c.inShape(0).dim(0); r < m; r++) {
        others(c, r, n);
      }
    }

    /// A row by the products of what comes before and after each element, without division.
    static void others(Call c, long r, long n) {
      double after = 1;
      for (long i = (r + 1) * n - 1; i >= r * n; i--) {
        c.set(0, i, after);
        after *= c.get(0, i);
      }
      DType t = c.outSpec(0).dtype();
      double before = c.get(1, r);
      for (long i = r * n; i < (r + 1) * n; i++) {
        c.set(0, i, before * t.read(c.out(0), i));
        before *= c.get(0, i);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      ProdSimd.gradient(c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClRows.prod(d, in.get(0));
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    /// Not differentiated again.
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(Optional.empty(), Optional.empty());
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(2, in, infer(in));
    }
  }
}
