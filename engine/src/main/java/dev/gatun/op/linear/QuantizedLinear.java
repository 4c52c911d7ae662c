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
import dev.gatun.op.shape.DynamicQuantize;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A linear layer with weights of bytes on activations quantized on the way: `y = ((q - zq) (w -
/// zero)) (sq scale) + bias`, with codes `q`, scale `sq` and zero point `zq` of `x` by
/// [DynamicQuantize], over the whole of `x` or over each row. The product is summed in ints and
/// never stored; it, `sq scale`, their product and the sum are each rounded to F32: what ONNX's
/// graphs of `DynamicQuantizeLinear`, `MatMulInteger`, `Cast`, two `Mul` and `Add` compute, in the
/// same bits.
///
/// Shapes: `x` F32 `[.., k]`; `w` I8 or U8 `[k, n]`; `scale` F32 `[]`, `[1]` or `[n]`; `zero`, of
/// the type of `w`, `[]`, `[1]` or `[n]`; `bias` F32 `[n]`. Result: F32 `[.., n]`. Error against
/// the product of floats: half a scale an element, `|high - low| / 510`. No gradient: a form for
/// inference. Cost: `2 m n k` operations.
///
/// @param rows whether each row of `x` has a scale of its own
/// @param zero whether there are zero points of `w`
/// @param bias whether the last input is added to every row
public record QuantizedLinear(boolean rows, boolean zero, boolean bias) implements Kernel {
  /// The layer; `rows` as in the record.
  ///
  /// @throws IllegalArgumentException if a rule of the op is broken
  public static Tensor of(
      Tensor x,
      Tensor w,
      Tensor scale,
      Optional<Tensor> zero,
      Optional<Tensor> bias,
      boolean rows) {
    List<Tensor> in = new ArrayList<>(List.of(x, w, scale));
    zero.ifPresent(in::add);
    bias.ifPresent(in::add);
    return new QuantizedLinear(rows, zero.isPresent(), bias.isPresent())
        .of(in.toArray(Tensor[]::new));
  }

  private String names() {
    return "x w scale" + (zero ? " zero" : "") + (bias ? " bias" : "");
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(3 + (zero ? 1 : 0) + (bias ? 1 : 0), this, names(), in);
    Spec x = in.get(0);
    Spec w = in.get(1);
    Spec last = in.get(in.size() - 1);
    Rules.require(
        x.dtype() == DType.F32
            && MatMulInteger.isByte(w)
            && in.get(2).dtype() == DType.F32
            && (!zero || in.get(3).dtype() == w.dtype())
            && (!bias || last.dtype() == DType.F32),
        this,
        "x, scale and bias must be F32, w I8 or U8, and zero of the type of w",
        names(),
        in);
    Rules.require(
        x.shape().rank() >= 1 && w.shape().rank() == 2 && x.shape().dim(-1) == w.shape().dim(0),
        this,
        "x must be [.., k] and w [k, n]",
        names(),
        in);
    long n = w.shape().dim(1);
    Rules.require(
        isOneOr(in.get(2).shape(), n) && (!zero || isOneOr(in.get(3).shape(), n)),
        this,
        "scale and zero must be one number or [n]",
        names(),
        in);
    Rules.require(!bias || last.shape().equals(Shape.of(n)), this, "bias must be [n]", names(), in);
    return List.of(new Spec(DType.F32, x.shape().with(-1, n)));
  }

  private static boolean isOneOr(Shape s, long n) {
    return s.rank() <= 1 && (s.elems() == 1 || s.equals(Shape.of(n)));
  }

  @Override
  public void reference(Call c) {
    long k = c.inShape(1).dim(0);
    long n = c.inShape(1).dim(1);
    long m = c.inShape(0).elems(0, c.inShape(0).rank() - 1);
    float[] range = range(c, 0, rows ? 0 : m * k);
    for (long i = 0; i < m; i++) {
      if (rows) {
        range = range(c, i * k, k);
      }
      float scale = DynamicQuantize.scale(range[0], range[1]);
      int zq = DynamicQuantize.zero(range[0], scale);
      for (long j = 0; j < n; j++) {
        int wz = zero ? (int) c.get(3, j % c.inShape(3).elems()) : 0;
        int sum = 0;
        for (long l = 0; l < k; l++) {
          int q = code((float) c.get(0, i * k + l) / scale, zq);
          sum += (q - zq) * ((int) c.get(1, l * n + j) - wz);
        }
        float each = (float) c.get(2, j % c.inShape(2).elems()) * scale;
        float y = (float) sum * each;
        c.set(0, i * n + j, bias ? y + (float) c.get(c.inputs() - 1, j) : y);
      }
    }
  }

  private static float[] range(Call c, long from, long count) {
    float[] range = new float[2];
    for (long i = from; i < from + count; i++) {
      range[0] = Math.min(range[0], (float) c.get(0, i));
      range[1] = Math.max(range[1], (float) c.get(0, i));
    }
    return range;
  }

  private static int code(float quotient, int zero) {
    return Math.clamp((long) Math.rint(quotient) + zero, 0, 255);
  }

  @Override
  public void simd(Call c, Workers w) {
    Int8ProductSimd.linear(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return Int8ProductSimd.linearScratch(this, in.get(0).shape(), in.get(1).shape(), workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClIntegers.linear(this, d, in);
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
    Spec y = infer(in).get(0);
    double bytes = in.stream().mapToDouble(Spec::bytes).sum() + y.bytes();
    return new Cost(2.0 * y.shape().elems() * in.get(1).shape().dim(0), bytes);
  }
}
