package dev.gatun.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Memory that this process may use.
final class HostMemory {
  private HostMemory() {}

  /// Bytes: the control group's limit or the machine's memory, whichever is less; 2^62 where the
  /// system tells neither.
  static long bytes() {
    return Math.min(meminfo(), cgroup());
  }

  private static long meminfo() {
    try {
      return Files.readAllLines(Path.of("/proc/meminfo")).stream()
          .filter(l -> l.startsWith("MemTotal:"))
          .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(1L << 62);
    } catch (IOException | NumberFormatException e) {
      return 1L << 62;
    }
  }

  private static long cgroup() {
    try {
      return Long.parseLong(Files.readString(Path.of("/sys/fs/cgroup/memory.max")).strip());
    } catch (IOException | NumberFormatException e) {
      return 1L << 62;
    }
  }
}
