package dev.gatun.opencl;

import dev.gatun.contract.FirstCases;
import dev.gatun.contract.OpCase;
import dev.gatun.contract.OpContract;
import dev.gatun.device.Device;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;

/// The contract of every op on an OpenCL device, where the machine has one. Drivers take half an
/// hour to compile the programs of all cases: only the first case of each op runs, unless
/// `-Dgatun.opencl.all` is given.
@Tag("long")
@Tag("opencl")
@EnabledIf("dev.gatun.opencl.TestDevice#isThere")
class OpenClContractTest extends OpContract {
  /// Elementary functions of OpenCL have bounds of 3 to 5 ulp where the host's have 1 to 2.
  static final double SLACK = 4;

  private final FirstCases firsts = new FirstCases();

  @Override
  protected Device open(int threads) {
    return TestDevice.open(threads);
  }

  @Override
  protected double slack() {
    return SLACK;
  }

  /// A driver compiles before the first launch.
  @Override
  protected boolean warmsUp(OpCase c) {
    return false;
  }

  @Override
  protected int shared(OpCase c) {
    return Math.min(20_000, c.big());
  }

  @Override
  protected boolean covers(OpCase c) {
    return System.getProperty("gatun.opencl.all") != null || firsts.has(c);
  }
}
