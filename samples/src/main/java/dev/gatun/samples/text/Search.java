package dev.gatun.samples.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.gatun.samples.Bar;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `gatun search`: the lines of a file that are nearest to a question in meaning.
@Command(
    name = "search",
    description = "Print the lines of a file that are nearest to a question in meaning.")
public final class Search implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private final EmbeddingOptions options = new EmbeddingOptions();

  @Parameters(index = "0", paramLabel = "QUERY", description = "What to look for.")
  private String query = "";

  @Option(
      names = "--file",
      required = true,
      paramLabel = "FILE",
      description = "A file with one text a line.")
  private Path file = Path.of("");

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "5",
      description = "How many lines to print (default: ${DEFAULT-VALUE}).")
  private int top = 5;

  /// For picocli.
  public Search() {}

  /// A line that was found.
  ///
  /// @param score cosine of its angle to the question, at most 1
  /// @param line its number, from 1
  /// @param text what it says
  record Hit(float score, int line, String text) {
    /// The best first; of equals the earlier.
    static final Comparator<Hit> ORDER =
        Comparator.comparingDouble(Hit::score).reversed().thenComparingInt(Hit::line);
  }

  @Override
  public Integer call() throws IOException {
    if (top < 1) {
      throw new ParameterException(spec.commandLine(), "--top must be at least 1; got " + top);
    }
    if (query.isBlank()) {
      throw new ParameterException(spec.commandLine(), "the question must not be empty");
    }
    List<String> lines = TextFile.lines(file);
    options.run(embedder -> print(search(embedder, lines)));
    return 0;
  }

  private List<Hit> search(Embedder embedder, List<String> lines) {
    int[] numbers = IntStream.range(0, lines.size()).filter(i -> !lines.get(i).isBlank()).toArray();
    List<String> texts = IntStream.of(numbers).mapToObj(lines::get).toList();
    float[] wanted = embedder.embed(List.of(query))[0];
    PriorityQueue<Hit> best = new PriorityQueue<>(Hit.ORDER.reversed());
    try (Bar bar = options.bar(texts.size())) {
      embedder.embed(
          texts,
          (indices, vectors) -> {
            float[] scores = Embedder.scores(vectors, wanted);
            for (int i = 0; i < scores.length; i++) {
              best.add(new Hit(scores[i], numbers[indices[i]] + 1, texts.get(indices[i])));
              if (best.size() > top) {
                best.remove();
              }
            }
            bar.step(indices.length);
          });
    }
    return best.stream().sorted(Hit.ORDER).toList();
  }

  private void print(List<Hit> hits) throws IOException {
    if (options.json()) {
      System.out.println(json(hits));
      return;
    }
    for (Hit h : hits) {
      System.out.printf(Locale.ROOT, "%.4f  %5d  %s%n", h.score(), h.line(), h.text());
    }
  }

  private static String json(List<Hit> hits) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartArray();
      for (Hit h : hits) {
        json.writeStartObject();
        json.writeNumberField("score", h.score());
        json.writeNumberField("line", h.line());
        json.writeStringField("text", h.text());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    return text.toString();
  }
}
