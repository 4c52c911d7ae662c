package dev.gatun.io.onnx;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Objects;

/// DeformConv over two axes: what every tap of every output reads is gathered from four neighbours
/// and multiplied by the weights as a matrix.
///
/// Source: Dai et al., arXiv 1703.06211; Zhu et al., arXiv 1811.11168.
final class DeformableConvolution {
  private DeformableConvolution() {}

  /// Inputs: `x [N, C, H, W]`, `weight [O, C/groups, KH, KW]`, offsets `[N, G KH KW 2, OH, OW]`,
  /// bias `[O]`, factors `[N, G KH KW, OH, OW]`.
  static Value run(Invocation n) {
    Tensor x = n.tensor(0);
    Tensor w = n.tensor(1);
    long[] in = ConvolutionOperators.spatial(x.shape());
    Sliding s = Sliding.of(n, in, ConvolutionOperators.kernel(n, w));
    if (s.axes() != 2) {
      throw new IllegalArgumentException("the image must be [N, C, H, W]; got " + x.shape());
    }
    long taps = s.kernel()[0] * s.kernel()[1];
    long pixels = s.out()[0] * s.out()[1];
    long sets = n.attributes().integer("offset_group", 1);
    long groups = n.attributes().integer("group", 1);
    long batch = x.dim(0);
    long each = x.dim(1) / sets;
    Tensor offsets = n.tensor(2).reshape(batch, sets, taps, 2, s.out()[0], s.out()[1]);
    Tensor rows = offsets.select(3, 0).add(places(n, s, 0)).reshape(batch, sets, taps * pixels);
    Tensor columns = offsets.select(3, 1).add(places(n, s, 1)).reshape(batch, sets, taps * pixels);
    Tensor read = sampled(x, rows, columns, each);
    if (n.has(4)) {
      Tensor factor = n.tensor(4).reshape(batch, sets, taps * pixels);
      read = read.mul(factor.repeat(1, each));
    }
    Tensor patches = read.reshape(batch, groups, x.dim(1) / groups * taps, pixels);
    Tensor weights = w.reshape(groups, w.dim(0) / groups, w.dim(1) * taps);
    Tensor y = weights.matmul(patches).reshape(batch, w.dim(0), s.out()[0], s.out()[1]);
    return n.like(0, n.has(3) ? y.add(ConvolutionOperators.perChannel(n.tensor(3), 2)) : y);
  }

  /// Where taps lie along spatial axis `i` without offsets: `[KH KW, OH, OW]` but for sizes of 1.
  private static Tensor places(Invocation n, Sliding s, int i) {
    DType type = n.tensor(2).dtype();
    long kernel = s.kernel()[i];
    long out = s.out()[i];
    Tensor first =
        n.scope()
            .arange(type, 0, (double) out, 1)
            .mul((double) s.stride()[i])
            .add((double) -s.before()[i]);
    Tensor tap = n.scope().arange(type, 0, (double) kernel, 1).mul((double) s.dilation()[i]);
    if (i == 0) {
      return tap.repeat(0, s.kernel()[1]).reshape(-1, 1, 1).add(first.reshape(out, 1));
    }
    return tap.tile(s.kernel()[0]).reshape(-1, 1, 1).add(first);
  }

  /// `x [N, C, H, W]` at `rows` and `columns [N, G, L]` as `[N, C, L]`, with `each` channels to a
  /// set of places, between the four neighbours of each place; zeros around the image.
  private static Tensor sampled(Tensor x, Tensor rows, Tensor columns, long each) {
    Tensor top = rows.floor();
    Tensor left = columns.floor();
    Tensor flat = x.flatten(2, 3);
    Tensor sum = null;
    for (int corner = 0; corner < 4; corner++) {
      Tensor row = top.add((double) (corner / 2));
      Tensor column = left.add((double) (corner % 2));
      Tensor weight = near(rows, row).mul(near(columns, column));
      Tensor inside = within(row, x.dim(2)).and(within(column, x.dim(3)));
      Tensor index =
          row.clamp(0, (double) (x.dim(2) - 1))
              .to(DType.I64)
              .mul((double) x.dim(3))
              .add(column.clamp(0, (double) (x.dim(3) - 1)).to(DType.I64));
      Tensor none = x.scope().full(x.dtype(), Shape.of(), 0);
      Tensor part =
          flat.gather(2, index.repeat(1, each)).mul(inside.where(weight, none).repeat(1, each));
      sum = sum == null ? part : sum.add(part);
    }
    return Objects.requireNonNull(sum);
  }

  private static Tensor near(Tensor place, Tensor pixel) {
    return place.sub(pixel).abs().neg().add(1);
  }

  private static Tensor within(Tensor place, long size) {
    return place.greaterEqual(0).and(place.less((double) size));
  }
}
