package dev.gatun.samples.digits;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// Grey images of 28 x 28 pixels with labels 0 to 9, in the IDX format of MNIST
/// (<http://yann.lecun.com/exdb/mnist>): big-endian sizes, then bytes.
@SuppressWarnings("ArrayRecordComponent") // read in place, never compared
record Images(int count, byte[] pixels, byte[] labels) {
  static final int PIXELS = 28 * 28;
  static final int CLASSES = 10;

  private static final int IMAGES = 0x803;
  private static final int LABELS = 0x801;

  /// Reads `dir/name-images-idx3-ubyte.gz` and `dir/name-labels-idx1-ubyte.gz`.
  ///
  /// @throws IOException if a file is missing or not of the format, in one sentence
  static Images read(Path dir, String name) throws IOException {
    Path images = dir.resolve(name + "-images-idx3-ubyte.gz");
    Path labels = dir.resolve(name + "-labels-idx1-ubyte.gz");
    byte[] label = read(labels, LABELS, 1);
    byte[] pixel = read(images, IMAGES, PIXELS);
    if (pixel.length / PIXELS != label.length) {
      throw new IOException(
          "%s: there must be one image per label; got %d images, %d labels"
              .formatted(images, pixel.length / PIXELS, label.length));
    }
    for (byte l : label) {
      if (l < 0 || l >= CLASSES) {
        throw new IOException(labels + ": labels must lie in [0, 10); got " + l);
      }
    }
    return new Images(label.length, pixel, label);
  }

  private static byte[] read(Path file, int magic, int bytes) throws IOException {
    try (DataInputStream in =
        new DataInputStream(
            new BufferedInputStream(new GZIPInputStream(Files.newInputStream(file)), 1 << 16))) {
      int kind = in.readInt();
      int count = in.readInt();
      int rows = bytes == 1 ? 1 : in.readInt();
      int columns = bytes == 1 ? 1 : in.readInt();
      boolean sized = rows == columns && rows * columns == bytes;
      if (kind != magic || count < 0 || count > Integer.MAX_VALUE / PIXELS || !sized) {
        throw new IOException(file + ": the header must be that of 28 x 28 images or their labels");
      }
      // Grows with what is there, so that a false count takes no memory.
      byte[] all = in.readNBytes(count * bytes);
      if (all.length != count * bytes) {
        throw new EOFException();
      }
      return all;
    } catch (EOFException | ZipException e) {
      throw new IOException(
          file + ": the file must be whole gzip data; it is cut short or damaged", e);
    }
  }
}
