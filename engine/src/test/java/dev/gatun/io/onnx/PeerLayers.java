package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.PeerTest.one;
import static dev.gatun.io.onnx.PeerTest.some;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;

/// Products, recurrent layers, norms, attention and codes, for [PeerTest].
final class PeerLayers {
  private PeerLayers() {}

  static void addTo(Map<String, Function<Random, PeerCase>> all) {
    all.put("LSTM", r -> recurrent(r, "LSTM", 4));
    all.put("GRU", r -> recurrent(r, "GRU", 3));
    all.put("RNN", r -> recurrent(r, "RNN", 1));
    all.put("Attention", PeerLayers::attention);
    all.put("RotaryEmbedding", PeerLayers::rotary);
    all.put("LayerNormalization", PeerLayers::layerNorm);
    all.put("RMSNormalization", PeerLayers::rmsNorm);
    all.put("Einsum", PeerLayers::einsum);
    all.put("MatMul", PeerLayers::matMul);
    all.put("Gemm", PeerLayers::gemm);
    all.put("MatMulInteger", PeerLayers::matMulInteger);
    all.put("QLinearMatMul", PeerLayers::qLinearMatMul);
    all.put("QuantizeLinear", PeerLayers::quantize);
    all.put("DequantizeLinear", PeerLayers::dequantize);
    all.put("DynamicQuantizeLinear", PeerLayers::dynamic);
  }

  private static PeerCase recurrent(Random r, String operator, int gates) {
    long steps = 1L + r.nextInt(5);
    long batch = 1L + r.nextInt(3);
    long in = 1L + r.nextInt(4);
    long h = 1L + r.nextInt(4);
    String direction = one(r, "forward", "reverse", "bidirectional");
    long d = direction.equals("bidirectional") ? 2 : 1;
    PeerCase c = new PeerCase(operator, one(r, 7, 14, 22));
    c.with("direction", direction).with("hidden_size", h).outputs(operator.equals("LSTM") ? 3 : 2);
    // The peer does not clip what the last activation of an LSTM sees, which the standard wants.
    if (r.nextInt(3) == 0 && !operator.equals("LSTM")) {
      c.with("clip", 0.6f);
    }
    if (operator.equals("GRU")) {
      c.with("linear_before_reset", r.nextInt(2));
    }
    if (operator.equals("LSTM") && r.nextInt(3) == 0) {
      c.with("input_forget", 1);
    }
    functions(c, r, operator, d);
    c.normal(r, steps, batch, in).normal(r, d, gates * h, in).normal(r, d, gates * h, h);
    if (r.nextBoolean()) {
      c.normal(r, d, 2 * gates * h);
    } else {
      c.none();
    }
    if (r.nextBoolean()) {
      c.whole(r, ElementType.INT32, 1, (int) steps + 1, batch);
    } else {
      c.none();
    }
    if (r.nextBoolean()) {
      c.normal(r, d, batch, h);
      if (operator.equals("LSTM")) {
        c.normal(r, d, batch, h);
        if (r.nextBoolean()) {
          c.normal(r, d, 3 * h);
        }
      }
    }
    return c.tolerance(1e-4);
  }

  /// Activations, now and then others than the usual ones, with their numbers.
  private static void functions(PeerCase c, Random r, String operator, long directions) {
    if (r.nextInt(3) > 0) {
      return;
    }
    int count = (operator.equals("LSTM") ? 3 : operator.equals("GRU") ? 2 : 1) * (int) directions;
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(
          one(
              r,
              "Relu",
              "Tanh",
              "Sigmoid",
              "HardSigmoid",
              "Softsign",
              "Softplus",
              "Elu",
              "LeakyRelu",
              "ThresholdedRelu",
              "ScaledTanh",
              "Affine"));
    }
    c.texts("activations", names);
    // The peer's own numbers are not those of the operators of the same names.
    c.with("activation_alpha", numbers(r, count)).with("activation_beta", numbers(r, count));
  }

  private static float[] numbers(Random r, int count) {
    float[] v = new float[count];
    for (int i = 0; i < v.length; i++) {
      v[i] = 0.1f + r.nextFloat();
    }
    return v;
  }

  private static PeerCase attention(Random r) {
    int version = one(r, 23, 24);
    PeerCase c = new PeerCase("Attention", version).tolerance(1e-4);
    long batch = 1L + r.nextInt(2);
    long kvHeads = 1L + r.nextInt(2);
    long heads = kvHeads * (1L + r.nextInt(2));
    long queries = 1L + r.nextInt(4);
    long past = r.nextInt(3) == 0 ? 1L + r.nextInt(3) : 0;
    // Where keys are more than queries behind a past, the peer sees them all in one of its ways.
    long keys = past > 0 ? queries : 1L + r.nextInt(5);
    long size = one(r, 2, 4, 8);
    if (r.nextBoolean()) {
      c.with("is_causal", 1);
    }
    if (r.nextInt(3) == 0) {
      c.with("softcap", 1.5f);
    }
    if (r.nextInt(3) == 0) {
      c.with("scale", 0.3f);
    }
    if (r.nextBoolean()) {
      c.normal(r, batch, heads, queries, size);
      c.normal(r, batch, kvHeads, keys, size).normal(r, batch, kvHeads, keys, size);
    } else {
      c.with("q_num_heads", heads).with("kv_num_heads", kvHeads);
      c.normal(r, batch, queries, heads * size);
      c.normal(r, batch, keys, kvHeads * size).normal(r, batch, keys, kvHeads * size);
    }
    long[] mask =
        one(
            r,
            new long[] {queries, keys + past},
            new long[] {batch, 1, queries, keys + past},
            new long[] {1, heads, queries, keys + past});
    switch (r.nextInt(3)) {
      case 0 -> c.normal(r, mask);
      case 1 -> {
        double[] seen =
            r.ints(Arrays.stream(mask).reduce(1, (a, b) -> a * b), 0, 4)
                .mapToDouble(i -> i > 0 ? 1 : 0)
                .toArray();
        for (int i = 0; i < seen.length; i += (int) (keys + past)) {
          seen[i] = 1;
        }
        c.input(ElementType.BOOL, mask, seen);
      }
      default -> c.none();
    }
    if (past > 0) {
      c.normal(r, batch, kvHeads, past, size).normal(r, batch, kvHeads, past, size).outputs(3);
    }
    return c;
  }

  private static PeerCase rotary(Random r) {
    long heads = 1L + r.nextInt(3);
    long size = one(r, 4, 8);
    long steps = 1L + r.nextInt(4);
    long batch = 1L + r.nextInt(2);
    PeerCase c = new PeerCase("RotaryEmbedding", 23).with("interleaved", r.nextInt(2));
    long rotated = r.nextInt(3) == 0 ? size / 2 : 0;
    if (rotated > 0) {
      c.with("rotary_embedding_dim", rotated);
    }
    long half = (rotated > 0 ? rotated : size) / 2;
    if (r.nextBoolean()) {
      c.normal(r, batch, heads, steps, size);
    } else {
      c.with("num_heads", heads).normal(r, batch, steps, heads * size);
    }
    if (r.nextBoolean()) {
      return c.normal(r, batch, steps, half).normal(r, batch, steps, half);
    }
    return c.normal(r, 9, half).normal(r, 9, half).whole(r, ElementType.INT64, 0, 9, batch, steps);
  }

  private static PeerCase layerNorm(Random r) {
    int rank = 1 + r.nextInt(4);
    long[] d = some(r, rank, 1, 5);
    int axis = r.nextInt(rank);
    d[rank - 1] = 2L + r.nextInt(4);
    long[] scale = Arrays.copyOfRange(d, axis, rank);
    PeerCase c =
        new PeerCase("LayerNormalization", 17).with("axis", r.nextBoolean() ? axis : axis - rank);
    c.with("epsilon", 1e-3f).tolerance(1e-4).normal(r, d).normal(r, scale);
    return r.nextBoolean() ? c.normal(r, scale).outputs(one(r, 1, 2, 3)) : c;
  }

  private static PeerCase rmsNorm(Random r) {
    int rank = 1 + r.nextInt(4);
    long[] d = some(r, rank, 1, 5);
    int axis = r.nextInt(rank);
    return new PeerCase("RMSNormalization", 23)
        .with("axis", r.nextBoolean() ? axis : axis - rank)
        .with("epsilon", 1e-3f)
        .tolerance(1e-4)
        .normal(r, d)
        .normal(r, Arrays.copyOfRange(d, axis, rank));
  }

  private static PeerCase einsum(Random r) {
    PeerCase c = new PeerCase("Einsum", 12);
    return switch (r.nextInt(8)) {
      case 0 -> c.with("equation", "bij,bjk->bik").normal(r, 2, 3, 4).normal(r, 2, 4, 5);
      case 1 -> c.with("equation", "...ij,...jk").normal(r, 2, 1, 3, 4).normal(r, 3, 4, 2);
      case 2 -> c.with("equation", "ii->i").normal(r, 4, 4);
      case 3 -> c.with("equation", "i,j->ji").normal(r, 3).normal(r, 4);
      case 4 -> c.with("equation", "bhqd,bhkd->bhqk").normal(r, 2, 2, 3, 4).normal(r, 2, 2, 5, 4);
      case 5 -> c.with("equation", "ij->").normal(r, 3, 4);
      case 6 -> c.with("equation", "ij,jk,kl->il").normal(r, 2, 3).normal(r, 3, 4).normal(r, 4, 2);
      default -> c.with("equation", "b...d->d...").normal(r, 2, 3, 2, 4);
    };
  }

  private static PeerCase matMul(Random r) {
    ElementType type =
        one(r, ElementType.FLOAT, ElementType.DOUBLE, ElementType.INT32, ElementType.INT64);
    long k = 1L + r.nextInt(20);
    long[] lead = some(r, r.nextInt(3), 1, 3);
    long[] other = Arrays.stream(lead).map(n -> r.nextBoolean() ? 1 : n).toArray();
    long[] a = PeerImages.joined(lead, 1 + r.nextInt(20), k);
    long[] b = PeerImages.joined(other, k, 1 + r.nextInt(20));
    return new PeerCase("MatMul", 13)
        .whole(r, type, -9, 9, r.nextInt(4) == 0 ? new long[] {k} : a)
        .whole(r, type, -9, 9, r.nextInt(4) == 0 ? new long[] {k} : b);
  }

  private static PeerCase gemm(Random r) {
    long m = 1L + r.nextInt(5);
    long k = 1L + r.nextInt(5);
    long n = 1L + r.nextInt(5);
    int ta = r.nextInt(2);
    int tb = r.nextInt(2);
    PeerCase c = new PeerCase("Gemm", 13).with("transA", ta).with("transB", tb);
    c.with("alpha", one(r, 1f, 0.5f)).with("beta", one(r, 1f, 0.25f, 0f));
    c.normal(r, ta == 1 ? k : m, ta == 1 ? m : k).normal(r, tb == 1 ? n : k, tb == 1 ? k : n);
    return switch (r.nextInt(6)) {
      case 0 -> c;
      case 1 -> c.normal(r, m, n);
      case 2 -> c.normal(r, n);
      case 3 -> c.normal(r, m, 1);
      case 4 -> c.normal(r, 1, n);
      default -> c.normal(r);
    };
  }

  private static PeerCase matMulInteger(Random r) {
    long m = 1L + r.nextInt(9);
    long k = 1L + r.nextInt(40);
    long n = 1L + r.nextInt(20);
    ElementType b = one(r, ElementType.UINT8, ElementType.INT8);
    // Sums of two products of more bits saturate in the peer on machines without VNNI.
    int low = b == ElementType.INT8 ? -64 : 0;
    int high = b == ElementType.INT8 ? 64 : 256;
    PeerCase c = new PeerCase("MatMulInteger", 10);
    c.whole(r, ElementType.UINT8, 0, 256, m, k).whole(r, b, low, high, k, n);
    if (r.nextBoolean()) {
      c.whole(r, ElementType.UINT8, 0, 256);
    } else {
      c.none();
    }
    return r.nextBoolean()
        ? c.whole(r, b, low, high, r.nextBoolean() ? new long[] {n} : new long[0])
        : c;
  }

  private static PeerCase qLinearMatMul(Random r) {
    long k = 1L + r.nextInt(20);
    long n = 1L + r.nextInt(9);
    ElementType b = one(r, ElementType.UINT8, ElementType.INT8);
    PeerCase c = new PeerCase("QLinearMatMul", 10).tolerance(1.01 / 255);
    c.whole(r, ElementType.UINT8, 0, 256, 1 + r.nextInt(5), k)
        .input(ElementType.FLOAT, new long[0], 0.02);
    c.whole(r, ElementType.UINT8, 100, 150).whole(r, b, 0, 64, k, n);
    boolean columns = r.nextBoolean();
    long[] each = columns ? new long[] {n} : new long[0];
    double[] scales = r.doubles(columns ? n : 1, 0.01, 0.02).map(v -> (float) v).toArray();
    c.input(ElementType.FLOAT, each, scales).whole(r, b, 20, 60, each);
    return c.input(ElementType.FLOAT, new long[0], 0.05).whole(r, ElementType.UINT8, 100, 150);
  }

  private static PeerCase quantize(Random r) {
    long[] d = some(r, 3, 2, 4);
    int axis = r.nextInt(3);
    ElementType to = one(r, ElementType.UINT8, ElementType.INT8);
    PeerCase c = new PeerCase("QuantizeLinear", one(r, 13, 19, 21));
    c.with("axis", r.nextBoolean() ? axis : axis - 3).normal(r, d);
    long[] each = r.nextBoolean() ? new long[] {d[axis]} : new long[0];
    long count = each.length == 0 ? 1 : d[axis];
    c.input(ElementType.FLOAT, each, r.doubles(count, 0.01, 0.05).map(v -> (float) v).toArray());
    return c.whole(r, to, 0, 100, each);
  }

  private static PeerCase dequantize(Random r) {
    long[] d = some(r, 3, 2, 4);
    int axis = r.nextInt(3);
    ElementType from = one(r, ElementType.UINT8, ElementType.INT8, ElementType.INT32);
    PeerCase c = new PeerCase("DequantizeLinear", one(r, 13, 19, 21));
    c.with("axis", r.nextBoolean() ? axis : axis - 3).whole(r, from, 0, 128, d);
    long[] each = r.nextBoolean() ? new long[] {d[axis]} : new long[0];
    long count = each.length == 0 ? 1 : d[axis];
    c.input(ElementType.FLOAT, each, r.doubles(count, 0.01, 0.05).map(v -> (float) v).toArray());
    return r.nextBoolean() && from != ElementType.INT32 ? c.whole(r, from, 0, 100, each) : c;
  }

  private static PeerCase dynamic(Random r) {
    return new PeerCase("DynamicQuantizeLinear", 11)
        .normal(r, some(r, 1 + r.nextInt(3), 1, 5))
        .outputs(3)
        .tolerance(1.01 / 255);
  }
}
