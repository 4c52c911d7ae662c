package dev.gatun.samples.basecall;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadersTest {
  private static final float[] VALUES = {1.5f, -2f, 0f};
  private static final String MEMBER = "a_name_longer_than_sixteen.o";

  @TempDir private Path dir = Path.of("");

  private static void header(ByteBuffer to, String name, int size) {
    String text = "%-16s%-12s%-6s%-6s%-8s%-10d`\n".formatted(name, "0", "0", "0", "644", size);
    to.put(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static void section(ByteBuffer to, int type, long at, long size, int link) {
    to.putInt(0).putInt(type).putLong(0).putLong(0).putLong(at).putLong(size);
    to.putInt(link).putInt(0).putLong(1).putLong(0);
  }

  /// An object of one symbol: its data at 64, names at 76, symbols at 88, sections at 136.
  private static byte[] object() {
    ByteBuffer o = ByteBuffer.allocate(136 + 4 * 64).order(ByteOrder.LITTLE_ENDIAN);
    o.putInt(0x464C457F).put((byte) 2).put((byte) 1).put((byte) 1).position(16);
    o.putShort((short) 1).putShort((short) 62).putInt(1).putLong(0).putLong(0).putLong(136);
    o.putInt(0).putShort((short) 64).putShort((short) 0).putShort((short) 0);
    o.putShort((short) 64).putShort((short) 4).putShort((short) 0);
    for (float v : VALUES) {
      o.putFloat(v);
    }
    o.put("\0weights\0\0\0\0".getBytes(StandardCharsets.US_ASCII));
    o.position(88 + 24);
    o.putInt(1).put((byte) 17).put((byte) 0).putShort((short) 1).putLong(0).putLong(12);
    section(o, 0, 0, 0, 0);
    section(o, 1, 64, 12, 0);
    section(o, 2, 88, 48, 3);
    section(o, 3, 76, 12, 0);
    return o.array();
  }

  private static byte[] library() {
    byte[] object = object();
    ByteBuffer a = ByteBuffer.allocate(8 + 60 + 4 + 60 + 32 + 60 + object.length);
    a.put("!<arch>\n".getBytes(StandardCharsets.US_ASCII));
    header(a, "odd.o/", 3);
    a.put(new byte[] {1, 2, 3, '\n'});
    header(a, "//", 32);
    a.put("%-31s\n".formatted(MEMBER + "/\n").getBytes(StandardCharsets.US_ASCII));
    header(a, "/0", object.length);
    a.put(object);
    return a.array();
  }

  private float[] weights(byte[] library) throws IOException {
    Path file = Files.write(dir.resolve("lib.a"), library);
    return ElfObject.read(file, MEMBER).floats("weights", VALUES.length);
  }

  private static void assertSentence(String part, IOException e) {
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(part), message);
    assertEquals(1, message.lines().count(), message);
  }

  @Test
  void symbolsAreFoundInLibraries() throws IOException {
    assertArrayEquals(VALUES, weights(library()));
    Path file = Files.write(dir.resolve("lib.a"), library());
    ElfObject object = ElfObject.read(file, MEMBER);
    assertSentence(
        "must define weigh;", assertThrows(IOException.class, () -> object.floats("weigh", 3)));
    assertSentence(
        "must have 16 bytes; it has 12",
        assertThrows(IOException.class, () -> object.floats("weights", 4)));
    assertSentence(
        "must hold b.o", assertThrows(IOException.class, () -> Archive.member(file, "b.o")));
    assertSentence(
        "must be a 64-bit little-endian ELF object",
        assertThrows(IOException.class, () -> ElfObject.read(file, "odd.o")));
    assertSentence(
        "there is no file",
        assertThrows(IOException.class, () -> Archive.member(dir.resolve("none"), MEMBER)));
  }

  @Test
  void cutLibrariesAreOneSentence() throws IOException {
    byte[] whole = library();
    for (int n = 0; n < whole.length; n++) {
      byte[] cut = Arrays.copyOf(whole, n);
      assertSentence("lib.a", assertThrows(IOException.class, () -> weights(cut)));
    }
    byte[] object = object();
    for (int n = 0; n < object.length; n++) {
      ByteBuffer cut = ByteBuffer.wrap(Arrays.copyOf(object, n));
      assertSentence("o must be a", assertThrows(IOException.class, () -> damagedObject(cut)));
    }
  }

  private static void damagedObject(ByteBuffer bytes) throws IOException {
    try {
      ElfObject.of("o", bytes).floats("weights", 3);
    } catch (IOException e) {
      throw new IOException("o must be a sound object: " + e.getMessage(), e);
    }
  }

  /// Every byte of headers and tables in turn: a value or one sentence, never another exception.
  @Test
  void damagedLibrariesAreRefusedOrRead() throws IOException {
    byte[] whole = library();
    int refused = 0;
    for (int i = 0; i < whole.length; i++) {
      for (int flip : new int[] {0x01, 0x80, 0xFF}) {
        byte[] damaged = whole.clone();
        damaged[i] ^= (byte) flip;
        try {
          assertEquals(VALUES.length, weights(damaged).length);
        } catch (IOException e) {
          assertSentence("lib.a", e);
          refused++;
        }
      }
    }
    assertTrue(refused > 300, "refused " + refused);
  }

  private Path read() {
    Path file = dir.resolve("read.fast5");
    try (WritableHdfFile hdf = HdfFile.write(file)) {
      WritableGroup read = hdf.putGroup("Raw").putGroup("Reads").putGroup("Read_1");
      read.putAttribute("read_id", "an id");
      read.putDataset("Signal", new short[] {100, 200, -5});
      WritableGroup channel = hdf.putGroup("UniqueGlobalKey").putGroup("channel_id");
      channel.putAttribute("range", 1500.0);
      channel.putAttribute("digitisation", 3000.0);
      channel.putAttribute("offset", 5.0);
    }
    return file;
  }

  @Test
  void samplesBecomeCurrents() throws IOException {
    Fast5 read = Fast5.read(read());
    assertEquals("read.fast5", read.name());
    assertEquals("an id", read.id());
    assertArrayEquals(new float[] {52.5f, 102.5f, 0f}, read.current());
  }

  @Test
  void otherFilesAreOneSentence() throws IOException {
    assertSentence(
        "there is no file",
        assertThrows(IOException.class, () -> Fast5.read(dir.resolve("none.fast5"))));
    Path text = Files.writeString(dir.resolve("text.fast5"), "text");
    assertSentence(
        "must be a sound HDF5 file", assertThrows(IOException.class, () -> Fast5.read(text)));
    Path other = dir.resolve("other.fast5");
    try (WritableHdfFile hdf = HdfFile.write(other)) {
      hdf.putGroup("Raw");
    }
    assertSentence(
        "must have /Raw/Reads", assertThrows(IOException.class, () -> Fast5.read(other)));
  }

  @Test
  void damagedReadsAreRefusedOrRead() throws IOException {
    byte[] whole = Files.readAllBytes(read());
    Path file = dir.resolve("damaged.fast5");
    Random random = new Random(7);
    int refused = 0;
    for (int i = 0; i < 400; i++) {
      byte[] damaged = i < 100 ? Arrays.copyOf(whole, whole.length * i / 100) : whole.clone();
      if (i >= 100) {
        damaged[random.nextInt(whole.length)] ^= (byte) (1 + random.nextInt(255));
      }
      Files.write(file, damaged);
      try {
        Fast5.read(file);
      } catch (IOException e) {
        assertSentence("damaged.fast5", e);
        refused++;
      }
    }
    assertTrue(refused >= 100, "refused " + refused);
  }
}
