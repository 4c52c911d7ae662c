package dev.gatun.io;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// NumPy's file of several arrays, `.npz`: a ZIP of [Npy] files, stored or deflated, of any size.
/// Names lose their `.npy`, as in NumPy.
///
/// Files are not trusted, as [Npy] says. Entries that overlap, share a name, are encrypted or have
/// another checksum than they claim are refused. An entry that claims to inflate more than numbers
/// usually do is inflated into nothing first, so that a false claim takes no memory.
public final class Npz {
  /// Deflate codes 258 bytes in two bits at best.
  private static final long MOST_INFLATION = 1032;

  /// Numbers as text of a few digits deflate to about this.
  private static final long USUAL_INFLATION = 16;

  private static final long SMALL = 1 << 20;

  /// Bytes of a ZIP's end record, and of each entry's two headers without the name.
  private static final long END = 22;

  private static final long HEADERS = 30 + 46;

  private Npz() {}

  /// The arrays in `file` by name, in the file's order, in `scope`.
  ///
  /// @throws IOException if the file cannot be read or an entry is not a sound `.npy`
  /// @throws IllegalStateException if the device has no memory for them
  public static Map<String, Tensor> read(Path file, Scope scope) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      List<? extends ZipEntry> entries = zip.stream().toList();
      check(file, entries);
      return scope.allOrNothing(() -> {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (ZipEntry e : entries) {
          tensors.put(name(e), read(zip, e, where(file, e), scope));
        }
        return Collections.unmodifiableMap(tensors);
      });
    } catch (ZipException | EOFException e) {
      throw new IOException(file + ": the file must be a sound ZIP; got " + reason(e), e);
    }
  }

  private static void check(Path file, List<? extends ZipEntry> entries) throws IOException {
    Set<String> names = new HashSet<>();
    long rest = Files.size(file) - END;
    for (ZipEntry e : entries) {
      String where = where(file, e);
      if (!e.getName().endsWith(".npy")) {
        throw NpyHeader.bad(where, "every entry must be a .npy; this one is not");
      }
      if (!names.add(e.getName())) {
        throw NpyHeader.bad(where, "names must differ; got this one twice");
      }
      long size = e.getSize();
      long packed = e.getCompressedSize();
      long most = e.getMethod() == ZipEntry.STORED ? packed : packed * MOST_INFLATION;
      if (packed < 0 || size < 0 || packed > rest || size > most) {
        throw NpyHeader.bad(
            where,
            "%d bytes must fit in the %d that hold them, and those in the file; got a file of %d"
                .formatted(size, packed, Files.size(file)));
      }
      rest -= packed + HEADERS + 2L * e.getName().getBytes(UTF_8).length;
    }
    if (rest < 0) {
      throw NpyHeader.bad(
          file.toString(), "entries must not overlap; their sizes exceed the file's");
    }
  }

  private static String where(Path file, ZipEntry e) {
    return "%s, entry '%s'".formatted(file, NpyHeader.printable(e.getName()));
  }

  private static String name(ZipEntry e) {
    return e.getName().substring(0, e.getName().length() - ".npy".length());
  }

  private static Tensor read(ZipFile zip, ZipEntry e, String where, Scope scope)
      throws IOException {
    try {
      if (e.getSize() > SMALL && e.getSize() / USUAL_INFLATION > e.getCompressedSize()) {
        try (CheckedInputStream in = open(zip, e)) {
          in.skipNBytes(e.getSize());
          checkEnd(in, e, where);
        }
      }
      try (CheckedInputStream in = open(zip, e)) {
        Tensor t = Npy.read(in, where, e.getSize(), scope);
        checkEnd(in, e, where);
        return t;
      }
    } catch (ZipException | EOFException bad) {
      throw new IOException(
          "%s: the entry must be sound and have %d bytes; got %s"
              .formatted(where, e.getSize(), reason(bad)),
          bad);
    }
  }

  private static String reason(IOException e) {
    return Optional.ofNullable(e.getMessage()).orElse("too few bytes");
  }

  private static CheckedInputStream open(ZipFile zip, ZipEntry e) throws IOException {
    return new CheckedInputStream(zip.getInputStream(e), new CRC32());
  }

  private static void checkEnd(CheckedInputStream in, ZipEntry e, String where) throws IOException {
    if (in.read() != -1) {
      throw NpyHeader.bad(where, "the entry must have " + e.getSize() + " bytes; got more");
    }
    if (in.getChecksum().getValue() != e.getCrc()) {
      throw NpyHeader.bad(
          where,
          "the checksum must be %08x; got %08x".formatted(e.getCrc(), in.getChecksum().getValue()));
    }
  }

  /// Writes `tensors` by name as stored entries, in the map's order. The file appears whole or not
  /// at all, and the same tensors make the same bytes.
  ///
  /// @throws IllegalArgumentException if a tensor is BF16 or a name is longer than a ZIP allows
  /// @throws IOException if the file cannot be written
  public static void write(Path file, Map<String, Tensor> tensors) throws IOException {
    WholeFile.write(
        file,
        out -> {
          try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, Tensor> t : tensors.entrySet()) {
              write(zip, t.getKey(), t.getValue());
            }
          }
        });
  }

  private static void write(ZipOutputStream zip, String name, Tensor t) throws IOException {
    byte[] header = NpyHeader.of(t.spec());
    // A stored entry has its checksum before its data, and so the data is read twice.
    CheckedOutputStream sum = new CheckedOutputStream(OutputStream.nullOutputStream(), new CRC32());
    sum.write(header);
    Npy.write(sum, t, false);
    ZipEntry e = new ZipEntry(name + ".npy");
    e.setMethod(ZipEntry.STORED);
    e.setSize(header.length + t.spec().bytes());
    e.setCrc(sum.getChecksum().getValue());
    e.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
    zip.putNextEntry(e);
    zip.write(header);
    Npy.write(zip, t, false);
    zip.closeEntry();
  }
}
