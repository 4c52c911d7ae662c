package dev.gatun.device;

import dev.gatun.op.Cost;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A record of kernel calls: op, shapes, device, the form that ran, time and rate. Off until
/// [#start]; while off it costs one volatile read a call.
public final class Trace {
  private final List<Event> events = new ArrayList<>();
  private volatile boolean on;

  /// A trace that records nothing yet.
  public Trace() {}

  /// One call.
  ///
  /// @param op the op with its attributes
  /// @param in input types and shapes
  /// @param out output types and shapes
  /// @param device the device's name
  /// @param form `simd`, `reference` or the device kernel's name
  /// @param startNanos of [System#nanoTime]
  /// @param nanos time taken
  /// @param cost the op's own account of its work
  /// @param thread the caller
  public record Event(
      Kernel op,
      List<Spec> in,
      List<Spec> out,
      String device,
      String form,
      long startNanos,
      long nanos,
      Cost cost,
      String thread) {
    /// 10^9 floating-point operations a second.
    public double gflops() {
      return cost.flops() / Math.max(1, nanos);
    }

    /// One line of text.
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%-28s %s -> %s on %s (%s) %.1f us, %.2f GFLOP/s, %.2f GB/s",
          Rules.name(op),
          in,
          out,
          device,
          form,
          nanos / 1e3,
          gflops(),
          cost.bytes() / Math.max(1, nanos));
    }
  }

  /// Forgets what was recorded and records from now on.
  public void start() {
    synchronized (events) {
      events.clear();
    }
    on = true;
  }

  /// Stops recording and returns the calls in the order they ended.
  public List<Event> stop() {
    on = false;
    synchronized (events) {
      return List.copyOf(events);
    }
  }

  /// True while recording.
  public boolean isOn() {
    return on;
  }

  /// Adds one call; for devices.
  public void record(Event e) {
    synchronized (events) {
      events.add(e);
    }
  }

  /// Writes `events` in the Chrome trace format, which `chrome://tracing` and Perfetto read.
  ///
  /// @throws IOException if the file cannot be written
  public static void chrome(List<Event> events, Path file) throws IOException {
    StringBuilder s = new StringBuilder("[");
    for (Event e : events) {
      s.append(s.length() > 1 ? ",\n" : "\n")
          .append(
              String.format(
                  Locale.ROOT,
                  "{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"X\",\"ts\":%.3f,\"dur\":%.3f,\"pid\":\"%s\","
                      + "\"tid\":\"%s\",\"args\":{\"in\":\"%s\",\"out\":\"%s\",\"gflops\":%.3f}}",
                  quoted(Rules.name(e.op())),
                  quoted(e.form()),
                  e.startNanos() / 1e3,
                  e.nanos() / 1e3,
                  quoted(e.device()),
                  quoted(e.thread()),
                  quoted(e.in().toString()),
                  quoted(e.out().toString()),
                  e.gflops()));
    }
    Files.writeString(file, s.append("\n]\n"));
  }

  private static String quoted(String s) {
    StringBuilder q = new StringBuilder();
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c < ' ') {
        q.append(String.format("\\u%04x", (int) c));
      } else {
        q.append(c == '"' || c == '\\' ? "\\" : "").append(c);
      }
    }
    return q.toString();
  }
}
