package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.PeerTest.one;
import static dev.gatun.io.onnx.PeerTest.some;

import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.LongStream;

/// Convolutions, pooling and what resizes images, for [PeerTest].
final class PeerImages {
  private PeerImages() {}

  static void addTo(Map<String, Function<Random, PeerCase>> all) {
    all.put("Conv", PeerImages::conv);
    all.put("ConvTranspose", PeerImages::convTranspose);
    all.put("MaxPool", r -> pool(r, "MaxPool"));
    all.put("AveragePool", r -> pool(r, "AveragePool"));
    all.put("LpPool", r -> pool(r, "LpPool"));
    all.put("Resize", PeerImages::resize);
    all.put("Resize10", PeerImages::resize10);
    all.put("Upsample", PeerImages::upsample);
    all.put("InstanceNormalization", PeerImages::instance);
    all.put("GroupNormalization", PeerImages::group);
    all.put("LRN", PeerImages::lrn);
    all.put("BatchNormalization", PeerImages::batch);
    all.put("GridSample", PeerImages::gridSample);
    all.put("ConvInteger", PeerImages::convInteger);
    all.put("QLinearConv", PeerImages::qLinearConv);
  }

  static long[] joined(long[] a, long... b) {
    return LongStream.concat(LongStream.of(a), LongStream.of(b)).toArray();
  }

  /// Strides, dilations and padding.
  private static PeerCase window(PeerCase c, Random r, int axes, boolean dilated, boolean pool) {
    if (r.nextInt(3) > 0) {
      c.with("strides", some(r, axes, 1, 3));
    }
    boolean spread = dilated && r.nextInt(3) > 0;
    if (spread) {
      c.with("dilations", some(r, axes, 1, 2));
    }
    // The peer pads pools as if there were no dilation.
    switch (spread && pool ? 5 : r.nextInt(6)) {
      case 0 -> c.with("auto_pad", "SAME_UPPER");
      case 1 -> c.with("auto_pad", "SAME_LOWER");
      case 2 -> c.with("auto_pad", "VALID");
      default -> c.with("pads", some(r, 2 * axes, 0, 1));
    }
    return c;
  }

  private static long max(long... values) {
    return LongStream.of(values).max().orElse(0);
  }

  private static PeerCase conv(Random r) {
    int axes = 1 + r.nextInt(3);
    long groups = one(r, 1, 1, 2, 3);
    long each = 1L + r.nextInt(3);
    PeerCase c = new PeerCase("Conv", one(r, 7, 11, 22)).with("group", groups);
    window(c, r, axes, true, false);
    c.normal(r, joined(new long[] {1 + r.nextInt(2), groups * each}, some(r, axes, 4, 9)));
    long out = groups * (1L + r.nextInt(3));
    c.normal(r, joined(new long[] {out, each}, some(r, axes, 1, 3)));
    return r.nextBoolean() ? c.normal(r, out) : c;
  }

  private static PeerCase convInteger(Random r) {
    long channels = 1L + r.nextInt(3);
    PeerCase c = new PeerCase("ConvInteger", 10);
    window(c, r, 2, true, false);
    c.whole(r, ElementType.UINT8, 0, 256, joined(new long[] {1, channels}, some(r, 2, 4, 9)));
    ElementType w = one(r, ElementType.UINT8, ElementType.INT8);
    int low = w == ElementType.INT8 ? -64 : 0;
    int high = w == ElementType.INT8 ? 64 : 256;
    c.whole(r, w, low, high, joined(new long[] {2, channels}, some(r, 2, 1, 3)));
    if (r.nextBoolean()) {
      c.whole(r, ElementType.UINT8, 0, 256);
    } else {
      c.none();
    }
    return r.nextBoolean() ? c.whole(r, w, low, high) : c;
  }

  private static PeerCase qLinearConv(Random r) {
    long channels = 1L + r.nextInt(3);
    PeerCase c = new PeerCase("QLinearConv", 10).tolerance(1.01 / 255);
    window(c, r, 2, true, false);
    c.whole(r, ElementType.UINT8, 0, 256, joined(new long[] {1, channels}, some(r, 2, 4, 9)));
    c.input(ElementType.FLOAT, new long[0], 0.02).whole(r, ElementType.UINT8, 100, 150);
    c.whole(r, ElementType.INT8, -64, 64, joined(new long[] {2, channels}, some(r, 2, 1, 3)));
    if (r.nextBoolean()) {
      c.input(ElementType.FLOAT, new long[] {2}, 0.01, 0.03);
      c.input(ElementType.INT8, new long[] {2}, 0, 0);
    } else {
      c.input(ElementType.FLOAT, new long[0], 0.01).input(ElementType.INT8, new long[0], 3);
    }
    c.input(ElementType.FLOAT, new long[0], 0.05).whole(r, ElementType.UINT8, 100, 150);
    return r.nextBoolean() ? c.whole(r, ElementType.INT32, -1000, 1000, 2) : c;
  }

  private static PeerCase convTranspose(Random r) {
    int axes = 1 + r.nextInt(3);
    long groups = one(r, 1, 1, 2);
    long each = 1L + r.nextInt(3);
    PeerCase c = new PeerCase("ConvTranspose", one(r, 7, 11, 22)).with("group", groups);
    long[] strides = some(r, axes, 1, 3);
    c.with("strides", strides);
    if (r.nextBoolean()) {
      c.with("dilations", some(r, axes, 1, 2));
    }
    long[] in = some(r, axes, 3, 6);
    switch (r.nextInt(5)) {
      // Where the stride is larger than the window, the peer makes less than the standard's size.
      case 0 -> c.with("auto_pad", max(strides) > 2 ? "VALID" : one(r, "SAME_UPPER", "SAME_LOWER"));
      case 1 -> {
        long[] size = new long[axes];
        for (int i = 0; i < axes; i++) {
          size[i] = in[i] * strides[i] + r.nextInt(2);
        }
        c.with("output_shape", size);
      }
      case 2 -> c.with("output_padding", LongStream.of(strides).map(s -> s - 1).toArray());
      default -> c.with("pads", some(r, 2 * axes, 0, 1));
    }
    c.normal(r, joined(new long[] {1 + r.nextInt(2), groups * each}, in));
    long out = 1L + r.nextInt(3);
    c.normal(r, joined(new long[] {groups * each, out}, some(r, axes, 2, 3)));
    return r.nextBoolean() ? c.normal(r, groups * out) : c;
  }

  private static PeerCase pool(Random r, String operator) {
    int axes = 1 + r.nextInt(3);
    int version = operator.equals("LpPool") ? one(r, 11, 18) : one(r, 7, 10, 11, 19, 22);
    boolean dilated =
        version >= (operator.equals("MaxPool") ? 10 : operator.equals("LpPool") ? 18 : 19);
    PeerCase c = new PeerCase(operator, version).with("kernel_shape", some(r, axes, 2, 3));
    window(c, r, axes, dilated, true);
    if (version >= (operator.equals("LpPool") ? 18 : 10)) {
      c.with("ceil_mode", r.nextInt(2));
    }
    if (operator.equals("AveragePool")) {
      c.with("count_include_pad", r.nextInt(2));
    }
    if (operator.equals("LpPool")) {
      c.with("p", 1 + r.nextInt(3));
    }
    if (operator.equals("MaxPool") && version >= 8 && r.nextBoolean()) {
      c.with("storage_order", r.nextInt(2)).outputs(2);
    }
    return c.normal(r, joined(some(r, 2, 1, 3), some(r, axes, 5, 9)));
  }

  private static PeerCase resize(Random r) {
    String mode = one(r, "nearest", "linear", "cubic");
    int version = one(r, 11, 13, 18, 19);
    PeerCase c = new PeerCase("Resize", version).with("mode", mode);
    c.with(
        "coordinate_transformation_mode",
        one(r, "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel"));
    if (mode.equals("nearest")) {
      c.with("nearest_mode", one(r, "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"));
    } else if (r.nextInt(3) == 0) {
      c.with("exclude_outside", mode.equals("cubic") ? 1 : 0);
    }
    if (version >= 18 && !mode.equals("nearest") && r.nextInt(3) == 0) {
      c.with("antialias", 1);
    }
    long[] in = {1, 1 + r.nextInt(2), 3 + r.nextInt(5), 3 + r.nextInt(5)};
    c.normal(r, in).none();
    if (r.nextBoolean()) {
      c.none().longs(in[0], in[1], in[2] + r.nextInt(6) - 2, in[3] + r.nextInt(6) - 2);
    } else {
      c.input(ElementType.FLOAT, new long[] {4}, 1, 1, one(r, 2f, 3f), one(r, 2f, 1f));
    }
    return c.tolerance(1e-4);
  }

  private static PeerCase resize10(Random r) {
    return new PeerCase("Resize", 10)
        .with("mode", one(r, "nearest", "linear"))
        .normal(r, 1, 2, 3 + r.nextInt(4), 3 + r.nextInt(4))
        .input(
            ElementType.FLOAT, new long[] {4}, 1, 1, one(r, 2f, 0.5f, 1.5f), one(r, 2f, 0.6f, 3f));
  }

  private static PeerCase upsample(Random r) {
    return new PeerCase("Upsample", 9)
        .with("mode", one(r, "nearest", "linear"))
        .normal(r, 1, 2, 3 + r.nextInt(4), 3 + r.nextInt(4))
        .input(ElementType.FLOAT, new long[] {4}, 1, 1, one(r, 2f, 1f, 1.5f), one(r, 2f, 3f));
  }

  private static PeerCase instance(Random r) {
    long channels = 1L + r.nextInt(4);
    return new PeerCase("InstanceNormalization", one(r, 7, 22))
        .with("epsilon", 1e-3f)
        .normal(r, joined(new long[] {1 + r.nextInt(2), channels}, some(r, 1 + r.nextInt(3), 2, 5)))
        .normal(r, channels)
        .normal(r, channels)
        .tolerance(1e-4);
  }

  private static PeerCase group(Random r) {
    int version = one(r, 18, 21);
    long groups = 1L + r.nextInt(3);
    long channels = groups * (1L + r.nextInt(3));
    long scales = version == 18 ? groups : channels;
    return new PeerCase("GroupNormalization", version)
        .with("num_groups", groups)
        .normal(r, joined(new long[] {1 + r.nextInt(2), channels}, some(r, 1 + r.nextInt(2), 2, 5)))
        .normal(r, scales)
        .normal(r, scales)
        .tolerance(1e-4);
  }

  private static PeerCase lrn(Random r) {
    return new PeerCase("LRN", one(r, 7, 13))
        .with("size", one(r, 1, 3, 5))
        .with("alpha", 0.1f)
        .with("beta", 0.7f)
        .with("bias", 1.5f)
        .normal(r, 2, 1 + r.nextInt(6), 3, 2);
  }

  private static PeerCase batch(Random r) {
    int version = one(r, 9, 14, 15);
    PeerCase c = new PeerCase("BatchNormalization", version);
    long channels = 1L + r.nextInt(4);
    c.normal(r, joined(new long[] {2, channels}, some(r, r.nextInt(4), 1, 4)));
    c.normal(r, channels).normal(r, channels).normal(r, channels);
    double[] variance = r.doubles(channels, 0.5, 2).map(v -> (float) v).toArray();
    c.input(ElementType.FLOAT, new long[] {channels}, variance);
    if (version >= 14 && r.nextBoolean()) {
      c.with("training_mode", 1).with("momentum", 0.7f).outputs(3);
    }
    return c.tolerance(1e-4);
  }

  private static PeerCase gridSample(Random r) {
    int version = one(r, 16, 20);
    PeerCase c = new PeerCase("GridSample", version);
    c.with(
        "mode",
        version == 16
            ? one(r, "bilinear", "nearest", "bicubic")
            : one(r, "linear", "nearest", "cubic"));
    c.with("padding_mode", one(r, "zeros", "border", "reflection"))
        .with("align_corners", r.nextInt(2));
    long batch = 1L + r.nextInt(2);
    c.normal(r, batch, 2, 4, 5);
    double[] grid = r.doubles(batch * 3 * 4 * 2, -1.3, 1.3).map(v -> (float) v).toArray();
    return c.input(ElementType.FLOAT, new long[] {batch, 3, 4, 2}, grid).tolerance(1e-4);
  }
}
