package dev.gatun.samples.lesson;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.io.onnx.OnnxModel;
import dev.gatun.samples.text.ModelFiles;
import dev.gatun.samples.text.Tokenizer;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Lesson 3: a model that others trained, from its file to a search by meaning.
final class L03Models {
  private static final List<String> TEXTS =
      List.of(
          "The bakery opens at seven in the morning.",
          "My bicycle has a flat tyre.",
          "Tensors are arrays with any number of axes.",
          "The violinist tuned her instrument.",
          "Snow fell on the mountains all night.");

  private L03Models() {}

  static void run() {
    try (Device cpu = CpuDevice.open()) {
      // all-MiniLM-L6-v2, which the build fetched: a network in ONNX's format, and its tokenizer.
      ModelFiles files = ModelFiles.miniLm(false);
      try (OnnxModel model = OnnxModel.open(files.onnx(), cpu);
          Tokenizer tokenizer = Tokenizer.open(files.tokenizer())) {
        file(model);
        tokens(tokenizer);
        running(cpu, model, tokenizer);
        vectors(cpu, model, tokenizer);
        cosines(cpu, model, tokenizer);
        search(cpu, model, tokenizer);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private static void file(OnnxModel model) {
    System.out.println("1. A model's file says what it takes and what it gives");
    model.inputs().forEach(p -> System.out.println("   in  " + p));
    model.outputs().forEach(p -> System.out.println("   out " + p));
  }

  private static void tokens(Tokenizer tokenizer) {
    System.out.println("2. A tokenizer turns a text into the numbers that the model knows");
    for (String text : List.of("a flat tyre", "A flat tyre!", "unflattering")) {
      System.out.printf("   %-14s %s%n", text, Arrays.toString(tokenizer.encode(text).ids()));
    }
  }

  /// A vector for each token, [1, tokens, 384].
  private static Tensor hidden(Scope scope, OnnxModel model, Tokenizer tokenizer, String text) {
    Tokenizer.Tokens tokens = tokenizer.encode(text);
    Shape shape = Shape.of(1, tokens.length());
    long[] mask = new long[tokens.length()];
    Arrays.fill(mask, 1);
    Map<String, Tensor> inputs =
        Map.of(
            "input_ids", scope.tensor(shape, tokens.ids()),
            "attention_mask", scope.tensor(shape, mask),
            "token_type_ids", scope.tensor(shape, tokens.types()));
    return model.run(scope, inputs).values().iterator().next();
  }

  /// The mean over tokens, of length 1: [384].
  private static Tensor vector(Scope scope, OnnxModel model, Tokenizer tokenizer, String text) {
    Tensor mean = hidden(scope, model, tokenizer, text).mean(1).squeeze(0);
    return mean.div(mean.norm(2, -1));
  }

  private static void running(Device cpu, OnnxModel model, Tokenizer tokenizer) {
    System.out.println("3. A run takes tensors by name; results live in the scope it is given");
    try (Scope scope = cpu.scope()) {
      System.out.println("   " + hidden(scope, model, tokenizer, "a flat tyre"));
    }
  }

  private static void vectors(Device cpu, OnnxModel model, Tokenizer tokenizer) {
    System.out.println("4. The mean over tokens, scaled to length 1, stands for the text");
    try (Scope scope = cpu.scope()) {
      Tensor v = vector(scope, model, tokenizer, "a flat tyre");
      System.out.println("   " + v + " begins with " + text(v.slice(0, 0, 4), "%.3f"));
      System.out.printf(Locale.ROOT, "   length %.4f%n", v.norm(2, -1).item());
    }
  }

  private static void cosines(Device cpu, OnnxModel model, Tokenizer tokenizer) {
    System.out.println("5. The product of two such vectors is the cosine of their angle");
    List<String> texts =
        List.of("He repaired the bike.", "My bicycle was fixed.", "A cook repaired the stove.");
    try (Scope scope = cpu.scope()) {
      Tensor all = stacked(scope, model, tokenizer, texts);
      Tensor cosines = all.matmul(all.transpose());
      for (int i = 0; i < texts.size(); i++) {
        System.out.printf("   %-26s %s%n", texts.get(i), text(cosines.select(0, i), "%.2f"));
      }
    }
  }

  private static void search(Device cpu, OnnxModel model, Tokenizer tokenizer) {
    System.out.println("6. The nearest vector belongs to the text that says most nearly the same");
    try (Scope scope = cpu.scope()) {
      Tensor all = stacked(scope, model, tokenizer, TEXTS);
      for (String question : List.of("Where can I buy bread?", "What was the weather like?")) {
        Tensor q = vector(scope, model, tokenizer, question);
        long best = (long) all.matmul(q.reshape(-1, 1)).argMax(0).item();
        System.out.println("   " + question + " " + TEXTS.get((int) best));
      }
    }
  }

  private static Tensor stacked(
      Scope scope, OnnxModel model, Tokenizer tokenizer, List<String> texts) {
    Tensor[] rows =
        texts.stream().map(t -> vector(scope, model, tokenizer, t)).toArray(Tensor[]::new);
    return rows[0].stack(0, Arrays.copyOfRange(rows, 1, rows.length));
  }

  private static String text(Tensor x, String format) {
    float[] values = x.toFloatArray();
    return IntStream.range(0, values.length)
        .mapToObj(i -> String.format(Locale.ROOT, format, values[i]))
        .collect(Collectors.joining(" "));
  }
}

// How to run:
//   ./gatun lesson 3
//
// Expected output:
//   1. A model's file says what it takes and what it gives
//      in  input_ids INT64 [batch_size,sequence_length]
//      in  attention_mask INT64 [batch_size,sequence_length]
//      in  token_type_ids INT64 [batch_size,sequence_length]
//      out last_hidden_state FLOAT [batch_size,sequence_length,384]
//   2. A tokenizer turns a text into the numbers that the model knows
//      a flat tyre    [101, 1037, 4257, 21904, 102]
//      A flat tyre!   [101, 1037, 4257, 21904, 999, 102]
//      unflattering   [101, 4895, 10258, 20097, 2075, 102]
//   3. A run takes tensors by name; results live in the scope it is given
//      tensor F32 [1,5,384]
//   4. The mean over tokens, scaled to length 1, stands for the text
//      tensor F32 [384] begins with -0.056 0.034 -0.097 0.037
//      length 1.0000
//   5. The product of two such vectors is the cosine of their angle
//      He repaired the bike.      1.00 0.66 0.38
//      My bicycle was fixed.      0.66 1.00 0.16
//      A cook repaired the stove. 0.38 0.16 1.00
//   6. The nearest vector belongs to the text that says most nearly the same
//      Where can I buy bread? The bakery opens at seven in the morning.
//      What was the weather like? Snow fell on the mountains all night.
