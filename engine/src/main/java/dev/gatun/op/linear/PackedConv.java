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
import java.util.List;
import java.util.Optional;

/// A [Conv] with one group whose weight was packed by [#pack]: `y[n, o, p] = activation(bias[o] +
/// sum_{c, k} weight[o, c, k] x[n, c, p stride + k dilation - padding])`. Outputs are the columns
/// of its product, so that few pixels, as in a step of a stream, still fill the vectors and the
/// weight is read once, in order. With many pixels and few outputs [Conv] is the faster one.
///
/// Shapes: `x [N, C, H, W]`, packed `[ceil(O / 32), C KH KW, 32]`, `bias [O]`, `y [N, O, OH, OW]`,
/// or without `H` and `OH` for one axis; F32 or F64. Gradient: that of [Conv], packed for the
/// packed weight. Cost: `2 C KH KW` flops an output. Error: with `k = C KH KW`, `k eps sum |weight
/// x|`.
///
/// @param axes 1 or 2
/// @param window stride, padding and dilation
/// @param outputs `O`
/// @param kernel sizes of the window along each axis
/// @param bias whether there is a third input
/// @param activation applied last
public record PackedConv(
    int axes, Window window, long outputs, List<Long> kernel, boolean bias, Activation activation)
    implements Kernel {
  /// Copies `kernel`.
  public PackedConv {
    kernel = List.copyOf(kernel);
  }

  /// A weight `[O, C, (KH,) KW]` as panels of outputs.
  ///
  /// @throws IllegalArgumentException unless `weight` has 3 or 4 axes and is F32 or F64
  public static Tensor pack(Tensor weight) {
    return PackedMatMul.pack(weight.flatten(1, weight.shape().rank() - 1).transpose());
  }

  /// `activation(conv(x) + bias)`. Where a gradient is wanted, the activation is an op of its own.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(
      Tensor x,
      Tensor packed,
      long outputs,
      List<Long> kernel,
      Optional<Tensor> bias,
      Window window,
      Activation activation) {
    boolean recorded =
        x.wantsGrad() || packed.wantsGrad() || bias.stream().anyMatch(Tensor::wantsGrad);
    Activation fused = recorded ? Activation.NONE : activation;
    PackedConv op = new PackedConv(kernel.size(), window, outputs, kernel, bias.isPresent(), fused);
    Tensor y = bias.isPresent() ? op.of(x, packed, bias.get()) : op.of(x, packed);
    return recorded ? activation.of(y) : y;
  }

  private String names() {
    return bias ? "x packed bias" : "x packed";
  }

  /// The shape that the weight had for `channels` channels.
  Shape weight(long channels) {
    return axes == 1
        ? Shape.of(outputs, channels, kernel.get(0))
        : Shape.of(outputs, channels, kernel.get(0), kernel.get(1));
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(bias ? 3 : 2, this, names(), in);
    Rules.computing(this, names(), in);
    Rules.require(
        (axes == 1 || axes == 2) && kernel.size() == axes && in.get(0).shape().rank() == axes + 2,
        this,
        "x must be [N, C, (H,) W] with as many axes as the kernel",
        names(),
        in);
    Shape x = in.get(0).shape();
    Shape w = weight(x.dim(1));
    long columns = Math.ceilDiv(outputs, PackedMatMul.WIDTH);
    Rules.require(
        in.get(1).shape().equals(Shape.of(columns, w.elems(1, w.rank()), PackedMatMul.WIDTH)),
        this,
        "packed must be [ceil(O / 32), C KH KW, 32]",
        names(),
        in);
    Rules.require(
        !bias || in.get(2).shape().equals(Shape.of(outputs)),
        this,
        "bias must be [O]",
        names(),
        in);
    Shape y = Conv.results(axes, window, x, w);
    Rules.require(
        Conv.fits(axes, y, w), this, "the taps must fit into the padded image", names(), in);
    return List.of(in.get(0).withShape(y.with(1, outputs)));
  }

  /// Sets the registers of [Grid] for one group.
  void grid(long[] r, Shape x, Shape y) {
    Grid.set(r, window, 1, x, weight(x.dim(1)), y);
  }

  @Override
  public void reference(Call c) {
    long[] r = c.registers();
    grid(r, c.inShape(0), c.outShape(0));
    long taps = Grid.taps(r);
    long depth = Grid.depth(r);
    long pixels = Grid.pixels(r);
    int width = PackedMatMul.WIDTH;
    for (long i = 0; i < c.outShape(0).elems(); i++) {
      long o = i / pixels % outputs;
      long plane = i / pixels / outputs * r[Grid.CHANNELS];
      double sum = bias ? c.get(2, o) : 0;
      for (long k = 0; k < depth; k++) {
        long at = Grid.at(r, i % pixels, k % taps);
        double x = at < 0 ? 0 : c.get(0, (plane + k / taps) * Grid.plane(r) + at);
        sum += c.get(1, (o / width * depth + k) * width + o % width) * x;
      }
      c.set(0, i, activation.f(sum));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    PackedConvSimd.run(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return PackedConvSimd.scratch(this, in, workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClConv.packed(this, d, in);
  }

  @Override
  public Keep keep() {
    return bias ? Keep.inputs(0, 1, 2) : Keep.inputs(0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node node, List<Optional<Tensor>> dy) {
    Tensor x = node.in(0);
    Tensor flat = PackedMatMul.unpack(node.in(1), outputs).transpose();
    Tensor w = flat.reshape(weight(x.dim(1)).dims());
    Tensor dp = dy.get(0).orElseThrow();
    if (activation != Activation.NONE) {
      PackedConv plain = new PackedConv(axes, window, outputs, kernel, bias, Activation.NONE);
      Tensor p = bias ? plain.of(x, node.in(1), node.in(2)) : plain.of(x, node.in(1));
      dp = Gradients.vjp(activation::of, p, dp);
    }
    ConvTranspose dx = new ConvTranspose(axes, window, 1, Conv.tail(axes, x.shape()), false);
    Conv.Grad dw = new Conv.Grad(axes, window, 1, kernel);
    List<Optional<Tensor>> out = new ArrayList<>();
    out.add(node.needs(0) ? Optional.of(dx.of(dp, w)) : Optional.empty());
    out.add(node.needs(1) ? Optional.of(pack(dw.of(x, dp))) : Optional.empty());
    if (bias) {
      out.add(node.needs(2) ? Optional.of(Conv.perChannel(axes, dp)) : Optional.empty());
    }
    return out;
  }

  @Override
  public Cost cost(List<Spec> in) {
    Spec y = infer(in).get(0);
    double bytes = in.stream().mapToDouble(Spec::bytes).sum() + y.bytes();
    return new Cost(2.0 * y.shape().elems() * in.get(1).shape().dim(1), bytes);
  }
}
