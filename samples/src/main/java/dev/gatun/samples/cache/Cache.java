package dev.gatun.samples.cache;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.zip.CRC32;

/// The folder for what can be made again: `$XDG_CACHE_HOME/gatun`, or `~/.cache/gatun`.
///
/// A file appears in it whole or not at all, also when two processes make it at once.
///
/// @param folder the folder; it need not exist yet
public record Cache(Path folder) {
  /// What a file must hold.
  ///
  /// @param bytes its length
  /// @param crc its CRC-32
  public record Content(long bytes, long crc) {}

  /// The user's cache; the property `gatun.cache` names another folder.
  public static Cache ofUser() {
    Optional<Path> asked = Optional.ofNullable(System.getProperty("gatun.cache")).map(Path::of);
    // Relative paths there are to be ignored, says the XDG specification.
    Optional<Path> xdg =
        Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
            .map(Path::of)
            .filter(Path::isAbsolute)
            .map(p -> p.resolve("gatun"));
    return new Cache(
        asked.or(() -> xdg).orElse(Path.of(System.getProperty("user.home"), ".cache", "gatun")));
  }

  /// The path of `name` where it holds `content`.
  public Optional<Path> find(String name, Content content) throws IOException {
    Path file = folder.resolve(name);
    return Files.isRegularFile(file) && holds(file, content) ? Optional.of(file) : Optional.empty();
  }

  /// Stores what `in` gives as `name`.
  ///
  /// @throws IOException if it is not `content`; nothing is stored then
  public Path store(String name, Content content, InputStream in) throws IOException {
    Path file = folder.resolve(name);
    Path parent = Optional.ofNullable(file.getParent()).orElse(folder);
    Files.createDirectories(parent);
    Path part = Files.createTempFile(parent, ".", ".part");
    try {
      Content got = copy(in, part, content.bytes());
      if (!got.equals(content)) {
        throw new IOException(
            "%s is damaged: %d bytes with checksum %08x are wanted; got %d with %08x"
                .formatted(name, content.bytes(), content.crc(), got.bytes(), got.crc()));
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
    return file;
  }

  /// Stops soon after `limit`: the length that a file claims is not trusted.
  private static Content copy(InputStream in, Path to, long limit) throws IOException {
    CRC32 crc = new CRC32();
    byte[] buffer = new byte[1 << 16];
    long bytes = 0;
    try (OutputStream out = Files.newOutputStream(to)) {
      for (int n = in.read(buffer); n >= 0 && bytes <= limit; n = in.read(buffer)) {
        out.write(buffer, 0, n);
        crc.update(buffer, 0, n);
        bytes += n;
      }
    }
    return new Content(bytes, crc.getValue());
  }

  private static boolean holds(Path file, Content content) throws IOException {
    if (Files.size(file) != content.bytes()) {
      return false;
    }
    CRC32 crc = new CRC32();
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    try (FileChannel channel = FileChannel.open(file)) {
      while (channel.read(buffer.clear()) > 0) {
        crc.update(buffer.flip());
      }
    }
    return crc.getValue() == content.crc();
  }
}
