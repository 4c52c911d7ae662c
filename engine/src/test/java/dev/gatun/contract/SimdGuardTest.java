package dev.gatun.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Kernel;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// No kernel falls back to its plain loops where vectors run: each brings a fast form of its own or
/// has one from the interface of its family. That the forms are right is for [OpContract].
@Tag("structure")
class SimdGuardTest {
  /// Kernels whose plain loops are fast enough, by class name, with the reason.
  private static final Map<String, String> PLAIN = Map.of();

  @Test
  void everyKernelHasAFastForm() throws Exception {
    Set<String> plain = new TreeSet<>();
    int kernels = 0;
    for (Class<?> op : OpCasesTest.ops()) {
      if (Kernel.class.isAssignableFrom(op)) {
        kernels++;
        if (fallsBack(op)) {
          plain.add(op.getName());
        }
      }
    }
    assertTrue(kernels > 0, "no kernels were found");
    assertEquals(PLAIN.keySet(), plain, "kernels that run their reference where vectors are");
  }

  @Test
  void aKernelWithoutOneIsSeen() throws NoSuchMethodException {
    assertTrue(fallsBack(Kernel.class));
  }

  private static boolean fallsBack(Class<?> op) throws NoSuchMethodException {
    return op.getMethod("simd", Call.class, Workers.class).getDeclaringClass() == Kernel.class;
  }
}
