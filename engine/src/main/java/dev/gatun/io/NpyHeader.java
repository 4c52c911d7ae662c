package dev.gatun.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// What comes before the data of a `.npy`: a magic number, a version, a length, and a Python
/// dictionary as text.
///
/// @param swapped whether the bytes of each element are in the order foreign to this machine
/// @param columnsFirst whether the first index runs fastest
/// @param length bytes of all this, the magic number included
record NpyHeader(DType dtype, boolean swapped, boolean columnsFirst, Shape shape, int length) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /// The longest text that is read; NumPy's own is a few hundred bytes for 64 axes.
  private static final int MAX_TEXT = 1 << 16;

  private static final int MAX_RANK = 64;

  private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  private static final Map<String, DType> TYPES =
      Map.of(
          "f2", DType.F16,
          "f4", DType.F32,
          "f8", DType.F64,
          "i1", DType.I8,
          "u1", DType.U8,
          "i4", DType.I32,
          "i8", DType.I64,
          "b1", DType.BOOL);

  /// The exception for a bad file: `where: what is wrong`.
  static IOException bad(String where, String what) {
    return new IOException(where + ": " + what);
  }

  /// Reads the header of a `.npy` of `bytes` bytes.
  static NpyHeader read(InputStream in, String where, long bytes) throws IOException {
    byte[] start = in.readNBytes(8);
    if (start.length < 8 || !Arrays.equals(start, 0, 6, MAGIC, 0, 6)) {
      throw bad(where, "a .npy must start with \\x93NUMPY and a version; it does not");
    }
    int version = start[6];
    if (version < 1 || version > 3) {
      throw bad(where, "the version must be 1, 2 or 3; got " + (version & 0xff));
    }
    int width = version == 1 ? 2 : 4;
    byte[] number = Arrays.copyOf(in.readNBytes(width), 4);
    long length = ByteBuffer.wrap(number).order(ByteOrder.LITTLE_ENDIAN).getInt() & 0xffff_ffffL;
    long all = 8 + width + length;
    if (length > MAX_TEXT || all > bytes) {
      throw bad(
          where,
          "the header must have at most %d bytes and end within the %d of the file; got %d"
              .formatted(MAX_TEXT, bytes, length));
    }
    byte[] text = in.readNBytes((int) length);
    if (text.length < length) {
      throw bad(where, "the header must have " + length + " bytes; it ends after " + text.length);
    }
    return of(new String(text, version == 3 ? UTF_8 : ISO_8859_1), where, (int) all);
  }

  private static NpyHeader of(String text, String where, int length) throws IOException {
    Map<String, Object> entries = new PythonDict(text, where).read();
    if (!(entries.get("descr") instanceof String descr)
        || !(entries.get("fortran_order") instanceof Boolean columnsFirst)
        || !(entries.get("shape") instanceof List<?> sizes)
        || entries.size() != 3) {
      throw bad(
          where,
          "the header must have just a descr (text), a fortran_order (True or False) and a shape"
              + " (a tuple); got "
              + printable(text));
    }
    Optional<DType> dtype =
        descr.length() == 3 && "<>|=".indexOf(descr.charAt(0)) >= 0
            ? Optional.ofNullable(TYPES.get(descr.substring(1)))
            : Optional.empty();
    if (dtype.isEmpty()) {
      throw bad(
          where,
          "the descr must be one of f2, f4, f8, i1, i4, i8, u1, b1 after one of < > | =; got "
              + printable(descr));
    }
    char order = descr.charAt(0);
    boolean swapped = dtype.get().bytes() > 1 && order == (LITTLE ? '>' : '<');
    Shape shape = shape(sizes, where);
    boolean reverse = columnsFirst && shape.rank() > 1;
    return new NpyHeader(dtype.get(), swapped, reverse, shape, length);
  }

  private static Shape shape(List<?> sizes, String where) throws IOException {
    if (sizes.size() > MAX_RANK) {
      throw bad(
          where, "the shape must have at most %d axes; got %d".formatted(MAX_RANK, sizes.size()));
    }
    try {
      return Shape.of(sizes.stream().mapToLong(n -> (Long) n).toArray());
    } catch (IllegalArgumentException e) {
      throw new IOException(where + ": " + e.getMessage(), e);
    }
  }

  /// The shape with its axes in reverse: how a file with columns first looks row-major.
  Shape reversed() {
    int last = shape.rank() - 1;
    return Shape.of(IntStream.rangeClosed(0, last).mapToLong(a -> shape.dim(last - a)).toArray());
  }

  /// The header of version 1 for `spec`, padded so that the data starts at a multiple of 64 bytes.
  ///
  /// @throws IllegalArgumentException if NumPy has no such type
  static byte[] of(Spec spec) {
    String type =
        TYPES.entrySet().stream()
            .filter(e -> e.getValue() == spec.dtype())
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "Npy: the dtype must be one that NumPy has; got "
                        + spec
                        + "; cast it with to(F32)"));
    StringBuilder sizes = new StringBuilder();
    for (long d : spec.shape().dims()) {
      sizes.append(sizes.isEmpty() ? "" : " ").append(d).append(',');
    }
    if (spec.shape().rank() > 1) {
      sizes.setLength(sizes.length() - 1);
    }
    char order = spec.dtype().bytes() == 1 ? '|' : LITTLE ? '<' : '>';
    String text =
        "{'descr': '%s%s', 'fortran_order': False, 'shape': (%s), }".formatted(order, type, sizes);
    int length = (10 + text.length() + 1 + 63) / 64 * 64;
    byte[] header = Arrays.copyOf(MAGIC, length);
    Arrays.fill(header, 10, length - 1, (byte) ' ');
    ByteBuffer.wrap(header)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(6, (byte) 1)
        .putShort(8, (short) (length - 10))
        .put(10, text.getBytes(ISO_8859_1))
        .put(length - 1, (byte) '\n');
    return header;
  }

  /// Whether `s` is text that UTF-8 can hold: no half of a surrogate pair alone.
  static boolean isText(CharSequence s) {
    return s.codePoints()
        .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }

  /// Text from a file as a message may show it: short, one line, no control characters.
  static String printable(String s) {
    String plain = s.substring(0, Math.min(s.length(), 80)).replaceAll("\\p{C}", "?").strip();
    return s.length() > 80 ? plain + "..." : plain;
  }
}
