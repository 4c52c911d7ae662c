package dev.gatun.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.Kernel;
import dev.gatun.op.math.Add;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Every kernel has an OpenCL form, of its own or from the interface of its family. That the forms
/// are right is for the contract on such a device, which few machines run: this test runs on all.
@Tag("structure")
class OpenClGuardTest {
  @Test
  void everyKernelHasAnOpenClForm() throws Exception {
    assertEquals(Set.of(), without());
  }

  @Test
  void aKernelWithoutOneIsSeen() throws NoSuchMethodException {
    assertTrue(isWithout(Kernel.class));
    assertFalse(isWithout(Add.class));
  }

  private static Set<String> without() throws Exception {
    Set<String> without = new TreeSet<>();
    for (Class<?> op : OpCasesTest.ops()) {
      if (Kernel.class.isAssignableFrom(op) && isWithout(op)) {
        without.add(op.getName());
      }
    }
    return without;
  }

  private static boolean isWithout(Class<?> op) throws NoSuchMethodException {
    return op.getMethod("openCl", DeviceInfo.class, List.class).getDeclaringClass() == Kernel.class;
  }
}
