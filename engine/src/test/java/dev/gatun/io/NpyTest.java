package dev.gatun.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The fixtures in `npz/` were written by NumPy 2.4.
final class NpyTest {
  private final CpuDevice cpu = CpuDevice.open();
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    assertEquals(0, cpu.memory().liveBytes());
    cpu.close();
  }

  static Path fixture(String name) {
    try {
      URL url = Optional.ofNullable(NpyTest.class.getResource("/npz/" + name)).orElseThrow();
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static double[] range(int n) {
    return IntStream.range(0, n).asDoubleStream().toArray();
  }

  @Test
  void columnsFirstComesBackRowMajor() throws IOException {
    Tensor t = Npy.read(fixture("columns.npy"), scope);
    assertEquals(Shape.of(2, 3, 4), t.shape());
    assertTrue(t.layout().isContiguous(t.shape()));
    assertArrayEquals(range(24), t.toDoubleArray());
  }

  @Test
  void bigEndianIsSwapped() throws IOException {
    Tensor t = Npy.read(fixture("big.npy"), scope);
    assertEquals(DType.F64, t.dtype());
    assertArrayEquals(range(12), Arrays.stream(t.toDoubleArray()).map(x -> x + 0.5).toArray());
    Tensor ints = Npy.read(fixture("big_columns.npy"), scope);
    assertEquals("I32 [3,4]", ints.spec().toString());
    assertArrayEquals(range(12), ints.toDoubleArray());
    Tensor halves = Npy.read(fixture("big_half.npy"), scope);
    assertEquals("F16 [7]", halves.spec().toString());
    assertArrayEquals(range(7), halves.toDoubleArray());
  }

  @ParameterizedTest
  @ValueSource(strings = {"version2.npy", "version3.npy"})
  void laterVersionsAreRead(String name) throws IOException {
    assertArrayEquals(new long[] {0, 1, 2}, Npy.read(fixture(name), scope).toLongArray());
  }

  @Test
  void longNumbersOfPython2AreRead() throws IOException {
    Tensor t = Npy.read(fixture("python2.npy"), scope);
    assertEquals(Shape.of(2, 2), t.shape());
    assertArrayEquals(range(4), t.toDoubleArray());
  }

  @Test
  void writesTheBytesNumPyWrites(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("v1.npy");
    Npy.write(file, scope.tensor(DType.F64, Shape.of(3, 4), range(12)));
    byte[] bytes = Files.readAllBytes(file);
    String header = new String(bytes, 10, 118, java.nio.charset.StandardCharsets.ISO_8859_1);
    assertEquals(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }" + " ".repeat(58) + "\n",
        header);
    assertEquals(128 + 96, bytes.length);
    try (Stream<Path> files = Files.list(dir)) {
      assertEquals(List.of(file), files.toList(), "no temporary file stays");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"BF16"})
  void everyTypeRoundTrips(DType type, @TempDir Path dir) throws IOException {
    double[] values = {0, 1, 1, 0, 1, 0};
    if (type != DType.BOOL) {
      values[1] = 100;
    }
    for (long[] dims : new long[][] {{6}, {2, 3}, {1, 6, 1}}) {
      Tensor t = scope.tensor(type, Shape.of(dims), values);
      Npy.write(dir.resolve("t.npy"), t);
      Tensor back = Npy.read(dir.resolve("t.npy"), scope);
      assertEquals(t.spec(), back.spec());
      assertArrayEquals(values, back.toDoubleArray());
    }
  }

  @Test
  void scalarsEmptyAndStridedTensorsRoundTrip(@TempDir Path dir) throws IOException {
    Tensor t = scope.tensor(DType.F32, Shape.of(4, 5), range(20));
    List<Tensor> odd =
        List.of(
            scope.tensor(Shape.of(), 7f),
            scope.tensor(DType.F64, Shape.of(0, 3)),
            t.transpose(),
            t.slice(0, 1, 3).slice(1, 1, 5, 2),
            t.slice(1, 2, 3).broadcastTo(Shape.of(2, 4, 6)));
    for (Tensor x : odd) {
      Npy.write(dir.resolve("x.npy"), x);
      Tensor back = Npy.read(dir.resolve("x.npy"), scope);
      assertEquals(x.spec(), back.spec());
      assertArrayEquals(x.toDoubleArray(), back.toDoubleArray());
    }
  }

  @Test
  void longArraysCrossChunks(@TempDir Path dir) throws IOException {
    int n = (1 << 18) + 77;
    for (DType type : List.of(DType.F64, DType.F32, DType.BOOL)) {
      double[] values = IntStream.range(0, n).mapToDouble(i -> i * 31 % 2).toArray();
      Npy.write(dir.resolve("n.npy"), scope.tensor(type, Shape.of(n), values));
      assertArrayEquals(values, Npy.read(dir.resolve("n.npy"), scope).toDoubleArray());
    }
  }

  @Test
  void boolBytesOtherThanOneAreTrue(@TempDir Path dir) throws IOException {
    byte[] file = Bytes.npy("|b1", "(2,)", 2);
    file[file.length - 1] = 7;
    Files.write(dir.resolve("b.npy"), file);
    Tensor t = Npy.read(dir.resolve("b.npy"), scope);
    assertEquals(1, t.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 1));
  }

  @Test
  void bf16IsRefused(@TempDir Path dir) throws IOException {
    Tensor t = scope.tensor(DType.BF16, Shape.of(2), 1, 2);
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> Npy.write(dir.resolve("t.npy"), t));
    assertEquals(
        "Npy: the dtype must be one that NumPy has; got BF16 [2]; cast it with to(F32)",
        e.getMessage());
    try (Stream<Path> files = Files.list(dir)) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void aFailedWriteLeavesTheOldFile(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("t.npy");
    Files.writeString(file, "old");
    Tensor t;
    try (Scope gone = cpu.scope("gone")) {
      t = gone.tensor(Shape.of(2), 1f, 2f);
    }
    assertThrows(IllegalStateException.class, () -> Npy.write(file, t));
    assertEquals("old", Files.readString(file));
    try (Stream<Path> files = Files.list(dir)) {
      assertEquals(List.of(file), files.toList());
    }
  }
}
