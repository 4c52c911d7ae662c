package dev.gatun.io.onnx;

import dev.gatun.op.linear.AvgPool;
import dev.gatun.op.linear.Window;
import dev.gatun.op.reduce.GroupNorm;
import dev.gatun.op.reduce.LayerNorm;
import dev.gatun.op.reduce.Norm;
import dev.gatun.op.reduce.RmsNorm;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// What brings elements to a mean of 0, a variance of 1 or a length of 1.
final class NormOperators {
  private NormOperators() {}

  static void addTo(Operators all) {
    all.add("BatchNormalization", 1, NormOperators::batch);
    all.one("InstanceNormalization", 1, NormOperators::instance);
    all.one("GroupNormalization", 18, NormOperators::group);
    all.add("LayerNormalization", 17, NormOperators::layer);
    all.one("RMSNormalization", 23, NormOperators::rms);
    all.one("LpNormalization", 1, NormOperators::length);
    all.one("MeanVarianceNormalization", 9, NormOperators::meanVariance);
    all.one("LRN", 1, NormOperators::localResponse);
  }

  private static double epsilon(Invocation n) {
    return n.attributes().number("epsilon", 1e-5);
  }

  /// Statistics are those given, or, in training, those of the batch, of which the running ones
  /// take a share. Versions before 14 are in training if they are asked for statistics.
  private static List<Value> batch(Invocation n) {
    Tensor x = n.tensor(0);
    boolean training = n.version() < 14 ? n.wants(1) : n.attributes().flag("training_mode", false);
    Tensor mean = n.tensor(3).to(x.dtype());
    Tensor variance = n.tensor(4).to(x.dtype());
    if (!training) {
      return List.of(n.like(0, batch(n, x, mean, variance)));
    }
    int[] others = IntStream.range(0, x.shape().rank()).filter(a -> a != 1).toArray();
    Tensor now = x.mean(others);
    Tensor spread = x.var(0, false, others);
    double kept = n.attributes().number("momentum", 0.9);
    List<Value> out = new ArrayList<>();
    out.add(n.like(0, batch(n, x, now, spread)));
    out.add(n.like(3, mean.mul(kept).add(now.mul(1 - kept))));
    out.add(n.like(4, variance.mul(kept).add(spread.mul(1 - kept))));
    if (n.version() < 14) {
      out.add(n.like(3, now));
      out.add(n.like(4, spread));
    }
    return out;
  }

  /// As one product and one sum an element.
  private static Tensor batch(Invocation n, Tensor x, Tensor mean, Tensor variance) {
    Tensor factor = n.tensor(1).to(x.dtype()).mul(variance.add(epsilon(n)).rsqrt());
    Tensor shift = n.tensor(2).to(x.dtype()).sub(mean.mul(factor));
    return x.mul(channels(factor, x)).add(channels(shift, x));
  }

  /// `[C]` as `[C, 1, ..]` beside `x`; old versions also have a number for each element of a
  /// sample.
  private static Tensor channels(Tensor t, Tensor x) {
    if (t.shape().rank() != 1) {
      return t;
    }
    long[] dims = new long[Math.max(1, x.shape().rank() - 1)];
    Arrays.fill(dims, 1);
    dims[0] = t.dim(0);
    return t.reshape(dims);
  }

  private static Value instance(Invocation n) {
    Tensor x = n.tensor(0);
    int groups = Math.toIntExact(x.dim(1));
    return n.like(0, GroupNorm.of(x, groups, n.optional(1), n.optional(2), epsilon(n)));
  }

  /// Before version 21 scale and bias are those of groups.
  private static Value group(Invocation n) {
    Tensor x = n.tensor(0);
    int groups = Math.toIntExact(n.attributes().integer("num_groups"));
    long each = n.version() < 21 && groups > 0 ? x.dim(1) / groups : 1;
    Optional<Tensor> scale = n.optional(1).map(t -> t.repeat(0, each).to(x.dtype()));
    Optional<Tensor> bias = n.optional(2).map(t -> t.repeat(0, each).to(x.dtype()));
    return n.like(0, GroupNorm.of(x, groups, scale, bias, epsilon(n)));
  }

  /// `x` with all axes from `axis` on as one, and all before it.
  private static Tensor rows(Tensor x, int axis) {
    Shape s = x.shape();
    return x.reshape(s.elems(0, axis), s.elems(axis, s.rank()));
  }

  private static int axis(Invocation n) {
    return n.shape(0).axis(Math.toIntExact(n.attributes().integer("axis", -1)));
  }

  /// Whether input `i`, if it is there, has a number for each element of a row.
  private static boolean isWhole(Invocation n, int i, int axis) {
    Shape s = n.shape(0);
    long[] row = Arrays.copyOfRange(s.dims(), axis, s.rank());
    return !n.has(i) || n.shape(i).equals(Shape.of(row));
  }

  private static Optional<Tensor> flat(Invocation n, int i, Tensor x) {
    return n.optional(i).map(t -> t.flatten().to(x.dtype()));
  }

  private static List<Value> layer(Invocation n) {
    Tensor x = n.tensor(0);
    int axis = axis(n);
    Tensor rows = rows(x, axis);
    Tensor y;
    if (isWhole(n, 1, axis) && isWhole(n, 2, axis)) {
      y = LayerNorm.of(rows, flat(n, 1, x), flat(n, 2, x), epsilon(n)).reshape(x.shape().dims());
    } else {
      y = LayerNorm.of(rows, Optional.empty(), Optional.empty(), epsilon(n));
      y = y.reshape(x.shape().dims()).mul(n.tensor(1).to(x.dtype()));
      y = n.has(2) ? y.add(n.tensor(2).to(x.dtype())) : y;
    }
    List<Value> out = new ArrayList<>(List.of(n.like(0, y)));
    if (n.outputs() > 1) {
      long[] dims = x.shape().dims();
      Arrays.fill(dims, axis, dims.length, 1);
      long stash = n.attributes().integer("stash_type", ElementType.FLOAT.code());
      ElementType type = ElementType.of((int) stash).orElse(ElementType.FLOAT);
      Tensor deviation = rows.var(0, false, 1).add(epsilon(n)).rsqrt();
      out.add(n.result(type, rows.mean(1).reshape(dims)));
      out.add(n.result(type, deviation.reshape(dims)));
    }
    return out;
  }

  private static Value rms(Invocation n) {
    Tensor x = n.tensor(0);
    int axis = axis(n);
    Tensor rows = rows(x, axis);
    if (isWhole(n, 1, axis)) {
      Tensor y = RmsNorm.of(rows, flat(n, 1, x), epsilon(n));
      return n.like(0, y.reshape(x.shape().dims()));
    }
    Tensor y = RmsNorm.of(rows, Optional.empty(), epsilon(n)).reshape(x.shape().dims());
    return n.like(0, y.mul(n.tensor(1).to(x.dtype())));
  }

  /// Zeros stay zeros.
  private static Value length(Invocation n) {
    Tensor x = n.tensor(0);
    double p = n.attributes().integer("p", 2);
    Tensor norm = new Norm(List.of(axis(n)), true, p).of(x);
    return n.like(0, x.div(norm.equal(0).where(n.scalar(0, 1), norm)));
  }

  private static Value meanVariance(Invocation n) {
    Tensor x = n.tensor(0);
    int[] axes =
        Arrays.stream(n.attributes().integers("axes").orElse(new long[] {0, 2, 3}))
            .mapToInt(Math::toIntExact)
            .toArray();
    Tensor deviation = x.std(0, true, axes).add(1e-9);
    return n.like(0, x.sub(x.meanKeep(axes)).div(deviation));
  }

  /// `x / (bias + alpha mean(x^2))^beta` with the mean over `size` channels around each.
  private static Value localResponse(Invocation n) {
    Tensor x = n.tensor(0);
    Attributes a = n.attributes();
    int size = Math.toIntExact(a.integer("size"));
    Window window = Window.PLAIN.padding((size - 1) / 2, size / 2, 0, 0);
    Shape s = x.shape();
    Tensor planes = x.square().reshape(s.dim(0), 1, s.dim(1), s.elems(2, s.rank()));
    Tensor mean = new AvgPool(2, size, 1, window, true).of(planes).reshape(s.dims());
    Tensor root = mean.mul(a.number("alpha", 1e-4)).add(a.number("bias", 1));
    return n.like(0, x.div(root.pow(n.scalar(0, a.number("beta", 0.75)))));
  }
}
