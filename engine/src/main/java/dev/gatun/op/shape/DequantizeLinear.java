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

/// The numbers of codes by given scales and zero points, as ONNX's operator of this name defines
/// them: `(code - zero) scale`, the product rounded once.
///
/// Shapes: `codes` I8 or U8, or I32 without zero points, which is rounded to F32 first: biases and
/// sums of products; `scale` F32 and `zero`, of the type of `codes`, as in [QuantizeLinear].
/// Result: F32, the shape of `codes`; the same bits as the definition. No gradient. Cost: one read,
/// one write.
///
/// @param axis of the scales; any where there is one
/// @param block places that share a scale; 0 for scales of one axis or of all
/// @param zero whether there are zero points
public record DequantizeLinear(int axis, long block, boolean zero) implements Kernel {
  /// With one scale for all.
  public DequantizeLinear(boolean zero) {
    this(0, 0, zero);
  }

  private String names() {
    return zero ? "codes scale zero" : "codes scale";
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(zero ? 3 : 2, this, names(), in);
    DType codes = in.get(0).dtype();
    Rules.require(
        (codes == DType.I8 || codes == DType.U8 || codes == DType.I32 && !zero)
            && in.get(1).dtype() == DType.F32
            && (!zero || in.get(2).dtype() == codes),
        this,
        "codes must be I8 or U8, or I32 without zero, scale F32, and zero of the type of codes",
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
    return List.of(new Spec(DType.F32, in.get(0).shape()));
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      long g = ScaleGrid.index(c.inShape(0), c.inShape(1), axis, block, i);
      double code = c.get(0, i) - (zero ? c.get(2, g) : 0);
      c.set(0, i, (float) code * (float) c.get(1, g));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    AffineSimd.dequantize(this, c, w);
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
        Rules.name(this) + ": codes have no gradient; got a request for one");
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(2, in, infer(in));
  }
}
