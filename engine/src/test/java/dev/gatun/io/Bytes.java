package dev.gatun.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// Files of the two formats byte by byte, so that each length in them can lie.
final class Bytes {
  private Bytes() {}

  static byte[] npy(String header, int dataBytes) {
    byte[] text = header.getBytes(ISO_8859_1);
    return npy(1, text.length, text, dataBytes);
  }

  static byte[] npy(int version, long claimed, byte[] text, int dataBytes) {
    ByteBuffer b = ByteBuffer.allocate(12 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    b.put("\u0093NUMPY".getBytes(ISO_8859_1)).put((byte) version).put((byte) 0);
    if (version == 1) {
      b.putShort((short) claimed);
    } else {
      b.putInt((int) claimed);
    }
    b.put(text).position(b.position() + dataBytes);
    return java.util.Arrays.copyOf(b.array(), b.position());
  }

  static byte[] npy(String descr, String shape, int dataBytes) {
    return npy(
        "{'descr': '%s', 'fortran_order': False, 'shape': %s, }".formatted(descr, shape),
        dataBytes);
  }

  /// One entry as a ZIP holds it, each claim free to be false.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Entry(
      String name, int method, byte[] packed, long packedSize, long size, long crc, int flags) {
    static Entry stored(String name, byte[] content) {
      return new Entry(name, 0, content, content.length, content.length, crcOf(content), 0);
    }

    static Entry deflated(String name, byte[] content) {
      Deflater deflater = new Deflater(9, true);
      deflater.setInput(content);
      deflater.finish();
      byte[] packed = new byte[content.length + 64];
      int n = deflater.deflate(packed);
      deflater.end();
      packed = java.util.Arrays.copyOf(packed, n);
      return new Entry(name, 8, packed, n, content.length, crcOf(content), 0);
    }

    Entry withSize(long bytes) {
      return new Entry(name, method, packed, packedSize, bytes, crc, flags);
    }

    Entry withPackedSize(long bytes) {
      return new Entry(name, method, packed, bytes, size, crc, flags);
    }

    Entry withCrc(long sum) {
      return new Entry(name, method, packed, packedSize, size, sum, flags);
    }

    Entry withMethod(int number) {
      return new Entry(name, number, packed, packedSize, size, crc, flags);
    }

    Entry withFlags(int bits) {
      return new Entry(name, method, packed, packedSize, size, crc, bits);
    }

    private static long crcOf(byte[] content) {
      CRC32 sum = new CRC32();
      sum.update(content);
      return sum.getValue();
    }
  }

  /// A ZIP whose directory names `entries`; `overlap` lets all of them point at the first.
  static byte[] zip(boolean overlap, Entry... entries) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream directory = new ByteArrayOutputStream();
    try {
      for (Entry e : entries) {
        int at = overlap ? 0 : out.size();
        if (at == out.size()) {
          out.write(header(0x04034b50, e, 0));
          out.write(e.packed());
        }
        directory.write(header(0x02014b50, e, at));
      }
      int start = out.size();
      directory.writeTo(out);
      out.write(
          little(22)
              .putInt(0x06054b50)
              .putInt(0)
              .putShort((short) entries.length)
              .putShort((short) entries.length)
              .putInt(directory.size())
              .putInt(start)
              .putShort((short) 0)
              .array());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static byte[] zip(Entry... entries) {
    return zip(false, entries);
  }

  private static byte[] header(int signature, Entry e, int at) {
    byte[] name = e.name().getBytes(UTF_8);
    boolean central = signature == 0x02014b50;
    ByteBuffer b = ByteBuffer.allocate((central ? 46 : 30) + name.length);
    b.order(ByteOrder.LITTLE_ENDIAN).putInt(signature);
    if (central) {
      b.putShort((short) 20);
    }
    b.putShort((short) 20).putShort((short) e.flags()).putShort((short) e.method());
    b.putInt(0x00210000);
    b.putInt((int) e.crc()).putInt((int) e.packedSize()).putInt((int) e.size());
    b.putShort((short) name.length).putShort((short) 0);
    if (central) {
      b.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0).putInt(at);
    }
    b.put(name);
    return b.array();
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
