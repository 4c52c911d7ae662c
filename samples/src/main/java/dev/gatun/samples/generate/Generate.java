package dev.gatun.samples.generate;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.gatun.device.Device;
import dev.gatun.io.RwkvFile;
import dev.gatun.nn.rwkv.Rwkv;
import dev.gatun.nn.rwkv.RwkvStream;
import dev.gatun.samples.DeviceOption;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `gatun generate`: text that goes on from a prompt.
@Command(
    name = "generate",
    description = {
      "Print text that a language model goes on with.",
      "",
      "Models are RWKV files of rwkv.cpp whose tokens are the 256 bytes, versions 4, 5.2, 6 and 7."
    })
public final class Generate implements Callable<Integer> {
  private static final int BYTES = 256;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "PROMPT", description = "What the text begins with.")
  private String prompt = "";

  @Option(names = "--model", required = true, paramLabel = "FILE", description = "The model.")
  private Path model = Path.of("");

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "100",
      description = "Bytes to write (default: ${DEFAULT-VALUE}).")
  private int tokens = 100;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0.8",
      description = "Of the draw; 0 takes the likeliest byte (default: ${DEFAULT-VALUE}).")
  private double temperature = 0.8;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "0.9",
      description =
          "Draw among the likeliest bytes that have this share (default: ${DEFAULT-VALUE}).")
  private double share = 0.9;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the draws; without one each call draws anew.")
  private Optional<Long> seed = Optional.empty();

  @Option(
      names = "--logits",
      description = "Print the scores of the byte after the prompt, one a line, and no text.")
  private boolean logits;

  @Option(names = "--timings", description = "Print bytes a second to standard error.")
  private boolean timings;

  @Mixin private DeviceOption device = new DeviceOption();

  /// For picocli.
  public Generate() {}

  @Override
  public Integer call() throws IOException {
    require(!prompt.isEmpty(), "the prompt must not be empty");
    require(tokens >= 0, "--tokens must not be negative; got " + tokens);
    require(temperature >= 0, "--temperature must not be negative; got " + temperature);
    require(share > 0 && share <= 1, "--top-p must be above 0 and at most 1; got " + share);
    try (Device opened = device.open();
        Scope scope = opened.scope("model")) {
      RwkvFile file = RwkvFile.read(model, scope);
      if (file.vocabulary() != BYTES) {
        throw new IOException(
            "%s: the vocabulary must be the 256 bytes; got %d tokens"
                .formatted(model, file.vocabulary()));
      }
      Rwkv rwkv = model(file, scope);
      rwkv.eval();
      try (RwkvStream stream = new RwkvStream(rwkv, opened, 1)) {
        float[] scores = scores(stream, opened, prompt.getBytes(UTF_8));
        if (logits) {
          print(scores);
        } else {
          write(stream, opened, scores);
        }
      }
    }
    return 0;
  }

  private Rwkv model(RwkvFile file, Scope scope) throws IOException {
    try {
      return Rwkv.of(scope, file.tensors());
    } catch (IllegalArgumentException e) {
      throw new IOException(model + ": " + e.getMessage(), e);
    }
  }

  private void require(boolean ok, String rule) {
    if (!ok) {
      throw new ParameterException(spec.commandLine(), rule);
    }
  }

  private static float[] scores(RwkvStream stream, Device device, byte... text) {
    int[] ids = new int[text.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Byte.toUnsignedInt(text[i]);
    }
    try (Scope step = device.scope("step")) {
      return stream.next(step.tensor(Shape.of(1, ids.length), ids)).toFloatArray();
    }
  }

  private static void print(float[] scores) {
    for (float s : scores) {
      System.out.printf(Locale.ROOT, "%.7g%n", s);
    }
  }

  private void write(RwkvStream stream, Device device, float[] first) {
    Sampler sampler = new Sampler(temperature, share, seed);
    PrintStream out = System.out;
    byte[] start = prompt.getBytes(UTF_8);
    out.write(start, 0, start.length);
    float[] scores = first;
    long begin = System.nanoTime();
    for (int i = 0; i < tokens; i++) {
      byte next = (byte) sampler.draw(scores);
      out.write(next);
      out.flush();
      if (i + 1 < tokens) {
        scores = scores(stream, device, next);
      }
    }
    out.println();
    if (timings) {
      double seconds = (System.nanoTime() - begin) * 1e-9;
      System.err.printf(Locale.ROOT, "%.0f bytes a second%n", tokens / Math.max(seconds, 1e-9));
    }
  }
}
