package dev.gatun.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Files of rwkv.cpp, made by hand; bad ones give one `IOException` that names the file and the
/// rule and leave nothing allocated.
final class RwkvFileTest {
  @TempDir private Path folder = Path.of("");

  private static byte[] header(int magic, int version, int vocabulary) {
    return ByteBuffer.allocate(24)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(magic)
        .putInt(version)
        .putInt(vocabulary)
        .putInt(4)
        .putInt(1)
        .putInt(0)
        .array();
  }

  private static byte[] tensor(String name, int code, byte[] data, int... reversed) {
    ByteBuffer b =
        ByteBuffer.allocate(12 + 4 * reversed.length + name.length() + data.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(reversed.length)
            .putInt(name.length())
            .putInt(code);
    for (int d : reversed) {
      b.putInt(d);
    }
    return b.put(name.getBytes(UTF_8)).put(data).array();
  }

  private static byte[] join(byte[]... parts) {
    byte[] all = new byte[0];
    for (byte[] p : parts) {
      int at = all.length;
      all = Arrays.copyOf(all, at + p.length);
      System.arraycopy(p, 0, all, at, p.length);
    }
    return all;
  }

  private static byte[] floats(float... x) {
    ByteBuffer b = ByteBuffer.allocate(4 * x.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float f : x) {
      b.putFloat(f);
    }
    return b.array();
  }

  private static byte[] good() {
    return join(header(RwkvFile.MAGIC, 101, 2), tensor("w", 0, floats(1, 2, 3, 4, 5, 6), 3, 2));
  }

  private RwkvFile read(byte[] bytes, Scope scope) throws IOException {
    return RwkvFile.read(Files.write(folder.resolve("model.bin"), bytes), scope);
  }

  private static Tensor tensor(RwkvFile file, String name) {
    return Objects.requireNonNull(file.tensors().get(name));
  }

  @Test
  void sizesAreReversed() throws IOException {
    try (CpuDevice device = CpuDevice.open();
        Scope scope = device.scope()) {
      RwkvFile file = read(good(), scope);
      assertEquals(Shape.of(2, 3), tensor(file, "w").shape());
      assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, tensor(file, "w").toFloatArray());
      assertEquals(2, file.vocabulary());
      assertEquals(4, file.features());
      assertEquals(1, file.layers());
    }
  }

  /// Scale 1/2; number `j` has the code `j` of 5 bits where there are so many, else `j % 16`.
  private static byte[] block(int code, int bytes) {
    ByteBuffer b = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    b.putShort(Float.floatToFloat16(0.5f));
    if (code == 9) {
      for (int j = 0; j < 32; j++) {
        b.put((byte) (j - 16));
      }
      return b.array();
    }
    if (code == 3 || code == 8) {
      b.putShort(Float.floatToFloat16(-3));
    }
    if (code == 7 || code == 8) {
      b.putInt(0xffff0000);
    }
    for (int j = 0; j < 16; j++) {
      b.put((byte) (j | j << 4));
    }
    return b.array();
  }

  static Stream<Arguments> blocks() {
    return Stream.of(
        arguments(2, 18, 16, -4f),
        arguments(3, 20, 16, -3f),
        arguments(7, 22, 32, -8f),
        arguments(8, 24, 32, -3f),
        arguments(9, 34, 32, -8f));
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void blocksShareTheirScale(int code, int bytes, int codes, float least) throws IOException {
    float[] want = new float[64];
    for (int i = 0; i < want.length; i++) {
      want[i] = i % codes * 0.5f + least;
    }
    byte[] two = join(block(code, bytes), block(code, bytes));
    try (CpuDevice device = CpuDevice.open();
        Scope scope = device.scope()) {
      RwkvFile file = read(join(header(RwkvFile.MAGIC, 101, 2), tensor("q", code, two, 64)), scope);
      assertArrayEquals(want, tensor(file, "q").toFloatArray());
    }
  }

  @Test
  void halvesAreNumbers() throws IOException {
    byte[] data =
        ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN).putShort((short) 0x3c00).array();
    try (CpuDevice device = CpuDevice.open();
        Scope scope = device.scope()) {
      RwkvFile file = read(join(header(RwkvFile.MAGIC, 100, 2), tensor("h", 1, data, 1)), scope);
      assertArrayEquals(new float[] {1}, tensor(file, "h").toFloatArray());
    }
  }

  static Stream<Arguments> bad() {
    byte[] h = header(RwkvFile.MAGIC, 101, 2);
    byte[] one = floats(1);
    return Stream.of(
        arguments("empty", new byte[0], "a header of 24 bytes"),
        arguments("another magic", header(1, 101, 2), "must start with 0x67676d66; got 0x1"),
        arguments("another version", header(RwkvFile.MAGIC, 102, 2), "100 or 101; got 102"),
        arguments("no vocabulary", header(RwkvFile.MAGIC, 101, 0), "must be positive"),
        arguments("bytes behind", join(h, new byte[3]), "12 bytes must begin a tensor; got 3"),
        arguments("type", join(h, tensor("a", 4, one, 1)), "must be one of"),
        arguments("data cut", join(h, tensor("a", 0, one, 2)), "a must end within the file; got 8"),
        arguments("negative size", join(h, tensor("a", 0, one, -1)), "must not be negative"),
        arguments(
            "huge",
            join(h, tensor("a", 0, one, Integer.MAX_VALUE, Integer.MAX_VALUE)),
            "end within"),
        arguments("half a block", join(h, tensor("a", 2, new byte[18], 16)), "blocks of 32"),
        arguments("no name", join(h, tensor("", 0, one, 1)), "1 to 1024 bytes; got 0"),
        arguments("nine axes", join(h, tensor("a", 0, one, 1, 1, 1, 1, 1, 1, 1, 1, 1)), "8 axes"),
        arguments(
            "a name twice",
            join(h, tensor("a", 0, one, 1), tensor("a", 0, one, 1)),
            "must differ"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bad")
  void badFilesLeaveNothing(String what, byte[] bytes, String rule) {
    try (CpuDevice device = CpuDevice.open();
        Scope scope = device.scope()) {
      long before = device.memory().liveBytes();
      IOException e = assertThrows(IOException.class, () -> read(bytes, scope), what);
      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains("model.bin: ") && message.contains(rule), message);
      assertEquals(before, device.memory().liveBytes());
    }
  }

  @Test
  void everyCutIsRefusedOrEndsBehindATensor() {
    byte[] all = good();
    try (CpuDevice device = CpuDevice.open();
        Scope scope = device.scope()) {
      for (int n = 0; n < all.length; n++) {
        byte[] cut = Arrays.copyOf(all, n);
        if (n != 24) {
          assertThrows(IOException.class, () -> read(cut, scope), n + " bytes");
        }
      }
    }
  }
}
