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
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The transpose of a [Conv] as a linear map of its image: every input adds its taps, `y[n, c, p
/// stride + k dilation - padding] += weight[o, c, k] x[n, o, p]`, from `bias[c]` on. It is also the
/// gradient of that convolution.
///
/// Shapes: `x [N, C, H, W]`, `weight [C, O/groups, KH, KW]`, `bias [O]`, `y [N, O, OH, OW]` with
/// the sizes in `size`, or without `H`, `KH` and `OH` for one axis; F32 or F64. Several sizes give
/// the same number of windows; [#of] takes the least and adds the padding it is told to.
///
/// Gradient: a [Conv] of `dy`, and a [Conv.Grad]. Cost: `2 O/groups KH KW` flops an input. The
/// products of a tile of inputs with the weights go to work memory and are added from there, tile
/// by tile, by the one worker that owns the channel. Error: as [Conv].
///
/// @param axes 1 or 2
/// @param window of the convolution that this is the transpose of
/// @param groups into how many groups channels fall that do not see each other
/// @param size sizes of the result's last axes
/// @param bias whether there is a third input
public record ConvTranspose(int axes, Window window, int groups, List<Long> size, boolean bias)
    implements Kernel {
  private static final String RULE =
      "x must have C channels, C a multiple of groups, and weight be [C, O/groups, ..]";

  /// Copies `size`.
  public ConvTranspose {
    size = List.copyOf(size);
  }

  /// The least result of which a convolution has the size of `x`, and `more` elements at the end of
  /// each axis.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(
      int axes,
      Tensor x,
      Tensor weight,
      Optional<Tensor> bias,
      Window window,
      int groups,
      int... more) {
    List<Long> size = new ArrayList<>();
    int last = Math.min(axes, Math.min(x.shape().rank(), weight.shape().rank()));
    for (int i = last; i > 0; i--) {
      long taps = weight.dim(-i);
      long least =
          i == 1 ? window.inputColumns(x.dim(-1), taps) : window.inputRows(x.dim(-2), taps);
      size.add(least + (more.length < i ? 0 : more[more.length - i]));
    }
    ConvTranspose op = new ConvTranspose(axes, window, groups, size, bias.isPresent());
    return bias.isPresent() ? op.of(x, weight, bias.get()) : op.of(x, weight);
  }

  private String names() {
    return bias ? "x weight bias" : "x weight";
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(bias ? 3 : 2, this, names(), in);
    Rules.computing(this, names(), in);
    Conv.requireAxes(this, axes, groups, names(), in);
    Shape x = in.get(0).shape();
    Shape w = in.get(1).shape();
    Rules.require(x.dim(1) % groups == 0 && w.dim(0) == x.dim(1), this, RULE, names(), in);
    Rules.require(
        size.size() == axes && size.stream().allMatch(d -> d >= 0),
        this,
        "size must have a number that is not negative for each axis",
        names(),
        in);
    long[] dims = x.dims();
    dims[1] = w.dim(1) * groups;
    for (int i = 0; i < axes; i++) {
      dims[2 + i] = size.get(i);
    }
    Shape y = Shape.of(dims);
    Rules.require(
        !bias || in.get(2).shape().equals(Shape.of(y.dim(1))),
        this,
        "bias must be [O]",
        names(),
        in);
    Shape windows = Conv.results(axes, window, y, w).with(1, x.dim(1));
    Rules.require(
        windows.equals(x) && Conv.fits(axes, x, w),
        this,
        "a convolution of the result must have the size of x",
        names(),
        in);
    return List.of(in.get(0).withShape(y));
  }

  @Override
  public void reference(Call c) {
    long[] r = c.registers();
    Grid.set(r, window, groups, c.outShape(0), c.inShape(1), c.inShape(0));
    long taps = Grid.taps(r);
    long pixels = Grid.pixels(r);
    long plane = Grid.plane(r);
    double[] y = new double[Math.toIntExact(plane)];
    for (long i = 0; i < r[Grid.BATCH] * groups * r[Grid.CHANNELS]; i++) {
      long channel = i % (groups * r[Grid.CHANNELS]);
      long group = i / r[Grid.CHANNELS];
      java.util.Arrays.fill(y, bias ? c.get(2, channel) : 0);
      for (long o = 0; o < r[Grid.OUTPUTS]; o++) {
        long from = group * r[Grid.OUTPUTS] + o;
        long filter =
            (group % groups * r[Grid.OUTPUTS] + o) * r[Grid.CHANNELS] + channel % r[Grid.CHANNELS];
        for (long k = 0; k < taps; k++) {
          double w = c.get(1, filter * taps + k);
          for (long p = 0; p < pixels; p++) {
            int at = (int) Grid.at(r, p, k);
            if (at >= 0) {
              y[at] += w * c.get(0, from * pixels + p);
            }
          }
        }
      }
      for (int j = 0; j < y.length; j++) {
        c.set(0, i * plane + j, y[j]);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    ConvTransposeSimd.run(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return ConvTransposeSimd.scratch(this, in, workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClConv.transposed(this, d, in);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node node, List<Optional<Tensor>> dy) {
    Tensor x = node.in(0);
    Tensor w = node.in(1);
    Tensor d = dy.get(0).orElseThrow();
    Conv dx = new Conv(axes, window, groups, false, Activation.NONE);
    Conv.Grad dw = new Conv.Grad(axes, window, groups, Conv.tail(axes, w.shape()));
    List<Optional<Tensor>> out = new ArrayList<>();
    out.add(node.needs(0) ? Optional.of(dx.of(d, w)) : Optional.empty());
    out.add(node.needs(1) ? Optional.of(dw.of(d, x)) : Optional.empty());
    if (bias) {
      out.add(node.needs(2) ? Optional.of(Conv.perChannel(axes, d)) : Optional.empty());
    }
    return out;
  }

  @Override
  public Cost cost(List<Spec> in) {
    Spec y = infer(in).get(0);
    double bytes = in.stream().mapToDouble(Spec::bytes).sum() + y.bytes();
    Shape w = in.get(1).shape();
    return new Cost(2.0 * in.get(0).shape().elems() * w.elems(1, w.rank()), bytes);
  }
}
