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
import dev.gatun.op.shape.QuantizeLinear;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Matrix product of bytes less their zero points, `y = (a - aZero) (b - bZero)`, as ONNX's
/// operator of this name defines it: exact, in ints that wrap around.
///
/// Shapes: `a [.., m, k]` and `b [.., k, n]` of type I8 or U8 each, whose leading axes broadcast;
/// `aZero`, of the type of `a`, one number (`[]` or `[1]`), `[m]`, or `[.., m, 1]` with the leading
/// axes of `a`; `bZero`, of the type of `b`, one number, `[n]`, or `[.., 1, n]` with those of `b`.
/// Result: I32 `[.., m, n]`. No gradient: whole numbers. Cost: `2 m n k` operations.
///
/// @param aZero whether a third input gives zero points of `a`
/// @param bZero whether a last input gives zero points of `b`
public record MatMulInteger(boolean aZero, boolean bZero) implements Kernel {
  /// What the shapes and the batch follow.
  static final MatMul PLAIN = new MatMul(false, false);

  /// The product, zero points being those given or 0. Vectors become a row on the left and a column
  /// on the right.
  ///
  /// @throws IllegalArgumentException if an operand is a scalar or a rule of the op is broken
  public static Tensor product(Tensor a, Tensor b, Optional<Tensor> aZero, Optional<Tensor> bZero) {
    if (a.shape().rank() == 0 || b.shape().rank() == 0) {
      throw new IllegalArgumentException(
          "MatMulInteger: operands must have an axis; got a " + a.spec() + ", b " + b.spec());
    }
    if (a.shape().rank() == 1) {
      Tensor y = product(a.reshape(1, a.dim(0)), b, aZero, bZero);
      return y.reshape(y.shape().without(b.shape().rank() == 1 ? -1 : -2).dims());
    }
    if (b.shape().rank() == 1) {
      Tensor y = product(a, b.reshape(b.dim(0), 1), aZero, bZero);
      return y.reshape(y.shape().without(-1).dims());
    }
    MatMulInteger op = new MatMulInteger(aZero.isPresent(), bZero.isPresent());
    if (aZero.isPresent()) {
      return bZero.isPresent() ? op.of(a, b, aZero.get(), bZero.get()) : op.of(a, b, aZero.get());
    }
    return bZero.isPresent() ? op.of(a, b, bZero.get()) : op.of(a, b);
  }

  /// The product in codes of another scale, as ONNX's `QLinearMatMul`: `saturate(round(product
  /// ratio) + yZero)` with `ratio`, F32 and broadcast to the product, the scale of `a` times that
  /// of `b` over that of the result. The product is rounded to F32 first.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor requantized(
      Tensor a, Tensor aZero, Tensor b, Tensor bZero, Tensor ratio, Tensor yZero) {
    Tensor y = product(a, b, Optional.of(aZero), Optional.of(bZero)).to(DType.F32).mul(ratio);
    Tensor one = y.scope().full(DType.F32, yZero.shape(), 1);
    return new QuantizeLinear(yZero.dtype(), true).of(y, one, yZero);
  }

  private String names() {
    return "a b" + (aZero ? " aZero" : "") + (bZero ? " bZero" : "");
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2 + (aZero ? 1 : 0) + (bZero ? 1 : 0), this, names(), in);
    Spec a = in.get(0);
    Spec b = in.get(1);
    Rules.require(isByte(a) && isByte(b), this, "a and b must be I8 or U8", names(), in);
    Rules.require(
        a.shape().rank() >= 2 && b.shape().rank() >= 2,
        this,
        "a and b must have two axes",
        names(),
        in);
    Rules.require(
        a.shape().dim(-1) == b.shape().dim(-2), this, "a and b must agree in k", names(), in);
    if (aZero) {
      Rules.require(
          isZero(in.get(2), a, -1),
          this,
          "aZero must be one number, [m] or [.., m, 1], of the type of a",
          names(),
          in);
    }
    if (bZero) {
      Rules.require(
          isZero(in.get(in.size() - 1), b, -2),
          this,
          "bZero must be one number, [n] or [.., 1, n], of the type of b",
          names(),
          in);
    }
    return List.of(new Spec(DType.I32, outShape(in)));
  }

  static boolean isByte(Spec s) {
    return s.dtype() == DType.I8 || s.dtype() == DType.U8;
  }

  /// Whether `zero` holds zero points of `of`, whose axis `summed` is summed.
  private static boolean isZero(Spec zero, Spec of, int summed) {
    Shape s = zero.shape();
    return zero.dtype() == of.dtype()
        && (s.rank() <= 1 && s.elems() == 1
            || s.equals(Shape.of(of.shape().dim(-3 - summed)))
            || s.equals(of.shape().with(summed, 1)));
  }

  private Shape outShape(List<Spec> in) {
    Shape a = in.get(0).shape();
    Shape b = in.get(1).shape();
    try {
      Shape batch = Shape.broadcast(MatMul.batch(a), MatMul.batch(b));
      long[] dims = Arrays.copyOf(batch.dims(), batch.rank() + 2);
      dims[batch.rank()] = a.dim(-2);
      dims[batch.rank() + 1] = b.dim(-1);
      return Shape.of(dims);
    } catch (IllegalArgumentException e) {
      throw Rules.broken(this, "leading axes must broadcast", names(), in);
    }
  }

  @Override
  public void reference(Call c) {
    long m = c.outShape(0).dim(-2);
    long n = c.outShape(0).dim(-1);
    long k = c.inShape(0).dim(-1);
    Shape batch = MatMul.batch(c.outShape(0));
    Shape as = MatMul.batch(c.inShape(0));
    Shape bs = MatMul.batch(c.inShape(1));
    Layout la = Layout.contiguous(as, 0).broadcast(as, batch);
    Layout lb = Layout.contiguous(bs, 0).broadcast(bs, batch);
    for (long p = 0; p < batch.elems(); p++) {
      long a = la.at(batch, p);
      long b = lb.at(batch, p);
      for (long i = 0; i < m; i++) {
        int az = aZero ? zero(c, 2, a * m + i) : 0;
        for (long j = 0; j < n; j++) {
          int bz = bZero ? zero(c, c.inputs() - 1, b * n + j) : 0;
          int sum = 0;
          for (long l = 0; l < k; l++) {
            int x = (int) c.get(0, (a * m + i) * k + l) - az;
            sum += x * ((int) c.get(1, (b * k + l) * n + j) - bz);
          }
          c.set(0, (p * m + i) * n + j, sum);
        }
      }
    }
  }

  private static int zero(Call c, int input, long i) {
    return (int) c.get(input, i % c.inShape(input).elems());
  }

  @Override
  public void simd(Call c, Workers w) {
    Int8ProductSimd.integers(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return Int8ProductSimd.scratch(in.get(0).shape(), in.get(1).shape(), workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClIntegers.integers(this, d, in);
  }

  /// @throws IllegalStateException always
  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    throw new IllegalStateException(
        Rules.name(this) + ": whole numbers have no gradient; got a request for one");
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    Spec y = infer(in).get(0);
    double bytes = in.stream().mapToDouble(Spec::bytes).sum() + y.bytes();
    return new Cost(2.0 * y.shape().elems() * in.get(0).shape().dim(-1), bytes);
  }
}
