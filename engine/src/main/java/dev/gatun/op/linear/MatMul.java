package dev.gatun.op.linear;

import dev.gatun.autograd.Gradients;
import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.op.shape.Broadcast;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// `y = activation(op(a) op(b) + bias)` where `op` transposes the last two axes if told to.
///
/// Shapes: `a [.., m, k]` (or `[.., k, m]` transposed), `b [.., k, n]` (or `[.., n, k]`), `bias
/// [n]`, `y [.., m, n]`; leading axes broadcast. F32 or F64; `b` may also be BF16 under an F32 `a`,
/// then products are exact and sums are F32.
///
/// Gradient: `da = dp op(b)^T`, `db = op(a)^T dp`, `dbias = sum dp`, summed over broadcast axes,
/// with `dp` the gradient before the activation. Cost: `2 m n k` flops for each matrix. Error: at
/// most `k eps sum |a b|` for each element, in a fixed order of summation.
///
/// @param transA whether `a` is stored transposed
/// @param transB whether `b` is stored transposed
/// @param bias whether a third input is added to every row
/// @param activation applied last
public record MatMul(boolean transA, boolean transB, boolean bias, Activation activation)
    implements Kernel {
  /// The plain product of operands as they are.
  public MatMul(boolean transA, boolean transB) {
    this(transA, transB, false, Activation.NONE);
  }

  /// `activation(a b + bias)`. Vectors become a row on the left and a column on the right; operands
  /// that are transposed views are read without a copy. Where a gradient is wanted, the activation
  /// is an op of its own.
  ///
  /// @throws IllegalArgumentException if an operand is a scalar or a rule of the op is broken
  public static Tensor product(Tensor a, Tensor b, Optional<Tensor> bias, Activation activation) {
    if (a.shape().rank() == 0 || b.shape().rank() == 0) {
      throw new IllegalArgumentException(
          "MatMul: operands must have an axis; got a " + a.spec() + ", b " + b.spec());
    }
    if (a.shape().rank() == 1) {
      Tensor y = product(a.reshape(1, a.dim(0)), b, bias, activation);
      return y.reshape(y.shape().without(b.shape().rank() == 1 ? -1 : -2).dims());
    }
    if (b.shape().rank() == 1) {
      Tensor y = product(a, b.reshape(b.dim(0), 1), bias, activation);
      return y.reshape(y.shape().without(-1).dims());
    }
    boolean transA = isTransposed(a);
    boolean transB = isTransposed(b);
    return run(
        transA ? a.transpose() : a, transA, transB ? b.transpose() : b, transB, bias, activation);
  }

  /// `activation(x weight^T + bias)` with `weight [n, k]`.
  public static Tensor linear(
      Tensor x, Tensor weight, Optional<Tensor> bias, Activation activation) {
    if (x.shape().rank() == 1) {
      return linear(x.reshape(1, x.dim(0)), weight, bias, activation).reshape(-1);
    }
    return run(x, false, weight, true, bias, activation);
  }

  private static Tensor run(
      Tensor a,
      boolean transA,
      Tensor b,
      boolean transB,
      Optional<Tensor> bias,
      Activation activation) {
    boolean recorded = a.wantsGrad() || b.wantsGrad() || bias.stream().anyMatch(Tensor::wantsGrad);
    Activation fused = recorded ? Activation.NONE : activation;
    MatMul op = new MatMul(transA, transB, bias.isPresent(), fused);
    Tensor y = bias.isPresent() ? op.of(a, b, bias.get()) : op.of(a, b);
    return recorded ? activation.of(y) : y;
  }

  private static boolean isTransposed(Tensor t) {
    Layout layout = t.layout();
    int rank = t.shape().rank();
    return !layout.isContiguous(t.shape())
        && layout.stride(rank - 2) == 1
        && t.detach()
            .transpose()
            .layout()
            .isContiguous(t.shape().with(-1, t.dim(-2)).with(-2, t.dim(-1)));
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    String names = bias ? "a b bias" : "a b";
    Rules.count(bias ? 3 : 2, this, names, in);
    Spec a = in.get(0);
    Spec b = in.get(1);
    boolean weights = a.dtype() == DType.F32 && b.dtype() == DType.BF16;
    Rules.require(
        a.dtype().computes()
            && (a.dtype() == b.dtype() || weights)
            && (!bias || in.get(2).dtype() == a.dtype()),
        this,
        "dtypes must agree and be F32 or F64, or BF16 for b under an F32 a",
        names,
        in);
    Rules.require(
        a.shape().rank() >= 2 && b.shape().rank() >= 2,
        this,
        "a and b must have two axes",
        names,
        in);
    Rules.require(k(a) == kOfB(b), this, "a and b must agree in k", names, in);
    Rules.require(
        !bias || in.get(2).shape().equals(Shape.of(n(b))), this, "bias must be [n]", names, in);
    return List.of(a.withShape(outShape(in, names)));
  }

  private Shape outShape(List<Spec> in, String names) {
    try {
      Shape batch = Shape.broadcast(batch(in.get(0).shape()), batch(in.get(1).shape()));
      long[] dims = Arrays.copyOf(batch.dims(), batch.rank() + 2);
      dims[batch.rank()] = m(in.get(0));
      dims[batch.rank() + 1] = n(in.get(1));
      return Shape.of(dims);
    } catch (IllegalArgumentException e) {
      throw Rules.broken(this, "leading axes must broadcast", names, in);
    }
  }

  static Shape batch(Shape s) {
    return Shape.of(Arrays.copyOf(s.dims(), s.rank() - 2));
  }

  long m(Spec a) {
    return a.shape().dim(transA ? -1 : -2);
  }

  long k(Spec a) {
    return a.shape().dim(transA ? -2 : -1);
  }

  private long kOfB(Spec b) {
    return b.shape().dim(transB ? -1 : -2);
  }

  long n(Spec b) {
    return b.shape().dim(transB ? -2 : -1);
  }

  @Override
  public void reference(Call c) {
    long m = m(c.inSpec(0));
    long k = k(c.inSpec(0));
    long n = n(c.inSpec(1));
    Shape batch = batch(c.outShape(0));
    Shape as = batch(c.inShape(0));
    Shape bs = batch(c.inShape(1));
    Layout la = Layout.contiguous(as, 0).broadcast(as, batch);
    Layout lb = Layout.contiguous(bs, 0).broadcast(bs, batch);
    for (long p = 0; p < batch.elems(); p++) {
      long a = la.at(batch, p) * m * k;
      long b = lb.at(batch, p) * k * n;
      for (long i = 0; i < m; i++) {
        for (long j = 0; j < n; j++) {
          double sum = bias ? c.get(2, j) : 0;
          for (long l = 0; l < k; l++) {
            double x = c.get(0, a + (transA ? l * m + i : i * k + l));
            sum += x * c.get(1, b + (transB ? j * k + l : l * n + j));
          }
          c.set(0, (p * m + i) * n + j, activation.f(sum));
        }
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    MatMulSimd.run(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return MatMulSimd.scratch(this, in, workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMatMul.product(this, d, in);
  }

  @Override
  public Keep keep() {
    return activation == Activation.NONE && !bias ? Keep.inputs(0, 1) : Keep.inputs(0, 1, 2);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node node, List<Optional<Tensor>> dy) {
    Tensor a = node.in(0);
    Tensor b = node.in(1);
    Tensor dp = dy.get(0).orElseThrow();
    if (activation != Activation.NONE) {
      MatMul plain = new MatMul(transA, transB, bias, Activation.NONE);
      Tensor p = bias ? plain.of(a, b, node.in(2)) : plain.of(a, b);
      dp = Gradients.vjp(activation::of, p, dp);
    }
    Optional<Tensor> da = node.needs(0) ? Optional.of(da(a, b, dp)) : Optional.empty();
    Optional<Tensor> db = node.needs(1) ? Optional.of(db(a, b, dp)) : Optional.empty();
    if (!bias) {
      return List.of(da, db);
    }
    Optional<Tensor> dbias =
        node.needs(2) ? Optional.of(Broadcast.sumTo(dp, node.inSpec(2).shape())) : Optional.empty();
    return List.of(da, db, dbias);
  }

  private Tensor da(Tensor a, Tensor b, Tensor dp) {
    Tensor da =
        transA
            ? new MatMul(transB, true).of(b.to(dp.dtype()), dp)
            : new MatMul(false, !transB).of(dp, b);
    return Broadcast.sumTo(da, a.shape());
  }

  private Tensor db(Tensor a, Tensor b, Tensor dp) {
    if (!transA && b.shape().rank() == 2) {
      // One product over all rows instead of one a batch and a sum.
      long m = a.shape().elems(0, a.shape().rank() - 1);
      Tensor rows = a.reshape(m, a.dim(-1));
      Tensor drows = dp.reshape(m, dp.dim(-1));
      return transB
          ? new MatMul(true, false).of(drows, rows)
          : new MatMul(true, false).of(rows, drows);
    }
    Tensor db = transB ? new MatMul(true, transA).of(dp, a) : new MatMul(!transA, false).of(a, dp);
    return Broadcast.sumTo(db, b.shape());
  }

  @Override
  public Cost cost(List<Spec> in) {
    Spec y = infer(in).get(0);
    double bytes = in.stream().mapToDouble(Spec::bytes).sum() + y.bytes();
    return new Cost(2.0 * y.shape().elems() * k(in.get(0)), bytes);
  }
}
