package dev.gatun.opencl;

import dev.gatun.contract.OpCase;
import dev.gatun.contract.OpContract;
import dev.gatun.contract.OpCoverage;
import dev.gatun.device.Device;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;

/// The contract of every op on an OpenCL device, where the machine has one. Kernels of some
/// families are still to come: it runs by `-Dgatun.excludedTags=jazzer,allocation`.
@Tag("long")
@Tag("opencl")
@EnabledIf("dev.gatun.opencl.TestDevice#isThere")
class OpenClContractTest extends OpContract {
  private final Device probe = TestDevice.open(0);

  @AfterAll
  void closeProbe() {
    probe.close();
  }

  @Override
  protected Device open(int threads) {
    return TestDevice.open(threads);
  }

  /// Elementary functions of OpenCL have bounds of 3 to 5 ulp where the host's have 1 to 2.
  @Override
  protected double slack() {
    return 4;
  }

  /// A driver compiles before the first launch.
  @Override
  protected boolean warmsUp() {
    return false;
  }

  @Override
  protected int shared(OpCase c) {
    return Math.min(20_000, c.big());
  }

  @Override
  protected boolean covers(OpCase c) {
    return OpCoverage.missing(c, probe).isEmpty();
  }
}
