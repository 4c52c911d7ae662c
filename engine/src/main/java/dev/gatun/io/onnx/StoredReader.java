package dev.gatun.io.onnx;

import dev.gatun.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/// Reads `TensorProto` messages, with data in the file or in others beside it.
final class StoredReader {
  private static final int MOST_AXES = 64;

  private final String where;
  private final Optional<Path> folder;
  private final Arena arena;
  private final Map<Path, MemorySegment> mapped = new HashMap<>();

  /// @param folder where files with external data are, if anywhere
  /// @param arena holds what is mapped
  StoredReader(String where, Optional<Path> folder, Arena arena) {
    this.where = where;
    this.folder = folder;
    this.arena = arena;
  }

  /// The fields of a message while it is read.
  private static final class Fields {
    String name = "";
    int type;
    Optional<MemorySegment> raw = Optional.empty();
    boolean external;
    final LongStream.Builder dims = LongStream.builder();
    final LongStream.Builder integers = LongStream.builder();
    final DoubleStream.Builder numbers = DoubleStream.builder();
    final Map<String, String> location = new LinkedHashMap<>();
  }

  /// @throws IOException if the message is broken or holds text
  Stored read(Protobuf p) throws IOException {
    Fields f = new Fields();
    while (p.next()) {
      switch (p.field()) {
        case 1 -> p.integers(f.dims);
        case 2 -> f.type = p.small();
        case 4 -> p.floats(f.numbers);
        case 5, 7, 11 -> p.integers(f.integers);
        case 8 -> f.name = p.text();
        case 9 -> f.raw = Optional.of(p.bytes());
        case 10 -> p.doubles(f.numbers);
        case 13 -> entry(p.message(), f.location);
        case 14 -> f.external = p.integer() == 1;
        default -> {}
      }
    }
    ElementType type =
        ElementType.of(f.type)
            .orElseThrow(() ->
                p.bad(
                    "tensors must have an element type that the engine reads",
                    "type %d of '%s'".formatted(f.type, f.name)));
    Shape shape = shape(p, f);
    if (f.external) {
      return Stored.of(f.name, type, shape, external(p, f, Stored.bytes(type, shape)), where);
    }
    MemorySegment data = f.raw.isPresent() ? f.raw.get() : packed(p, type, shape, f);
    return Stored.of(f.name, type, shape, data, where);
  }

  private static Shape shape(Protobuf p, Fields f) throws IOException {
    long[] dims = f.dims.build().toArray();
    if (dims.length > MOST_AXES) {
      throw p.bad("a tensor must have at most %d axes".formatted(MOST_AXES), "" + dims.length);
    }
    try {
      Shape shape = Shape.of(dims);
      Math.multiplyExact(shape.elems(), 64L);
      return shape;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw p.bad("sizes must not be negative and their product must fit", f.name);
    }
  }

  /// The elements of the typed fields, as `raw_data` would hold them.
  private static MemorySegment packed(Protobuf p, ElementType type, Shape shape, Fields f)
      throws IOException {
    long[] integers = f.integers.build().toArray();
    double[] numbers = f.numbers.build().toArray();
    boolean floats = type == ElementType.FLOAT || type == ElementType.DOUBLE;
    int bytes = Math.max(1, type.bits() / 8);
    long wanted = type.bits() < 8 ? Stored.bytes(type, shape) : shape.elems();
    if ((floats ? numbers.length : integers.length) != wanted) {
      throw p.bad(
          "a tensor must have a number for each element",
          "%d for '%s' %s".formatted(floats ? numbers.length : integers.length, f.name, shape));
    }
    ByteBuffer out =
        ByteBuffer.allocate(Math.multiplyExact((int) wanted, bytes)).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < wanted; i++) {
      switch (type) {
        case FLOAT -> out.putFloat((float) numbers[i]);
        case DOUBLE -> out.putDouble(numbers[i]);
        default -> {
          switch (bytes) {
            case 1 -> out.put((byte) integers[i]);
            case 2 -> out.putShort((short) integers[i]);
            case 4 -> out.putInt((int) integers[i]);
            default -> out.putLong(integers[i]);
          }
        }
      }
    }
    return MemorySegment.ofArray(out.array());
  }

  private MemorySegment external(Protobuf p, Fields f, long bytes) throws IOException {
    String name = f.location.getOrDefault("location", "");
    Path root =
        folder.orElseThrow(() ->
            p.bad("a model in memory must hold its data", "'%s' in a file".formatted(f.name)));
    Path file;
    try {
      file = root.resolve(name).normalize();
    } catch (InvalidPathException e) {
      throw p.bad("external data must lie in the model's folder", name);
    }
    if (name.isEmpty() || !file.startsWith(root.normalize()) || !Files.isRegularFile(file)) {
      throw p.bad("external data must be a file in the model's folder", name);
    }
    long offset = size(p, f.location.getOrDefault("offset", "0"));
    long length = size(p, f.location.getOrDefault("length", Long.toString(bytes)));
    MemorySegment all = map(file);
    if (offset > all.byteSize() || length > all.byteSize() - offset) {
      throw p.bad(
          "external data must lie within the %d bytes of %s".formatted(all.byteSize(), name),
          "%d bytes at %d".formatted(length, offset));
    }
    return all.asSlice(offset, length);
  }

  private static long size(Protobuf p, String text) throws IOException {
    try {
      long n = Long.parseLong(text);
      if (n >= 0) {
        return n;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw p.bad("offset and length of external data must be numbers from 0 on", text);
  }

  private MemorySegment map(Path file) throws IOException {
    MemorySegment known = mapped.get(file);
    if (known != null) {
      return known;
    }
    try (FileChannel channel = FileChannel.open(file)) {
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      mapped.put(file, all);
      return all;
    }
  }

  /// A key and its value (`StringStringEntryProto`).
  void entry(Protobuf p, Map<String, String> into) throws IOException {
    String key = "";
    String value = "";
    while (p.next()) {
      switch (p.field()) {
        case 1 -> key = p.text();
        case 2 -> value = p.text();
        default -> {}
      }
    }
    into.put(key, value);
  }
}
