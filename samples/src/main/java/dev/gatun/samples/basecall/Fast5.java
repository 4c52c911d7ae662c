package dev.gatun.samples.basecall;

import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A nanopore read as the sequencer wrote it: an HDF5 file with one group below `/Raw/Reads`.
///
/// @param name of the file
/// @param id of the read
/// @param current in picoampere: `(signal + offset) range / digitisation`
record Fast5(String name, String id, float[] current) {
  private static final String READS = "/Raw/Reads";
  private static final String CHANNEL = "/UniqueGlobalKey/channel_id";

  /// More than a day of samples.
  private static final long MOST = 1 << 29;

  /// What a stored sample may take less than a byte by compression.
  private static final long MOST_INFLATION = 1032;

  /// @throws IOException if `file` is no such read
  static Fast5 read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("there is no file " + file);
    }
    long bytes = Files.size(file);
    try (HdfFile hdf = new HdfFile(file)) {
      if (!(at(file, hdf, READS) instanceof Group reads) || reads.getChildren().isEmpty()) {
        throw new IOException("%s must have a read below %s; it has none".formatted(file, READS));
      }
      String path =
          READS + "/" + reads.getChildren().keySet().stream().sorted().toList().getFirst();
      if (!(at(file, hdf, path + "/Signal") instanceof Dataset signal)) {
        throw new IOException("%s: %s/Signal must be a data set".formatted(file, path));
      }
      if (signal.getDimensions().length != 1
          || signal.getSize() > Math.min(MOST, bytes * MOST_INFLATION)) {
        throw new IOException(
            "%s: %s/Signal must be one row of at most %d samples; got %d"
                .formatted(file, path, MOST, signal.getSize()));
      }
      if (!(signal.getData() instanceof short[] raw) || raw.length == 0) {
        throw new IOException("%s: %s/Signal must hold 16-bit samples".formatted(file, path));
      }
      Node channel = at(file, hdf, CHANNEL);
      float unit = number(file, channel, "range") / number(file, channel, "digitisation");
      float offset = number(file, channel, "offset");
      float[] current = new float[raw.length];
      for (int i = 0; i < raw.length; i++) {
        current[i] = (raw[i] + offset) * unit;
      }
      Object id = attribute(file, at(file, hdf, path), "read_id").getData();
      return new Fast5(String.valueOf(file.getFileName()), String.valueOf(id), current);
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      // The reader of HDF5 says by many exceptions that a file is damaged.
      throw new IOException(
          "%s must be a sound HDF5 file; it is not (%s)"
              .formatted(file, String.valueOf(e).lines().findFirst().orElse("")),
          e);
    }
  }

  private static Node at(Path file, HdfFile hdf, String path) throws IOException {
    Node at = hdf;
    for (String name : path.substring(1).split("/", -1)) {
      Node next = at instanceof Group g ? g.getChild(name) : null;
      if (next == null) {
        throw new IOException(
            "%s must have %s, as files of one read do; it has none".formatted(file, path));
      }
      at = next;
    }
    return at;
  }

  private static Attribute attribute(Path file, Node node, String name) throws IOException {
    Attribute a = node.getAttribute(name);
    if (a == null) {
      throw new IOException("%s: %s must have %s".formatted(file, node.getPath(), name));
    }
    return a;
  }

  private static float number(Path file, Node node, String name) throws IOException {
    if (attribute(file, node, name).getData() instanceof Number n
        && Float.isFinite(n.floatValue())) {
      return n.floatValue();
    }
    throw new IOException(
        "%s: %s of %s must be a finite number".formatted(file, name, node.getPath()));
  }
}
