package dev.gatun.contract;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;

/// The contract with the reference kernels, as on a JVM without vectors: what remains to prove
/// there is the gradients and the errors.
class ReferenceContractTest extends OpContract {
  private final FirstCases firsts = new FirstCases();

  @Override
  protected Device open(int threads) {
    return CpuDevice.open(CpuDevice.Options.standard().withReferenceKernels().withThreads(threads));
  }

  /// The definition against itself: the first case of each op shows that it is what runs.
  @Override
  protected boolean compares(OpCase c) {
    return firsts.has(c);
  }

  /// It is compiled no less rightly than any plain loop.
  @Override
  protected boolean warmsUp(OpCase c) {
    return false;
  }

  /// Plain loops run on one thread, and some take the square of the size.
  @Override
  protected int shared(OpCase c) {
    return Math.min(207, c.big());
  }
}
