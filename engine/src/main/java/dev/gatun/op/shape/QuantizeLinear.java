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

/// Codes of 8 bits by given scales and zero points, as ONNX's operator of this name defines them:
/// `code = round(x / scale) + zero`, the quotient rounded to F32 and then to the nearest even whole
/// number, the sum saturated to the type. NaN becomes the zero point. [DequantizeLinear] undoes it;
/// [Quantize] finds scales itself.
///
/// Shapes: `x` F32; `scale` F32 of one element (`[]` or `[1]`), of a number for each place along
/// `axis`, `[x.dim(axis)]`, or, where `block > 0`, of one for each run of `block` places along it:
/// the shape of `x` but for `ceil(x.dim(axis) / block)` there; `zero`, if there is one, of type
/// `to` and the shape of `scale`. Result: type `to`, the shape of `x`. The same codes as the
/// definition. No gradient: a storage format. Cost: one read of `x`, one write.
///
/// @param to I8 or U8
/// @param axis of the scales; any where there is one
/// @param block places that share a scale; 0 for scales of one axis or of all
/// @param zero whether there are zero points
public record QuantizeLinear(DType to, int axis, long block, boolean zero) implements Kernel {
  /// With one scale for all.
  public QuantizeLinear(DType to, boolean zero) {
    this(to, 0, 0, zero);
  }

  private String names() {
    return zero ? "x scale zero" : "x scale";
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(zero ? 3 : 2, this, names(), in);
    Rules.require(
        (to == DType.I8 || to == DType.U8)
            && in.get(0).dtype() == DType.F32
            && in.get(1).dtype() == DType.F32
            && (!zero || in.get(2).dtype() == to),
        this,
        "x and scale must be F32, to I8 or U8, and zero of that type",
        names(),
        in);
    Shape scale = in.get(1).shape();
    Rules.require(
        ScaleGrid.fits(in.get(0).shape(), scale, axis, block),
        this,
        "scale must be one number, one a place of axis, or one a block of it",
        names(),
        in);
    Rules.require(
        !zero || in.get(2).shape().equals(scale), this, "zero must be as scale", names(), in);
    return List.of(new Spec(to, in.get(0).shape()));
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      long g = ScaleGrid.index(c.inShape(0), c.inShape(1), axis, block, i);
      c.set(0, i, code((float) c.get(0, i) / (float) c.get(1, g), zero ? c.get(2, g) : 0));
    }
  }

  /// The code of a quotient before it is saturated.
  static double code(float quotient, double zero) {
    return (Float.isNaN(quotient) ? 0 : Math.rint(quotient)) + zero;
  }

  @Override
  public void simd(Call c, Workers w) {
    AffineSimd.quantize(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClQuantize.linear(this, d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return AffineSimd.scratch(in.get(0).shape(), in.get(1).shape(), axis, block, zero);
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
    return Cost.streaming(4, in, infer(in));
  }
}
