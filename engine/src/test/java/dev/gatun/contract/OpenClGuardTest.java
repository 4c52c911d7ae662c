package dev.gatun.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.Kernel;
import dev.gatun.op.math.Add;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Every kernel has an OpenCL form, of its own or from the interface of its family, but for those
/// in a list that may only shrink. That the forms are right is for the contract on such a device,
/// which leaves out what has none: without this guard a form that got lost would pass unseen.
@Tag("structure")
class OpenClGuardTest {
  private static final String LIST = "without-opencl.txt";

  @Test
  void onlyListedKernelsHaveNoOpenClForm() throws Exception {
    Set<String> without = without();
    without.removeAll(listed());
    assertEquals(Set.of(), without, "kernels without OpenCL form that " + LIST + " does not list");
  }

  @Test
  void theListHoldsNoKernelThatHasOne() throws Exception {
    Set<String> done = listed();
    done.removeAll(without());
    assertEquals(Set.of(), done, "lines of " + LIST + " to delete");
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

  private static Set<String> listed() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(OpenClGuardTest.class.getResourceAsStream(LIST), LIST)) {
      return new TreeSet<>(
          new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.isBlank())
              .toList());
    }
  }
}
