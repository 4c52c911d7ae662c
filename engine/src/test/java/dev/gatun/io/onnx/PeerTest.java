package dev.gatun.io.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import dev.gatun.cpu.CpuDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Models of one node with sizes and attributes by chance, against ONNX Runtime.
class PeerTest {
  @Test
  void someAreAsOnnxRuntimes() throws OrtException {
    compare(8, 11);
  }

  @Test
  @Tag("long")
  void manyAreAsOnnxRuntimes() throws OrtException {
    compare(150, 12);
  }

  private static void compare(int each, long seed) throws OrtException {
    Map<String, Function<Random, PeerCase>> all = new TreeMap<>();
    PeerImages.addTo(all);
    PeerIndices.addTo(all);
    PeerLayers.addTo(all);
    List<String> wrong = new ArrayList<>();
    try (CpuDevice device = CpuDevice.open()) {
      for (Map.Entry<String, Function<Random, PeerCase>> e : all.entrySet()) {
        Random random = new Random(seed);
        int[] answers = {0};
        for (int i = 0; i < each; i++) {
          PeerCase c = e.getValue().apply(random);
          c.differs(device, () -> answers[0]++).ifPresent(w -> wrong.add(c + "\n      " + w));
        }
        assertTrue(4 * answers[0] >= each, e.getKey() + ": the peer answered " + answers[0]);
      }
    }
    assertEquals("", String.join("\n", wrong));
  }

  /// One of `values`.
  @SafeVarargs
  static <T> T one(Random r, T... values) {
    return values[r.nextInt(values.length)];
  }

  /// Whole numbers in `[from, to]`.
  static long[] some(Random r, int count, int from, int to) {
    return r.longs(count, from, to + 1).toArray();
  }
}
