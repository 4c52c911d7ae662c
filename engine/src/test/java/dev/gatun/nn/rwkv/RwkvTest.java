package dev.gatun.nn.rwkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.io.RwkvFile;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Small models of all versions, and trained ones where they are at hand.
class RwkvTest {
  private static final int D = 8;
  private static final int HEADS = 2;
  private static final int LOW = 3;
  private static final int VOCABULARY = 11;

  private static final class Drawn {
    private final Scope scope;
    private final Random random = new Random(7);
    private final Map<String, Tensor> all = new LinkedHashMap<>();

    Drawn(Scope scope) {
      this.scope = scope;
    }

    void put(String name, double low, double high, long... dims) {
      Shape s = Shape.of(dims);
      all.put(name, scope.tensor(DType.F64, s, random.doubles(s.elems(), low, high).toArray()));
    }

    void mixes(String prefix, String of) {
      of.chars().forEach(c -> put(prefix + (char) c, 0.1, 0.9, D));
    }

    void matrices(String part, String... names) {
      for (String n : names) {
        put(part + n + ".weight", -0.5, 0.5, D, D);
      }
    }

    void norm(String name) {
      put(name + ".weight", 0.5, 1.5, D);
      put(name + ".bias", -0.5, 0.5, D);
    }
  }

  private static Map<String, Tensor> model(int version, Scope scope) {
    Drawn m = new Drawn(scope);
    m.put("emb.weight", -1, 1, VOCABULARY, D);
    m.norm("blocks.0.ln0");
    for (int i = 0; i < 2; i++) {
      String b = "blocks." + i + ".";
      String att = b + "att.";
      String ffn = b + "ffn.";
      m.norm(b + "ln1");
      m.norm(b + "ln2");
      m.matrices(att, "key", "value", "receptance", "output");
      m.put(ffn + "key.weight", -0.5, 0.5, 3 * D, D);
      m.put(ffn + "value.weight", -0.5, 0.5, D, 3 * D);
      if (version < 7) {
        m.matrices(ffn, "receptance");
        m.mixes(ffn + (version == 6 ? "time_maa_" : "time_mix_"), "kr");
      }
      time(version, i, att, ffn, m);
    }
    m.norm("ln_out");
    m.put("head.weight", -1, 1, VOCABULARY, D);
    return m.all;
  }

  private static void time(int version, int block, String att, String ffn, Drawn m) {
    int size = D / HEADS;
    switch (version) {
      case 4 -> {
        m.mixes(att + "time_mix_", "kvr");
        m.put(att + "time_decay", -2, -0.1, D);
        m.put(att + "time_first", -1, 1, D);
      }
      case 5 -> {
        m.mixes(att + "time_mix_", "kvrg");
        m.put(att + "time_decay", 0.2, 0.99, HEADS, size, 1);
        m.put(att + "time_faaaa", -1, 1, HEADS, size, 1);
        m.matrices(att, "gate");
        m.norm(att + "ln_x");
      }
      case 6 -> {
        m.mixes(att + "time_maa_", "xwkvrg");
        m.put(att + "time_maa_w1", -0.5, 0.5, 5 * LOW, D);
        m.put(att + "time_maa_w2", -0.5, 0.5, 5, D, LOW);
        m.put(att + "time_decay", -2, 1, HEADS, size, 1);
        m.put(att + "time_decay_w1", -0.5, 0.5, LOW, D);
        m.put(att + "time_decay_w2", -0.5, 0.5, D, LOW);
        m.put(att + "time_faaaa", -1, 1, HEADS, size, 1);
        m.matrices(att, "gate");
        m.norm(att + "ln_x");
      }
      default -> {
        m.put(att + "x_rwkvag", 0.1, 0.9, 6, 1, D);
        for (String low :
            block == 0 ? new String[] {"w", "a", "g"} : new String[] {"w", "a", "g", "v"}) {
          m.put(att + low + "1", -0.5, 0.5, LOW, D);
          m.put(att + low + "2", -0.5, 0.5, D, LOW);
          if (!low.equals("g")) {
            m.put(att + low + "0", -1, 1, 1, 1, D);
          }
        }
        m.put(att + "k_k", 0.5, 1, 1, 1, D);
        m.put(att + "k_a", 0.5, 1, 1, 1, D);
        m.put(att + "r_k", -1, 1, HEADS, size);
        m.norm(att + "ln_x");
        m.put(ffn + "x_k", 0.1, 0.9, 1, 1, D);
      }
    }
  }

  private static Tensor tokens(Scope s, int t) {
    int[] ids = new Random(3).ints(2L * t, 0, VOCABULARY).toArray();
    return s.tensor(Shape.of(2, t), ids);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5, 6, 7})
  void anyPiecesGiveWhatOneCallGives(int version) {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Rwkv model = Rwkv.of(s, model(version, s));
      model.eval();
      Tensor ids = tokens(s, 21);
      Rwkv.Output whole = model.forward(ids, model.start(s, 2));
      Rwkv.State state = model.start(s, 2);
      int[] cuts = {0, 1, 2, 9, 20, 21};
      for (int i = 0; i + 1 < cuts.length; i++) {
        Rwkv.Output part = model.forward(ids.slice(1, cuts[i], cuts[i + 1]), state);
        double[] want = whole.logits().slice(1, cuts[i], cuts[i + 1]).toDoubleArray();
        assertArrayEquals(want, part.logits().toDoubleArray(), 1e-12);
        state = part.state();
      }
      try (RwkvStream stream = new RwkvStream(model, device, 2)) {
        long live = 0;
        for (int t = 0; t < 21; t++) {
          try (Scope step = device.scope()) {
            Tensor next = stream.next(step.borrow(ids).slice(1, t, t + 1));
            double[] want = whole.logits().select(1, t).toDoubleArray();
            assertArrayEquals(want, next.toDoubleArray(), 1e-12);
          }
          assertTrue(t < 2 || live == device.memory().liveBytes(), "a stream's memory is constant");
          live = device.memory().liveBytes();
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5, 6, 7})
  void gradientsAreSlopesForEachParameter(int version) {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Rwkv model = Rwkv.of(s, model(version, s));
      Tensor ids = tokens(s, 5);
      Map<String, Double> slopes = new LinkedHashMap<>();
      try (Scope step = device.scope()) {
        Gradients g = loss(model, step.borrow(ids)).backward();
        model.parameters().forEach((name, v) -> slopes.put(name, g.of(v).toDoubleArray()[at(v)]));
      }
      model
          .parameters()
          .forEach((name, v) -> {
            double h = 1e-5;
            double up = shifted(model, ids, v, h);
            double down = shifted(model, ids, v, -h);
            double want = (up - down) / (2 * h);
            assertEquals(
                want, slopes.getOrDefault(name, Double.NaN), 1e-6 * (1 + Math.abs(want)), name);
          });
    }
  }

  /// An element from the middle, in a row that `tokens` has.
  private static int at(Variable v) {
    return Math.toIntExact(v.value().shape().elems() / 2);
  }

  private static Tensor loss(Rwkv model, Tensor ids) {
    Rwkv.Output out = model.forward(ids, model.start(ids.scope(), 2));
    return out.logits().tanh().square().mean();
  }

  private static double shifted(Rwkv model, Tensor ids, Variable v, double h) {
    try (Scope step = ids.device().scope()) {
      double[] x = v.value().toDoubleArray();
      double old = x[at(v)];
      x[at(v)] = old + h;
      v.set(step.tensor(DType.F64, v.value().shape(), x));
      double loss = loss(model, step.borrow(ids)).item();
      x[at(v)] = old;
      v.set(step.tensor(DType.F64, v.value().shape(), x));
      return loss;
    }
  }

  /// Version 6 is at hand with five bits a weight only: the expected scores, up to 15, are those of
  /// the whole weights.
  @ParameterizedTest
  @CsvSource({
    "4v0-660K, FP32, 1e-4",
    "5v2-730K, FP32, 1e-4",
    "7v0-834K, FP32, 1e-4",
    "6v0-3m, Q5_1, 0.1"
  })
  void trainedModelsScoreAsExpected(String name, String format, double bound) throws IOException {
    Path root = Path.of("").toAbsolutePath();
    Path folder =
        (Files.exists(root.resolve("engine")) ? root : root.resolve(".."))
            .resolve("../shared/rwkv");
    Path file = folder.resolve("tiny-rwkv-%s-%s.bin".formatted(name, format));
    assumeTrue(Files.exists(file), "no " + file.getFileName() + " in ../shared/rwkv");
    byte[] bytes = Files.readAllBytes(folder.resolve("expected-logits-%s.bin".formatted(name)));
    float[] want = new float[256];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(want);
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Rwkv model = Rwkv.of(s, RwkvFile.read(file, s).tensors());
      model.eval();
      Tensor prompt = s.tensor(Shape.of(1, 3), '"', 'i', 'n');
      Tensor got = model.forward(prompt, model.start(s, 1)).logits().select(1, 2);
      assertArrayEquals(want, got.toFloatArray(), (float) bound);
    }
  }

  @Test
  void namesWhatIsMissing() {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Map<String, Tensor> some = model(5, s);
      some.remove("blocks.0.att.time_faaaa");
      some.remove("blocks.1.att.time_faaaa");
      Exception e = assertThrows(IllegalArgumentException.class, () -> Rwkv.of(s, some));
      assertTrue(String.valueOf(e.getMessage()).contains("version 4, 5.2, 6 or 7"));
      assertThrows(IllegalArgumentException.class, () -> Rwkv.of(s, Map.of()));
    }
  }
}
