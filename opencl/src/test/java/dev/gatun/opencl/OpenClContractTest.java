package dev.gatun.opencl;

import dev.gatun.contract.OpCase;
import dev.gatun.contract.OpCases;
import dev.gatun.contract.OpContract;
import dev.gatun.device.Device;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;

/// The contract of every op on an OpenCL device, where the machine has one. Drivers take half an
/// hour to compile the programs of all cases: only the first case of each op runs, unless
/// `-Dgatun.opencl.all` is given.
@Tag("long")
@Tag("opencl")
@EnabledIf("dev.gatun.opencl.TestDevice#isThere")
class OpenClContractTest extends OpContract {
  private final Set<Class<?>> seen = new HashSet<>();
  private final Set<OpCase> firsts =
      OpCases.all().stream()
          .filter(c -> seen.add(c.op().apply(Math.max(5, c.smallest())).getClass()))
          .collect(Collectors.toSet());

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
    return System.getProperty("gatun.opencl.all") != null || firsts.contains(c);
  }
}
