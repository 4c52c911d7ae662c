package dev.gatun.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.loss.CrossEntropy;
import dev.gatun.op.loss.Reduction;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.OptionalLong;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Losses over as many classes as a vocabulary has, where sums one after the other would be off by
/// more than the bound of the contract, whose sizes are small.
@EnabledIf("dev.gatun.opencl.TestDevice#isThere")
class LossTest {
  private static final double BOUND = 8 * 0x1p-23;

  @ParameterizedTest
  @CsvSource({
    "50257,0,false", "50257,0.1,false", "1000000,0.1,false",
    "50257,0,true", "50257,0.1,true", "1000000,0.1,true"
  })
  void manyClassesCostNoAccuracy(long classes, double smoothing, boolean gpu) {
    CrossEntropy loss = new CrossEntropy(Reduction.MEAN, smoothing, OptionalLong.empty(), false);
    try (Device reference = CpuDevice.open();
        Device device = OpenClDevice.open(TestDevice.options().withGpuKernels(gpu))) {
      double want = value(reference, loss, DType.F64, classes);
      double got = value(device, loss, DType.F32, classes);
      assertEquals(want, got, BOUND * Math.abs(want));
    }
  }

  /// The logits are the same numbers of F32 in both types.
  private static double value(Device device, CrossEntropy loss, DType type, long classes) {
    try (Scope scope = device.scope()) {
      Tensor logits = scope.normal(DType.F32, Shape.of(2, classes), 3).to(type);
      Tensor targets = scope.tensor(DType.I64, Shape.of(2), 1, (double) (classes - 1));
      return loss.of(logits, targets).toDoubleArray()[0];
    }
  }
}
