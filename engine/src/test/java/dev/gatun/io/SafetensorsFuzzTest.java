package dev.gatun.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Any bytes, read as a file, and as a header whose length is right with a few bytes of data behind
/// it: either tensors that survive a round trip, or one `IOException` and nothing allocated.
final class SafetensorsFuzzTest {
  private static final CpuDevice.Options SMALL =
      CpuDevice.Options.standard().withThreads(1).withMemoryLimit(1 << 20);

  @FuzzTest(maxDuration = "5m")
  void anyBytes(byte[] bytes) throws IOException {
    Path file = Files.createTempFile("gatun-fuzz", ".safetensors");
    try (CpuDevice cpu = CpuDevice.open(SMALL)) {
      Files.write(file, bytes);
      check(cpu, file);
      for (int data : new int[] {0, 8, 24}) {
        Files.write(file, SafetensorsBytes.file(bytes.length, bytes, data));
        check(cpu, file);
      }
    } finally {
      Files.delete(file);
    }
  }

  private static void check(CpuDevice cpu, Path file) throws IOException {
    try (Scope scope = cpu.scope()) {
      Map<String, Tensor> tensors;
      Map<String, String> metadata;
      try (Safetensors opened = Safetensors.open(file)) {
        metadata = opened.metadata();
        tensors = Safetensors.read(file, scope);
      } catch (IOException e) {
        assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e::toString);
        assertEquals(0, cpu.memory().liveBytes());
        return;
      } catch (IllegalStateException e) {
        assertTrue(
            String.valueOf(e.getMessage()).startsWith("CpuDevice: out of memory"), e::toString);
        assertEquals(0, cpu.memory().liveBytes());
        return;
      }
      Safetensors.write(file, tensors, metadata);
      try (Safetensors again = Safetensors.open(file)) {
        assertEquals(metadata, again.metadata());
        assertEquals(tensors.keySet(), again.names());
        for (Map.Entry<String, Tensor> t : tensors.entrySet()) {
          same(t.getValue(), again.read(t.getKey(), scope));
          assertEquals(Optional.of(t.getValue().spec()), again.find(t.getKey()));
        }
      }
    }
  }

  private static void same(Tensor a, Tensor b) {
    assertEquals(a.spec(), b.spec());
    assertEquals(-1, a.segment().mismatch(b.segment()));
  }
}
