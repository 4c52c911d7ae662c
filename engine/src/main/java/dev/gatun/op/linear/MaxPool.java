package dev.gatun.op.linear;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y[n, c, p] = max_k x[n, c, p stride + k dilation - padding]`. NaN wins over every number, +0
/// over -0; padding is below every number.
///
/// Shapes: `x [N, C, H, W]`, `y [N, C, OH, OW]`, or without `H` and `OH` for one axis; F32 or F64.
/// Gradient: `dy` goes to the first element of a window, row by row, that equals the maximum or is
/// NaN. Cost: one read of `x`, a comparison a tap. Error: none.
///
/// @param axes 1 or 2
/// @param kernelH taps along the height; of no account with one axis
/// @param kernelW taps along the width
/// @param window stride, padding and dilation
public record MaxPool(int axes, int kernelH, int kernelW, Window window) implements Pool {
  @Override
  public void reference(Call c) {
    long[] r = c.registers();
    Grid.set(r, window, axes == 1, axes == 1 ? 1 : kernelH, kernelW, c.inShape(0), c.outShape(0));
    long pixels = Grid.pixels(r);
    for (long i = 0; i < c.outShape(0).elems(); i++) {
      double most = Double.NEGATIVE_INFINITY;
      for (long k = 0; k < taps(); k++) {
        long at = Grid.at(r, i % pixels, k);
        most = at < 0 ? most : Math.max(most, c.get(0, i / pixels * Grid.plane(r) + at));
      }
      c.set(0, i, most);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    PoolSimd.max(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClPool.forward(this, d, in.get(0), true, false);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad(this).of(n.in(0), n.out(0), d)));
  }

  /// `dx` from `x`, `y` and `dy`.
  public record Grad(MaxPool pool) implements Kernel {
    @Override
    public List<Spec> infer(List<Spec> in) {
      return Pool.inferGrad(this, pool, "x y dy", in);
    }

    @Override
    public void reference(Call c) {
      long[] r = c.registers();
      boolean line = pool.axes == 1;
      int kernelH = line ? 1 : pool.kernelH;
      Grid.set(r, pool.window, line, kernelH, pool.kernelW, c.inShape(0), c.inShape(1));
      long pixels = Grid.pixels(r);
      double[] dx = new double[Math.toIntExact(c.outShape(0).elems())];
      for (long i = 0; i < c.inShape(1).elems(); i++) {
        double y = c.get(1, i);
        for (long k = 0; k < pool.taps(); k++) {
          long at = Grid.at(r, i % pixels, k);
          long from = i / pixels * Grid.plane(r) + at;
          double x = at < 0 ? Double.NEGATIVE_INFINITY : c.get(0, from);
          if (x == y || Double.isNaN(x)) {
            dx[(int) (at < 0 ? 0 : from)] += at < 0 ? 0 : c.get(2, i);
            break;
          }
        }
      }
      for (int i = 0; i < dx.length; i++) {
        c.set(0, i, dx[i]);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      PoolSimd.maxGrad(pool, c, w);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return PoolSimd.scratch(pool, in.get(0), in.get(1), true, workers);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClPool.back(pool, d, in.get(0), in.get(1).shape(), new int[] {0, 1, 2}, true, false);
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
      return Cost.streaming(2.0 * pool.taps(), in, infer(in));
    }
  }
}
