package dev.gatun.op.reduce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NormTest {
  private static final double EPS = 1e-5;

  /// Written in other ops, whose gradients are their own.
  private static Tensor composed(Tensor x, Tensor weight, Tensor bias, boolean centred) {
    Tensor c = centred ? x.sub(new Mean(List.of(x.shape().rank() - 1), true).of(x)) : x;
    Tensor var = new Mean(List.of(x.shape().rank() - 1), true).of(c.mul(c)).add(EPS);
    Tensor rstd = var.log().mul(-0.5).exp();
    return c.mul(rstd).mul(weight).add(bias);
  }

  @Test
  void layerNormAndItsGradientsEqualTheComposition() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F64, Shape.of(400, 53), 1).requiresGrad();
      Tensor w = scope.normal(DType.F64, Shape.of(53), 2).requiresGrad();
      Tensor b = scope.normal(DType.F64, Shape.of(53), 3).requiresGrad();
      Tensor dy = scope.normal(DType.F64, Shape.of(400, 53), 4);
      Tensor got = LayerNorm.of(x, Optional.of(w), Optional.of(b), EPS);
      same(composed(x, w, b, true), got, dy, x, w, b);
    }
  }

  @Test
  void gatedGroupsEqualTheCompositionInBothOrders() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Shape shape = Shape.of(300, 3, 21);
      Tensor x = scope.normal(DType.F64, Shape.of(300, 63), 1).requiresGrad();
      Tensor z = scope.normal(DType.F64, Shape.of(300, 63), 2).requiresGrad();
      Tensor w = scope.normal(DType.F64, Shape.of(63), 3).requiresGrad();
      Tensor b = scope.normal(DType.F64, Shape.of(63), 4).requiresGrad();
      Tensor dy = scope.normal(DType.F64, Shape.of(300, 63), 5);
      Tensor silu = Activation.SILU.of(z);
      Tensor groups = w.reshape(3, 21);
      Tensor shift = b.reshape(3, 21);
      Tensor first =
          composed(x.reshape(shape.dims()), groups, shift, false).reshape(300, 63).mul(silu);
      same(first, rms(x, z, w, b, true), dy, x, z, w, b);
      Tensor last =
          composed(x.mul(silu).reshape(shape.dims()), groups, shift, false).reshape(300, 63);
      same(last, rms(x, z, w, b, false), dy, x, z, w, b);
    }
  }

  private static Tensor rms(Tensor x, Tensor z, Tensor w, Tensor b, boolean normBeforeGate) {
    return RmsNorm.of(x, Optional.of(z), Optional.of(w), Optional.of(b), EPS, 21, normBeforeGate);
  }

  @Test
  void groupNormEqualsTheComposition() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F64, Shape.of(40, 6, 5, 7), 1).requiresGrad();
      Tensor w = scope.normal(DType.F64, Shape.of(6), 2).requiresGrad();
      Tensor b = scope.normal(DType.F64, Shape.of(6), 3).requiresGrad();
      Tensor dy = scope.normal(DType.F64, Shape.of(40, 6, 5, 7), 4);
      Tensor one = scope.full(DType.F64, Shape.of(), 1);
      Tensor zero = scope.full(DType.F64, Shape.of(), 0);
      Tensor h = composed(x.reshape(40, 3, 70), one, zero, true).reshape(40, 6, 5, 7);
      Tensor want = h.mul(w.reshape(6, 1, 1)).add(b.reshape(6, 1, 1));
      same(want, GroupNorm.of(x, 3, Optional.of(w), Optional.of(b), EPS), dy, x, w, b);
    }
  }

  private static void same(Tensor want, Tensor got, Tensor dy, Tensor... leaves) {
    assertArrayEquals(want.toDoubleArray(), got.toDoubleArray(), 1e-12);
    Gradients a = want.backward(dy);
    Gradients b = got.backward(dy);
    for (Tensor leaf : leaves) {
      assertArrayEquals(a.of(leaf).toDoubleArray(), b.of(leaf).toDoubleArray(), 1e-10);
    }
  }

  @Test
  void gradientsHaveTheSameBitsOnAnyNumberOfThreads() {
    List<double[]> results = new ArrayList<>();
    for (int threads : new int[] {1, 2, 5}) {
      try (CpuDevice cpu = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
          Scope scope = cpu.scope()) {
        Tensor x = scope.normal(DType.F32, Shape.of(5000, 96), 1).requiresGrad();
        Tensor w = scope.normal(DType.F32, Shape.of(96), 2).requiresGrad();
        Tensor b = scope.zeros(DType.F32, Shape.of(96)).requiresGrad();
        Gradients g = rmsGroups(x, w, b).backward(scope.normal(DType.F32, Shape.of(5000, 96), 3));
        results.add(g.of(w).toDoubleArray());
        results.add(g.of(b).toDoubleArray());
        results.add(g.of(x).toDoubleArray());
      }
    }
    for (int i = 3; i < results.size(); i++) {
      assertArrayEquals(results.get(i % 3), results.get(i));
    }
  }

  private static Tensor rmsGroups(Tensor x, Tensor w, Tensor b) {
    return RmsNorm.of(x, Optional.of(x), Optional.of(w), Optional.of(b), EPS, 32, false);
  }

  /// The difference of moments would give a variance of 0 or less here.
  @Test
  void aLargeMeanDoesNotCancelTheVariance() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(1, 4), 16384f, 16385f, 16386f, 16387f);
      float[] y = LayerNorm.of(x, Optional.empty(), Optional.empty(), 0).toFloatArray();
      float a = (float) Math.sqrt(1.8);
      assertArrayEquals(new float[] {-a, -a / 3, a / 3, a}, y, 1e-6f);
    }
  }

  @Test
  void aSingleElementHasNoGradientAtAll() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(2, 1), 0.3f, -0.7f).requiresGrad();
      Tensor w = scope.tensor(Shape.of(1), 1.1f);
      Tensor y = LayerNorm.of(x, Optional.of(w), Optional.empty(), EPS);
      Tensor dy = scope.tensor(Shape.of(2, 1), 0.7f, 1.3f);
      assertArrayEquals(new float[] {0, 0}, y.backward(dy).of(x).toFloatArray());
    }
  }

  @Test
  void emptyBatchesKeepTheirShapes() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.zeros(DType.F32, Shape.of(0, 4)).requiresGrad();
      Tensor w = scope.full(DType.F32, Shape.of(4), 1).requiresGrad();
      Tensor y = LayerNorm.of(x, Optional.of(w), Optional.empty(), EPS);
      assertEquals(Shape.of(0, 4), y.shape());
      assertArrayEquals(new float[4], y.backward().of(w).toFloatArray());
    }
  }

  @Test
  void saysWhatDoesNotFit() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.zeros(DType.F32, Shape.of(2, 4));
      Tensor w = scope.zeros(DType.F32, Shape.of(3));
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> LayerNorm.of(x, Optional.of(w), Optional.empty(), EPS));
      assertEquals(
          "LayerNorm[eps=1.0E-5, weight=true, bias=false]: weight and bias must be [4];"
              + " got x F32 [2,4], weight F32 [3]",
          e.getMessage());
      IllegalArgumentException uneven =
          assertThrows(
              IllegalArgumentException.class,
              () -> GroupNorm.of(x, 3, Optional.empty(), Optional.empty(), EPS));
      assertTrue(uneven.toString().contains("groups must divide C"), uneven.toString());
    }
  }
}
