package dev.gatun.jmh;

import dev.gatun.contract.OpCase;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.opencl.OpenClDevice;
import dev.gatun.tensor.DType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/// Runs the duels and prints Markdown tables: what the machine can do, products against OpenBLAS,
/// ops against PyTorch, and which of the project's bars hold.
///
/// ```text
/// Report [--quick] [--write FILE] [--shares FILE] [SECTION...]
/// ```
///
/// Sections are those of [#SECTIONS], all where none is named. `--quick` measures in this JVM;
/// otherwise every row has three JVMs of its own.
public final class Report {
  private static final List<String> SECTIONS =
      List.of(
          "ceilings",
          "gemm",
          "weights",
          "ops",
          "cumsum",
          "fourier",
          "conv",
          "decode",
          "attention",
          "attention-memory",
          "streaming",
          "sparse",
          "s4",
          "selective",
          "linear",
          "generation",
          "scan",
          "models",
          "cases",
          "opencl");

  /// Those in which PyTorch takes part.
  private static final List<String> PYTORCH =
      List.of("ops", "cumsum", "fourier", "conv", "decode", "attention", "s4", "selective");

  private final boolean quick;
  private final List<String> sections;
  private final StringBuilder text = new StringBuilder();

  /// What the README's table of operators shows: operator, share of its limit.
  private final StringBuilder shares = new StringBuilder("operator,share\n");

  private Report(boolean quick, List<String> sections) {
    this.quick = quick;
    this.sections = sections;
  }

  /// Runs the report.
  public static void main(String[] args) throws IOException, RunnerException {
    List<String> rest = new ArrayList<>(List.of(args));
    boolean quick = rest.remove("--quick");
    Optional<Path> file = option(rest, "--write");
    Optional<Path> shares = option(rest, "--shares");
    Report report = new Report(quick, rest.isEmpty() ? SECTIONS : List.copyOf(rest));
    String text = report.run();
    System.out.println(text);
    if (file.isPresent()) {
      Files.writeString(file.get(), text);
    }
    if (shares.isPresent()) {
      Files.writeString(shares.get(), report.shares.toString());
    }
  }

  /// The path after `name`, both taken out of `args`.
  private static Optional<Path> option(List<String> args, String name) {
    int at = args.indexOf(name);
    if (at < 0) {
      return Optional.empty();
    }
    Path path = Path.of(args.get(at + 1));
    args.subList(at, at + 2).clear();
    return Optional.of(path);
  }

  private String run() throws RunnerException {
    head();
    List<Trial> ceilings = trials("ceilings", Ceilings.class, ceilingRows());
    List<Trial> products = trials("gemm", GemmBenchmark.class, productRows());
    List<Trial> weights = trials("weights", WeightBenchmark.class, threads(Map.of()));
    List<Trial> ops = trials("ops", OpBenchmark.class, opRows());
    List<Trial> sums = trials("cumsum", CumSumBenchmark.class, threads(Map.of()));
    List<Trial> fourier = trials("fourier", FourierBenchmark.class, fourierRows());
    List<Trial> convolutions = trials("conv", ConvBenchmark.class, convolutionRows());
    Tables tables = new Tables(text);
    Bars bars = new Bars();
    tables.ceilings(ceilings);
    tables.products(products);
    tables.weights(weights);
    tables.ops(ops);
    tables.cumSums(sums);
    tables.fourier(fourier);
    tables.convolutions(convolutions);
    List<Trial> attention = attention(tables, bars);
    recurrences(tables, bars);
    List<Trial> models = trials("models", ModelBenchmark.class, modelRows());
    tables.models(models);
    bars.models(models);
    cases(tables);
    devices(tables, bars);
    bars.products(products);
    bars.weights(weights);
    bars.ops(ops);
    bars.cumSums(sums);
    bars.fourier(fourier);
    bars.convolutions(convolutions);
    bars.limits(
        Stream.of(products, weights, ops, sums, convolutions, attention)
            .flatMap(List::stream)
            .toList());
    tables.bars(bars);
    return text.toString();
  }

  /// All that is about attention; returns the trials that have a limit.
  private List<Trial> attention(Tables tables, Bars bars) throws RunnerException {
    List<Trial> decode = trials("decode", DecodeBenchmark.class, decodeRows());
    List<Trial> attention = trials("attention", AttentionBenchmark.class, attentionRows());
    tables.decode(decode);
    tables.attention(attention);
    if (sections.contains("attention-memory")) {
      tables.memory(AttentionMemory.measure());
    }
    tables.steps(trials("streaming", StepBenchmark.class, stepRows()));
    if (sections.contains("streaming")) {
      tables.streaming(Streaming.measure());
    }
    List<Trial> sparse = trials("sparse", SparseBenchmark.class, sparseRows());
    tables.sparse(sparse);
    bars.decode(decode);
    bars.attention(attention);
    bars.sparse(sparse);
    return Stream.concat(decode.stream(), attention.stream()).toList();
  }

  /// Models of state spaces, and scans.
  private void recurrences(Tables tables, Bars bars) throws RunnerException {
    List<Trial> states = trials("s4", StateSpaceBenchmark.class, stateSpaceRows());
    StateTables more = new StateTables(tables);
    more.sums(states);
    more.generation(trials("generation", GenerationBenchmark.class, generationRows()));
    if (sections.contains("generation")) {
      more.stream(Streaming.states());
    }
    bars.stateSpaces(states);
    List<Trial> scans = trials("scan", ScanBenchmark.class, scanRows());
    more.scans(scans);
    bars.scans(scans);
    List<Trial> selective = trials("selective", SelectiveBenchmark.class, selectiveRows());
    more.selective(selective);
    bars.selective(selective);
    List<Trial> linear = trials("linear", LinearBenchmark.class, linearRows());
    more.linear(linear);
    bars.linear(linear);
  }

  private void cases(Tables tables) throws RunnerException {
    Map<String, OpCase> rows = sections.contains("cases") ? CaseBenchmark.rows() : Map.of();
    List<Map<String, String>> parameters =
        rows.values().stream().map(c -> Map.of("name", c.name(), "threads", "1")).toList();
    List<Trial> trials = trials("cases", CaseBenchmark.class, parameters);
    tables.cases(List.copyOf(rows.keySet()), trials);
    int i = 0;
    for (String operator : rows.keySet()) {
      double share = trials.get(i++).ratio("ceiling", "ours");
      shares.append("%s,%.0f %%%n".formatted(operator, 100 * share));
    }
  }

  /// The kernels on OpenCL against those of the processor's own device.
  private void devices(Tables tables, Bars bars) throws RunnerException {
    if (!sections.contains("opencl")) {
      return;
    }
    List<String> names = List.copyOf(DeviceBenchmark.rows().keySet());
    List<Map<String, String>> parameters =
        DeviceBenchmark.rows().values().stream()
            .map(c -> Map.of("name", c.name(), "threads", "2"))
            .toList();
    List<Trial> trials = trials("opencl", DeviceBenchmark.class, parameters);
    Map<String, Trial> workloads = new LinkedHashMap<>();
    for (int i = 0; i < trials.size() && names.get(i).contains(" "); i++) {
      workloads.put(names.get(i), trials.get(i));
    }
    Launches.Row launches = Launches.measure();
    DeviceTables more = new DeviceTables(tables);
    more.devices(OpenClDevice.descriptions().get(0), names, trials, SlowOnOpenCl.REASONS);
    more.launches(launches);
    bars.devices(workloads, launches);
  }

  private void head() {
    text.append("# Benchmarks\n\n");
    text.append("| | |\n|---|---|\n");
    line("processor", processor());
    line("JVM", System.getProperty("java.vm.name") + " " + Runtime.version());
    line("flags", String.join(" ", flags()));
    line("vectors", Lanes.SHAPE.vectorBitSize() + " bits");
    if (sections.contains("gemm")) {
      line("OpenBLAS", OpenBlas.open(DType.F32, 1).describe());
    }
    if (sections.stream().anyMatch(PYTORCH::contains)) {
      line("PyTorch", PyTorch.describe());
    }
    line("rounds", quick ? "one JVM, 5 rounds" : "three JVMs for each row, 5 rounds each");
    text.append(
        """

        Rates, ratios and percentages are those of the best batches; the median is that of the ratios
        of single rounds. Within a round the engine, its peer and the machine's limit take turns.
        """);
  }

  private void line(String what, String value) {
    text.append("| %s | %s |%n".formatted(what, value));
  }

  private static List<String> flags() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(a -> a.startsWith("-XX:") || a.startsWith("-Dgatun"))
        .toList();
  }

  private static String processor() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(l -> l.startsWith("model name"))
          .map(l -> l.substring(l.indexOf(':') + 2))
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }

  private List<Trial> trials(String section, Class<?> benchmark, List<Map<String, String>> rows)
      throws RunnerException {
    List<Trial> trials = new ArrayList<>();
    for (Map<String, String> row :
        sections.contains(section) ? rows : List.<Map<String, String>>of()) {
      ChainedOptionsBuilder options =
          new OptionsBuilder()
              .include("^" + benchmark.getName().replace(".", "\\.") + "\\.duel$")
              .forks(quick ? 0 : 3)
              .warmupIterations(quick ? 0 : 2)
              .measurementIterations(5)
              .verbosity(VerboseMode.SILENT)
              .shouldFailOnError(true);
      row.forEach(options::param);
      if (quick && trials.isEmpty()) {
        // In one JVM the first row would be timed while the compiler works on what all rows share.
        new Runner(options.build()).run();
      }
      Trial t = Trial.of(row, new Runner(options.build()).run());
      trials.add(t);
      System.err.println(section + " " + row + " " + Tables.brief(t));
    }
    return trials;
  }

  private static List<Map<String, String>> ceilingRows() {
    List<Map<String, String>> rows = new ArrayList<>();
    for (String limit : List.of("FMA F32", "FMA F64", "read", "copy", "triad", "exp")) {
      rows.addAll(threads(Map.of("limit", limit)));
    }
    return rows;
  }

  private static List<Map<String, String>> productRows() {
    List<Map<String, String>> rows = new ArrayList<>();
    for (String threads : List.of("1", "2")) {
      for (String dtype : List.of("F32", "F64")) {
        for (String sizes : GemmBenchmark.SIZES) {
          rows.add(Map.of("sizes", sizes, "dtype", dtype, "threads", threads));
        }
      }
    }
    return rows;
  }

  private static List<Map<String, String>> opRows() {
    List<Map<String, String>> rows = new ArrayList<>();
    for (Subject s : Subject.values()) {
      rows.add(Map.of("op", s.name(), "rows", "32", "threads", "1"));
    }
    for (Subject s : Subject.values()) {
      rows.addAll(threads(Map.of("op", s.name(), "rows", "32768")));
    }
    return rows;
  }

  private static List<Map<String, String>> fourierRows() {
    List<Map<String, String>> rows = new ArrayList<>();
    for (String count : List.of("4", "256")) {
      rows.addAll(threads(Map.of("op", "RFFT", "rows", count, "n", "32768")));
    }
    for (String op : List.of("CONVOLUTION", "CONVOLUTION_GRAD")) {
      rows.addAll(threads(Map.of("op", op, "rows", "256", "n", "16384")));
    }
    return rows;
  }

  private static List<Map<String, String>> generationRows() {
    return Stream.of("1024", "4096", "16384", "65536")
        .flatMap(c -> threads(Map.of("context", c)).stream())
        .toList();
  }

  private static List<Map<String, String>> convolutionRows() {
    return ConvBenchmark.SIZES.stream().flatMap(s -> threads(Map.of("sizes", s)).stream()).toList();
  }

  private static List<Map<String, String>> decodeRows() {
    List<Map<String, String>> rows = new ArrayList<>();
    for (String keys : List.of("16384", "65536")) {
      for (String group : List.of("1", "4", "8")) {
        rows.addAll(threads(Map.of("keys", keys, "group", group)));
      }
    }
    return rows;
  }

  private static List<Map<String, String>> attentionRows() {
    List<Map<String, String>> rows = new ArrayList<>();
    for (AttentionBenchmark.Pass pass : AttentionBenchmark.Pass.values()) {
      for (String causal : List.of("false", "true")) {
        for (String length : List.of("512", "1024", "2048", "4096")) {
          rows.addAll(threads(Map.of("length", length, "causal", causal, "pass", pass.name())));
        }
      }
    }
    return rows;
  }

  private static List<Map<String, String>> stepRows() {
    List<Map<String, String>> rows = new ArrayList<>();
    for (String window : List.of("256", "512", "1024", "2048", "4096")) {
      rows.addAll(threads(Map.of("cache", "RING", "window", window)));
    }
    rows.addAll(threads(Map.of("cache", "LAMBDA", "window", "4096")));
    return rows;
  }

  private static List<Map<String, String>> sparseRows() {
    return Stream.of(SparseBenchmark.Form.values())
        .flatMap(f -> threads(Map.of("form", f.name())).stream())
        .toList();
  }

  private static List<Map<String, String>> stateSpaceRows() {
    return Stream.of(StateSpaceBenchmark.Form.values())
        .flatMap(f -> threads(Map.of("form", f.name())).stream())
        .toList();
  }

  private static List<Map<String, String>> scanRows() {
    return Stream.of(ScanBenchmark.Form.values())
        .flatMap(f -> threads(Map.of("form", f.name())).stream())
        .toList();
  }

  private static List<Map<String, String>> selectiveRows() {
    return Stream.of("1", "4096")
        .flatMap(steps -> threads(Map.of("steps", steps)).stream())
        .toList();
  }

  private static List<Map<String, String>> linearRows() {
    List<Map<String, String>> rows = new ArrayList<>();
    for (String form : List.of("NONE ADD", "HEAD ADD", "KEY ADD", "HEAD DELTA", "KEY DELTA")) {
      String[] parts = form.split(" ", -1);
      for (String back : List.of("false", "true")) {
        rows.add(Map.of("decay", parts[0], "update", parts[1], "back", back, "threads", "1"));
      }
    }
    return rows;
  }

  private static List<Map<String, String>> modelRows() {
    List<Map<String, String>> rows = new ArrayList<>();
    for (String model : List.of("MINILM", "MINILM_INT8")) {
      for (String size : List.of("1x16", "1x128", "1x256", "8x128")) {
        rows.addAll(threads(Map.of("model", model, "size", size)));
      }
    }
    if (Files.exists(ModelBenchmark.silero())) {
      rows.addAll(threads(Map.of("model", "SILERO", "size", "step")));
    }
    return rows;
  }

  private static List<Map<String, String>> threads(Map<String, String> row) {
    List<Map<String, String>> rows = new ArrayList<>();
    for (String threads : List.of("1", "2")) {
      Map<String, String> r = new LinkedHashMap<>(row);
      r.put("threads", threads);
      rows.add(r);
    }
    return rows;
  }
}
