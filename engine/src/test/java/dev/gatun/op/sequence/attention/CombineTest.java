package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CombineTest {
  private static final double NONE = Double.NEGATIVE_INFINITY;

  private static Device open(boolean reference) {
    CpuDevice.Options o = CpuDevice.Options.standard();
    return CpuDevice.open(reference ? o.withReferenceKernels() : o);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void partsOfASoftmaxGiveTheWhole(boolean reference) {
    try (Device device = open(reference);
        Scope s = device.scope()) {
      // Keys of scores 1000, 1001 | 999.
      double a = Math.exp(-1);
      double b = Math.exp(-2);
      Tensor o0 = s.tensor(Shape.of(1, 2), (3 * a + 5) / (1 + a), (4 * a + 6) / (1 + a));
      Tensor o1 = s.tensor(Shape.of(1, 2), 7.0, 8.0);
      Tensor lse0 = s.tensor(Shape.of(1), 1001 + Math.log1p(a));
      Tensor lse1 = s.tensor(Shape.of(1), 999.0);
      Combine.Result r = Combine.of(List.of(o0, o1), List.of(lse0, lse1));
      double sum = 1 + a + b;
      assertArrayEquals(
          new double[] {(3 * a + 5 + 7 * b) / sum, (4 * a + 6 + 8 * b) / sum},
          r.o().toDoubleArray(),
          1e-12);
      assertEquals(1001 + Math.log(sum), r.lse().toDoubleArray()[0], 1e-12);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void partsWithoutKeysAreNotRead(boolean reference) {
    try (Device device = open(reference);
        Scope s = device.scope()) {
      double bad = Double.NaN;
      Tensor o = s.tensor(Shape.of(2, 2, 3), 1, 2, 3, bad, bad, bad, bad, bad, bad, bad, bad, bad);
      Tensor lse = s.tensor(Shape.of(2, 2), 5, NONE, NONE, NONE);
      o = o.requiresGrad();
      lse = lse.requiresGrad();
      List<Tensor> out = new Combine().apply(o, lse);
      assertArrayEquals(new double[] {1, 2, 3, 0, 0, 0}, out.get(0).toDoubleArray());
      assertArrayEquals(new double[] {5, NONE}, out.get(1).toDoubleArray());
      Gradients g = out.get(0).sum().backward();
      assertArrayEquals(new double[] {1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, g.of(o).toDoubleArray());
      assertArrayEquals(new double[4], g.of(lse).toDoubleArray(), Double.MIN_VALUE);
    }
  }
}
