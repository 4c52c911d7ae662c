package dev.gatun.io;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.stream.IntStream;

/// NumPy's file of one array, `.npy`, in its versions 1 to 3
/// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>): any byte order, rows
/// or columns first, of the types
///
/// | file | tensor |
/// |---|---|
/// | `f2 f4 f8` | F16 F32 F64 |
/// | `i1 i4 i8` | I8 I32 I64 |
/// | `u1`, `b1` | U8, BOOL |
///
/// NumPy has no BF16. Files are not trusted: each length is checked against the file before it is
/// used, no more memory is taken than the file fills, and of a bad file nothing stays.
public final class Npy {
  private static final int CHUNK = 1 << 18;

  private Npy() {}

  /// The array in `file`, row-major, in `scope`.
  ///
  /// @throws IOException if the file cannot be read or is not a sound `.npy` of these types
  /// @throws IllegalStateException if the device has no memory for it
  public static Tensor read(Path file, Scope scope) throws IOException {
    try (FileChannel channel = FileChannel.open(file);
        InputStream in = Channels.newInputStream(channel)) {
      long bytes = channel.size();
      return scope.allOrNothing(() -> read(in, file.toString(), bytes, scope));
    }
  }

  /// Writes `t` as version 1, row-major, native byte order. The file appears whole or not at all.
  ///
  /// @throws IllegalArgumentException if `t` is BF16
  /// @throws IOException if the file cannot be written
  public static void write(Path file, Tensor t) throws IOException {
    byte[] header = NpyHeader.of(t.spec());
    WholeFile.write(
        file,
        out -> {
          out.write(header);
          write(out, t, false);
        });
  }

  /// Reads an array from a stream of `bytes` bytes.
  static Tensor read(InputStream in, String where, long bytes, Scope scope) throws IOException {
    NpyHeader h = NpyHeader.read(in, where, bytes);
    long data = new Spec(h.dtype(), h.shape()).bytes();
    if (data != bytes - h.length()) {
      throw NpyHeader.bad(
          where,
          "%s %s must have %d bytes of data; got %d"
              .formatted(h.dtype(), h.shape(), data, bytes - h.length()));
    }
    if (!h.columnsFirst()) {
      Tensor t = scope.allocate(new Spec(h.dtype(), h.shape()));
      fill(t, in, where, h.swapped());
      return t;
    }
    int last = h.shape().rank() - 1;
    int[] reversed = IntStream.rangeClosed(0, last).map(a -> last - a).toArray();
    try (Scope columns = scope.device().scope("npy")) {
      Tensor t = columns.allocate(new Spec(h.dtype(), h.reversed()));
      fill(t, in, where, h.swapped());
      return scope.borrow(t.permute(reversed)).copy();
    }
  }

  private static void fill(Tensor t, InputStream in, String where, boolean swapped)
      throws IOException {
    long bytes = t.spec().bytes();
    byte[] chunk = new byte[(int) Math.min(CHUNK, bytes)];
    for (long at = 0; at < bytes; at += chunk.length) {
      int n = (int) Math.min(chunk.length, bytes - at);
      int got = in.readNBytes(chunk, 0, n);
      if (got < n) {
        throw NpyHeader.bad(
            where, "the data must have %d bytes; it ends after %d".formatted(bytes, at + got));
      }
      if (swapped) {
        swap(chunk, n, t.dtype().bytes());
      }
      if (t.dtype() == DType.BOOL) {
        for (int i = 0; i < n; i++) {
          chunk[i] = (byte) (chunk[i] != 0 ? 1 : 0);
        }
      }
      t.device().write(t.buffer(), at, MemorySegment.ofArray(chunk).asSlice(0, n));
    }
  }

  /// Reverses the bytes of each element of `width` bytes among the first `n`.
  static void swap(byte[] chunk, int n, int width) {
    for (int i = 0; i < n; i += width) {
      for (int a = i, b = i + width - 1; a < b; a++, b--) {
        byte x = chunk[a];
        chunk[a] = chunk[b];
        chunk[b] = x;
      }
    }
  }

  /// Writes the elements of `t` in row-major order, `swapped` in the byte order foreign to this
  /// machine.
  static void write(OutputStream out, Tensor t, boolean swapped) throws IOException {
    long elems = t.shape().elems();
    int width = t.dtype().bytes();
    byte[] chunk = new byte[(int) Math.min(CHUNK, t.spec().bytes())];
    try (Scope scope = t.device().scope("npy")) {
      Tensor flat = scope.borrow(t.detach()).reshape(elems);
      for (long at = 0; at < elems; at += CHUNK / width) {
        int n = (int) Math.min(CHUNK / width, elems - at);
        flat.slice(0, at, at + n)
            .readInto(MemorySegment.ofArray(chunk).asSlice(0, (long) n * width));
        if (swapped) {
          swap(chunk, n * width, width);
        }
        out.write(chunk, 0, n * width);
      }
    }
  }
}
