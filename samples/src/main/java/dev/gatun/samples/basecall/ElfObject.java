package dev.gatun.samples.basecall;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// The data that symbols of a relocatable 64-bit ELF file name (System V ABI, chapter 4; `elf(5)`),
/// little-endian. Nothing in the file is trusted: every offset and length is checked against what
/// it lies in.
final class ElfObject {
  private static final int MAGIC = 0x464C457F;
  private static final int HEADER = 64;
  private static final int SECTION = 64;
  private static final int SYMBOL = 24;
  private static final int SYMBOL_TABLE = 2;
  private static final int NO_BITS = 8;

  private final String name;
  private final ByteBuffer bytes;
  private final ByteBuffer sections;
  private final ByteBuffer symbols;
  private final ByteBuffer names;

  private ElfObject(
      String name, ByteBuffer bytes, ByteBuffer sections, ByteBuffer symbols, ByteBuffer names) {
    this.name = name;
    this.bytes = bytes;
    this.sections = sections;
    this.symbols = symbols;
    this.names = names;
  }

  /// Member `member` of the static library `file`.
  ///
  /// @throws IOException if there is none, or it is no sound object
  static ElfObject read(Path file, String member) throws IOException {
    return of(file + "(" + member + ")", Archive.member(file, member));
  }

  /// @param name for messages
  /// @throws IOException if `bytes` are no sound object
  static ElfObject of(String name, ByteBuffer bytes) throws IOException {
    ByteBuffer all = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    boolean known =
        all.limit() >= HEADER
            && all.getInt(0) == MAGIC
            && all.get(4) == 2
            && all.get(5) == 1
            && all.getShort(16) == 1
            && all.getShort(58) == SECTION;
    if (!known) {
      throw new IOException(name + " must be a 64-bit little-endian ELF object; it is not");
    }
    int count = Short.toUnsignedInt(all.getShort(60));
    ByteBuffer sections = part(name, all, all.getLong(40), (long) count * SECTION);
    for (int i = 0; i < count; i++) {
      if (sections.getInt(i * SECTION + 4) == SYMBOL_TABLE) {
        ByteBuffer symbols = section(name, all, sections, i);
        ByteBuffer names = section(name, all, sections, sections.getInt(i * SECTION + 40));
        return new ElfObject(name, all, sections, symbols, names);
      }
    }
    throw new IOException(name + " must have a symbol table; it has none");
  }

  /// The numbers that `symbol` names.
  ///
  /// @throws IOException if there are not `count`
  float[] floats(String symbol, int count) throws IOException {
    float[] values = new float[count];
    data(symbol, count * 4L).asFloatBuffer().get(values);
    return values;
  }

  /// The number that `symbol` names.
  ///
  /// @throws IOException if it is none of four bytes
  int number(String symbol) throws IOException {
    return data(symbol, 4).getInt(0);
  }

  private ByteBuffer data(String symbol, long size) throws IOException {
    byte[] wanted = (symbol + "\0").getBytes(StandardCharsets.US_ASCII);
    for (int at = 0; at <= symbols.limit() - SYMBOL; at += SYMBOL) {
      int index = Short.toUnsignedInt(symbols.getShort(at + 6));
      if (index != 0 && isNamed(symbols.getInt(at), wanted)) {
        if (symbols.getLong(at + 16) != size) {
          throw new IOException(
              "%s: %s must have %d bytes; it has %d"
                  .formatted(name, symbol, size, symbols.getLong(at + 16)));
        }
        return part(name, section(name, bytes, sections, index), symbols.getLong(at + 8), size);
      }
    }
    throw new IOException("%s must define %s; it does not".formatted(name, symbol));
  }

  private boolean isNamed(int at, byte[] wanted) {
    if (at < 0 || at > names.limit() - wanted.length) {
      return false;
    }
    for (int i = 0; i < wanted.length; i++) {
      if (names.get(at + i) != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  private static ByteBuffer section(String name, ByteBuffer all, ByteBuffer sections, int index)
      throws IOException {
    if (index < 0 || index >= sections.limit() / SECTION) {
      throw new IOException("%s is damaged: there is no section %d".formatted(name, index));
    }
    int at = index * SECTION;
    if (sections.getInt(at + 4) == NO_BITS) {
      throw new IOException("%s is damaged: section %d has no bytes".formatted(name, index));
    }
    return part(name, all, sections.getLong(at + 24), sections.getLong(at + 32));
  }

  private static ByteBuffer part(String name, ByteBuffer whole, long at, long size)
      throws IOException {
    if (at < 0 || size < 0 || at > whole.limit() || size > whole.limit() - at) {
      throw new IOException(
          "%s is damaged or cut short: %d bytes at %d do not lie in %d"
              .formatted(name, size, at, whole.limit()));
    }
    return whole.slice((int) at, (int) size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
