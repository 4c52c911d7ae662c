package dev.gatun.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.Composite;
import dev.gatun.op.Kernel;
import dev.gatun.op.Op;
import dev.gatun.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The README's table of operators says what the code has. Rewrite it with `-Dgatun.table=write`;
/// shares of the ceiling come from `docs/ceilings.csv`, which the benchmark report writes.
@Tag("structure")
class OpTableTest {
  private static final String BEGIN = "<!-- operators -->\n";
  private static final String END = "<!-- /operators -->";

  @Test
  void readmeMatchesTheOperators() throws IOException {
    Path readme = root().resolve("README.md");
    String text = Files.readString(readme);
    int from = text.indexOf(BEGIN) + BEGIN.length();
    int to = text.indexOf(END);
    String table = table(ceilings(root().resolve("docs/ceilings.csv")));
    if ("write".equals(System.getProperty("gatun.table"))) {
      Files.writeString(readme, text.substring(0, from) + table + text.substring(to));
      return;
    }
    assertEquals(table, text.substring(from, to), "rewrite with -Dgatun.table=write");
  }

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("README.md")) ? here : here.resolve("..").normalize();
  }

  private static String table(Map<String, String> ceilings) {
    StringBuilder s = new StringBuilder();
    s.append("| operator | reference | SIMD | F64 | gradient | OpenCL | of ceiling |\n");
    s.append("|---|---|---|---|---|---|---|\n");
    rows().forEach((name, cases) -> s.append(row(name, cases, ceilings)));
    return s.toString();
  }

  /// Operators by family and name; gradient kernels belong to the row of their operator.
  private static Map<String, List<OpCase>> rows() {
    Map<String, List<OpCase>> rows = new TreeMap<>();
    for (OpCase c : OpCases.all()) {
      Class<?> type = op(c).getClass();
      if (type.getEnclosingClass() == null) {
        String family = type.getPackageName().replaceFirst(".*\\.", "");
        rows.merge(
            family + "." + type.getSimpleName(),
            List.of(c),
            (a, b) -> java.util.stream.Stream.concat(a.stream(), b.stream()).toList());
      }
    }
    return rows;
  }

  private static Op op(OpCase c) {
    return c.op().apply(Math.max(1, c.smallest()));
  }

  private static String row(String name, List<OpCase> cases, Map<String, String> ceilings) {
    Op op = op(cases.get(0));
    boolean f64 = cases.stream().anyMatch(c -> c.dtypes().contains(DType.F64)) || cases.size() > 1;
    boolean gradient =
        cases.stream().anyMatch(c -> c.gradient() && !c.inputs(DType.F32, 1).isEmpty());
    String simd =
        switch (op) {
          case Composite v -> "no kernel";
          case Kernel k -> overrides(k, "simd") ? "yes" : "**no**";
        };
    String openCl =
        switch (op) {
          case Composite v -> "no kernel";
          case Kernel k -> overrides(k, "openCl") ? "yes" : "**no**";
        };
    return "| %s | %s | %s | %s | %s | %s | %s |\n"
        .formatted(
            "`" + name + "`",
            op instanceof Composite ? "no kernel" : "yes",
            simd,
            f64 ? "yes" : "no",
            gradient ? "yes" : "none",
            openCl,
            ceilings.getOrDefault(name, ""));
  }

  private static boolean overrides(Kernel k, String method) {
    Class<?>[] parameters =
        method.equals("simd")
            ? new Class<?>[] {dev.gatun.op.Call.class, dev.gatun.device.Workers.class}
            : new Class<?>[] {DeviceInfo.class, List.class};
    try {
      return k.getClass().getMethod(method, parameters).getDeclaringClass() != Kernel.class;
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<String, String> ceilings(Path csv) throws IOException {
    Map<String, String> shares = new LinkedHashMap<>();
    if (Files.exists(csv)) {
      Files.readAllLines(csv).stream()
          .skip(1)
          .map(l -> l.split(",", 2))
          .sorted(Comparator.comparing(l -> l[0]))
          .forEach(l -> shares.put(l[0], l[1].strip()));
    }
    return shares;
  }
}
