package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.GROWS;
import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_REST;

import dev.gatun.op.shape.IndexSelect;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Col2Im, GridSample and AffineGrid: images from patches and from places.
final class WindowOperators {
  private WindowOperators() {}

  static void addTo(Operators all) {
    all.one("Col2Im", 18, WindowOperators::col2im, SHAPED_BY_REST, GROWS);
    all.one("GridSample", 16, WindowOperators::gridSample);
    all.one("AffineGrid", 20, WindowOperators::affineGrid, SHAPED_BY_REST, GROWS);
  }

  /// One axis of an image and of the windows over it.
  private record Side(
      long size, long block, long stride, long before, long dilation, long windows) {
    /// Where element `k` of window `w` lies, or -1 for the padding.
    long place(long k, long w) {
      long at = w * stride - before + k * dilation;
      return at < 0 || at >= size ? -1 : at;
    }
  }

  /// Elements of `[N, C blocks, windows]` added up at their places; those in the padding go to one
  /// place more, which is cut off.
  private static Value col2im(Invocation n) {
    Tensor x = n.tensor(0);
    List<Side> sides = sides(n);
    long blocks = sides.stream().mapToLong(Side::block).reduce(1, (a, b) -> a * b);
    long windows = sides.stream().mapToLong(Side::windows).reduce(1, (a, b) -> a * b);
    long area = sides.stream().mapToLong(Side::size).reduce(1, (a, b) -> a * b);
    if (x.shape().rank() != 3 || x.dim(1) % blocks != 0 || x.dim(2) != windows) {
      throw new IllegalArgumentException(
          "the input must be [N,C*%d,%d]; got %s".formatted(blocks, windows, x.shape()));
    }
    long[] to = new long[Math.toIntExact(blocks * windows)];
    for (int i = 0; i < to.length; i++) {
      to[i] = place(sides, i / windows, i % windows, area);
    }
    Tensor at = n.scope().tensor(Shape.of(to.length), to);
    long channels = x.dim(1) / blocks;
    Tensor y =
        new IndexSelect.Grad(1, area + 1)
            .of(x.reshape(x.dim(0) * channels, to.length), at)
            .slice(1, 0, area);
    long[] dims =
        LongStream.concat(LongStream.of(x.dim(0), channels), sides.stream().mapToLong(Side::size))
            .toArray();
    return n.like(0, y.reshape(dims));
  }

  private static long place(List<Side> sides, long block, long window, long otherwise) {
    long place = 0;
    long stride = 1;
    long k = block;
    long w = window;
    for (Side s : sides.reversed()) {
      long at = s.place(k % s.block, w % s.windows);
      if (at < 0) {
        return otherwise;
      }
      place += at * stride;
      stride *= s.size;
      k /= s.block;
      w /= s.windows;
    }
    return place;
  }

  private static List<Side> sides(Invocation n) {
    long[] image = n.integers(1);
    long[] block = n.integers(2);
    int r = image.length;
    long[] dilations = numbers(n, "dilations", r, 1);
    long[] strides = numbers(n, "strides", r, 1);
    long[] pads = numbers(n, "pads", 2 * r, 0);
    List<Side> sides = new ArrayList<>();
    for (int i = 0; i < r; i++) {
      long span = (block[i] - 1) * dilations[i] + 1;
      long room = image[i] + pads[i] + pads[i + r] - span;
      if (block.length != r || block[i] < 1 || strides[i] < 1 || dilations[i] < 1 || room < 0) {
        throw new IllegalArgumentException(
            "windows must fit into the image; got image %s, block %s"
                .formatted(Arrays.toString(image), Arrays.toString(block)));
      }
      long windows = room / strides[i] + 1;
      sides.add(new Side(image[i], block[i], strides[i], pads[i], dilations[i], windows));
    }
    return sides;
  }

  private static long[] numbers(Invocation n, String name, int count, long otherwise) {
    long[] all = new long[count];
    Arrays.fill(all, otherwise);
    long[] given = n.attributes().integers(name).orElse(all);
    if (given.length != count) {
      throw new IllegalArgumentException(
          "%s must hold %d numbers; got %d".formatted(name, count, given.length));
    }
    return given;
  }

  /// What a sampler asks of each axis.
  private record Sampling(String mode, String padding, boolean corners) {
    /// From [-1, 1] to places among `size` elements.
    Tensor places(Tensor grid, double size) {
      return corners ? grid.add(1).mul((size - 1) / 2) : grid.add(1).mul(size).add(-1).mul(0.5);
    }

    /// Mirrored at the ends until it lies between them.
    Tensor reflected(Tensor x, double size) {
      double low = corners ? 0 : -0.5;
      double span = corners ? size - 1 : size;
      if (span == 0) {
        return x.mul(0);
      }
      Tensor wave = x.add(-low).abs().remainder(2 * span);
      return wave.greater(span).where(wave.neg().add(2 * span), wave).add(low);
    }

    /// Weights of the elements around `fraction`, from `first` on.
    List<Tensor> weights(Tensor fraction) {
      return switch (mode) {
        case "nearest" -> List.of(fraction.mul(0).add(1));
        case "linear" -> List.of(fraction.neg().add(1), fraction);
        default -> IntStream.range(-1, 3).mapToObj(k -> cubic(fraction.add(-k).abs(), k)).toList();
      };
    }

    /// Convolution with `a = -0.75`.
    private static Tensor cubic(Tensor d, int k) {
      double a = -0.75;
      return k == 0 || k == 1
          ? d.mul(a + 2).add(-(a + 3)).mul(d).mul(d).add(1)
          : d.add(-5).mul(d).add(8).mul(d).mul(a).add(-4 * a);
    }

    int first() {
      return mode.equals("cubic") ? -1 : 0;
    }
  }

  private static Sampling sampling(Invocation n) {
    String mode =
        switch (n.attributes().text("mode", n.version() < 20 ? "bilinear" : "linear")) {
          case "linear", "bilinear" -> "linear";
          case "cubic", "bicubic" -> "cubic";
          case "nearest" -> "nearest";
          default -> throw new IllegalArgumentException("mode must be linear, nearest or cubic");
        };
    String padding = n.attributes().text("padding_mode", "zeros");
    if (!List.of("zeros", "border", "reflection").contains(padding)) {
      throw new IllegalArgumentException(
          "padding_mode must be zeros, border or reflection; got '" + padding + "'");
    }
    return new Sampling(mode, padding, n.attributes().flag("align_corners", false));
  }

  /// Which element of an axis, with which weight, for one of its neighbours.
  private record Tap(Tensor index, Tensor weight) {}

  /// `x [N, C, sizes]` at `grid [N, places, axes]`, whose coordinates count from the last axis on.
  private static Value gridSample(Invocation n) {
    Tensor x = n.tensor(0);
    Tensor grid = n.tensor(1).to(x.dtype());
    int axes = x.shape().rank() - 2;
    if (axes < 1
        || grid.shape().rank() != axes + 2
        || grid.dim(-1) != axes
        || grid.dim(0) != x.dim(0)) {
      throw new IllegalArgumentException(
          "the grid must have a place in all %d axes; got %s".formatted(axes, grid.shape()));
    }
    Sampling s = sampling(n);
    long batch = x.dim(0);
    long channels = x.dim(1);
    long area = x.shape().elems(2, axes + 2);
    long places = grid.shape().elems(1, axes + 1);
    Tensor flat = grid.reshape(batch, places, axes);
    Tensor start =
        n.scope()
            .tensor(Shape.of(batch, 1), LongStream.range(0, batch).map(b -> b * area).toArray());
    List<Tap> taps = List.of(new Tap(start, n.scope().full(x.dtype(), Shape.of(batch, places), 1)));
    for (int a = 0; a < axes; a++) {
      taps =
          combined(
              taps,
              taps(flat.select(-1, axes - 1 - a), (double) x.dim(a + 2), s),
              x.shape().elems(a + 3, axes + 2));
    }
    Tensor rows = x.reshape(batch, channels, area).transpose().reshape(batch * area, channels);
    Tensor y = sampled(n.scope(), rows, taps, batch * places);
    long[] dims = grid.shape().dims();
    long[] out =
        LongStream.concat(LongStream.of(batch, channels), Arrays.stream(dims, 1, dims.length - 1))
            .toArray();
    return n.like(0, y.reshape(batch, places, channels).transpose().reshape(out));
  }

  private static Tensor sampled(Scope scope, Tensor rows, List<Tap> taps, long count) {
    Tensor sum = scope.zeros(rows.dtype(), Shape.of(count, rows.dim(1)));
    for (Tap t : taps) {
      Tensor chosen = rows.indexSelect(0, t.index().reshape(count));
      sum = sum.add(chosen.mul(t.weight().reshape(count, 1)));
    }
    return sum;
  }

  private static List<Tap> combined(List<Tap> a, List<Tap> b, long stride) {
    List<Tap> all = new ArrayList<>();
    for (Tap p : a) {
      for (Tap q : b) {
        all.add(new Tap(p.index().add(q.index().mul((double) stride)), p.weight().mul(q.weight())));
      }
    }
    return all;
  }

  private static List<Tap> taps(Tensor grid, double size, Sampling s) {
    Tensor place = s.places(grid, size);
    place =
        switch (s.padding()) {
          // A cubic keeps its place, also outside: its elements are clamped, as in PyTorch.
          case "border" -> s.mode().equals("cubic") ? place : place.clamp(0, size - 1);
          case "reflection" -> s.reflected(place, size);
          default -> place;
        };
    Tensor below = s.mode().equals("nearest") ? place.round() : place.floor();
    List<Tensor> weights = s.weights(place.sub(below));
    List<Tap> taps = new ArrayList<>();
    for (int k = 0; k < weights.size(); k++) {
      Tensor at = below.add(s.first() + k);
      Tensor weight = weights.get(k);
      if (s.padding().equals("reflection")) {
        at = s.reflected(at, size);
      } else if (s.padding().equals("zeros")) {
        Tensor inside = at.greaterEqual(0).and(at.lessEqual(size - 1));
        weight = inside.where(weight, zero(weight));
      }
      taps.add(new Tap(at.clamp(0, size - 1).to(DType.I64), weight));
    }
    return taps;
  }

  private static Tensor zero(Tensor like) {
    return like.scope().full(like.dtype(), Shape.of(), 0);
  }

  /// The places of all elements of an image of `size`, from -1 to 1, moved by the matrices `theta`.
  private static Value affineGrid(Invocation n) {
    Tensor theta = n.tensor(0);
    long[] size = n.integers(1);
    int axes = size.length - 2;
    boolean corners = n.attributes().flag("align_corners", false);
    if (axes < 1 || !theta.shape().equals(Shape.of(size[0], axes, axes + 1))) {
      throw new IllegalArgumentException(
          "theta must be [N,%d,%d]; got %s".formatted(axes, axes + 1, theta.shape()));
    }
    Shape image = Shape.of(Arrays.copyOfRange(size, 2, size.length));
    Tensor ones = n.scope().full(theta.dtype(), Shape.of(), 1).broadcastTo(image);
    List<Tensor> columns = new ArrayList<>();
    for (int a = axes - 1; a >= 0; a--) {
      double step = corners ? 2.0 / Math.max(1, image.dim(a) - 1) : 2.0 / image.dim(a);
      double first = corners ? (image.dim(a) == 1 ? 0 : -1) : -1 + step / 2;
      double[] places = new double[Math.toIntExact(image.dim(a))];
      Arrays.setAll(places, i -> first + i * step);
      long[] along = new long[axes];
      Arrays.fill(along, 1);
      along[a] = places.length;
      columns.add(n.scope().tensor(theta.dtype(), Shape.of(along), places).broadcastTo(image));
    }
    columns.add(ones);
    Tensor places = columns.get(0).stack(-1, columns.stream().skip(1).toArray(Tensor[]::new));
    Tensor y = places.reshape(image.elems(), axes + 1L).matmul(theta.transpose());
    long[] dims =
        LongStream.concat(
                LongStream.concat(LongStream.of(size[0]), LongStream.of(image.dims())),
                LongStream.of(axes))
            .toArray();
    return n.like(0, y.reshape(dims));
  }
}
