import com.google.googlejavaformat.java.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// google-java-format over every hand-written source of the reactor: `check` lists the files that
/// differ and fails, `write` rewrites them. Generated bindings stay as jextract left them.
final class Format {
  private static final String GENERATED = "panama-bindings/src/main/java/dev/gatun/bindings/";

  public static void main(String[] args) throws Exception {
    boolean write = args[0].equals("write");
    Path root = Path.of(args[1]);
    List<String> options = new ArrayList<>();
    options.addAll(write ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed"));
    options.addAll(sources(root));
    PrintWriter out = new PrintWriter(System.out, true);
    int status =
        new Main(out, new PrintWriter(System.err, true), System.in)
            .format(options.toArray(String[]::new));
    if (status != 0 && !write) {
      System.err.println(
          "These files are not in google-java-format: mvn -N verify -Dgatun.format=write");
    }
    System.exit(status);
  }

  private static List<String> sources(Path root) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> modules = Files.list(root)) {
      for (Path module :
          modules.filter(m -> Files.exists(m.resolve("pom.xml"))).sorted().toList()) {
        try (Stream<Path> files = Files.walk(module.resolve("src"))) {
          files
              .filter(f -> f.toString().endsWith(".java"))
              .filter(f -> !root.relativize(f).toString().replace('\\', '/').startsWith(GENERATED))
              .forEach(f -> found.add(f.toString()));
        }
      }
    }
    return found;
  }
}
