package dev.gatun.cpu;

import java.util.Optional;

/// Whether this JVM turns the Vector API into machine code. Where it does not, the same code runs
/// hundreds of times slower than a plain loop, so the reference kernels run instead.
final class Vectors {
  private Vectors() {}

  /// Why the vector kernels are off, or empty if they are on.
  static Optional<String> missing() {
    if ("false".equals(System.getProperty("gatun.simd"))) {
      return Optional.of("-Dgatun.simd=false");
    }
    if (!hasModule()) {
      return Optional.of(
          "the module jdk.incubator.vector is absent: --add-modules jdk.incubator.vector");
    }
    String vm = System.getProperty("java.vm.name", "");
    String info = System.getProperty("java.vm.info", "");
    if (!vm.contains("HotSpot") && !vm.contains("OpenJDK")) {
      return Optional.of("the virtual machine is not HotSpot: " + vm);
    }
    if (!info.startsWith("mixed mode") || info.contains("emulated-client")) {
      return Optional.of("the JVM's optimising compiler C2 is off: " + info);
    }
    return Optional.empty();
  }

  private static boolean hasModule() {
    ModuleLayer layer = Vectors.class.getModule().getLayer();
    return (layer == null ? ModuleLayer.boot() : layer)
        .findModule("jdk.incubator.vector")
        .isPresent();
  }
}
