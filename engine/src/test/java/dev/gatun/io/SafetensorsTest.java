package dev.gatun.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
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
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The fixture in `safetensors/` was written by the format's own library, 0.8.
final class SafetensorsTest {
  private final CpuDevice cpu = CpuDevice.open();
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    assertEquals(0, cpu.memory().liveBytes());
    cpu.close();
  }

  private static Path fixture(String name) {
    try {
      String place = "/safetensors/" + name;
      URL url = Optional.ofNullable(SafetensorsTest.class.getResource(place)).orElseThrow();
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Tensor of(Map<String, Tensor> tensors, String name) {
    return Optional.ofNullable(tensors.get(name)).orElseThrow();
  }

  @Test
  void everyTypeRoundTrips(@TempDir Path dir) throws IOException {
    Map<String, Tensor> some = new LinkedHashMap<>();
    for (DType t : DType.values()) {
      some.put("some " + t, scope.tensor(t, Shape.of(2, 3), 0, 1, 1, 0, 3, 100));
      some.put("scalar " + t, scope.tensor(t, Shape.of(), 1));
      some.put("none " + t, scope.zeros(t, Shape.of(2, 0)));
    }
    some.put("transposed", scope.tensor(Shape.of(2, 2), 1f, 2f, 3f, 4f).transpose());
    some.put("special", scope.tensor(Shape.of(3), Float.NaN, -0f, Float.NEGATIVE_INFINITY));
    Path file = dir.resolve("all.safetensors");
    Safetensors.write(file, some, Map.of());
    Map<String, Tensor> back = Safetensors.read(file, scope);
    assertEquals(some.keySet(), back.keySet());
    some.forEach((name, x) -> {
      assertEquals(x.spec(), of(back, name).spec());
      assertEquals(-1, x.copy().segment().mismatch(of(back, name).segment()), name);
    });
  }

  @Test
  void dataAreAlignedAndTheSameTensorsMakeTheSameBytes(@TempDir Path dir) throws IOException {
    Map<String, Tensor> some = new LinkedHashMap<>();
    some.put("a", scope.tensor(DType.U8, Shape.of(3), 1, 2, 3));
    some.put("b", scope.tensor(Shape.of(1), 2.5));
    some.put("c", scope.tensor(DType.BF16, Shape.of(1), 1));
    Map<String, String> metadata = Map.of("format", "pt");
    Safetensors.write(dir.resolve("1"), some, metadata);
    Safetensors.write(dir.resolve("2"), some, metadata);
    assertEquals(-1, Files.mismatch(dir.resolve("1"), dir.resolve("2")));
    byte[] bytes = Files.readAllBytes(dir.resolve("1"));
    ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int header = Math.toIntExact(b.getLong());
    assertEquals(0, header % 8);
    assertEquals(2.5, b.getDouble(8 + header));
    String text = new String(bytes, 8, header, UTF_8);
    assertTrue(text.startsWith("{\"__metadata__\":{\"format\":\"pt\"},\"b\":{"), text);
  }

  @Test
  void namesAndMetadataAreAnyText(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("names");
    Map<String, Tensor> some = new LinkedHashMap<>();
    for (String name : List.of("", "../up", "Grüße\n", "a\"b\\c", "\u0000\u001f", "𝔘𝔫𝔦")) {
      some.put(name, scope.tensor(Shape.of(1), 1f));
    }
    Map<String, String> metadata = Map.of("k\t\"", "line\nline", "", "");
    Safetensors.write(file, some, metadata);
    try (Safetensors opened = Safetensors.open(file)) {
      assertEquals(List.copyOf(some.keySet()), List.copyOf(opened.names()));
      assertEquals(metadata, opened.metadata());
    }
    for (String bad : List.of("__metadata__", "half \ud800")) {
      Map<String, Tensor> one = Map.of(bad, scope.tensor(Shape.of(1), 1f));
      assertThrows(IllegalArgumentException.class, () -> Safetensors.write(file, one, Map.of()));
    }
    assertEquals(some.keySet(), Safetensors.read(file, scope).keySet());
  }

  @Test
  void jsonWithEscapesAndBlanksIsRead(@TempDir Path dir) throws IOException {
    String header =
        "{ \"\\u0041\\n\\/\\ud835\\udd18\" :\t{\"shape\":[ 1 , 1 ],\r\n \"data_offsets\":[0,4],"
            + "\"dtype\":\"F32\"}, \"__metadata__\": {} }  \n ";
    Path file = dir.resolve("blanks");
    Files.write(file, SafetensorsBytes.file(header, 4));
    try (Safetensors opened = Safetensors.open(file)) {
      assertEquals(List.of("A\n/𝔘"), List.copyOf(opened.names()));
      assertEquals("F32 [1,1]", opened.find("A\n/𝔘").orElseThrow().toString());
    }
  }

  @Test
  void tensorsAreCopiedWhenAskedFor(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("two");
    Map<String, Tensor> two = new LinkedHashMap<>();
    two.put("x", scope.tensor(Shape.of(100_000), new float[100_000]));
    two.put("y", scope.tensor(Shape.of(2), 1f, 2f));
    Safetensors.write(file, two, Map.of());
    try (Scope fresh = cpu.scope()) {
      long before = cpu.memory().liveBytes();
      Safetensors opened = Safetensors.open(file);
      assertEquals(before, cpu.memory().liveBytes());
      Tensor y = opened.read("y", fresh);
      assertTrue(cpu.memory().liveBytes() - before < 400_000);
      opened.close();
      opened.close();
      assertArrayEquals(new float[] {1, 2}, y.toFloatArray());
      assertThrows(IllegalStateException.class, () -> opened.read("y", fresh));
      assertEquals(Optional.empty(), opened.find("z"));
      assertThrows(IllegalArgumentException.class, () -> opened.read("z", fresh));
    }
    assertNotMapped(file);
  }

  /// Where the system lists what it maps.
  static void assertNotMapped(Path file) throws IOException {
    Path maps = Path.of("/proc/self/maps");
    if (Files.isReadable(maps)) {
      try (Stream<String> lines = Files.lines(maps, ISO_8859_1)) {
        assertTrue(lines.noneMatch(l -> l.endsWith(file.toAbsolutePath().toString())));
      }
    }
  }

  @Test
  void truthIsOneByte(@TempDir Path dir) throws IOException {
    byte[] bytes = SafetensorsBytes.one("BOOL", "[4]", 4);
    bytes[bytes.length - 1] = 7;
    bytes[bytes.length - 3] = -1;
    Files.write(dir.resolve("bool"), bytes);
    Tensor t = of(Safetensors.read(dir.resolve("bool"), scope), "w");
    assertEquals(-1, t.segment().mismatch(MemorySegment.ofArray(new byte[] {0, 1, 0, 1})));
  }

  @Test
  void whatTheReferenceImplementationWroteIsRead() throws IOException {
    Path file = fixture("reference.safetensors");
    Map<String, Tensor> t = Safetensors.read(file, scope);
    for (String name : List.of("F16", "F32", "F64", "I8", "I32", "I64")) {
      assertEquals(DType.valueOf(name), of(t, name).dtype());
      assertEquals(Shape.of(2, 3), of(t, name).shape());
      assertArrayEquals(new double[] {-3, -2, 0, 1, 3, 4}, of(t, name).toDoubleArray(), name);
    }
    assertArrayEquals(new long[] {0, 1, 2, 127, 128, 255}, of(t, "U8").toLongArray());
    assertArrayEquals(new long[] {1, 0, 1, 0, 0, 1}, of(t, "BOOL").toLongArray());
    assertArrayEquals(new double[] {1, -2.5}, of(t, "BF16").toDoubleArray());
    assertEquals(0.5, of(t, "scalar").item());
    assertEquals("F32 [0,3]", of(t, "empty").spec().toString());
    try (Safetensors opened = Safetensors.open(file)) {
      assertEquals(Map.of("format", "np", "note", "Grüße \"x\""), opened.metadata());
    }
  }

  @Test
  void anEmptyFileOfTensorsIsAnEmptyMap(@TempDir Path dir) throws IOException {
    Safetensors.write(dir.resolve("0"), Map.of(), Map.of());
    assertEquals(Map.of(), Safetensors.read(dir.resolve("0"), scope));
  }
}
