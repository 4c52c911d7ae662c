package dev.gatun.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GradientsTest {
  private final CpuDevice cpu = CpuDevice.open();
  private final Scope scope = cpu.scope("test");

  @AfterEach
  void close() {
    scope.close();
    cpu.close();
  }

  private Tensor leaf(double... v) {
    return scope.tensor(Shape.of(v.length), v).requiresGrad();
  }

  @Test
  void pathsToOneLeafAddUp() {
    Tensor x = leaf(2, 3);
    // y = x^2 + x^3 + x, through tensors used more than once.
    Tensor square = x.mul(x);
    Tensor y = square.add(square.mul(x)).add(x);
    assertArrayEquals(new double[] {17, 34}, y.sum().backward().of(x).toDoubleArray(), 1e-12);
  }

  @Test
  void nothingIsMutatedAndPassesRepeat() {
    Tensor x = leaf(2);
    Tensor y = x.mul(x).sum();
    assertEquals(4, y.backward().of(x).item());
    assertEquals(4, y.backward().of(x).item());
  }

  @Test
  void constantsAndUnusedLeavesHaveNone() {
    Tensor x = leaf(2);
    Tensor unused = leaf(5);
    Tensor c = scope.tensor(Shape.of(1), 3.0);
    Gradients g = x.mul(c).sum().backward();
    assertEquals(3, g.of(x).item());
    assertTrue(g.find(c).isEmpty());
    assertTrue(g.find(unused).isEmpty());
    assertThrows(IllegalArgumentException.class, () -> g.of(unused));
    assertThrows(IllegalArgumentException.class, () -> c.backward());
  }

  @Test
  void gradientsCarryNoGradient() {
    Tensor x = leaf(2);
    assertTrue(!x.mul(x).sum().backward().of(x).wantsGrad());
  }

  @Test
  void deepGraphsNeedNoStack() {
    Tensor x = leaf(1);
    Tensor y = x;
    for (int i = 0; i < 20_000; i++) {
      y = y.neg();
    }
    assertEquals(1, y.sum().backward().of(x).item());
  }

  @Test
  void graphsWithManyPathsTakeLinearTime() {
    Tensor x = leaf(1);
    Tensor y = x;
    for (int i = 0; i < 60; i++) {
      y = y.add(y);
    }
    assertEquals(0x1p60, y.sum().backward().of(x).item());
  }

  @Test
  void jacobianMatchesTheFormula() {
    Tensor x = scope.tensor(Shape.of(3), 0.1, 0.7, -0.4);
    Tensor s = x.softmax(0);
    double[] p = s.toDoubleArray();
    Tensor j = Gradients.jacobian(t -> t.softmax(0), x);
    assertEquals(Shape.of(3, 3), j.shape());
    double[] want = new double[9];
    for (int i = 0; i < 9; i++) {
      want[i] = p[i / 3] * ((i / 3 == i % 3 ? 1 : 0) - p[i % 3]);
    }
    assertArrayEquals(want, j.toDoubleArray(), 1e-14);
    Tensor dy = scope.tensor(Shape.of(3), 1.0, 2.0, 3.0);
    double[] row = Gradients.vjp(t -> t.softmax(0), x, dy).toDoubleArray();
    for (int k = 0; k < 3; k++) {
      assertEquals(want[k] + 2 * want[3 + k] + 3 * want[6 + k], row[k], 1e-14);
    }
  }

  @Test
  void aVariableWrittenInBetweenIsAnError() {
    Variable v = scope.variable(scope.tensor(Shape.of(1), 2.0));
    Tensor y = v.value().mul(v.value()).sum();
    v.add(scope.tensor(Shape.of(1), 1.0));
    String text = assertThrows(IllegalStateException.class, y::backward).toString();
    assertTrue(text.contains("must not be written between forward and backward"), text);
  }

  @Test
  void onlyFloatsAskForGradients() {
    assertThrows(
        IllegalArgumentException.class, () -> scope.zeros(DType.I32, Shape.of(1)).requiresGrad());
  }
}
