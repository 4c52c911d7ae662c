package dev.gatun.samples.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EmbedderTest {
  static final Path PROVERBS = Path.of("data", "proverbs.txt");

  private static Embedder open(boolean int8, CpuDevice device) throws IOException {
    return Embedder.open(ModelFiles.miniLm(int8), Embedder.Pooling.MEAN, device, new Timings());
  }

  private static List<String> texts() throws IOException {
    List<String> texts = new ArrayList<>(Files.readAllLines(PROVERBS).subList(0, 8));
    texts.add("");
    texts.add("short");
    texts.add("many words ".repeat(200));
    return texts;
  }

  @Test
  void resultsDoNotDependOnBatches() throws IOException {
    doNotDependOnBatches(false);
    doNotDependOnBatches(true);
  }

  private static void doNotDependOnBatches(boolean int8) throws IOException {
    List<String> texts = texts();
    try (CpuDevice device = CpuDevice.open();
        Embedder embedder = open(int8, device)) {
      float[][] together = embedder.embed(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertArrayEquals(embedder.embed(List.of(texts.get(i)))[0], together[i], 1e-6f);
        assertEquals(384, together[i].length);
        assertEquals(1, norm(together[i]), 1e-6);
      }
    }
  }

  private static double norm(float[] x) {
    double sum = 0;
    for (float v : x) {
      sum += (double) v * v;
    }
    return Math.sqrt(sum);
  }

  @Test
  void batchesAreCompleteAndMemoryIsFlat() throws IOException {
    List<String> texts = texts();
    try (CpuDevice device = CpuDevice.open();
        Embedder embedder = open(false, device)) {
      boolean[] seen = new boolean[texts.size()];
      embedder.embed(
          texts,
          (indices, vectors) -> {
            assertEquals(indices.length, vectors.dim(0));
            for (int i : indices) {
              assertTrue(!seen[i]);
              seen[i] = true;
            }
          });
      for (boolean s : seen) {
        assertTrue(s);
      }
      long live = device.memory().liveBytes();
      embedder.embed(texts);
      assertEquals(live, device.memory().liveBytes());
    }
  }
}
