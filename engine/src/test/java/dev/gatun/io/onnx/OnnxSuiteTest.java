package dev.gatun.io.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.XZInputStream;

/// The standard's own suites, where they are: each case passes, or `docs/onnx.md` says why not.
/// Rewrite that page with `-Dgatun.table=write`.
@Tag("long")
class OnnxSuiteTest {
  private static final String ARCHIVE = "onnx-node-1.23-pre.tar.xz";
  private static final Path DEBIAN = Path.of("/usr/share/libonnx-testdata");
  private static final int LEAST = 1100;

  @TempDir Path folder;

  @Test
  void casesPassAsThePageSays() throws IOException {
    Path archive = root().resolve("../shared/onnx").resolve(ARCHIVE);
    assumeTrue(Files.exists(archive), "no ../shared/onnx/" + ARCHIVE);
    unpack(archive, folder);
    OnnxCases cases = OnnxCases.run(folder, ".*");
    assertTrue(cases.passed() >= LEAST, cases.passed() + " of " + cases.count());
    Path page = root().resolve("docs/onnx.md");
    if ("write".equals(System.getProperty("gatun.table"))) {
      Files.writeString(page, page(cases));
      return;
    }
    assertEquals(page(cases), Files.readString(page), "rewrite with -Dgatun.table=write");
  }

  /// An older edition of the suite, which Debian has: what passes there never failed here.
  @Test
  void casesOfDebianPass() throws IOException {
    assumeTrue(Files.isDirectory(DEBIAN), "no package libonnx-testdata");
    OnnxCases cases = OnnxCases.run(DEBIAN, ".*");
    Path page = root().resolve("docs/onnx-debian.txt");
    if ("write".equals(System.getProperty("gatun.table"))) {
      Files.write(page, lines(cases));
      return;
    }
    assertEquals(String.join("\n", Files.readAllLines(page)), String.join("\n", lines(cases)));
  }

  private static List<String> lines(OnnxCases cases) {
    return Stream.concat(
            Stream.of(
                "%d of %d cases pass; these do not:".formatted(cases.passed(), cases.count())),
            cases.failures().entrySet().stream().map(e -> e.getKey() + ": " + reason(e.getValue())))
        .toList();
  }

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("README.md")) ? here : here.resolve("..").normalize();
  }

  /// Files only, and none outside of `target`.
  private static void unpack(Path archive, Path target) throws IOException {
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(
            new XZInputStream(new BufferedInputStream(Files.newInputStream(archive))))) {
      for (TarArchiveEntry e = tar.getNextEntry(); e != null; e = tar.getNextEntry()) {
        Path file = target.resolve(e.getName()).normalize();
        if (e.isFile() && file.startsWith(target)) {
          Files.createDirectories(file.getParent());
          Files.copy(tar, file);
        }
      }
    }
  }

  private static String page(OnnxCases cases) {
    StringBuilder s = new StringBuilder("# ONNX operators\n\n");
    s.append(
        """
        Cases of the standard's own suite (onnx/onnx at 6be0677fc, each run twice, on the CPU) that pass, by operator.
        Graphs of several operators include the standard's expansions of functions. Written by `OnnxSuiteTest`.

        | operator | cases | pass |
        |---|---|---|
        """);
    cases
        .byOperator()
        .forEach((name, n) -> s.append("| %s | %d | %d |\n".formatted(name, n[1], n[0])));
    s.append("| all | %d | %d |\n\n".formatted(cases.count(), cases.passed()));
    s.append("What does not pass, by reason:\n\n");
    Map<String, List<String>> byReason = new TreeMap<>();
    cases
        .failures()
        .forEach((name, why) ->
            byReason.merge(
                reason(why),
                List.of(name),
                (a, b) -> Stream.concat(a.stream(), b.stream()).toList()));
    byReason.forEach(
        (why, names) -> s.append("* %s: %s\n".formatted(why, String.join(", ", names))));
    return s.toString();
  }

  /// Without what differs from case to case.
  private static String reason(String failure) {
    String text =
        failure
            .replaceFirst("^(model\\.onnx|test_\\w+): ", "")
            .replaceFirst("^output .*: element .*", "a value differs by more than the tolerance");
    return text.startsWith("every operator must be there; missing: ")
        ? "missing "
            + String.join(
                ", ",
                Arrays.stream(text.substring(39).split("; "))
                    .map(m -> m.replaceFirst(" of domain ([^,]*), operator set \\d+", ""))
                    .toList())
        : text;
  }
}
