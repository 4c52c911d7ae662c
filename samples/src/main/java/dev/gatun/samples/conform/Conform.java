package dev.gatun.samples.conform;

import dev.gatun.device.Device;
import dev.gatun.samples.DeviceOption;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `gatun conform`: golden cases through the public API.
@Command(
    name = "conform",
    description = {
      "Run golden cases through the public API and compare with their stored results.",
      "",
      "Every case runs in F64 and F32, cold and again after it was compiled; every stored output"
          + " and gradient must come within its bound. Exits with 1 on any failure."
    })
public final class Conform implements Callable<Integer> {
  /// Runs of each case: two types, cold and hot.
  private static final int RUNS = 4;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "DIR", description = "Folder with X.json and X.npz files.")
  private Path dir = Path.of("");

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "NAME",
      description = "Files to run, without ending; all of DIR where none is named.")
  private List<String> names = new ArrayList<>();

  @Mixin private DeviceOption device = new DeviceOption();

  /// For picocli.
  public Conform() {}

  @Override
  public Integer call() throws IOException {
    List<String> files = files();
    Tally total = new Tally(System.out);
    try (Device opened = device.open()) {
      for (String file : files) {
        Tally tally = new Tally(System.out);
        try (Scope scope = opened.scope(file)) {
          run(GoldenFile.read(dir, file, scope), file, opened, tally);
        } catch (IOException e) {
          tally.fail(file, 1, e.getMessage() == null ? e.toString() : e.getMessage());
        }
        tally.print(file);
        total.add(tally);
      }
    }
    total.printTotal();
    return total.failed() == 0 && total.cases() > 0 ? 0 : 1;
  }

  private List<String> files() throws IOException {
    if (!Files.isDirectory(dir)) {
      throw new ParameterException(spec.commandLine(), "there is no folder " + dir);
    }
    List<String> found = stored();
    List<String> asked = names.stream().map(n -> n.replaceFirst("\\.(json|npz)$", "")).toList();
    for (String name : asked) {
      if (!found.contains(name)) {
        throw new ParameterException(
            spec.commandLine(), "there is no %s.json in %s".formatted(name, dir));
      }
    }
    if (found.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "there is no golden file in " + dir);
    }
    return asked.isEmpty() ? found : asked;
  }

  private List<String> stored() throws IOException {
    try (Stream<Path> all = Files.list(dir)) {
      return all.map(p -> p.getFileName().toString())
          .filter(n -> n.endsWith(".json") || n.endsWith(".npz"))
          .map(n -> n.replaceFirst("\\.(json|npz)$", ""))
          .distinct()
          .sorted()
          .toList();
    }
  }

  private static void run(List<GoldenCase> cases, String file, Device device, Tally tally) {
    Set<String> broken = new HashSet<>();
    // All cases cold before any is repeated: operators are shared, and a repeated one is compiled.
    for (String state : List.of("cold", "hot")) {
      for (GoldenCase c : cases) {
        if (state.equals("cold")) {
          tally.begin();
        }
        if (broken.contains(c.name())) {
          continue;
        }
        try {
          for (DType dtype : List.of(DType.F64, DType.F32)) {
            compare(c, file, dtype, state, device, tally);
          }
        } catch (RuntimeException e) {
          broken.add(c.name());
          String why = e.getMessage() == null ? e.toString() : e.getMessage();
          tally.fail(c.name() + " " + state, c.expected().size() * RUNS, why);
        }
      }
    }
  }

  private static void compare(
      GoldenCase stored, String file, DType dtype, String state, Device device, Tally tally) {
    Adapter adapter = Adapters.of(file).orElseThrow(() -> Adapter.missing(file));
    GoldenCase c = stored.without(adapter.arbitrary());
    if (c.expected().isEmpty()) {
      throw new UncoveredCase("there is no stored result to compare with");
    }
    try (Scope home = device.scope(c.name() + " inputs")) {
      CaseRun run = new CaseRun(adapter, c, dtype, home);
      tally.compare(c, dtype, state, state.equals("cold") ? run.once() : run.hot());
    }
  }
}
