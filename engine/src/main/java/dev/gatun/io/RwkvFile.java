package dev.gatun.io;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// An RWKV model in the file format of rwkv.cpp (<https://github.com/RWKV/rwkv.cpp>,
/// `docs/FILE_FORMAT.md`): six numbers, then tensors with their names. Numbers are F32, F16 or
/// blocks of 32 that share a scale (4, 5 and 8 bits); all are read as F32.
///
/// Files are not trusted: each length is checked against the file before it is used, and of a bad
/// file no memory stays.
///
/// @param vocabulary tokens
/// @param features of a token
/// @param layers blocks
/// @param tensors by name, in the order of the file
public record RwkvFile(int vocabulary, int features, int layers, Map<String, Tensor> tensors) {
  /// The first four bytes as a number.
  public static final int MAGIC = 0x67676d66;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long HEADER = 24;
  private static final long ENTRY = 12;
  private static final int MOST_AXES = 8;
  private static final int MOST_NAME = 1024;
  private static final int BLOCK = 32;

  /// How numbers are stored: `bytes` hold `count` of them.
  private enum Format {
    F32(0, 1, 4),
    F16(1, 1, 2),
    Q4_0(2, BLOCK, 18),
    Q4_1(3, BLOCK, 20),
    Q5_0(7, BLOCK, 22),
    Q5_1(8, BLOCK, 24),
    Q8_0(9, BLOCK, 34);

    private final int code;
    private final int count;
    private final int bytes;

    Format(int code, int count, int bytes) {
      this.code = code;
      this.count = count;
      this.bytes = bytes;
    }
  }

  /// Reads `file` into `scope`.
  ///
  /// @throws IOException if it cannot be read or is not a sound file of this format
  /// @throws IllegalStateException if the device has no memory for it
  public static RwkvFile read(Path file, Scope scope) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw NpyHeader.bad(file.toString(), "a model must be a regular file; it is not");
    }
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file)) {
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return scope.allOrNothing(() -> new Reader(file, all, scope).read());
    } catch (InternalError lost) {
      // What the JVM makes of a page that the file no longer has.
      throw new IOException(file + ": the file must not shrink while it is read; it did", lost);
    }
  }

  private static final class Reader {
    private final Path file;
    private final MemorySegment all;
    private final Scope scope;
    private long at;

    Reader(Path file, MemorySegment all, Scope scope) {
      this.file = file;
      this.all = all;
      this.scope = scope;
    }

    private void require(boolean holds, String rule, Object got) throws IOException {
      if (!holds) {
        throw NpyHeader.bad(file.toString(), rule + "; got " + got);
      }
    }

    private int next() {
      at += Integer.BYTES;
      return all.get(INT, at - Integer.BYTES);
    }

    RwkvFile read() throws IOException {
      require(all.byteSize() >= HEADER, "a header of 24 bytes must come first", all.byteSize());
      int magic = next();
      require(magic == MAGIC, "the file must start with 0x67676d66", "0x%x".formatted(magic));
      int version = next();
      require(version == 100 || version == 101, "the version must be 100 or 101", version);
      int vocabulary = next();
      int features = next();
      int layers = next();
      boolean sizes = vocabulary > 0 && features > 0 && layers > 0;
      require(sizes, "sizes must be positive", vocabulary + ", " + features + ", " + layers);
      next();
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      while (at < all.byteSize()) {
        tensor(tensors);
      }
      return new RwkvFile(vocabulary, features, layers, Collections.unmodifiableMap(tensors));
    }

    private void tensor(Map<String, Tensor> to) throws IOException {
      require(all.byteSize() - at >= ENTRY, "12 bytes must begin a tensor", all.byteSize() - at);
      int axes = next();
      int length = next();
      int code = next();
      require(axes >= 0 && axes <= MOST_AXES, "a tensor must have at most 8 axes", axes);
      require(length > 0 && length <= MOST_NAME, "a name must have 1 to 1024 bytes", length);
      long head = 4L * axes + length;
      require(head <= all.byteSize() - at, "axes and name must end within the file", head);
      long[] dims = new long[axes];
      long elems = 1;
      for (int i = axes - 1; i >= 0; i--) {
        dims[i] = next();
        require(dims[i] >= 0, "sizes must not be negative", dims[i]);
        elems = dims[i] == 0 ? 0 : Math.min(elems, all.byteSize()) * dims[i];
      }
      byte[] bytes = all.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
      at += length;
      String name = NpyHeader.printable(new String(bytes, UTF_8));
      Format format = format(code);
      boolean whole = elems % format.count == 0;
      require(whole, "%s must fill its blocks of 32".formatted(name), elems + " numbers");
      long size = elems / format.count * format.bytes;
      require(size <= all.byteSize() - at, "%s must end within the file".formatted(name), size);
      float[] values = numbers(format, all.asSlice(at, size), Math.toIntExact(elems));
      at += size;
      Tensor old = to.put(name, scope.tensor(Shape.of(dims), values));
      require(old == null, "names must differ", name + " twice");
    }

    private Format format(int code) throws IOException {
      for (Format f : Format.values()) {
        if (f.code == code) {
          return f;
        }
      }
      throw NpyHeader.bad(
          file.toString(), "a type must be one of 0, 1, 2, 3, 7, 8, 9; got " + code);
    }
  }

  private static float[] numbers(Format format, MemorySegment data, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i += format.count) {
      long at = (long) i / format.count * format.bytes;
      switch (format) {
        case F32 -> x[i] = data.get(FLOAT, at);
        case F16 -> x[i] = half(data, at);
        case Q8_0 -> {
          for (int j = 0; j < BLOCK; j++) {
            x[i + j] = half(data, at) * data.get(ValueLayout.JAVA_BYTE, at + 2 + j);
          }
        }
        default -> block(format, data, at, x, i);
      }
    }
    return x;
  }

  private static float half(MemorySegment data, long at) {
    return Float.float16ToFloat(data.get(SHORT, at));
  }

  /// 4 or 5 bits a number: a scale, a least number or a middle of 0, fifth bits, and nibbles, of
  /// which the low ones come first.
  private static void block(Format format, MemorySegment data, long at, float[] to, int first) {
    boolean least = format == Format.Q4_1 || format == Format.Q5_1;
    boolean five = format == Format.Q5_0 || format == Format.Q5_1;
    float scale = half(data, at);
    long bits = at + (least ? 4 : 2);
    int high = five ? data.get(INT, bits) : 0;
    float zero = least ? half(data, at + 2) : -scale * (five ? 16 : 8);
    for (int j = 0; j < BLOCK; j++) {
      int pair = data.get(ValueLayout.JAVA_BYTE, bits + (five ? 4 : 0) + j % 16);
      int code = (j < 16 ? pair & 15 : pair >> 4 & 15) | (high >>> j & 1) << 4;
      to[first + j] = code * scale + zero;
    }
  }
}
