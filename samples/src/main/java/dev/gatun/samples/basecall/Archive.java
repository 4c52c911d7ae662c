package dev.gatun.samples.basecall;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// A static library: an `ar` archive in System V's form (`ar(5)`), of which one member is read.
/// Nothing in the file is trusted.
final class Archive {
  private static final byte[] MAGIC = "!<arch>\n".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = 60;
  private static final int NAME = 16;
  private static final int SIZE = 48;
  private static final int SIZE_DIGITS = 10;
  private static final int END = 58;

  /// No object of a library of weights is near this.
  private static final long MOST = 1 << 28;

  private Archive() {}

  /// The bytes of member `name`, little-endian.
  ///
  /// @throws IOException if `file` is no archive, is cut short, or has no such member
  static ByteBuffer member(Path file, String name) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("there is no file " + file);
    }
    try (FileChannel in = FileChannel.open(file)) {
      if (in.size() < MAGIC.length || !Arrays.equals(read(in, file, 0, MAGIC.length), MAGIC)) {
        throw new IOException(file + " must be a static library (ar); it is not");
      }
      byte[] longNames = new byte[0];
      long at = MAGIC.length;
      while (at < in.size()) {
        byte[] header = read(in, file, at, HEADER);
        long size = size(file, header, at);
        at += HEADER;
        if (size > in.size() - at) {
          throw cut(file);
        }
        String field = text(header, 0, NAME).stripTrailing();
        if (field.equals("//")) {
          longNames = read(in, file, at, limited(file, size));
        } else if (named(field, longNames).equals(name)) {
          return ByteBuffer.wrap(read(in, file, at, limited(file, size)))
              .order(ByteOrder.LITTLE_ENDIAN);
        }
        at += size + (size & 1);
      }
    }
    throw new IOException("%s must hold %s; it does not".formatted(file, name));
  }

  private static long size(Path file, byte[] header, long at) throws IOException {
    String digits = text(header, SIZE, SIZE_DIGITS).stripTrailing();
    if (header[END] != '`' || header[END + 1] != '\n' || !digits.matches("[0-9]+")) {
      throw new IOException("%s is damaged: byte %d begins no member".formatted(file, at));
    }
    return Long.parseLong(digits);
  }

  private static int limited(Path file, long size) throws IOException {
    if (size > MOST) {
      throw new IOException(
          "%s: a member must have at most %d bytes; got %d".formatted(file, MOST, size));
    }
    return (int) size;
  }

  /// Names end with a slash; longer ones are a slash and where they stand among the long names.
  private static String named(String field, byte[] longNames) {
    if (!field.matches("/[0-9]+")) {
      return field.endsWith("/") ? field.substring(0, field.length() - 1) : field;
    }
    long from = Long.parseLong(field.substring(1));
    int to = (int) Math.min(from, longNames.length);
    int start = to;
    while (to < longNames.length && longNames[to] != '/' && longNames[to] != '\n') {
      to++;
    }
    return text(longNames, start, to - start);
  }

  private static String text(byte[] bytes, int from, int length) {
    return new String(bytes, from, length, StandardCharsets.ISO_8859_1);
  }

  private static byte[] read(FileChannel in, Path file, long at, int bytes) throws IOException {
    if (bytes > in.size() - at) {
      throw cut(file);
    }
    ByteBuffer to = ByteBuffer.allocate(bytes);
    while (to.hasRemaining()) {
      if (in.read(to, at + to.position()) < 0) {
        throw cut(file);
      }
    }
    return to.array();
  }

  private static IOException cut(Path file) {
    return new IOException(file + " is cut short");
  }
}
