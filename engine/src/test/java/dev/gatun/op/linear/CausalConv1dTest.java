package dev.gatun.op.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CausalConv1dTest {
  private static final Activation SILU = Activation.SILU;

  /// By the definition, in doubles, with blocks longer and shorter than a row.
  @Test
  void longRowsEqualTheDefinition() {
    for (long l : new long[] {5, 16_384, 40_001}) {
      try (CpuDevice cpu = CpuDevice.open();
          Scope scope = cpu.scope()) {
        Tensor x = scope.normal(DType.F64, Shape.of(2, 2, l), 1);
        Tensor w = scope.normal(DType.F64, Shape.of(2, 4), 2);
        double[] got =
            CausalConv1d.of(x, w, Optional.empty(), Optional.empty(), Activation.NONE)
                .toDoubleArray();
        double[] xs = x.toDoubleArray();
        double[] ws = w.toDoubleArray();
        for (int i = 0; i < got.length; i++) {
          int t = (int) (i % l);
          double want = 0;
          for (int k = 0; k < 4; k++) {
            want += t - 3 + k >= 0 ? ws[(int) (i / l % 2) * 4 + k] * xs[i - 3 + k] : 0;
          }
          assertTrue(Math.abs(want - got[i]) < 1e-12, "element " + i + " of length " + l);
        }
      }
    }
  }

  /// The gradient flows from the second half through the state into the first.
  @Test
  void twoHalvesJoinedByTheStateEqualTheWhole() {
    for (long cut : new long[] {1, 2, 6, 11}) {
      try (CpuDevice cpu = CpuDevice.open();
          Scope scope = cpu.scope()) {
        Tensor x = scope.normal(DType.F64, Shape.of(2, 3, 12), 1).requiresGrad();
        Tensor w = scope.normal(DType.F64, Shape.of(3, 5), 2).requiresGrad();
        Tensor b = scope.normal(DType.F64, Shape.of(3), 3).requiresGrad();
        Tensor s = scope.normal(DType.F64, Shape.of(2, 3, 4), 4).requiresGrad();
        Tensor dy = scope.normal(DType.F64, Shape.of(2, 3, 12), 5);
        Tensor whole = CausalConv1d.of(x, w, Optional.of(b), Optional.of(s), SILU);
        CausalConv1d op = new CausalConv1d(SILU, true, true, true);
        List<Tensor> first = op.apply(x.slice(2, 0, cut), w, b, s);
        List<Tensor> second = op.apply(x.slice(2, cut, 12), w, b, first.get(1));
        near(whole.slice(2, 0, cut), first.get(0));
        near(whole.slice(2, cut, 12), second.get(0));
        Tensor loss =
            first
                .get(0)
                .mul(dy.slice(2, 0, cut))
                .sum()
                .add(second.get(0).mul(dy.slice(2, cut, 12)).sum());
        Gradients want = whole.backward(dy);
        Gradients got = loss.backward();
        for (Tensor leaf : List.of(x, w, b, s)) {
          near(want.of(leaf), got.of(leaf));
        }
      }
    }
  }

  @Test
  void streamingEqualsTheWholeForBothKindsOfState() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F64, Shape.of(2, 3, 20), 1);
      Tensor w = scope.normal(DType.F64, Shape.of(3, 4), 2);
      Optional<Tensor> b = Optional.of(scope.normal(DType.F64, Shape.of(3), 3));
      Tensor want = CausalConv1d.of(x, w, b, Optional.empty(), SILU);
      Tensor plain = scope.zeros(DType.F64, Shape.of(2, 3, 5));
      Tensor ring = plain;
      for (int t = 0; t < 20; t += 2) {
        Tensor now = x.slice(2, t, t + 2);
        Optional<Tensor> at = Optional.of(scope.tensor(Shape.of(2), t, t));
        CausalConv1dUpdate.Step p = CausalConv1dUpdate.of(now, plain, w, b, Optional.empty(), SILU);
        CausalConv1dUpdate.Step r = CausalConv1dUpdate.of(now, ring, w, b, at, SILU);
        near(want.slice(2, t, t + 2), p.y());
        near(want.slice(2, t, t + 2), r.y());
        plain = p.state();
        ring = r.state();
      }
      near(x.slice(2, 15, 20), plain);
    }
  }

  private static void near(Tensor want, Tensor got) {
    assertArrayEquals(want.toDoubleArray(), got.toDoubleArray(), 1e-12);
  }

  @Test
  void onlyTheActivationsItKnows() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.zeros(DType.F32, Shape.of(1, 1, 3));
      Tensor w = scope.zeros(DType.F32, Shape.of(1, 2));
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> CausalConv1d.of(x, w, Optional.empty(), Optional.empty(), Activation.TANH));
      assertTrue(e.toString().contains("activation must be NONE or SILU"), e.toString());
    }
  }
}
