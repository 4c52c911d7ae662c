package dev.gatun.samples.text;

import dev.gatun.samples.Bar;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `gatun embed`: texts as vectors.
@Command(
    name = "embed",
    description = {
      "Print the vector of each text, whose products say how near their meanings are.",
      "",
      "Texts are the arguments, or the lines of standard input. A line of numbers for each, or"
          + " with --json one array of arrays."
    })
public final class Embed implements Callable<Integer> {
  @Mixin private final EmbeddingOptions options = new EmbeddingOptions();

  @Parameters(arity = "0..*", paramLabel = "TEXT", description = "Texts to embed.")
  private List<String> texts = new ArrayList<>();

  /// For picocli.
  public Embed() {}

  @Override
  public Integer call() throws IOException {
    List<String> all = texts.isEmpty() ? TextFile.lines(System.in, "standard input") : texts;
    options.run(embedder -> {
      float[][] vectors = new float[all.size()][];
      try (Bar bar = options.bar(all.size())) {
        embedder.embed(
            all,
            (indices, batch) -> {
              for (int i = 0; i < indices.length; i++) {
                vectors[indices[i]] = batch.select(0, i).toFloatArray();
              }
              bar.step(indices.length);
            });
      }
      print(vectors);
    });
    return 0;
  }

  private void print(float[][] vectors) {
    StringBuilder line = new StringBuilder(options.json() ? "[" : "");
    for (int i = 0; i < vectors.length; i++) {
      String numbers = Arrays.toString(vectors[i]);
      if (options.json()) {
        line.append(numbers.replace(" ", "")).append(i + 1 < vectors.length ? "," : "]");
      } else {
        line.append(numbers.replaceAll("[\\[\\],]", ""));
      }
      System.out.println(line);
      line.setLength(0);
    }
  }
}
