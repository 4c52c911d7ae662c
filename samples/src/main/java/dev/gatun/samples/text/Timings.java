package dev.gatun.samples.text;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// How long the phases of a command took.
public final class Timings {
  private final long main = System.currentTimeMillis();
  private final Map<String, Long> phases = new LinkedHashMap<>();
  private long first;
  private int firstTexts;
  private long later;
  private int laterTexts;

  /// Starts the clock: to be made as early as may be.
  public Timings() {}

  /// Something that may fail.
  interface Phase<T> {
    T run() throws IOException;
  }

  <T> T time(String name, Phase<T> phase) throws IOException {
    long start = System.nanoTime();
    T result = phase.run();
    phases.merge(name, System.nanoTime() - start, Long::sum);
    return result;
  }

  /// One batch is done.
  void embedded(int texts, long nanos) {
    if (firstTexts == 0) {
      first = nanos;
      firstTexts = texts;
    } else {
      later += nanos;
      laterTexts += texts;
    }
  }

  void print(PrintStream out) {
    long jvm = main - ManagementFactory.getRuntimeMXBean().getStartTime();
    line(out, "JVM, to main", (double) jvm);
    phases.forEach((name, nanos) -> line(out, name, nanos / 1e6));
    line(out, firstTexts == 1 ? "first embedding" : "first " + firstTexts, first / 1e6);
    if (laterTexts > 0) {
      line(out, "each of " + laterTexts + " more", later / 1e6 / laterTexts);
    }
    out.printf("%-24s %s%n", "VmRSS", resident());
  }

  private static void line(PrintStream out, String name, double milliseconds) {
    out.printf(Locale.ROOT, "%-24s %.2f ms%n", name, milliseconds);
  }

  private static String resident() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(l -> l.startsWith("VmRSS:"))
          .map(l -> l.substring("VmRSS:".length()).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "not told by this system";
    }
  }
}
