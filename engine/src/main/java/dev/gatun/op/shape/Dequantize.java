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

/// The numbers that [Quantize] stored: `code scale`, rounded once, to F32.
///
/// Shapes: `codes` I8 `[.., D bits / 8]`, `scale` F32 `[.., D / group]`; result `[.., D]`. No
/// gradient. Cost: one read, one write of the result.
///
/// @param to type of the result, F32 or F64
/// @param bits 8 or 4
/// @param group numbers that share a scale
public record Dequantize(DType to, int bits, long group) implements Kernel {
  private static final String NAMES = "codes scale";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Rules.require(
        Quantize.isFormat(bits, group) && to.computes(),
        this,
        "bits must be 8, or 4 with groups that are even, to be F32 or F64",
        NAMES,
        in);
    Rules.require(
        in.get(0).dtype() == DType.I8 && in.get(1).dtype() == DType.F32,
        this,
        "codes must be I8, scale F32",
        NAMES,
        in);
    Shape codes = in.get(0).shape();
    Rules.require(codes.rank() > 0, this, "codes must have an axis", NAMES, in);
    int last = codes.rank() - 1;
    long d = codes.dim(last) * (8 / bits);
    Rules.require(
        d % group == 0 && in.get(1).shape().equals(codes.with(last, d / group)),
        this,
        "codes must be [.., D bits / 8] and scale [.., D / group]",
        NAMES,
        in);
    return List.of(new Spec(to, codes.with(last, d)));
  }

  @Override
  public void reference(Call c) {
    long half = group / 2;
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      long g = i / group;
      long at = i % group;
      int code = (int) c.get(0, bits == 8 ? i : g * half + at % Math.max(1, half));
      if (bits == 4) {
        code = at < half ? code << 28 >> 28 : code >> 4;
      }
      c.set(0, i, code * (float) c.get(1, g));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    QuantizeSimd.dequantize(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClQuantize.dequantize(this, d, infer(in).get(0));
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return QuantizeSimd.scratch(to, group, workers);
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
    return Cost.streaming(1, in, infer(in));
  }
}
