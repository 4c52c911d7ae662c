package dev.gatun.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Trace;
import dev.gatun.op.Composite;
import dev.gatun.op.Kernel;
import dev.gatun.op.Op;
import dev.gatun.tensor.DType;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The table is complete: every op of the engine is in it, or in the gradient of one that is.
class OpCasesTest {
  @Test
  void namesAreUnique() {
    List<String> names = OpCases.all().stream().map(OpCase::name).toList();
    assertEquals(names.size(), Set.copyOf(names).size(), names::toString);
  }

  @Test
  void everyOpIsTested() throws IOException, URISyntaxException {
    Set<String> missing = new TreeSet<>();
    Set<Class<?>> reached = reached();
    for (Class<?> op : ops()) {
      if (!reached.contains(op)) {
        missing.add(op.getName());
      }
    }
    assertTrue(missing.isEmpty(), () -> "ops without a line in OpCases: " + missing);
  }

  private static Set<Class<?>> reached() {
    Set<Class<?>> reached =
        OpCases.all().stream()
            .map(c -> c.op().apply(Math.max(1, c.smallest())).getClass())
            .collect(Collectors.toSet());
    try (CpuDevice device = CpuDevice.open()) {
      device.trace().start();
      OpCases.all().stream()
          .filter(OpContract::hasGradient)
          .forEach(c -> Run.at(c, DType.F32, Math.max(1, c.smallest())).gradients(device));
      device.trace().stop().stream().map(Trace.Event::op).map(Op::getClass).forEach(reached::add);
    }
    return reached;
  }

  /// Concrete ops among the class files beside [Op]'s own.
  static List<Class<?>> ops() throws IOException, URISyntaxException {
    URI root = Op.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    Path main = Path.of(root);
    assertTrue(Files.isDirectory(main), () -> "class files must lie in a folder; got " + main);
    try (Stream<Path> files = Files.walk(main)) {
      return files
          .map(f -> main.relativize(f).toString().replace('\\', '/'))
          .filter(f -> f.startsWith("dev/gatun/") && f.endsWith(".class"))
          .filter(f -> !f.contains("package-info"))
          .<Class<?>>map(f -> load(f.substring(0, f.length() - 6).replace('/', '.')))
          .filter(k -> Kernel.class.isAssignableFrom(k) || Composite.class.isAssignableFrom(k))
          .filter(k -> !Modifier.isAbstract(k.getModifiers()))
          .toList();
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, Op.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }
}
