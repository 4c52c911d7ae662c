package dev.gatun.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf("dev.gatun.opencl.TestDevice#isThere")
class SignalTest {
  /// Within a driver's handler the division would return a number.
  @Test
  void javaStillDividesByZeroAsJavaDoes() {
    try (OpenClDevice device = OpenClDevice.open(TestDevice.options().withCache(Optional.empty()));
        Scope scope = device.scope()) {
      assertEquals(3, scope.full(DType.F32, Shape.of(2), 1).add(2).toFloatArray()[1]);
      for (int i = 0; i < 20; i++) {
        int n = i;
        assertThrows(ArithmeticException.class, () -> divide(n + 7, 0));
      }
    }
  }

  private static int divide(int a, int b) {
    return a / b;
  }
}
