package dev.gatun.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NpzTest {
  private final CpuDevice cpu = CpuDevice.open();
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    assertEquals(0, cpu.memory().liveBytes());
    cpu.close();
  }

  @Test
  void everyTypeOfNumPyIsRead() throws IOException {
    Map<String, Tensor> t = Npz.read(NpyTest.fixture("types.npz"), scope);
    assertEquals(
        List.of(
            "f2", "f4", "f8", "i1", "i4", "i8", "u1", "b1", "special", "scalar", "empty", "long"),
        List.copyOf(t.keySet()));
    List<DType> types =
        List.of(
            DType.F16, DType.F32, DType.F64, DType.I8, DType.I32, DType.I64, DType.U8, DType.BOOL);
    assertEquals(types, t.values().stream().limit(8).map(Tensor::dtype).toList());
    t.values().stream().limit(8).forEach(x -> assertEquals(Shape.of(2, 3), x.shape()));
    for (String name : List.of("f2", "f4", "f8", "i1", "i4", "i8")) {
      assertArrayEquals(new double[] {-3, -2, 0, 1, 3, 4}, of(t, name).toDoubleArray(), name);
    }
    assertArrayEquals(new long[] {0, 1, 2, 127, 128, 255}, of(t, "u1").toLongArray());
    assertArrayEquals(new long[] {1, 0, 1, 0, 0, 1}, of(t, "b1").toLongArray());
    assertArrayEquals(
        new float[] {
          Float.NaN,
          Float.POSITIVE_INFINITY,
          Float.NEGATIVE_INFINITY,
          -0f,
          Float.MIN_VALUE,
          Float.MAX_VALUE
        },
        of(t, "special").toFloatArray());
    assertEquals(0.1, of(t, "scalar").item());
    assertEquals("F32 [0,3]", of(t, "empty").spec().toString());
    assertArrayEquals(
        new long[] {Long.MAX_VALUE, Long.MIN_VALUE, (1L << 53) + 1}, of(t, "long").toLongArray());
  }

  private static Tensor of(Map<String, Tensor> tensors, String name) {
    return java.util.Optional.ofNullable(tensors.get(name)).orElseThrow();
  }

  @Test
  void deflatedAndStreamedEntriesAreRead() throws IOException {
    Map<String, Tensor> t = Npz.read(NpyTest.fixture("deflated.npz"), scope);
    assertArrayEquals(new float[20_000], of(t, "zeros").toFloatArray());
    assertEquals(19_999, of(t, "count").toLongArray()[19_999]);
    t = Npz.read(NpyTest.fixture("streamed.npz"), scope);
    assertArrayEquals(new double[] {0, 1, 2, 3, 4}, of(t, "a").toDoubleArray());
    assertArrayEquals(new double[] {0, 1, 2, 3}, of(t, "b").toDoubleArray());
  }

  @Test
  void namesThatLookLikePathsAreNames(@TempDir Path dir) throws IOException {
    byte[] array = Bytes.npy("<f4", "()", 4);
    byte[] zip =
        Bytes.zip(
            Bytes.Entry.stored("../up.npy", array),
            Bytes.Entry.stored("/etc/x.npy", array),
            Bytes.Entry.stored("Grüße\n.npy", array).withFlags(0x800),
            Bytes.Entry.stored(".npy", array));
    Files.write(dir.resolve("names.npz"), zip);
    Map<String, Tensor> t = Npz.read(dir.resolve("names.npz"), scope);
    assertEquals(List.of("../up", "/etc/x", "Grüße\n", ""), List.copyOf(t.keySet()));
  }

  @Test
  void roundTripsInOrderAndTheSameBytes(@TempDir Path dir) throws IOException {
    Map<String, Tensor> some = new LinkedHashMap<>();
    some.put("w", scope.tensor(Shape.of(2, 2), 1f, 2f, 3f, 4f).transpose());
    some.put("a/b.c", scope.tensor(Shape.of(3), 1L, -2L, 3L));
    some.put("none", scope.tensor(Shape.of(0), new float[0]));
    Npz.write(dir.resolve("1.npz"), some);
    Npz.write(dir.resolve("2.npz"), some);
    assertEquals(-1, Files.mismatch(dir.resolve("1.npz"), dir.resolve("2.npz")));
    Map<String, Tensor> back = Npz.read(dir.resolve("1.npz"), scope);
    assertEquals(List.copyOf(some.keySet()), List.copyOf(back.keySet()));
    some.forEach((name, x) -> {
      assertEquals(x.spec(), of(back, name).spec());
      assertArrayEquals(x.toDoubleArray(), of(back, name).toDoubleArray());
    });
  }

  @Test
  void anEmptyArchiveIsAnEmptyMap(@TempDir Path dir) throws IOException {
    Npz.write(dir.resolve("0.npz"), Map.of());
    assertEquals(Map.of(), Npz.read(dir.resolve("0.npz"), scope));
  }
}
