package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.op.shape.Concat;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Two ways to compute one thing, compared with all their gradients.
final class Alike implements AutoCloseable {
  private static final double F64 = 1e-12;
  private static final double F32 = 1e-5;

  private final CpuDevice cpu = CpuDevice.open();
  private final DType dtype;
  final Scope scope = cpu.scope();

  Alike(DType dtype) {
    this.dtype = dtype;
  }

  DType dtype() {
    return dtype;
  }

  /// Normal numbers that ask for a gradient.
  Tensor leaf(long seed, long... dims) {
    return scope.normal(dtype, Shape.of(dims), seed).requiresGrad();
  }

  Tensor full(double value, long... dims) {
    return scope.full(dtype, Shape.of(dims), value);
  }

  /// Results, and the gradients of `leaves` through all of them.
  void same(String what, List<Tensor> want, List<Tensor> got, Tensor... leaves) {
    for (int i = 0; i < want.size(); i++) {
      near(what + " result " + i, want.get(i), got.get(i));
    }
    Gradients a = loss(want).backward();
    Gradients b = loss(got).backward();
    for (int i = 0; i < leaves.length; i++) {
      near(what + " gradient " + i, a.of(leaves[i]), b.of(leaves[i]));
    }
  }

  void same(String what, Attention.Result want, Attention.Result got, Tensor... leaves) {
    same(what, List.of(want.o(), want.lse()), List.of(got.o(), got.lse()), leaves);
  }

  private Tensor loss(List<Tensor> results) {
    Tensor loss = full(0);
    for (int i = 0; i < results.size(); i++) {
      Tensor y = results.get(i);
      loss = loss.add(y.mul(scope.normal(dtype, y.shape(), 900 + i)).sum());
    }
    return loss;
  }

  /// Equal to rounding, as a share of the greatest number; infinities in place.
  void near(String what, Tensor want, Tensor got) {
    assertEquals(want.shape(), got.shape(), what);
    double[] w = want.toDoubleArray();
    double[] g = got.toDoubleArray();
    double most = 1;
    for (double x : w) {
      most = Double.isFinite(x) ? Math.max(most, Math.abs(x)) : most;
    }
    for (int i = 0; i < w.length; i++) {
      double bound = most * (dtype == DType.F64 ? F64 : F32);
      if (w[i] != g[i] && !(Math.abs(w[i] - g[i]) <= bound)) {
        assertEquals(w[i], g[i], bound, what + " element " + i);
      }
    }
  }

  /// Results for queries that lie one after the other.
  static Attention.Result joined(List<Attention.Result> parts) {
    return new Attention.Result(
        joined(parts.stream().map(Attention.Result::o)),
        joined(parts.stream().map(Attention.Result::lse)),
        Optional.empty());
  }

  private static Tensor joined(Stream<Tensor> parts) {
    return new Concat(2).of(parts.toArray(Tensor[]::new));
  }

  static void says(String what, Runnable call) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call::run);
    assertTrue(e.toString().contains(what), e.toString());
  }

  @Override
  public void close() {
    scope.close();
    cpu.close();
  }
}
