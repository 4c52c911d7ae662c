package dev.gatun.contract;

import dev.gatun.device.Device;
import dev.gatun.tensor.DType;
import java.util.Optional;

/// Which cases a device has all kernels for.
public final class OpCoverage {
  private OpCoverage() {}

  /// The message of the op without a kernel that running `c`, forward and backward, meets first.
  public static Optional<String> missing(OpCase c, Device device) {
    try {
      Run run = Run.at(c, c.dtypes().get(0), Math.max(5, c.smallest()));
      run.results(device);
      if (OpContract.hasGradient(c)) {
        Run.at(c, DType.F32, Math.max(5, c.smallest())).gradients(device);
      }
      return Optional.empty();
    } catch (IllegalStateException e) {
      String text = String.valueOf(e.getMessage());
      if (text.contains("there is no OpenCL kernel")) {
        return Optional.of(text);
      }
      return Optional.empty();
    }
  }
}
