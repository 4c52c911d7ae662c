package dev.gatun.opencl;

import dev.gatun.contract.FirstCases;
import dev.gatun.contract.OpCase;
import dev.gatun.contract.SmallContract;
import dev.gatun.device.Device;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;

/// The first case of every op at small sizes, for drivers that check each access (oclgrind) or are
/// slow (rusticl on a processor): `OCL_ICD_VENDORS` names the driver. With
/// `-Dgatun.opencl.gpu=true` its kernels have the shape for a GPU.
@Tag("long")
@Tag("opencl")
@EnabledIf("dev.gatun.opencl.TestDevice#isThere")
class SimulatorTest extends SmallContract {
  private final FirstCases firsts = new FirstCases();

  @Override
  protected Device open() {
    return TestDevice.open(0);
  }

  @Override
  protected boolean covers(OpCase c) {
    return firsts.has(c);
  }

  @Override
  protected double slack() {
    return OpenClContractTest.SLACK;
  }
}
