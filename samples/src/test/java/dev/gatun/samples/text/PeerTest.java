package dev.gatun.samples.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.gatun.cpu.CpuDevice;
import java.io.IOException;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The vectors of ONNX Runtime on the same files, pooled by plain loops here.
class PeerTest {
  private static final List<String> QUESTIONS =
      List.of(
          "keep calm when somebody provokes you",
          "how to raise children",
          "what becomes of lazy people",
          "an honest merchant",
          "friends in bad times");

  @Test
  void someAreAsOnnxRuntimes() throws Exception {
    compare(false, texts().subList(0, 20), 0.99999);
    compare(true, texts().subList(0, 20), 0.999);
  }

  @Test
  @Tag("long")
  void aThousandAreAsOnnxRuntimes() throws Exception {
    assertEquals(1000, texts().size());
    compare(false, texts(), 0.99999);
    compare(true, texts(), 0.999);
  }

  /// Whole verses and their parts.
  private static List<String> texts() throws IOException {
    Set<String> texts = new LinkedHashSet<>();
    for (String verse : Files.readAllLines(EmbedderTest.PROVERBS)) {
      texts.add(verse);
      texts.addAll(List.of(verse.split("[:;,] ?")));
    }
    return List.copyOf(texts).subList(0, 1000);
  }

  private static void compare(boolean int8, List<String> texts, double least) throws Exception {
    ModelFiles files = ModelFiles.miniLm(int8);
    List<String> all = new ArrayList<>(texts);
    all.addAll(QUESTIONS);
    float[][] ours;
    try (CpuDevice device = CpuDevice.open();
        Embedder embedder = Embedder.open(files, Embedder.Pooling.MEAN, device, new Timings())) {
      ours = embedder.embed(all);
    }
    float[][] peers = peer(files, all);
    double worst = 1;
    for (int i = 0; i < ours.length; i++) {
      worst = Math.min(worst, product(ours[i], peers[i]));
    }
    System.out.printf("%s, %d texts: least cosine %.9f%n", files.name(), texts.size(), worst);
    assertTrue(worst >= least, "least cosine " + worst);
    for (int q = texts.size(); q < all.size(); q++) {
      assertEquals(best(peers, q, texts.size()), best(ours, q, texts.size()), all.get(q));
    }
  }

  private static Set<Integer> best(float[][] vectors, int question, int count) {
    return IntStream.range(0, count)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -product(vectors[i], vectors[question])))
        .limit(10)
        .collect(Collectors.toCollection(HashSet::new));
  }

  private static double product(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (double) x[i] * y[i];
    }
    return sum;
  }

  private static float[][] peer(ModelFiles files, List<String> texts) throws Exception {
    OrtEnvironment env = OrtEnvironment.getEnvironment();
    try (Tokenizer tokenizer = Tokenizer.open(files.tokenizer());
        OrtSession session = env.createSession(files.onnx().toString())) {
      float[][] all = new float[texts.size()][];
      for (int i = 0; i < all.length; i++) {
        all[i] = pooled(env, session, tokenizer.encode(texts.get(i)).ids());
      }
      return all;
    }
  }

  private static float[] pooled(OrtEnvironment env, OrtSession session, long[] ids)
      throws OrtException {
    long[] shape = {1, ids.length};
    long[] ones = new long[ids.length];
    Arrays.fill(ones, 1);
    try (OnnxTensor in = OnnxTensor.createTensor(env, LongBuffer.wrap(ids), shape);
        OnnxTensor mask = OnnxTensor.createTensor(env, LongBuffer.wrap(ones), shape);
        OnnxTensor types =
            OnnxTensor.createTensor(env, LongBuffer.wrap(new long[ids.length]), shape);
        OrtSession.Result result =
            session.run(Map.of("input_ids", in, "attention_mask", mask, "token_type_ids", types))) {
      float[][] hidden = ((float[][][]) result.get(0).getValue())[0];
      double[] sum = new double[hidden[0].length];
      double squares = 0;
      for (int d = 0; d < sum.length; d++) {
        for (float[] token : hidden) {
          sum[d] += token[d];
        }
        squares += sum[d] * sum[d];
      }
      float[] unit = new float[sum.length];
      for (int d = 0; d < sum.length; d++) {
        unit[d] = (float) (sum[d] / Math.sqrt(squares));
      }
      return unit;
    }
  }
}
