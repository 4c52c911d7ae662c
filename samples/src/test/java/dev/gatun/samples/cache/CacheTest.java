package dev.gatun.samples.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheTest {
  @TempDir private Path dir = Path.of("");

  private static InputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }

  private static Cache.Content content(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(UTF_8));
    return new Cache.Content(text.length(), crc.getValue());
  }

  @Test
  void whatIsStoredIsFound() throws IOException {
    Cache cache = new Cache(dir.resolve("new"));
    assertEquals(Optional.empty(), cache.find("a", content("text")));
    Path file = cache.store("a", content("text"), bytes("text"));
    assertEquals(Optional.of(file), cache.find("a", content("text")));
    assertEquals("text", Files.readString(file));
  }

  @Test
  void whatChangedIsNotFound() throws IOException {
    Cache cache = new Cache(dir);
    Path file = cache.store("a", content("text"), bytes("text"));
    Files.writeString(file, "test");
    assertEquals(Optional.empty(), cache.find("a", content("text")));
    Files.writeString(file, "tex");
    assertEquals(Optional.empty(), cache.find("a", content("text")));
    cache.store("a", content("text"), bytes("text"));
    assertTrue(cache.find("a", content("text")).isPresent());
  }

  @Test
  void whatIsDamagedIsNotStored() throws IOException {
    Cache cache = new Cache(dir);
    for (String wrong : new String[] {"tex", "test", "text".repeat(100_000)}) {
      IOException e =
          assertThrows(IOException.class, () -> cache.store("a", content("text"), bytes(wrong)));
      assertTrue(String.valueOf(e.getMessage()).contains("a is damaged"), e.getMessage());
    }
    try (Stream<Path> left = Files.list(dir)) {
      assertEquals(0, left.count());
    }
  }
}
