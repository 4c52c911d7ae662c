package dev.gatun.op.linear;

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

/// `y[n, c, p] = sum_k x[n, c, p stride + k dilation - padding] / count`, with padding zeros that
/// are counted or not.
///
/// Shapes: `x [N, C, H, W]`, `y [N, C, OH, OW]`, or without `H` and `OH` for one axis; F32 or F64.
/// Gradient: `dy / count` to every element of the window. Cost: one read of `x`, an addition a tap.
/// Error: `(taps + 2) eps mean |x|`.
///
/// @param axes 1 or 2
/// @param kernelH taps along the height; of no account with one axis
/// @param kernelW taps along the width
/// @param window stride, padding and dilation
/// @param countPadding whether the count is that of the taps, or of those within the image
public record AvgPool(int axes, int kernelH, int kernelW, Window window, boolean countPadding)
    implements Pool {
  /// The mean over windows that share the last axes among `sizes` results as evenly as can be:
  /// result `i` of `s` is that of inputs `floor(i n / s)` to `ceil((i + 1) n / s)`. Uneven ones are
  /// a product with a matrix of weights.
  ///
  /// @throws IllegalArgumentException if `x` has not that many axes, or a size is not positive
  public static Tensor adaptive(Tensor x, int... sizes) {
    int rank = x.shape().rank();
    if (sizes.length == 0 || sizes.length > 2 || rank != sizes.length + 2) {
      throw new IllegalArgumentException(
          "AvgPool: x must be [N, C, ..] with an axis for each of one or two sizes; got x "
              + x.spec());
    }
    for (int i = 0; i < sizes.length; i++) {
      int axis = rank - sizes.length + i;
      if (sizes[i] < 1 || x.dim(axis) == 0) {
        throw new IllegalArgumentException(
            "AvgPool: sizes must be positive and axes not empty; got "
                + sizes[i]
                + " for x "
                + x.spec());
      }
    }
    int h = sizes.length == 1 ? 1 : sizes[0];
    int w = sizes[sizes.length - 1];
    long height = sizes.length == 1 ? 1 : x.dim(-2);
    if (height % h == 0 && x.dim(-1) % w == 0) {
      int kernelH = Math.toIntExact(height / h);
      int kernelW = Math.toIntExact(x.dim(-1) / w);
      Window window = Window.PLAIN.stride(kernelH, kernelW);
      return new AvgPool(sizes.length, kernelH, kernelW, window, true).of(x);
    }
    Tensor y = x.matmul(shares(x, x.dim(-1), w));
    return h == 1 && height == 1 ? y : shares(x, height, h).transpose().matmul(y);
  }

  /// `[n, size]`: what each input is worth to each result.
  private static Tensor shares(Tensor x, long n, int size) {
    double[] values = new double[Math.toIntExact(n * size)];
    for (int j = 0; j < size; j++) {
      long from = j * n / size;
      long end = ((j + 1) * n + size - 1) / size;
      for (long i = from; i < end; i++) {
        values[Math.toIntExact(i * size + j)] = 1.0 / (end - from);
      }
    }
    return x.scope().tensor(x.dtype(), Shape.of(n, size), values);
  }

  private void grid(long[] r, Shape x, Shape y) {
    Grid.set(r, window, axes == 1, axes == 1 ? 1 : kernelH, kernelW, x, y);
  }

  private long count(long[] r, long pixel) {
    long count = taps();
    for (long k = 0; !countPadding && k < taps(); k++) {
      count -= Grid.at(r, pixel, k) < 0 ? 1 : 0;
    }
    return count;
  }

  @Override
  public void reference(Call c) {
    long[] r = c.registers();
    grid(r, c.inShape(0), c.outShape(0));
    long pixels = Grid.pixels(r);
    for (long i = 0; i < c.outShape(0).elems(); i++) {
      double sum = 0;
      for (long k = 0; k < taps(); k++) {
        long at = Grid.at(r, i % pixels, k);
        sum += at < 0 ? 0 : c.get(0, i / pixels * Grid.plane(r) + at);
      }
      c.set(0, i, sum / count(r, i % pixels));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    PoolSimd.mean(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClPool.forward(this, d, in.get(0), false, countPadding);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Spec x = n.inSpec(0);
    List<Long> sizes = Conv.tail(axes, x.shape());
    return List.of(dy.get(0).map(d -> new Grad(this, sizes).of(d)));
  }

  /// `dx` from `dy`.
  ///
  /// @param sizes sizes of the last axes of `x`
  public record Grad(AvgPool pool, List<Long> sizes) implements Kernel {
    /// Copies `sizes`.
    public Grad {
      sizes = List.copyOf(sizes);
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(1, this, "dy", in);
      Rules.computing(this, "dy", in);
      Spec dy = in.get(0);
      int axes = pool.axes;
      Rules.require(
          dy.shape().rank() == axes + 2 && sizes.size() == axes,
          this,
          "dy and x must have " + (axes + 2) + " axes",
          "dy",
          in);
      long[] dims = dy.shape().dims();
      for (int i = 0; i < axes; i++) {
        dims[2 + i] = sizes.get(i);
      }
      Spec x = dy.withShape(Shape.of(dims));
      Rules.require(
          pool.infer(List.of(x)).get(0).equals(dy),
          this,
          "dy must have the shape of the result for x",
          "dy",
          in);
      return List.of(x);
    }

    @Override
    public void reference(Call c) {
      long[] r = c.registers();
      pool.grid(r, c.outShape(0), c.inShape(0));
      long pixels = Grid.pixels(r);
      double[] dx = new double[Math.toIntExact(c.outShape(0).elems())];
      for (long i = 0; i < c.inShape(0).elems(); i++) {
        double share = c.get(0, i) / pool.count(r, i % pixels);
        for (long k = 0; k < pool.taps(); k++) {
          long at = Grid.at(r, i % pixels, k);
          if (at >= 0) {
            dx[(int) (i / pixels * Grid.plane(r) + at)] += share;
          }
        }
      }
      for (int i = 0; i < dx.length; i++) {
        c.set(0, i, dx[i]);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      PoolSimd.meanGrad(pool, c, w);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return PoolSimd.scratch(pool, infer(in).get(0), in.get(0), false, workers);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      Spec x = infer(in).get(0);
      return ClPool.back(pool, d, x, in.get(0).shape(), new int[] {0}, false, pool.countPadding);
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> ddx) {
      return List.of(ddx.get(0).map(pool::of));
    }

    @Override
    public Cost cost(List<Spec> in) {
      DType type = in.get(0).dtype();
      double bytes = in.get(0).bytes() + infer(in).get(0).shape().elems() * (double) type.bytes();
      return new Cost((double) pool.taps() * in.get(0).shape().elems(), bytes);
    }
  }
}
