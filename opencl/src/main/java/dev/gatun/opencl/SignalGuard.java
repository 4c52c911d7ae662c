package dev.gatun.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.stream.Stream;

/// Keeps the JVM's signal handlers, which drivers that bring LLVM replace while they look for
/// devices: a division by zero in Java then returns a number, and a collection of garbage breaks a
/// build. The JDK's `libjsig`, loaded before all else, chains handlers and cures it; this puts the
/// JVM's own back where it was not loaded, after which a fault within a kernel ends the process.
public final class SignalGuard {
  // SIGILL, SIGBUS, SIGFPE, SIGSEGV, SIGUSR2 of Linux.
  private static final List<Integer> SIGNALS = List.of(4, 7, 8, 11, 12);

  /// Bytes of glibc's and musl's `struct sigaction`, with room.
  private static final int ACTION = 256;

  private SignalGuard() {}

  /// What is missing for signals to be safe, or empty.
  public static Optional<String> missing() {
    if (!isLinux() || isChained()) {
      return Optional.empty();
    }
    return Optional.of(
        "libjsig is not loaded: OpenCL drivers may take over the JVM's signals; start with"
            + " LD_PRELOAD="
            + Path.of(System.getProperty("java.home"), "lib", "libjsig.so"));
  }

  private static boolean isLinux() {
    return System.getProperty("os.name").equals("Linux");
  }

  private static boolean isChained() {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.anyMatch(line -> line.contains("libjsig"));
    } catch (IOException unreadable) {
      return false;
    }
  }

  /// Runs `call`, after which the handlers are those from before.
  @SuppressWarnings("restricted")
  static int keeping(IntSupplier call) {
    if (!isLinux() || isChained()) {
      return call.getAsInt();
    }
    MethodHandle sigaction =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("sigaction"),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment old = arena.allocate((long) ACTION * SIGNALS.size(), 16);
      for (int i = 0; i < SIGNALS.size(); i++) {
        set(sigaction, SIGNALS.get(i), MemorySegment.NULL, old.asSlice((long) i * ACTION, ACTION));
      }
      try {
        return call.getAsInt();
      } finally {
        for (int i = 0; i < SIGNALS.size(); i++) {
          MemorySegment action = old.asSlice((long) i * ACTION, ACTION);
          set(sigaction, SIGNALS.get(i), action, MemorySegment.NULL);
        }
      }
    }
  }

  private static void set(
      MethodHandle sigaction, int signal, MemorySegment now, MemorySegment old) {
    try {
      int ignored = (int) sigaction.invokeExact(signal, now, old);
    } catch (Throwable e) {
      throw new IllegalStateException("sigaction must be callable", e);
    }
  }
}
