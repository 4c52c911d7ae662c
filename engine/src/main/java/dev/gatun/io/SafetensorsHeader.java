package dev.gatun.io;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What comes before the data of a `.safetensors`, as JSON.
///
/// @param metadata text by name
/// @param entries tensors by name, in the order of the header
record SafetensorsHeader(Map<String, String> metadata, Map<String, Entry> entries) {
  /// The longest header that is read: the bound of the format's own reader.
  static final long MAX_HEADER = 100_000_000;

  private static final String METADATA = "__metadata__";
  private static final int MAX_RANK = 64;

  /// One tensor: its bytes are `begin` (inclusive) to `end` (exclusive) of the data.
  record Entry(Spec spec, long begin, long end) {}

  /// Reads the header `text` of a file with `dataBytes` bytes of data.
  static SafetensorsHeader read(byte[] text, String where, long dataBytes) throws IOException {
    String decoded;
    try {
      decoded = UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    } catch (CharacterCodingException e) {
      throw new IOException(where + ": the header must be UTF-8; it is not", e);
    }
    if (!decoded.startsWith("{")) {
      throw NpyHeader.bad(
          where, "the header must start with {; got " + NpyHeader.printable(decoded));
    }
    Map<String, String> metadata = Map.of();
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (Map.Entry<?, ?> e : ((Map<?, ?>) Json.read(decoded, where)).entrySet()) {
      String name = (String) e.getKey();
      if (name.equals(METADATA)) {
        metadata = metadata(e.getValue(), where);
      } else {
        entries.put(name, entry(e.getValue(), place(where, name), dataBytes));
      }
    }
    requireFilled(entries, where, dataBytes);
    return new SafetensorsHeader(metadata, Collections.unmodifiableMap(entries));
  }

  private static String place(String where, String name) {
    return "%s, tensor '%s'".formatted(where, NpyHeader.printable(name));
  }

  private static Map<String, String> metadata(Object value, String where) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> map) {
      map.forEach((k, v) -> {
        if (v instanceof String text) {
          metadata.put((String) k, text);
        }
      });
      if (metadata.size() == map.size()) {
        return Collections.unmodifiableMap(metadata);
      }
    }
    throw NpyHeader.bad(where, "__metadata__ must be an object of text; it is not");
  }

  private static Entry entry(Object value, String where, long dataBytes) throws IOException {
    if (!(value instanceof Map<?, ?> map)
        || map.size() != 3
        || !(map.get("dtype") instanceof String type)
        || !(map.get("shape") instanceof List<?> sizes)
        || !(map.get("data_offsets") instanceof List<?> offsets)) {
      throw NpyHeader.bad(
          where,
          "a tensor must have just a dtype (text), a shape and data_offsets (arrays); this one does"
              + " not");
    }
    Spec spec = new Spec(dtype(type, where), shape(sizes, where));
    if (offsets.size() != 2
        || !(offsets.get(0) instanceof Long begin)
        || !(offsets.get(1) instanceof Long end)
        || begin < 0
        || end < begin
        || end > dataBytes) {
      throw NpyHeader.bad(
          where,
          "data_offsets must be two whole numbers in order within the %d bytes of data; got %s"
              .formatted(dataBytes, NpyHeader.printable(offsets.toString())));
    }
    if (end - begin != spec.bytes()) {
      throw NpyHeader.bad(
          where,
          "%s must have %d bytes of data; got %d".formatted(spec, spec.bytes(), end - begin));
    }
    return new Entry(spec, begin, end);
  }

  private static DType dtype(String name, String where) throws IOException {
    Optional<DType> dtype =
        Arrays.stream(DType.values()).filter(t -> t.name().equals(name)).findFirst();
    if (dtype.isEmpty()) {
      throw NpyHeader.bad(
          where,
          "the dtype must be one of F64, F32, F16, BF16, I64, I32, I8, U8, BOOL; got "
              + NpyHeader.printable(name));
    }
    return dtype.get();
  }

  private static Shape shape(List<?> sizes, String where) throws IOException {
    if (sizes.size() > MAX_RANK) {
      throw NpyHeader.bad(
          where, "the shape must have at most %d axes; got %d".formatted(MAX_RANK, sizes.size()));
    }
    long[] dims = new long[sizes.size()];
    for (int i = 0; i < dims.length; i++) {
      if (!(sizes.get(i) instanceof Long n)) {
        throw NpyHeader.bad(
            where, "the shape must be whole numbers; got " + NpyHeader.printable(sizes.toString()));
      }
      dims[i] = n;
    }
    try {
      return Shape.of(dims);
    } catch (IllegalArgumentException e) {
      throw new IOException(where + ": " + e.getMessage(), e);
    }
  }

  /// Checks that each byte of the data belongs to one tensor.
  private static void requireFilled(Map<String, Entry> entries, String where, long dataBytes)
      throws IOException {
    List<Map.Entry<String, Entry>> order = new ArrayList<>(entries.entrySet());
    order.sort(
        Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin())
            .thenComparingLong(e -> e.getValue().end()));
    long at = 0;
    for (Map.Entry<String, Entry> e : order) {
      if (e.getValue().begin() != at) {
        throw NpyHeader.bad(
            place(where, e.getKey()),
            "data must follow on that of the tensor before, at %d; got %d"
                .formatted(at, e.getValue().begin()));
      }
      at = e.getValue().end();
    }
    if (at != dataBytes) {
      throw NpyHeader.bad(
          where, "tensors must fill the %d bytes of data; got %d".formatted(dataBytes, at));
    }
  }

  /// The header for `specs`, whose data follow each other in the map's order, with its length in
  /// front and blanks behind, so that the data start at a multiple of 8.
  ///
  /// @throws IllegalArgumentException if a name is reserved or is not text
  static byte[] of(Map<String, Spec> specs, Map<String, String> metadata) {
    StringBuilder s = new StringBuilder("{");
    if (!metadata.isEmpty()) {
      StringBuilder m = new StringBuilder();
      metadata.forEach((k, v) ->
          m.append(m.isEmpty() ? "" : ",").append(quoted(k)).append(':').append(quoted(v)));
      s.append('"').append(METADATA).append("\":{").append(m).append('}');
    }
    long at = 0;
    for (Map.Entry<String, Spec> e : specs.entrySet()) {
      if (e.getKey().equals(METADATA)) {
        throw new IllegalArgumentException(
            "Safetensors: a tensor must not be named " + METADATA + "; got one");
      }
      long end = at + e.getValue().bytes();
      s.append(s.length() > 1 ? "," : "")
          .append(quoted(e.getKey()))
          .append(":{\"dtype\":\"")
          .append(e.getValue().dtype())
          .append("\",\"shape\":")
          .append(e.getValue().shape())
          .append(",\"data_offsets\":[%d,%d]}".formatted(at, end));
      at = end;
    }
    byte[] text = s.append('}').toString().getBytes(UTF_8);
    int length = (text.length + 7) / 8 * 8;
    if (length > MAX_HEADER) {
      throw new IllegalArgumentException(
          "Safetensors: the header must have at most %d bytes; got %d"
              .formatted(MAX_HEADER, length));
    }
    byte[] header = new byte[8 + length];
    Arrays.fill(header, (byte) ' ');
    ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(length).put(text);
    return header;
  }

  private static String quoted(String text) {
    if (!NpyHeader.isText(text)) {
      throw new IllegalArgumentException(
          "Safetensors: names must be text that UTF-8 can hold; got " + NpyHeader.printable(text));
    }
    StringBuilder s = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        s.append('\\').append(c);
      } else if (c < ' ') {
        s.append("\\u%04x".formatted((int) c));
      } else {
        s.append(c);
      }
    }
    return s.append('"').toString();
  }
}
