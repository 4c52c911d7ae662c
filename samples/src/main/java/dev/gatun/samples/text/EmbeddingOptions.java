package dev.gatun.samples.text;

import dev.gatun.device.Device;
import dev.gatun.samples.Bar;
import dev.gatun.samples.DeviceOption;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options that commands with an embedding model share.
final class EmbeddingOptions {
  /// From so many texts on a bar is shown.
  private static final int MANY = 500;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--model",
      paramLabel = "PATH",
      description = {
        "A jar langchain4j-embeddings-*, or a folder with model.onnx and tokenizer.json",
        "(default: all-MiniLM-L6-v2)."
      })
  private Optional<Path> model = Optional.empty();

  @Option(names = "--int8", description = "Take all-MiniLM-L6-v2 with 8-bit weights.")
  private boolean int8;

  @Option(
      names = "--pooling",
      paramLabel = "HOW",
      description =
          "How the vectors of tokens make one: ${COMPLETION-CANDIDATES}"
              + " (default: cls for models named bge, else mean).")
  private Optional<Embedder.Pooling> pooling = Optional.empty();

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  @Option(
      names = "--progress",
      negatable = true,
      description = "Show a bar (default: for many texts, on a terminal).")
  private Optional<Boolean> progress = Optional.empty();

  @Option(names = "--timings", description = "Print how long each phase took on standard error.")
  private boolean timings;

  @Mixin private DeviceOption device = new DeviceOption();

  private final Timings clock = new Timings();

  EmbeddingOptions() {}

  boolean json() {
    return json;
  }

  /// What a command does with an open model.
  interface Work {
    void run(Embedder embedder) throws IOException;
  }

  /// Opens the model, does `work`, and prints timings where they are asked for.
  void run(Work work) throws IOException {
    if (int8 && model.isPresent()) {
      throw new ParameterException(
          spec.commandLine(), "--int8 chooses the default model; it cannot go with --model");
    }
    ModelFiles files =
        clock.time(
            "model, found or unpacked",
            () -> model.isPresent() ? ModelFiles.of(model.get()) : ModelFiles.miniLm(int8));
    try (Device opened = clock.time("device", device::open);
        Embedder embedder = Embedder.open(files, pooling(files), opened, clock)) {
      work.run(embedder);
    }
    if (timings) {
      clock.print(System.err);
    }
  }

  private Embedder.Pooling pooling(ModelFiles files) {
    boolean bge = files.name().toLowerCase(Locale.ROOT).contains("bge");
    return pooling.orElse(bge ? Embedder.Pooling.CLS : Embedder.Pooling.MEAN);
  }

  Bar bar(int texts) {
    return progress.orElse(texts >= MANY && Bar.isTerminal())
        ? Bar.of("embedding", texts)
        : Bar.none();
  }
}
