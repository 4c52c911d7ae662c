package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttentionScanTest {
  private static final double NONE = Double.NEGATIVE_INFINITY;

  private static Device open(boolean reference) {
    CpuDevice.Options o = CpuDevice.Options.standard();
    return CpuDevice.open(reference ? o.withReferenceKernels() : o);
  }

  @Test
  void stepByStepIsTheSame() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      for (DType type : new DType[] {DType.F32, DType.F64}) {
        Tensor s = scope.normal(type, Shape.of(2, 3, 20), 1).mul(30);
        Tensor v = scope.normal(type, Shape.of(2, 3, 20, 5), 2);
        List<Tensor> all = new AttentionScan(true, false).apply(s, v);
        var state = AttentionScan.State.start(scope, type, Shape.of(2, 3), 5);
        for (int t = 0; t < 20; t++) {
          var step = AttentionScan.step(state, s.select(2, t), v.select(2, t));
          state = step.state();
          double bound = type == DType.F32 ? 1e-6 : 1e-14;
          near(all.get(0).select(2, t), step.o(), bound);
          near(all.get(1).select(2, t), state.m(), 0x1p-1000);
          near(all.get(2).select(2, t), state.u(), 20 * bound);
          near(all.get(3).select(2, t), state.w(), 20 * bound);
        }
      }
    }
  }

  private static void near(Tensor want, Tensor got, double bound) {
    assertArrayEquals(want.toDoubleArray(), got.toDoubleArray(), bound);
  }

  /// Longer than a piece, with scores whose exponentials overflow.
  @Test
  void prefixesEqualSoftmaxOverThem() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      int length = 600;
      Tensor s = scope.normal(DType.F64, Shape.of(length), 1).mul(400).requiresGrad();
      Tensor v = scope.normal(DType.F64, Shape.of(length, 4), 2).requiresGrad();
      Tensor dy = scope.normal(DType.F64, Shape.of(length, 4), 3);
      Tensor hidden = scope.triangle(length, length, 0).equal(0);
      Tensor scores = s.unsqueeze(0).broadcastTo(Shape.of(length, length));
      Tensor want = scores.maskedFill(hidden, NONE).softmax(1).matmul(v);
      Tensor got = AttentionScan.prefixes(s, v);
      near(want, got, 1e-12);
      Gradients a = want.backward(dy);
      Gradients b = got.backward(dy);
      near(a.of(v), b.of(v), 1e-11);
      near(a.of(s), b.of(s), 1e-11);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void maskedTokensAreNotRead(boolean reference) {
    try (Device device = open(reference);
        Scope scope = device.scope()) {
      Tensor s = scope.tensor(Shape.of(5), NONE, NONE, 3.0, NONE, 3.0).requiresGrad();
      double bad = Double.NaN;
      Tensor v = scope.tensor(Shape.of(5, 1), bad, bad, 4.0, bad, 6.0).requiresGrad();
      Tensor o = AttentionScan.prefixes(s, v);
      assertArrayEquals(new double[] {0, 0, 4, 4, 5}, o.toDoubleArray(), 1e-15);
      Gradients g = o.sum().backward();
      assertArrayEquals(new double[] {0, 0, 2.5, 0, 0.5}, g.of(v).toDoubleArray(), 1e-15);
      assertArrayEquals(new double[] {0, 0, -0.5, 0, 0.5}, g.of(s).toDoubleArray(), 1e-15);
    }
  }

  @Test
  void statesHaveNoGradient() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor s = scope.normal(DType.F32, Shape.of(3), 1).requiresGrad();
      Tensor v = scope.normal(DType.F32, Shape.of(3, 2), 1);
      Tensor u = new AttentionScan(true, false).apply(s, v).get(2).sum();
      String text =
          String.valueOf(assertThrows(IllegalStateException.class, u::backward).getMessage());
      assertTrue(text.contains("states have no gradient"), text);
    }
  }
}
