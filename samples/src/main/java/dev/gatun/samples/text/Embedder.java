package dev.gatun.samples.text;

import dev.gatun.device.Device;
import dev.gatun.io.onnx.OnnxModel;
import dev.gatun.samples.text.Tokenizer.Tokens;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Turns texts into vectors of length 1 whose products say how near their meanings are.
public final class Embedder implements AutoCloseable {
  /// Tokens of a batch: enough to fill the processor, few enough for its caches.
  private static final int BATCH_TOKENS = 1024;

  private static final int BATCH_TEXTS = 32;

  /// What a network may ask for.
  private static final Set<String> INPUTS = Set.of("input_ids", "attention_mask", "token_type_ids");

  /// How the vectors of tokens make one of the text.
  public enum Pooling {
    /// Their mean.
    MEAN,
    /// The first, which stands for the whole.
    CLS
  }

  private final Tokenizer tokenizer;
  private final OnnxModel model;
  private final Device device;
  private final Pooling pooling;
  private final Set<String> inputs;
  private final boolean singly;
  private final Timings timings;

  private Embedder(
      Tokenizer tokenizer, OnnxModel model, Device device, Pooling pooling, Timings timings) {
    this.tokenizer = tokenizer;
    this.model = model;
    this.device = device;
    this.pooling = pooling;
    this.timings = timings;
    this.inputs = model.inputs().stream().map(OnnxModel.Port::name).collect(Collectors.toSet());
    // One scale for all numbers of a batch: a text's result would depend on its neighbours.
    this.singly = model.operators().stream().anyMatch(o -> o.contains("Dynamic"));
  }

  /// Opens a model on `device`, which must stay open longer.
  ///
  /// @throws IOException if the files are no such model
  public static Embedder open(ModelFiles files, Pooling pooling, Device device, Timings timings)
      throws IOException {
    Rehearsal rehearsal = new Rehearsal(device);
    try {
      return read(files, pooling, device, timings);
    } finally {
      rehearsal.close();
    }
  }

  private static Embedder read(ModelFiles files, Pooling pooling, Device device, Timings timings)
      throws IOException {
    Tokenizer tokenizer = timings.time("tokenizer", () -> Tokenizer.open(files.tokenizer()));
    try {
      OnnxModel model = timings.time("model, opened", () -> OnnxModel.open(files.onnx(), device));
      Embedder embedder = new Embedder(tokenizer, model, device, pooling, timings);
      if (!INPUTS.containsAll(embedder.inputs)) {
        embedder.model.close();
        throw new IOException(
            "%s: inputs must be among input_ids, attention_mask, token_type_ids; got %s"
                .formatted(files.name(), model.inputs()));
      }
      return embedder;
    } catch (IOException | RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /// The vector of each text.
  public float[][] embed(List<String> texts) {
    float[][] all = new float[texts.size()][];
    embed(
        texts,
        (indices, vectors) -> {
          float[] values = vectors.toFloatArray();
          int n = values.length / indices.length;
          for (int i = 0; i < indices.length; i++) {
            all[indices[i]] = Arrays.copyOfRange(values, i * n, (i + 1) * n);
          }
        });
    return all;
  }

  /// The product of each row of `vectors` with `wanted`.
  static float[] scores(Tensor vectors, float[] wanted) {
    Tensor w = vectors.scope().tensor(Shape.of(wanted.length, 1), wanted);
    return vectors.matmul(w).toFloatArray();
  }

  /// Gives batches of texts, by their indices, with their vectors, a row each. The vectors live
  /// until `sink` returns. Texts of similar length share a batch, which is padded to its longest.
  public void embed(List<String> texts, BiConsumer<int[], Tensor> sink) {
    List<Tokens> tokens = texts.stream().map(tokenizer::encode).toList();
    int[] order =
        IntStream.range(0, tokens.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> tokens.get(i).length()))
            .mapToInt(i -> i)
            .toArray();
    for (int from = 0; from < order.length; ) {
      int to = from + 1;
      while (to < order.length && fits(to + 1 - from, tokens.get(order[to]).length())) {
        to++;
      }
      int[] batch = Arrays.copyOfRange(order, from, to);
      try (Scope scope = device.scope("batch")) {
        List<Tokens> chosen = Arrays.stream(batch).mapToObj(tokens::get).toList();
        long start = System.nanoTime();
        Tensor vectors = vectors(scope, chosen);
        timings.embedded(batch.length, System.nanoTime() - start);
        sink.accept(batch, vectors);
      }
      from = to;
    }
  }

  private boolean fits(int count, int longest) {
    return !singly && count <= BATCH_TEXTS && count * longest <= BATCH_TOKENS;
  }

  private Tensor vectors(Scope scope, List<Tokens> batch) {
    int longest = batch.stream().mapToInt(Tokens::length).max().orElse(0);
    Shape shape = Shape.of(batch.size(), longest);
    long[] ids = new long[batch.size() * longest];
    long[] types = new long[ids.length];
    long[] mask = new long[ids.length];
    float[] weights = new float[ids.length];
    for (int i = 0; i < batch.size(); i++) {
      Tokens t = batch.get(i);
      int at = i * longest;
      System.arraycopy(t.ids(), 0, ids, at, t.length());
      System.arraycopy(t.types(), 0, types, at, t.length());
      Arrays.fill(mask, at, at + t.length(), 1);
      Arrays.fill(weights, at, at + t.length(), 1f / t.length());
    }
    Map<String, Tensor> in = new HashMap<>();
    in.put("input_ids", scope.tensor(shape, ids));
    in.put("attention_mask", scope.tensor(shape, mask));
    in.put("token_type_ids", scope.tensor(shape, types));
    in.keySet().retainAll(inputs);
    Tensor hidden = hidden(model.run(scope, in));
    Tensor pooled =
        switch (pooling) {
          case MEAN ->
              scope.tensor(Shape.of(batch.size(), 1, longest), weights).matmul(hidden).squeeze(1);
          case CLS -> hidden.select(1, 0);
        };
    return pooled.div(pooled.norm(2, -1).unsqueeze(-1));
  }

  private static Tensor hidden(Map<String, Tensor> results) {
    return results.values().stream()
        .filter(t -> t.shape().rank() == 3 && t.dtype() == DType.F32)
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "a model must return a vector for each token; got " + results));
  }

  @Override
  public void close() {
    model.close();
    tokenizer.close();
  }
}
