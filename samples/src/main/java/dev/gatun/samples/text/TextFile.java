package dev.gatun.samples.text;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Texts, one a line, in UTF-8.
final class TextFile {
  /// Half of what Java can hold in one array.
  private static final long MOST_BYTES = 1L << 30;

  private TextFile() {}

  /// All lines of `file`.
  ///
  /// @throws IOException if there is none, or no text in it, or not UTF-8
  static List<String> lines(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new IOException("there is no file " + file);
    }
    if (Files.isDirectory(file)) {
      throw new IOException(file + " must be a file with one text a line; it is a folder");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return lines(in, file.toString());
    }
  }

  /// All lines of `in`.
  ///
  /// @param name for messages
  /// @throws IOException as above
  static List<String> lines(InputStream in, String name) throws IOException {
    byte[] bytes = in.readNBytes((int) MOST_BYTES);
    if (bytes.length == MOST_BYTES) {
      throw new IOException(
          "%s is too large: cut it into files of less than 1 GiB".formatted(name));
    }
    String text = decode(bytes, name);
    List<String> lines = text.lines().toList();
    if (lines.stream().allMatch(String::isBlank)) {
      throw new IOException("%s must hold one text a line; it is empty".formatted(name));
    }
    return lines;
  }

  private static String decode(byte[] bytes, String name) throws IOException {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(in, out, true);
    if (result.isError()) {
      int line = 1;
      for (int i = 0; i < in.position(); i++) {
        line += bytes[i] == '\n' ? 1 : 0;
      }
      throw new IOException("%s must be UTF-8; line %d is not".formatted(name, line));
    }
    String text = out.flip().toString();
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }
}
