package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TraceTest {
  private static List<Trace.Event> traced(CpuDevice cpu) {
    try (Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(3), 1f, 2f, 3f);
      x.mul(x);
      cpu.trace().start();
      assertTrue(cpu.trace().isOn());
      x.add(x).exp();
      return cpu.trace().stop();
    }
  }

  @Test
  void recordsOpShapesDeviceFormAndTime() {
    try (CpuDevice cpu = CpuDevice.open()) {
      List<Trace.Event> events = traced(cpu);
      assertEquals(2, events.size());
      Trace.Event add = events.get(0);
      String form = cpu.simd() ? "simd" : "reference";
      String line = add.toString().replaceAll("\\(" + form + "\\) .*", "(" + form + ")");
      assertEquals(
          "Add[]                        [F32 [3], F32 [3]] -> [F32 [3]] on cpu (" + form + ")",
          line);
      assertTrue(add.nanos() > 0 && add.gflops() > 0);
      assertFalse(cpu.trace().isOn());
      traced(cpu);
      assertEquals(2, cpu.trace().stop().size(), "start forgets what was recorded");
    }
  }

  @Test
  void chromeFileIsJson(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("trace.json");
    try (CpuDevice cpu = CpuDevice.open()) {
      String before = Thread.currentThread().getName();
      Thread.currentThread().setName("odd \"name\" \\ \t\n\u0001 é");
      try {
        Trace.chrome(traced(cpu), file);
      } finally {
        Thread.currentThread().setName(before);
      }
    }
    String json = Files.readString(file);
    assertJson(json);
    assertTrue(json.contains("odd \\\"name\\\" \\\\ \\u0009\\u000a\\u0001 é"), json);
    Trace.chrome(List.of(), file);
    assertJson(Files.readString(file));
  }

  /// The grammar of RFC 8259 for one level of objects with one nested object.
  private static void assertJson(String json) {
    String text = "\"(?:[^\"\\\\\\x00-\\x1f]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-f]{4})*+\"";
    String number = "-?(?:0|[1-9]\\d*+)(?:\\.\\d++)?(?:[eE][+-]?\\d++)?";
    String flat = "\\{(?:%s:(?:%s|%s),?)*+(?<!,)\\}".formatted(text, text, number);
    String object = "\\{(?:%s:(?:%s|%s|%s),?)*+(?<!,)\\}".formatted(text, text, number, flat);
    String array = "\\[\\s*(?:%s(?:,\\s*%s)*+)?\\s*\\]\\s*".formatted(object, object);
    assertTrue(json.matches(array), json);
  }
}
