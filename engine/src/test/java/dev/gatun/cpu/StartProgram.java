package dev.gatun.cpu;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;

/// What [StartTest] starts: a value, a gradient, and how they were computed. Leaves the device
/// open, so that it also shows that its threads keep no process alive.
final class StartProgram {
  private StartProgram() {}

  public static void main(String[] args) {
    CpuDevice cpu = CpuDevice.open();
    try (Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(3), 1f, 2f, 3f).requiresGrad();
      Tensor z = x.mul(x).mul(scope.tensor(Shape.of(), 2f)).add(x);
      float[] dz = z.sum().backward().of(x).toFloatArray();
      System.out.println(
          (cpu.simd() ? "simd" : "reference")
              + (CpuDevice.hasHugePages() ? " huge " : " plain ")
              + Arrays.toString(z.toFloatArray())
              + " "
              + Arrays.toString(dz));
    }
  }
}
