package dev.gatun.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.bindings.libc.LibC;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// A program on the class path, started as people start it: right result, exit 0, and on standard
/// error just the lines that are due.
final class StartTest {
  private static final String VECTORS = "--add-modules=jdk.incubator.vector";
  private static final String GRANT = "--enable-native-access=ALL-UNNAMED";
  private static final String INCUBATING = "WARNING: Using incubator modules: jdk.incubator.vector";
  private static final String ABSENT =
      "gatun: reference kernels only, the module jdk.incubator.vector is absent:"
          + " --add-modules jdk.incubator.vector";

  private record Run(int exit, List<String> out, List<String> err) {}

  private static Run start(String... flags) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx256m");
    Collections.addAll(command, flags);
    command.add("-cp");
    command.add(
        String.join(
            java.io.File.pathSeparator,
            place(CpuDevice.class),
            place(StartProgram.class),
            place(LibC.class)));
    command.add(StartProgram.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command);
    // Launchers print a line of their own where these are set.
    builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
    Path err = java.nio.file.Files.createTempFile("gatun-start", ".err");
    Process process = builder.redirectError(err.toFile()).start();
    List<String> out = process.inputReader().lines().toList();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    List<String> errors = java.nio.file.Files.readAllLines(err);
    java.nio.file.Files.delete(err);
    return new Run(process.exitValue(), out, errors);
  }

  private static String place(Class<?> c) {
    try {
      return Path.of(c.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Run expect(String form, String pages, List<String> err, String... flags)
      throws Exception {
    Run run = start(flags);
    assertEquals(err, run.err());
    assertEquals(List.of(form + " " + pages + " [3.0, 10.0, 21.0] [5.0, 9.0, 13.0]"), run.out());
    assertEquals(0, run.exit());
    return run;
  }

  private static String huge() {
    return System.getProperty("os.name").equals("Linux") ? "huge" : "plain";
  }

  @Test
  void withEverythingGranted() throws Exception {
    expect("simd", huge(), List.of(INCUBATING), VECTORS, GRANT);
  }

  @Test
  void withoutAnyFlag() throws Exception {
    expect("reference", "plain", List.of(ABSENT));
  }

  @Test
  void withNativeAccessDenied() throws Exception {
    String deny = "--illegal-native-access=deny";
    expect("simd", "plain", List.of(INCUBATING), VECTORS, deny);
    expect("reference", "plain", List.of(ABSENT), deny);
  }

  @Test
  void withoutTheOptimisingCompiler() throws Exception {
    for (String flag : List.of("-XX:TieredStopAtLevel=1", "-Xint")) {
      Run run = start(VECTORS, GRANT, flag);
      assertEquals(0, run.exit());
      assertEquals(2, run.err().size(), run.err().toString());
      String line = run.err().get(1);
      String start = "gatun: reference kernels only, the JVM's optimising compiler C2 is off: ";
      assertTrue(line.startsWith(start), line);
      assertTrue(run.out().get(0).startsWith("reference huge [3.0,"), run.out().toString());
    }
  }

  @Test
  void withVectorKernelsSwitchedOff() throws Exception {
    String line = "gatun: reference kernels only, -Dgatun.simd=false";
    expect("reference", huge(), List.of(INCUBATING, line), VECTORS, GRANT, "-Dgatun.simd=false");
  }
}
