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

/// `y_i = x_0 x_1 ... x_i` along `axis`.
///
/// Shapes: `x` and `y` agree; F32 or F64. Gradient: `dx_i = sum over k >= i` of `dy_k` times the
/// product of the others up to `k`, without division, so that it is right where elements are 0.
/// Cost: one read and one write. Error: products are carried in double: in F32 half an ulp, in F64
/// `i` roundings.
///
/// @param axis counted from 0
public record CumProd(int axis) implements Running {
  @Override
  public double identity() {
    return 1;
  }

  @Override
  public double join(double total, double x) {
    return total * x;
  }

  @Override
  public boolean reverse() {
    return false;
  }

  @Override
  public boolean exclusive() {
    return false;
  }

  @Override
  public Workers.Body body() {
    return CumProdSimd.BODY;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRunning.totals(this, d, in.get(0), "s * x");
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad(axis).of(n.in(0), d)));
  }

  /// `dx_i = p_i b_i` from `x` and `dy`, where `p_i` is the product of what comes before `i` and
  /// `b_i = dy_i + x_(i+1) b_(i+1)`: linear work, no division.
  ///
  /// @param axis counted from 0
  public record Grad(int axis) implements Kernel {
    private static final String NAMES = "x dy";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(2, this, NAMES, in);
      Rules.computing(this, NAMES, in);
      Rules.require(
          axis >= 0 && axis < in.get(0).shape().rank(), this, "axis must exist", NAMES, in);
      Rules.require(in.get(0).equals(in.get(1)), this, "shapes must agree", NAMES, in);
      return List.of(in.get(0));
    }

    @Override
    public void reference(Call c) {
      Shape x = c.inShape(0);
      long n = x.dim(axis);
      long inner = x.elems(axis + 1, x.rank());
      for (long r = 0, runs = n == 0 ? 0 : x.elems() / n; r < runs; r++) {
        run(c, AlongAxis.start(r, n, inner), inner, n);
      }
    }

    /// One run, in double but for what waits in the result.
    static void run(Call c, long at, long step, long n) {
      double b = 0;
      for (long i = n - 1; i >= 0; i--) {
        double next = i == n - 1 ? 0 : c.get(0, at + (i + 1) * step) * b;
        b = c.get(1, at + i * step) + next;
        c.set(0, at + i * step, b);
      }
      double before = 1;
      for (long i = 0; i < n; i++) {
        long o = at + i * step;
        c.set(0, o, before * c.outSpec(0).dtype().read(c.out(0), o));
        before *= c.get(0, o);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      Shape x = c.inShape(0);
      if (x.elems() > 0) {
        w.run(CumProdSimd.GRAD, c, 0, RunningSimd.plan(c.registers(), x, axis, w.count()));
      }
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClRunning.productsBack(this, d, in.get(0));
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return (long) RunningSimd.TILE * Double.BYTES * workers;
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
      return Cost.streaming(4, in, infer(in));
    }
  }
}
