package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.Einsum;
import dev.gatun.op.linear.MatMul;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Matrix products and their like.
final class ProductOperators {
  /// Integers up to here are exact in F64.
  private static final double EXACT = 0x1p53;

  private ProductOperators() {}

  static void addTo(Operators all) {
    all.one("MatMul", 1, n -> n.like(0, product(n.tensor(0), n.tensor(1))));
    all.one("Gemm", 7, ProductOperators::gemm);
    all.one("Einsum", 12, ProductOperators::einsum);
  }

  /// The product of matrices of floats, or of integers that wrap around.
  static Tensor product(Tensor a, Tensor b) {
    if (a.dtype().computes()) {
      return a.matmul(b);
    }
    long k = a.shape().rank() == 0 ? 1 : a.dim(-1);
    if (largest(a) * largest(b) * k <= EXACT) {
      return a.to(DType.F64).matmul(b.to(DType.F64)).to(DType.I64).to(a.dtype());
    }
    return wrapped(a.to(DType.I64), b.to(DType.I64)).to(a.dtype());
  }

  private static double largest(Tensor t) {
    return t.shape().elems() == 0 ? 0 : t.to(DType.F64).abs().max().item();
  }

  /// The sum over k of products of columns of `a` and rows of `b`, in integers.
  private static Tensor wrapped(Tensor a, Tensor b) {
    if (a.shape().rank() == 1) {
      Tensor y = wrapped(a.unsqueeze(0), b);
      return y.squeeze(b.shape().rank() == 1 ? -1 : -2);
    }
    if (b.shape().rank() == 1) {
      return wrapped(a, b.unsqueeze(1)).squeeze(-1);
    }
    if (a.dim(-1) != b.dim(-2)) {
      throw new IllegalArgumentException(
          "matrices must agree in k; got %s and %s".formatted(a.shape(), b.shape()));
    }
    Shape lead =
        Shape.broadcast(a.shape().without(-1).without(-1), b.shape().without(-1).without(-1));
    long[] dims = Arrays.copyOf(lead.dims(), lead.rank() + 2);
    dims[lead.rank()] = a.dim(-2);
    dims[lead.rank() + 1] = b.dim(-1);
    Tensor sum = a.scope().zeros(DType.I64, Shape.of(dims));
    for (long k = 0; k < a.dim(-1); k++) {
      sum = sum.add(a.slice(-1, k, k + 1).mul(b.slice(-2, k, k + 1)));
    }
    return sum;
  }

  /// `alpha A B + beta C`.
  private static Value gemm(Invocation n) {
    Tensor a = n.attributes().flag("transA", false) ? n.tensor(0).transpose() : n.tensor(0);
    Tensor b = n.attributes().flag("transB", false) ? n.tensor(1).transpose() : n.tensor(1);
    double alpha = n.attributes().number("alpha", 1);
    double beta = n.attributes().number("beta", 1);
    if (a.shape().rank() != 2 || b.shape().rank() != 2) {
      throw new IllegalArgumentException(
          "A and B must be matrices; got %s and %s".formatted(a.shape(), b.shape()));
    }
    Optional<Tensor> c = beta == 0 ? Optional.empty() : n.optional(2);
    if (!a.dtype().computes()) {
      // In the order of the standard: the scale goes to the finished sums.
      Tensor y = scaled(product(a, b).to(DType.F64), alpha);
      return n.like(0, c.map(t -> y.add(scaled(t.to(DType.F64), beta))).orElse(y));
    }
    boolean row = c.isPresent() && c.get().shape().elems() == b.dim(1) && alpha == 1;
    if (row && (c.get().shape().rank() == 1 || c.get().shape().equals(Shape.of(1, b.dim(1))))) {
      Optional<Tensor> bias = c.map(t -> scaled(t.reshape(-1), beta));
      return n.like(0, MatMul.product(a, b, bias, Activation.NONE));
    }
    Tensor y = scaled(a.matmul(b), alpha);
    return n.like(0, c.map(t -> y.add(scaled(t, beta))).orElse(y));
  }

  private static Tensor scaled(Tensor t, double by) {
    return by == 1 ? t : t.mul(by);
  }

  /// Integers are summed in F64: exact up to `2^53`.
  private static Value einsum(Invocation n) {
    List<Tensor> in =
        n.tensors().stream().map(t -> t.dtype().computes() ? t : t.to(DType.F64)).toList();
    Tensor y = Einsum.of(n.attributes().text("equation"), in.toArray(Tensor[]::new));
    return n.like(0, n.type(0).isFloating() ? y : y.to(DType.I64));
  }
}
