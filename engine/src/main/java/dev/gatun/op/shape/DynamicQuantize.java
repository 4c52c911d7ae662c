package dev.gatun.op.shape;

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

/// Codes of 8 bits with a scale and a zero point from the range of a whole tensor, 0 included, as
/// ONNX's `DynamicQuantizeLinear` defines them: with `low = min(0, min x)` and `high = max(0, max
/// x)`, `scale = (high - low) / 255`, `zero = round(-low / scale)` and `code = round(x / scale) +
/// zero`, rounded to nearest even and saturated to 0 to 255, all in F32.
///
/// Where the scale would be 0 (all elements 0, or none, or all subnormal), which the definition
/// leaves open, it is 1. A NaN makes the scale NaN and every code 0.
///
/// Shapes: `x` F32; results U8 of that shape, `scale` F32 `[]`, `zero` U8 `[]`. The same bits as
/// the definition. No gradient: a storage format. Cost: two reads of `x`, one write of bytes.
public record DynamicQuantize() implements Kernel {
  /// The codes, their scale and their zero point.
  public record Result(Tensor codes, Tensor scale, Tensor zero) {}

  /// Quantizes `x`.
  ///
  /// @throws IllegalArgumentException unless `x` is F32
  public static Result of(Tensor x) {
    List<Tensor> out = new DynamicQuantize().apply(x);
    return new Result(out.get(0), out.get(1), out.get(2));
  }

  /// The scale of a range that includes 0.
  public static float scale(float low, float high) {
    float scale = (high - low) / 255;
    return scale == 0 ? 1 : scale;
  }

  /// The zero point of that range, 0 to 255.
  public static int zero(float low, float scale) {
    return (int) Math.rint(Math.clamp(-low / scale, 0f, 255f));
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.require(in.get(0).dtype() == DType.F32, this, "x must be F32", "x", in);
    return List.of(
        new Spec(DType.U8, in.get(0).shape()),
        new Spec(DType.F32, Shape.of()),
        new Spec(DType.U8, Shape.of()));
  }

  @Override
  public void reference(Call c) {
    long n = c.inShape(0).elems();
    float low = 0;
    float high = 0;
    for (long i = 0; i < n; i++) {
      low = Math.min(low, (float) c.get(0, i));
      high = Math.max(high, (float) c.get(0, i));
    }
    float scale = scale(low, high);
    int zero = zero(low, scale);
    c.set(1, 0, scale);
    c.set(2, 0, zero);
    for (long i = 0; i < n; i++) {
      c.set(0, i, QuantizeLinear.code((float) c.get(0, i) / scale, zero));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    AffineSimd.dynamic(c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClQuantize.dynamic(d, in.get(0));
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return AffineSimd.ranges(in.get(0).shape().elems());
  }

  /// @throws IllegalStateException always
  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    throw new IllegalStateException(
        Rules.name(this) + ": codes have no gradient; got a request for one; detach x");
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(6, in, infer(in));
  }
}
