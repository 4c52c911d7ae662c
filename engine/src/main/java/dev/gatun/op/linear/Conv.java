package dev.gatun.op.linear;

import dev.gatun.autograd.Gradients;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Cross-correlation of images of one or two axes: `y[n, o, p] = activation(bias[o] + sum_{c, k}
/// weight[o, c, k] x[n, c, p stride + k dilation - padding])` with `c` over the channels of the
/// group of `o`. Padding is zeros, which are multiplied like other elements: an infinite weight
/// makes NaN there.
///
/// Shapes: `x [N, C, H, W]`, `weight [O, C/groups, KH, KW]`, `bias [O]`, `y [N, O, OH, OW]`, or
/// without `H`, `KH` and `OH` for one axis; F32 or F64.
///
/// Gradient: `dx` is a [ConvTranspose] of `dy`, `dweight` a [Grad]; the sums over pixels are in a
/// fixed order. Cost: `2 C/groups KH KW` flops an output. The patches of a tile of outputs are
/// packed beside each other and multiplied by the weights as a matrix; windows of one element are
/// multiplied where they lie, and channels that are groups of their own take their few taps
/// directly. Error: with `k = C/groups KH KW`, `k eps sum |weight x|` at most. Source: Chellapilla,
/// Puri, Simard, High Performance Convolutional Neural Networks for Document Processing, 2006.
///
/// @param axes 1 or 2
/// @param window stride, padding and dilation
/// @param groups into how many groups channels fall that do not see each other
/// @param bias whether there is a third input
/// @param activation applied last
public record Conv(int axes, Window window, int groups, boolean bias, Activation activation)
    implements Kernel {
  /// Correlation over the last `axes` axes, then the activation: an op of its own where a gradient
  /// is wanted.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(
      int axes,
      Tensor x,
      Tensor weight,
      Optional<Tensor> bias,
      Window window,
      int groups,
      Activation activation) {
    boolean recorded =
        x.wantsGrad() || weight.wantsGrad() || bias.stream().anyMatch(Tensor::wantsGrad);
    Activation fused = recorded ? Activation.NONE : activation;
    Conv op = new Conv(axes, window, groups, bias.isPresent(), fused);
    Tensor y = bias.isPresent() ? op.of(x, weight, bias.get()) : op.of(x, weight);
    return recorded ? activation.of(y) : y;
  }

  private String names() {
    return bias ? "x weight bias" : "x weight";
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(bias ? 3 : 2, this, names(), in);
    Rules.computing(this, names(), in);
    requireAxes(this, axes, groups, names(), in);
    Shape x = in.get(0).shape();
    Shape w = in.get(1).shape();
    Rules.require(
        x.dim(1) % groups == 0 && w.dim(1) == x.dim(1) / groups && w.dim(0) % groups == 0,
        this,
        "x must have C channels and weight be [O, C/groups, ..], O a multiple of groups",
        names(),
        in);
    Rules.require(
        !bias || in.get(2).shape().equals(Shape.of(w.dim(0))),
        this,
        "bias must be [O]",
        names(),
        in);
    Shape y = results(axes, window, x, w);
    Rules.require(fits(axes, y, w), this, "the taps must fit into the padded image", names(), in);
    return List.of(in.get(0).withShape(y.with(1, w.dim(0))));
  }

  /// Checks ranks of the first two inputs and the attributes.
  static void requireAxes(Kernel op, int axes, int groups, String names, List<Spec> in) {
    Rules.require(
        (axes == 1 || axes == 2)
            && groups > 0
            && in.get(0).shape().rank() == axes + 2
            && in.get(1).shape().rank() == axes + 2,
        op,
        axes == 1
            ? "x must be [N, C, W], weight [O, C/groups, KW] and groups positive"
            : "x must be [N, C, H, W], weight [O, C/groups, KH, KW] and groups positive",
        names,
        in);
  }

  /// `image` with the outputs of windows of the size of `kernel` in place of its last axes.
  static Shape results(int axes, Window window, Shape image, Shape kernel) {
    Shape y = image.with(-1, window.columns(image.dim(-1), kernel.dim(-1)));
    return axes == 1 ? y : y.with(-2, window.rows(image.dim(-2), kernel.dim(-2)));
  }

  static boolean fits(int axes, Shape out, Shape kernel) {
    return out.elems(2, axes + 2) > 0 && kernel.elems(2, axes + 2) > 0;
  }

  @Override
  public void reference(Call c) {
    long[] r = c.registers();
    Grid.set(r, window, groups, c.inShape(0), c.inShape(1), c.outShape(0));
    long taps = Grid.taps(r);
    long depth = Grid.depth(r);
    long pixels = Grid.pixels(r);
    long outputs = r[Grid.OUTPUTS] * groups;
    for (long i = 0; i < c.outShape(0).elems(); i++) {
      long o = i / pixels % outputs;
      long n = i / pixels / outputs;
      long plane = (n * groups + o / r[Grid.OUTPUTS]) * r[Grid.CHANNELS];
      double sum = bias ? c.get(2, o) : 0;
      for (long k = 0; k < depth; k++) {
        long at = Grid.at(r, i % pixels, k % taps);
        double x = at < 0 ? 0 : c.get(0, (plane + k / taps) * Grid.plane(r) + at);
        sum += c.get(1, o * depth + k) * x;
      }
      c.set(0, i, activation.f(sum));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    ConvSimd.run(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return ConvSimd.scratch(this, in, workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClConv.forward(this, d, in);
  }

  @Override
  public Keep keep() {
    return activation == Activation.NONE || !bias ? Keep.inputs(0, 1) : Keep.inputs(0, 1, 2);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node node, List<Optional<Tensor>> dy) {
    Tensor x = node.in(0);
    Tensor w = node.in(1);
    Tensor dp = dy.get(0).orElseThrow();
    if (activation != Activation.NONE) {
      Conv plain = new Conv(axes, window, groups, bias, Activation.NONE);
      Tensor p = bias ? plain.of(x, w, node.in(2)) : plain.of(x, w);
      dp = Gradients.vjp(activation::of, p, dp);
    }
    List<Optional<Tensor>> out = new ArrayList<>();
    ConvTranspose dx = new ConvTranspose(axes, window, groups, tail(axes, x.shape()), false);
    Grad dw = new Grad(axes, window, groups, tail(axes, w.shape()));
    out.add(node.needs(0) ? Optional.of(dx.of(dp, w)) : Optional.empty());
    out.add(node.needs(1) ? Optional.of(dw.of(x, dp)) : Optional.empty());
    if (bias) {
      out.add(node.needs(2) ? Optional.of(perChannel(axes, dp)) : Optional.empty());
    }
    return out;
  }

  /// The last `axes` sizes.
  static List<Long> tail(int axes, Shape s) {
    return Arrays.stream(s.dims()).skip(s.rank() - axes).boxed().toList();
  }

  /// `dy` summed over all but its channels.
  static Tensor perChannel(int axes, Tensor dy) {
    return axes == 1 ? dy.sum(0, 2) : dy.sum(0, 2, 3);
  }

  @Override
  public Cost cost(List<Spec> in) {
    Spec y = infer(in).get(0);
    double bytes = in.stream().mapToDouble(Spec::bytes).sum() + y.bytes();
    Shape w = in.get(1).shape();
    return new Cost(2.0 * y.shape().elems() * w.elems(1, w.rank()), bytes);
  }

  /// The gradient of a [Conv] to its weight: `dw[o, c, k] = sum_{n, p} dy[n, o, p] x[n, c, p stride
  /// + k dilation - padding]` from `x` and `dy`.
  ///
  /// @param kernel sizes of the window
  public record Grad(int axes, Window window, int groups, List<Long> kernel) implements Kernel {
    /// Copies `kernel`.
    public Grad {
      kernel = List.copyOf(kernel);
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(2, this, "x dy", in);
      Rules.computing(this, "x dy", in);
      requireAxes(this, axes, groups, "x dy", in);
      Shape x = in.get(0).shape();
      Shape dy = in.get(1).shape();
      Rules.require(
          kernel.size() == axes, this, "kernel must have a size for each axis", "x dy", in);
      long[] dims = new long[axes + 2];
      dims[0] = dy.dim(1);
      dims[1] = x.dim(1) / groups;
      for (int i = 0; i < axes; i++) {
        dims[2 + i] = kernel.get(i);
      }
      Shape w = Shape.of(dims);
      Shape y = results(axes, window, x, w).with(1, dy.dim(1));
      Rules.require(
          x.dim(1) % groups == 0 && dy.dim(1) % groups == 0 && y.equals(dy) && fits(axes, y, w),
          this,
          "dy must be a result for x and this kernel",
          "x dy",
          in);
      return List.of(in.get(0).withShape(w));
    }

    @Override
    public void reference(Call c) {
      long[] r = c.registers();
      Grid.set(r, window, groups, c.inShape(0), c.outShape(0), c.inShape(1));
      long taps = Grid.taps(r);
      long depth = Grid.depth(r);
      long pixels = Grid.pixels(r);
      long outputs = r[Grid.OUTPUTS] * groups;
      for (long i = 0; i < c.outShape(0).elems(); i++) {
        long o = i / depth;
        long channel = o / r[Grid.OUTPUTS] * r[Grid.CHANNELS] + i % depth / taps;
        double sum = 0;
        for (long n = 0; n < r[Grid.BATCH]; n++) {
          long plane = (n * groups * r[Grid.CHANNELS] + channel) * Grid.plane(r);
          for (long p = 0; p < pixels; p++) {
            long at = Grid.at(r, p, i % taps);
            double x = at < 0 ? 0 : c.get(0, plane + at);
            sum += x * c.get(1, (n * outputs + o) * pixels + p);
          }
        }
        c.set(0, i, sum);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      ConvGradSimd.run(this, c, w);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return ConvGradSimd.scratch(this, in, workers);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClConv.weight(this, d, in);
    }

    @Override
    public Keep keep() {
      return Keep.inputs(0, 1);
    }

    @Override
    public List<Optional<Tensor>> vjp(Node node, List<Optional<Tensor>> dw) {
      Tensor w = dw.get(0).orElseThrow();
      Tensor x = node.in(0);
      ConvTranspose back = new ConvTranspose(axes, window, groups, tail(axes, x.shape()), false);
      Conv conv = new Conv(axes, window, groups, false, Activation.NONE);
      return List.of(
          node.needs(0) ? Optional.of(back.of(node.in(1), w)) : Optional.empty(),
          node.needs(1) ? Optional.of(conv.of(x, w)) : Optional.empty());
    }

    @Override
    public Cost cost(List<Spec> in) {
      Spec w = infer(in).get(0);
      double bytes = in.stream().mapToDouble(Spec::bytes).sum() + w.bytes();
      double pixels = in.get(1).shape().elems();
      return new Cost(2 * pixels * w.shape().elems(1, axes + 2), bytes);
    }
  }
}
