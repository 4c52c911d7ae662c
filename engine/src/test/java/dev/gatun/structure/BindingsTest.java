package dev.gatun.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The generated bindings are those of the inputs beside them. The build has no jextract to make
/// them anew, so the script that does writes down the hashes of what it read.
@Tag("structure")
class BindingsTest {
  private static final Path INPUTS =
      Path.of("..", "panama-bindings", "src", "jextract").toAbsolutePath().normalize();
  private static final String SUMS = "inputs.sha256";

  @Test
  void noInputChangedSinceTheBindingsWereMade() throws Exception {
    assertEquals(
        Files.readAllLines(INPUTS.resolve(SUMS)),
        sums(),
        "run panama-bindings/src/jextract/regenerate.sh");
  }

  /// Lines as sha256sum prints them, by name.
  private static List<String> sums() throws IOException, NoSuchAlgorithmException {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    try (Stream<Path> all = Files.walk(INPUTS)) {
      List<Path> files =
          all.filter(Files::isRegularFile)
              .filter(f -> !f.endsWith(SUMS))
              .sorted((a, b) -> name(a).compareTo(name(b)))
              .toList();
      List<String> lines = new ArrayList<>();
      for (Path f : files) {
        lines.add(HexFormat.of().formatHex(sha.digest(Files.readAllBytes(f))) + "  " + name(f));
      }
      return lines;
    }
  }

  private static String name(Path file) {
    return INPUTS.relativize(file).toString().replace('\\', '/');
  }
}
