package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.function.Supplier;

/// Compares a sparse form of attention with the dense one, results and gradients, in F64.
final class DenseTruth implements AutoCloseable {
  private static final double BOUND = 1e-12;
  private final CpuDevice cpu = CpuDevice.open();
  final Scope scope = cpu.scope();

  @Override
  public void close() {
    scope.close();
    cpu.close();
  }

  /// Results `o` and `lse`.
  record Pair(Tensor o, Tensor lse) {}

  /// Whether query `i` of a head sees key `j`.
  interface Sees {
    boolean test(int b, int h, int i, int j);
  }

  /// A leaf of normal numbers.
  Tensor leaf(long seed, long... dims) {
    return scope.normal(DType.F64, Shape.of(dims), seed).requiresGrad();
  }

  /// A leaf with the values of `x`.
  static Tensor leaf(Tensor x) {
    return x.detach().copy().requiresGrad();
  }

  /// [Operand#VISIBLE] of a rule.
  Tensor visible(Tensor q, Tensor k, Sees sees) {
    int heads = (int) q.dim(1);
    int sq = (int) q.dim(2);
    int sk = (int) k.dim(2);
    double[] v = new double[(int) q.dim(0) * heads * sq * sk];
    for (int at = 0; at < v.length; at++) {
      int row = at / sk;
      v[at] = sees.test(row / sq / heads, row / sq % heads, row % sq, at % sk) ? 1 : 0;
    }
    return scope.tensor(DType.BOOL, Shape.of(q.dim(0), heads, sq, sk), v);
  }

  /// How many pairs see each other.
  static long pairs(Tensor visible) {
    return visible.sum().toLongArray()[0];
  }

  Pair dense(Tensor q, Tensor k, Tensor v, AttentionOptions options) {
    Attention.Result r = Attention.of(q, k, v, options);
    return new Pair(r.o(), r.lse());
  }

  /// Both give the same results and, through both results, the same gradients of `leaves`.
  void same(Supplier<Pair> want, Supplier<Pair> got, Tensor... leaves) {
    Pair w = want.get();
    Pair g = got.get();
    near("o", w.o(), g.o());
    near("lse", w.lse(), g.lse());
    Tensor dy = scope.normal(DType.F64, w.o().shape(), 91);
    Tensor dlse = scope.normal(DType.F64, w.lse().shape(), 92);
    Gradients a = loss(w, dy, dlse).backward();
    Gradients b = loss(g, dy, dlse).backward();
    for (int i = 0; i < leaves.length; i++) {
      near("gradient " + i, a.of(leaves[i]), b.of(leaves[i]));
    }
  }

  private static Tensor loss(Pair p, Tensor dy, Tensor dlse) {
    return p.o().mul(dy).sum().add(p.lse().mul(dlse).sum());
  }

  static void near(String what, Tensor want, Tensor got) {
    assertEquals(want.spec(), got.spec(), what);
    double[] w = want.toDoubleArray();
    double scale = 1;
    for (double x : w) {
      scale = Double.isFinite(x) ? Math.max(scale, Math.abs(x)) : scale;
    }
    assertArrayEquals(w, got.toDoubleArray(), BOUND * scale, what);
  }
}
