package dev.gatun.op.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.op.Launch.In;
import dev.gatun.op.Launch.Out;
import dev.gatun.op.Launch.Scratch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of convolutions: patches beside each other, and one product for some images at a
/// time, so that work memory does not grow with the batch.
final class ClConv {
  private static final ClSource SOURCE = ClSource.of(ClConv.class, "window.cl", "conv.cl");

  /// Work memory that is taken at most, where one image does not need more.
  private static final long WORK = 32L << 20;

  private static final int PANELS_OF_PIXELS = 1;
  private static final int PANELS_OF_TERMS = 2;
  private static final int MATRIX = 3;
  private static final int CPU_CHUNK = 256;
  private static final int GPU_GROUP = 64;
  private static final long ALIGN = 128;

  private ClConv() {}

  /// Sizes of a call: `image` and `out` as in [Grid].
  private record Sizes(long[] g, DType t, long n, long groups, long channels, long outputs) {
    static Sizes of(Window window, int groups, Spec image, Shape kernel, Shape out) {
      boolean line = image.shape().rank() == 3;
      long h = line ? 1 : kernel.dim(2);
      return new Sizes(
          ClWindow.of(window, h, kernel.dim(-1), image.shape(), out),
          image.dtype(),
          image.shape().dim(0),
          groups,
          kernel.dim(1),
          kernel.dim(0) / groups);
    }

    long taps() {
      return g[4] * g[5];
    }

    long depth() {
      return channels * taps();
    }

    long pixels() {
      return g[2] * g[3];
    }

    /// Images at a time if one takes `bytes`.
    int step(long bytes) {
      return (int) Math.clamp(WORK / Math.max(1, bytes), 1L, Math.max(1L, Math.min(n, 1 << 20)));
    }
  }

  private static Launch patches(
      DeviceInfo d, Sizes s, int kind, Scratch to, long images, long first) {
    long width = s.pixels();
    long terms = s.depth();
    if (kind == PANELS_OF_PIXELS) {
      width = Launch.roundUp(width, ClProduct.WIDTH);
    } else if (kind == PANELS_OF_TERMS) {
      terms = Launch.roundUp(terms, ClProduct.WIDTH);
    }
    int chunk = d.gpu() ? 1 : CPU_CHUNK;
    return Launch.of(SOURCE, "patches")
        .computes(s.t())
        .define("PATCHES", kind)
        .define("CHUNK", chunk)
        .in(0)
        .with(to)
        .long16(s.g())
        .longs(s.channels(), images, first)
        .over3(
            Math.ceilDiv(width, (long) chunk), terms, images * s.groups(), d.gpu() ? GPU_GROUP : 1);
  }

  static List<Launch> forward(Conv op, DeviceInfo d, List<Spec> in) {
    Shape y = op.infer(in).get(0).shape();
    Sizes s = Sizes.of(op.window(), op.groups(), in.get(0), in.get(1).shape(), y);
    long each = s.groups() * ClProduct.bytes(s.t(), 1, s.depth(), s.pixels());
    List<Launch> all = new ArrayList<>();
    int step = s.step(each);
    long panels = s.depth() * Launch.roundUp(s.pixels(), ClProduct.WIDTH);
    Scratch work = new Scratch(0, each * step);
    for (long i = 0; i < s.n(); i += step) {
      long count = Math.min(step, s.n() - i);
      all.add(patches(d, s, PANELS_OF_PIXELS, work, count, i));
      ClProduct p = new ClProduct(s.t(), s.outputs(), s.pixels(), s.depth());
      p.activation(op.activation())
          .y(i * s.groups() * s.outputs() * s.pixels(), s.pixels(), 1, s.outputs() * s.pixels())
          .batches(
              new long[] {s.groups(), count},
              new long[] {s.outputs() * s.depth(), 0},
              new long[] {panels, s.groups() * panels},
              new long[] {s.outputs(), 0});
      if (op.bias()) {
        p.rowBias(new In(2));
      }
      all.add(p.launch(d, new In(1), work, new Out(0)));
    }
    return all;
  }

  static List<Launch> packed(PackedConv op, DeviceInfo d, List<Spec> in) {
    Shape y = op.infer(in).get(0).shape();
    Sizes s = Sizes.of(op.window(), 1, in.get(0), op.weight(in.get(0).shape().dim(1)), y);
    long each = s.depth() * s.pixels() * s.t().bytes();
    List<Launch> all = new ArrayList<>();
    int step = s.step(each);
    Scratch work = new Scratch(0, each * step);
    for (long i = 0; i < s.n(); i += step) {
      long count = Math.min(step, s.n() - i);
      all.add(patches(d, s, MATRIX, work, count, i));
      ClProduct p = new ClProduct(s.t(), s.pixels(), s.outputs(), s.depth());
      long image = s.outputs() * s.pixels();
      p.activation(op.activation())
          .a(0, 1, s.pixels())
          .y(i * image, 1, s.pixels(), image)
          .batches(
              new long[] {count},
              new long[] {s.depth() * s.pixels()},
              new long[] {0},
              new long[] {0});
      if (op.bias()) {
        p.columnBias(new In(2));
      }
      all.add(p.launch(d, work, new In(1), new Out(0)));
    }
    return all;
  }

  /// One sum over all images, whose patches are all held.
  static List<Launch> weight(Conv.Grad op, DeviceInfo d, List<Spec> in) {
    Shape w = op.infer(in).get(0).shape();
    Sizes s = Sizes.of(op.window(), op.groups(), in.get(0), w, in.get(1).shape());
    long panels = Launch.roundUp(s.depth(), ClProduct.WIDTH) * s.n() * s.pixels();
    Scratch work = new Scratch(0, s.groups() * panels * s.t().bytes());
    ClProduct p = new ClProduct(s.t(), s.outputs(), s.depth(), s.pixels());
    long image = s.groups() * s.outputs() * s.pixels();
    p.a(0, s.pixels(), 1)
        .outer(s.n(), image)
        .batches(
            new long[] {s.groups()},
            new long[] {s.outputs() * s.pixels()},
            new long[] {panels},
            new long[] {0});
    return List.of(
        patches(d, s, PANELS_OF_TERMS, work, s.n(), 0), p.launch(d, new In(1), work, new Out(0)));
  }

  static List<Launch> transposed(ConvTranspose op, DeviceInfo d, List<Spec> in) {
    Spec y = op.infer(in).get(0);
    Sizes s = Sizes.of(op.window(), op.groups(), y, in.get(1).shape(), in.get(0).shape());
    long panels = s.outputs() * Launch.roundUp(s.pixels(), ClProduct.WIDTH);
    long images = s.depth() * s.pixels();
    long each = s.groups() * (panels + images) * s.t().bytes();
    int step = s.step(each);
    Scratch right = new Scratch(0, step * s.groups() * panels * s.t().bytes());
    Scratch sums =
        new Scratch(
            Launch.roundUp(right.bytes(), ALIGN), step * s.groups() * images * s.t().bytes());
    List<Launch> all = new ArrayList<>();
    for (long i = 0; i < s.n(); i += step) {
      long count = Math.min(step, s.n() - i);
      long matrix = s.outputs() * s.pixels();
      Launch.Builder l = ClProduct.panels(d, s.t(), s.t()).define("SHIFTED", 1).in(0).with(right);
      l.longs(s.pixels(), s.outputs(), s.pixels(), 1, matrix, i * s.groups() * matrix);
      all.add(ClProduct.over(l, d, count * s.groups(), s.outputs(), s.pixels()));
      ClProduct p = new ClProduct(s.t(), s.depth(), s.pixels(), s.outputs());
      p.a(0, 1, s.depth())
          .batches(
              new long[] {s.groups(), count},
              new long[] {s.outputs() * s.depth(), 0},
              new long[] {panels, s.groups() * panels},
              new long[] {0, 0});
      all.add(p.launch(d, new In(1), right, sums));
      all.add(gather(op, d, s, sums, count, i));
    }
    return all;
  }

  private static Launch gather(
      ConvTranspose op, DeviceInfo d, Sizes s, Scratch sums, long count, long first) {
    int chunk = d.gpu() ? 1 : CPU_CHUNK;
    long channels = s.groups() * s.channels();
    Launch.Builder l =
        Launch.of(SOURCE, "gather")
            .computes(s.t())
            .define("SCATTERED", 1)
            .define("CHUNK", chunk)
            .with(sums)
            .out(0)
            .long16(s.g())
            .longs(channels, first * channels);
    if (op.bias()) {
      l.define("BIASED", 1).in(2);
    }
    return l.over3(
        Math.ceilDiv(s.g()[1], (long) chunk), s.g()[0], count * channels, d.gpu() ? GPU_GROUP : 1);
  }
}
