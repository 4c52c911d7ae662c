package dev.gatun.io;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A file of named tensors, `.safetensors` (<https://github.com/huggingface/safetensors>): a
/// length, a header as JSON, then the data of all tensors without a gap. Types are F64, F32, F16,
/// BF16, I64, I32, I8, U8 and BOOL; a file with any other is refused.
///
/// ```java
/// try (Safetensors file = Safetensors.open(path)) {
///   Tensor w = file.read("lm_head.weight", scope);
/// }
/// ```
///
/// Opening maps the file and reads the header only; a tensor is copied when it is asked for. Files
/// are not trusted: each length is checked against the file before it is used, and of a bad file
/// nothing stays, neither memory nor mapping. Any number of threads may read.
public final class Safetensors implements AutoCloseable {
  private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int CHUNK = 1 << 18;

  private final Path file;
  private final Arena arena;
  private final MemorySegment data;
  private final SafetensorsHeader header;

  private Safetensors(Path file, Arena arena, MemorySegment data, SafetensorsHeader header) {
    this.file = file;
    this.arena = arena;
    this.data = data;
    this.header = header;
  }

  /// Opens `file`.
  ///
  /// @throws IOException if it cannot be read or is not a sound `.safetensors` of these types
  public static Safetensors open(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw NpyHeader.bad(file.toString(), "a .safetensors must be a regular file; it is not");
    }
    Arena arena = Arena.ofShared();
    boolean done = false;
    try (FileChannel channel = FileChannel.open(file)) {
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      long length = all.byteSize() < 8 ? -1 : all.get(LENGTH, 0);
      if (length < 0 || length > SafetensorsHeader.MAX_HEADER || length > all.byteSize() - 8) {
        throw NpyHeader.bad(
            file.toString(),
            "a length and a header of at most %d bytes must lie within the %d of the file; got %s"
                .formatted(
                    SafetensorsHeader.MAX_HEADER,
                    all.byteSize(),
                    all.byteSize() < 8 ? "no length" : Long.toUnsignedString(length)));
      }
      MemorySegment data = all.asSlice(8 + length);
      byte[] text = all.asSlice(8, length).toArray(ValueLayout.JAVA_BYTE);
      SafetensorsHeader header = SafetensorsHeader.read(text, file.toString(), data.byteSize());
      Safetensors opened = new Safetensors(file, arena, data, header);
      done = true;
      return opened;
    } finally {
      if (!done) {
        arena.close();
      }
    }
  }

  /// The tensors' names, in the order of the header.
  public Set<String> names() {
    return header.entries().keySet();
  }

  /// The header's `__metadata__`.
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /// Type and shape of tensor `name`, or empty if there is none.
  public Optional<Spec> find(String name) {
    return Optional.ofNullable(header.entries().get(name)).map(SafetensorsHeader.Entry::spec);
  }

  /// Tensor `name`, copied into `scope`.
  ///
  /// @throws IllegalArgumentException if there is no such tensor
  /// @throws IllegalStateException if this was closed or the device has no memory for it
  /// @throws IOException if the file became shorter since it was opened
  public Tensor read(String name, Scope scope) throws IOException {
    SafetensorsHeader.Entry e = header.entries().get(name);
    if (e == null) {
      throw new IllegalArgumentException(
          "%s: the tensor must be one of the %d in the file; got %s"
              .formatted(file, names().size(), NpyHeader.printable(name)));
    }
    requireOpen();
    MemorySegment source = data.asSlice(e.begin(), e.end() - e.begin());
    try {
      return scope.allOrNothing(() -> copy(e.spec(), source, scope));
    } catch (InternalError lost) {
      // What the JVM makes of a page that the file no longer has.
      throw new IOException(file + ": the file must not shrink while it is open; it did", lost);
    }
  }

  private static Tensor copy(Spec spec, MemorySegment source, Scope scope) {
    int width = spec.dtype().bytes();
    if (spec.dtype() != DType.BOOL && (LITTLE || width == 1)) {
      return scope.copyOf(spec.dtype(), spec.shape(), source);
    }
    Tensor t = scope.allocate(spec);
    byte[] chunk = new byte[(int) Math.min(CHUNK, source.byteSize())];
    for (long at = 0; at < source.byteSize(); at += chunk.length) {
      int n = (int) Math.min(chunk.length, source.byteSize() - at);
      MemorySegment.copy(source, ValueLayout.JAVA_BYTE, at, chunk, 0, n);
      if (spec.dtype() == DType.BOOL) {
        for (int i = 0; i < n; i++) {
          chunk[i] = (byte) (chunk[i] != 0 ? 1 : 0);
        }
      } else {
        Npy.swap(chunk, n, width);
      }
      t.device().write(t.buffer(), at, MemorySegment.ofArray(chunk).asSlice(0, n));
    }
    return t;
  }

  /// All tensors of `file` by name, in the order of the header, in `scope`.
  ///
  /// @throws IOException if it cannot be read or is not a sound `.safetensors` of these types
  /// @throws IllegalStateException if the device has no memory for them
  public static Map<String, Tensor> read(Path file, Scope scope) throws IOException {
    try (Safetensors opened = open(file)) {
      return scope.allOrNothing(() -> {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (String name : opened.names()) {
          tensors.put(name, opened.read(name, scope));
        }
        return Collections.unmodifiableMap(tensors);
      });
    }
  }

  /// Writes `tensors` by name with `metadata`, the widest types first, so that each is aligned, and
  /// else in the map's order. The file appears whole or not at all, and the same tensors make the
  /// same bytes.
  ///
  /// @throws IllegalArgumentException if a name is `__metadata__` or text that UTF-8 cannot hold
  /// @throws IOException if the file cannot be written
  public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata)
      throws IOException {
    List<Map.Entry<String, Tensor>> order = new ArrayList<>(tensors.entrySet());
    order.sort(Comparator.comparingInt(e -> -e.getValue().dtype().bytes()));
    Map<String, Spec> specs = new LinkedHashMap<>();
    order.forEach(e -> specs.put(e.getKey(), e.getValue().spec()));
    byte[] header = SafetensorsHeader.of(specs, metadata);
    WholeFile.write(
        file,
        out -> {
          out.write(header);
          for (Map.Entry<String, Tensor> e : order) {
            Npy.write(out, e.getValue(), !LITTLE);
          }
        });
  }

  private void requireOpen() {
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException(
          file + " is read after it was closed; got a call that needs it open");
    }
  }

  /// Unmaps the file. Closing again does nothing.
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  @Override
  public String toString() {
    return "Safetensors[%s, %d tensors]".formatted(file, names().size());
  }
}
