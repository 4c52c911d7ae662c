package dev.gatun.samples;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.DeviceProvider;
import dev.gatun.opencl.OpenClDevice;
import dev.gatun.opencl.SignalGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.incubator.vector.VectorShape;
import picocli.CommandLine.Command;

/// `gatun doctor`: what this machine has, what is missing, and how to get it.
@Command(
    name = "doctor",
    description = "Show what this machine offers, what is missing and how to get it.")
final class Doctor implements Runnable {
  /// The instruction sets that decide speed, in the kernel's words.
  private static final List<String> ISA =
      List.of(
          "sse4_2",
          "avx",
          "avx2",
          "fma",
          "f16c",
          "avx512f",
          "avx512bw",
          "avx512vl",
          "avx512_bf16",
          "avx512_vnni",
          "asimd",
          "sve",
          "sve2",
          "bf16");

  private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

  private final List<String> missing = new ArrayList<>();

  Doctor() {}

  @Override
  public void run() {
    java();
    processor();
    memory();
    devices();
    System.out.println();
    if (missing.isEmpty()) {
      System.out.println("Nothing is missing.");
    } else {
      System.out.println("Missing:");
      missing.forEach(m -> System.out.println("  " + m));
    }
  }

  private static void line(String name, Object value) {
    System.out.printf("%-15s %s%n", name, value);
  }

  private void java() {
    line("gatun", Version.ofBuild());
    line("JDK", Runtime.version() + ", " + property("java.vendor") + ", " + property("java.home"));
    line(
        "system",
        "%s %s, %s".formatted(property("os.name"), property("os.version"), property("os.arch")));
    Optional<String> noVectors = CpuDevice.missingVectors();
    boolean noC2 = noVectors.filter(m -> m.contains("C2")).isPresent();
    line("C2", noC2 ? "off: " + property("java.vm.info") : "on, " + property("java.vm.name"));
    line("vectors", noVectors.map(m -> "off: " + m).orElse("on"));
    noVectors.ifPresent(m -> missing.add("vector kernels, 10 to 100 times the speed: " + m));
    Optional<Path> svml = svml();
    line("SVML", svml.map(p -> "present, " + p).orElse("absent; the engine does not use it"));
  }

  /// Intel's vector mathematics, which HotSpot calls for the Vector API's own `EXP`, `TANH`, ...
  private static Optional<Path> svml() {
    Path home = Path.of(property("java.home"));
    return Stream.of("lib/libjsvml.so", "bin/jsvml.dll", "lib/libjsvml.dylib", "lib/libsleef.so")
        .map(home::resolve)
        .filter(Files::exists)
        .findFirst();
  }

  private void processor() {
    List<String> cpu = lines(Path.of("/proc/cpuinfo"));
    line("processor", field(cpu, "model name").orElse(property("os.arch")));
    List<String> flags =
        List.of(field(cpu, "flags").or(() -> field(cpu, "Features")).orElse("").split("\\s+"));
    String isa = ISA.stream().filter(flags::contains).collect(Collectors.joining(" "));
    line("ISA", isa.isEmpty() ? "not told by this system" : isa);
    if (CpuDevice.missingVectors().isEmpty()) {
      int bits = VectorShape.preferredShape().vectorBitSize();
      String asked = System.getProperty("gatun.lanes", "");
      line(
          "lanes",
          "%d bits: %d F32, %d F64%s"
              .formatted(
                  bits, bits / 32, bits / 64, asked.isEmpty() ? "" : "; asked for " + asked));
    }
    line("threads", Runtime.getRuntime().availableProcessors());
  }

  private void memory() {
    double limit = CpuDevice.Options.standard().memoryLimit();
    line("memory", String.format(Locale.ROOT, "at most %.1f GB for tensors", limit / 1e9));
    boolean granted = CpuDevice.class.getModule().isNativeAccessEnabled();
    line("native access", granted ? "granted" : "not granted");
    if (!granted) {
      missing.add(
          "native access, for huge pages: java --enable-native-access=dev.gatun.bindings,"
              + "dev.gatun.engine ..., or ALL-UNNAMED on the class path");
    }
    List<String> state = lines(HUGE_PAGES);
    String system = state.isEmpty() ? "not offered by this system" : state.getFirst();
    line("huge pages", (CpuDevice.hasHugePages() ? "asked for; " : "not used; ") + system);
    if (system.contains("[never]")) {
      missing.add("huge pages, 5-10 % on large tensors: echo madvise | sudo tee " + HUGE_PAGES);
    }
  }

  private void devices() {
    List<String> names =
        ServiceLoader.load(DeviceProvider.class).stream()
            .flatMap(p -> p.get().names().stream())
            .toList();
    line("devices", String.join(", ", names));
    openCl();
  }

  private void openCl() {
    Optional<String> none = OpenClDevice.missing();
    line("OpenCL devices", none.orElseGet(() -> String.join("; ", OpenClDevice.descriptions())));
    if (none.isEmpty()) {
      SignalGuard.missing().ifPresent(missing::add);
    }
  }

  private static String property(String name) {
    return System.getProperty(name, "unknown");
  }

  private static Optional<String> field(List<String> cpuinfo, String name) {
    return cpuinfo.stream()
        .filter(l -> l.startsWith(name) && l.contains(":"))
        .map(l -> l.substring(l.indexOf(':') + 1).strip())
        .findFirst();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }
}
