package dev.gatun.samples.basecall;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.io.Npz;
import dev.gatun.samples.DeviceOption;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `gatun basecall`: the bases of nanopore reads.
@Command(
    name = "basecall",
    description = {
      "Print the bases of nanopore reads as FASTA, by scrappie's trained GRU networks.",
      "",
      "The weights are those in the static library of Debian's package scrappie. Reads are fast5"
          + " files of one read each, with raw signal."
    })
public final class Basecall implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Reads in fast5 files.")
  private List<Path> files = List.of();

  @Option(
      names = "--library",
      paramLabel = "FILE",
      defaultValue = "/usr/lib/libscrappie.a",
      description = "Static library with the weights (default: ${DEFAULT-VALUE}).")
  private Path library = Path.of("/usr/lib/libscrappie.a");

  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = "rgrgr_r94",
      description = "Network: rgrgr_r94, rgrgr_r941 (default: ${DEFAULT-VALUE}).")
  private String model = "rgrgr_r94";

  @Option(
      names = "--batch",
      paramLabel = "ROWS",
      defaultValue = "1",
      description = "Rows that run as one: so many reads, or windows of fewer reads (default: 1).")
  private int batch = 1;

  @Option(
      names = "--overlap",
      paramLabel = "STEPS",
      defaultValue = "400",
      description = "Steps that windows share (default: ${DEFAULT-VALUE}).")
  private int overlap = 400;

  @Option(
      names = "--posterior",
      paramLabel = "NPZ",
      description = "Write the probabilities of all steps, an array for each file.")
  private Optional<Path> posterior = Optional.empty();

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "1",
      description = "Call N times; --json tells the seconds of each (default: 1).")
  private int repeat = 1;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the cpu device (default: one for each processor).")
  private Optional<Integer> threads = Optional.empty();

  @Mixin private DeviceOption device = new DeviceOption();

  @Option(names = "--json", description = "Print one JSON object, with times.")
  private boolean json;

  /// For picocli.
  public Basecall() {}

  private record Read(Fast5 file, Signal signal, Caller.Called called) {}

  @Override
  public Integer call() throws IOException {
    require(List.of("rgrgr_r94", "rgrgr_r941").contains(model), "--model is unknown: " + model);
    require(batch >= 1, "--batch must be at least 1; got " + batch);
    require(overlap >= 0, "--overlap must not be negative; got " + overlap);
    require(repeat >= 1, "--repeat must be at least 1; got " + repeat);
    require(threads.orElse(1) >= 1, "--threads must be at least 1; got " + threads.orElse(1));
    if (!Files.exists(library)) {
      throw new IOException(
          "there is no %s: apt-get install scrappie, or name its libscrappie.a with --library"
              .formatted(library));
    }
    try (Device opened = open();
        Scope scope = opened.scope("basecall")) {
      long start = System.nanoTime();
      Network network = Network.read(library, model, scope);
      double weights = (System.nanoTime() - start) * 1e-9;
      List<Read> reads = List.of();
      List<Map<String, Double>> times = new ArrayList<>();
      for (int i = 0; i < repeat; i++) {
        Map<String, Double> seconds = new LinkedHashMap<>(Map.of("weights", i == 0 ? weights : 0));
        reads = all(network, scope, seconds);
        times.add(seconds);
      }
      print(reads, times);
      if (posterior.isPresent()) {
        write(posterior.get(), reads, scope);
      }
    }
    return 0;
  }

  private Device open() {
    return threads.isEmpty()
        ? device.open()
        : CpuDevice.open(CpuDevice.Options.standard().withThreads(threads.get()));
  }

  private void require(boolean ok, String rule) {
    if (!ok) {
      throw new ParameterException(spec.commandLine(), rule);
    }
  }

  private List<Read> all(Network network, Scope scope, Map<String, Double> seconds)
      throws IOException {
    Caller caller = new Caller(network, overlap);
    List<Read> reads = new ArrayList<>();
    for (int at = 0; at < files.size(); at += batch) {
      long start = System.nanoTime();
      List<Fast5> group = new ArrayList<>();
      List<Signal> signals = new ArrayList<>();
      for (Path file : files.subList(at, Math.min(files.size(), at + batch))) {
        group.add(Fast5.read(file));
        signals.add(Signal.of(group.getLast()));
      }
      seconds.merge("reading", (System.nanoTime() - start) * 1e-9, Double::sum);
      List<Caller.Called> called = caller.call(signals, batch, posterior.isPresent(), scope);
      for (int i = 0; i < called.size(); i++) {
        reads.add(new Read(group.get(i), signals.get(i), called.get(i)));
      }
    }
    seconds.putAll(caller.seconds());
    return reads;
  }

  private void print(List<Read> reads, List<Map<String, Double>> times) throws IOException {
    if (json) {
      System.out.println(json(reads, times));
      return;
    }
    for (Read r : reads) {
      System.out.print(fasta(r));
    }
  }

  /// As scrappie prints it.
  private static String fasta(Read r) {
    Caller.Called c = r.called();
    return String.format(
        Locale.ROOT,
        ">%s  { \"filename\" : \"%s\", \"uuid\" : \"%s\", \"normalised_score\" : %f,  \"nblock\" :"
            + " %d,  \"sequence_length\" : %d,  \"blocks_per_base\" : %f, \"nsample\" : %d,"
            + " \"trim\" : [ %d, %d ] }%n%s%n",
        r.file().name(),
        r.file().name(),
        r.file().id(),
        -c.score() / c.blocks(),
        c.blocks(),
        c.bases().length(),
        (float) c.blocks() / c.bases().length(),
        r.signal().samples(),
        r.signal().start(),
        r.signal().end(),
        c.bases());
  }

  private static String json(List<Read> reads, List<Map<String, Double>> times) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
      out.writeStartObject();
      out.writeArrayFieldStart("reads");
      for (Read r : reads) {
        out.writeStartObject();
        out.writeStringField("file", r.file().name());
        out.writeStringField("id", r.file().id());
        out.writeNumberField("samples", r.signal().samples());
        out.writeNumberField("start", r.signal().start());
        out.writeNumberField("end", r.signal().end());
        out.writeNumberField("blocks", r.called().blocks());
        out.writeNumberField("score", -r.called().score() / r.called().blocks());
        out.writeStringField("bases", r.called().bases());
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeArrayFieldStart("seconds");
      for (Map<String, Double> run : times) {
        out.writeStartObject();
        for (Map.Entry<String, Double> e : run.entrySet()) {
          out.writeNumberField(e.getKey(), e.getValue());
        }
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return text.toString();
  }

  private static void write(Path file, List<Read> reads, Scope scope) throws IOException {
    Map<String, Tensor> arrays = new LinkedHashMap<>();
    for (Read r : reads) {
      arrays.put(r.file().name(), Caller.tensor(r.called().posterior().orElseThrow(), scope));
    }
    Npz.write(file, arrays);
  }
}
