package dev.gatun.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Any bytes, read as an archive, as an array, and as an array in an archive that is itself sound:
/// either tensors that survive a round trip, or one `IOException` and nothing allocated.
final class NpzFuzzTest {
  private static final CpuDevice.Options SMALL =
      CpuDevice.Options.standard().withThreads(1).withMemoryLimit(1 << 20);

  @FuzzTest(maxDuration = "2m")
  void anyBytes(byte[] bytes) throws IOException {
    Path file = Files.createTempFile("gatun-fuzz", ".npz");
    try (CpuDevice cpu = CpuDevice.open(SMALL)) {
      Files.write(file, bytes);
      check(cpu, file, scope -> Npz.read(file, scope));
      check(cpu, file, scope -> Map.of("x", Npy.read(file, scope)));
      Files.write(file, Bytes.zip(Bytes.Entry.stored("x.npy", bytes)));
      check(cpu, file, scope -> Npz.read(file, scope));
    } finally {
      Files.delete(file);
    }
  }

  private interface Read {
    Map<String, Tensor> from(Scope scope) throws IOException;
  }

  private static void check(CpuDevice cpu, Path file, Read read) throws IOException {
    try (Scope scope = cpu.scope()) {
      Map<String, Tensor> tensors;
      try {
        tensors = read.from(scope);
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
      Npz.write(file, tensors);
      Map<String, Tensor> back = Npz.read(file, scope);
      assertEquals(tensors.keySet(), back.keySet());
      tensors.forEach((name, t) -> same(t, Optional.ofNullable(back.get(name)).orElseThrow()));
    }
  }

  private static void same(Tensor a, Tensor b) {
    assertEquals(a.spec(), b.spec());
    MemorySegment x = a.segment();
    assertEquals(-1, x.mismatch(b.segment()));
  }
}
