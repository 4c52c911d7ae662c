package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What must hold between attentions; numbers of others are in the golden files.
class AttentionTest {
  private static final List<Mask> MASKS =
      List.of(
          Mask.none(),
          Mask.causal(),
          Mask.causalTopLeft(),
          Mask.window(5, 2),
          Mask.window(9, 0).withSinks(3),
          Mask.causal().withChunks(16));

  private static Attention.Result of(Tensor q, Tensor k, Tensor v, AttentionOptions options) {
    return Attention.of(q, k, v, options);
  }

  private static AttentionOptions causal() {
    return AttentionOptions.of(Mask.causal());
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void masksThatHideNothingAreNoMasks(DType t) {
    try (Alike a = new Alike(t)) {
      Tensor q = a.leaf(1, 2, 2, 70, 8);
      Tensor k = a.leaf(2, 2, 2, 70, 8);
      Tensor v = a.leaf(3, 2, 2, 70, 5);
      Attention.Result all = of(q, k, v, AttentionOptions.of(Mask.none()));
      Attention.Result past = of(q, k, v, causal());
      a.same("none", all, of(q, k, v, AttentionOptions.of(Mask.window(70, 70))), q, k, v);
      a.same("chunk", all, of(q, k, v, AttentionOptions.of(Mask.none().withChunks(70))), q, k, v);
      for (Mask same :
          List.of(
              Mask.window(69, 0),
              Mask.window(1000, 0),
              Mask.causalTopLeft(),
              Mask.window(0, 0).withSinks(70),
              Mask.causal().withChunks(128))) {
        a.same(same.toString(), past, of(q, k, v, AttentionOptions.of(same)), q, k, v);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void sharedHeadsAreRepeatedHeads(DType t) {
    try (Alike a = new Alike(t)) {
      Tensor q = a.leaf(1, 2, 6, 37, 8);
      Tensor k = a.leaf(2, 2, 2, 41, 8);
      Tensor v = a.leaf(3, 2, 2, 41, 12);
      for (Mask m : MASKS) {
        AttentionOptions options = AttentionOptions.of(m);
        Attention.Result want = of(q, k.repeat(1, 3), v.repeat(1, 3), options);
        a.same(m.toString(), want, of(q, k, v, options), q, k, v);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void anyChunksOfAPrefillAreOneCall(DType t) {
    try (Alike a = new Alike(t)) {
      long n = 70;
      Tensor q = a.leaf(1, 1, 4, n, 8);
      Tensor k = a.leaf(2, 1, 2, n, 8);
      Tensor v = a.leaf(3, 1, 2, n, 5);
      for (Mask m : List.of(Mask.causal(), Mask.window(9, 0), Mask.window(9, 0).withSinks(3))) {
        AttentionOptions options = AttentionOptions.of(m);
        Attention.Result want = of(q, k, v, options);
        for (long size : new long[] {1, 3, 32, 69}) {
          a.same(m + " prefix " + size, want, prefixes(q, k, v, options, size), q, k, v);
          a.same(m + " lengths " + size, want, lengths(a, q, k, v, options, size), q, k, v);
        }
      }
    }
  }

  /// Each chunk of queries over the keys so far.
  private static Attention.Result prefixes(
      Tensor q, Tensor k, Tensor v, AttentionOptions options, long size) {
    List<Attention.Result> parts = new ArrayList<>();
    for (long from = 0; from < q.dim(2); from += size) {
      long to = Math.min(q.dim(2), from + size);
      parts.add(of(q.slice(2, from, to), k.slice(2, 0, to), v.slice(2, 0, to), options));
    }
    return Alike.joined(parts);
  }

  /// Each chunk of queries over the whole buffer, of which so much is filled.
  private static Attention.Result lengths(
      Alike a, Tensor q, Tensor k, Tensor v, AttentionOptions options, long size) {
    List<Attention.Result> parts = new ArrayList<>();
    for (long from = 0; from < q.dim(2); from += size) {
      long to = Math.min(q.dim(2), from + size);
      Tensor filled = a.scope.tensor(Shape.of(1), to);
      parts.add(of(q.slice(2, from, to), k, v, options.with(Operand.KEY_LENGTHS, filled)));
    }
    return Alike.joined(parts);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void theFutureNeverChangesABitOfThePast(DType t) {
    try (Alike a = new Alike(t)) {
      int n = 140;
      Tensor q = a.leaf(1, 1, 2, n, 16).detach();
      Tensor k = a.leaf(2, 1, 2, n, 16).detach();
      Tensor v = a.leaf(3, 1, 2, n, 16).detach();
      Tensor other = a.leaf(4, 1, 2, n, 16).detach();
      for (Mask m : List.of(Mask.causal(), Mask.window(30, 0).withSinks(2))) {
        AttentionOptions options = AttentionOptions.of(m);
        double[] want = of(q, k, v, options).o().toDoubleArray();
        for (int at : new int[] {1, 7, 63, 64, 65, 127, 139}) {
          double[] got =
              of(changed(q, other, at), changed(k, other, at), changed(v, other, at), options)
                  .o()
                  .toDoubleArray();
          for (int h = 0; h < 2; h++) {
            int from = h * n * 16;
            assertArrayEquals(
                Arrays.copyOfRange(want, from, from + at * 16),
                Arrays.copyOfRange(got, from, from + at * 16),
                m + " from " + at);
            int next = from + at * 16;
            assertFalse(
                Arrays.equals(
                    Arrays.copyOfRange(want, next, next + 16),
                    Arrays.copyOfRange(got, next, next + 16)));
          }
        }
      }
    }
  }

  /// `x` up to `at`, and `other` from there.
  private static Tensor changed(Tensor x, Tensor other, long at) {
    return x.slice(2, 0, at).concat(2, other.slice(2, at, x.dim(2)));
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void hiddenKeysMayHoldAnything(DType t) {
    try (Alike a = new Alike(t)) {
      Tensor q = a.leaf(1, 1, 2, 9, 8);
      Tensor k = a.leaf(2, 1, 1, 70, 8);
      Tensor v = a.leaf(3, 1, 1, 70, 8);
      Tensor bad = a.full(Double.NaN, 1, 1, 5, 8);
      Tensor infinite = a.full(Double.POSITIVE_INFINITY, 1, 1, 5, 8);
      AttentionOptions filled =
          AttentionOptions.of(Mask.causal())
              .with(Operand.KEY_LENGTHS, a.scope.tensor(Shape.of(1), 70L));
      a.same(
          "beyond the length",
          of(q, k, v, causal()),
          of(q, k.concat(2, bad), v.concat(2, infinite), filled),
          q,
          k,
          v);
      Tensor row = a.scope.triangle(1, 75, 69);
      AttentionOptions shown = AttentionOptions.of(Mask.none()).with(Operand.VISIBLE, row);
      a.same(
          "not visible",
          of(q, k, v, AttentionOptions.of(Mask.none())),
          of(q, k.concat(2, infinite), v.concat(2, bad), shown),
          q,
          k,
          v);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void queriesThatSeeNothingGiveNothing(DType t) {
    try (Alike a = new Alike(t)) {
      Tensor q = a.leaf(1, 2, 2, 20, 8);
      Tensor k = a.leaf(2, 2, 1, 12, 8);
      Tensor v = a.leaf(3, 2, 1, 12, 8);
      // 8 more queries than keys: the first 8 stand before all keys.
      blind(of(q, k, v, causal()), q, k, v, 0, 8);
      Tensor none = a.scope.tensor(Shape.of(2), 0L, 0L);
      blind(of(q, k, v, causal().with(Operand.KEY_LENGTHS, none)), q, k, v, 0, 20);
      Tensor rows = a.scope.triangle(20, 12, 11 - 4).to(DType.BOOL);
      Tensor upper = a.full(1, 20, 12).sub(rows.to(t)).to(DType.BOOL);
      // Query `i` does not see keys up to `i + 7`: from 4 on it sees none.
      blind(
          of(q, k, v, AttentionOptions.of(Mask.none()).with(Operand.VISIBLE, upper)),
          q,
          k,
          v,
          4,
          20);
    }
  }

  private static void blind(Attention.Result r, Tensor q, Tensor k, Tensor v, int from, int to) {
    Gradients g = r.o().sum().add(r.lse().sum()).backward();
    double[] dq = g.of(q).toDoubleArray();
    double[] o = r.o().toDoubleArray();
    double[] lse = r.lse().toDoubleArray();
    for (int row = 0; row < lse.length; row++) {
      int i = row % 20;
      boolean sees = i < from || i >= to;
      assertEquals(sees, Double.isFinite(lse[row]), "lse of query " + i);
      for (int e = 0; e < 8; e++) {
        assertTrue(sees ? Double.isFinite(o[row * 8 + e]) : o[row * 8 + e] == 0, "o " + i);
        assertTrue(sees ? Double.isFinite(dq[row * 8 + e]) : dq[row * 8 + e] == 0, "dq " + i);
      }
    }
    for (Tensor x : List.of(k, v)) {
      assertTrue(Arrays.stream(g.of(x).toDoubleArray()).allMatch(Double::isFinite));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void aWideSoftcapIsNone(DType t) {
    try (Alike a = new Alike(t)) {
      Tensor q = a.leaf(1, 1, 2, 33, 8);
      Tensor k = a.leaf(2, 1, 2, 40, 8);
      Tensor v = a.leaf(3, 1, 2, 40, 8);
      a.same("cap", of(q, k, v, causal()), of(q, k, v, causal().withSoftcap(1e8)), q, k, v);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void forgettingIsABiasAndAConstantRateIsAlibi(DType t) {
    try (Alike a = new Alike(t)) {
      Tensor q = a.leaf(1, 2, 3, 37, 8);
      Tensor k = a.leaf(2, 2, 3, 37, 8);
      Tensor v = a.leaf(3, 2, 3, 37, 8);
      Tensor g = a.leaf(4, 2, 3, 37);
      Tensor sum = g.mul(0.2).cumSum(2);
      Tensor bias = sum.unsqueeze(3).sub(sum.unsqueeze(2));
      Attention.Result want = of(q, k, v, causal().with(Operand.BIAS, bias));
      a.same("decay", want, of(q, k, v, causal().with(Operand.DECAY, sum)), q, k, v, g);
      double[] rate = {0.1, 0.4, 0};
      Tensor slopes = a.scope.tensor(t, Shape.of(3), rate);
      Tensor lost = slopes.neg().reshape(1, 3, 1).broadcastTo(Shape.of(2, 3, 37)).cumSum(2);
      a.same(
          "alibi",
          of(q, k, v, causal().with(Operand.SLOPES, slopes)),
          of(q, k, v, causal().with(Operand.DECAY, lost)),
          q,
          k,
          v);
      Tensor zeros = a.full(0, 2, 3, 37);
      a.same(
          "no gates", of(q, k, v, causal()), of(q, k, v, causal().with(Operand.DECAY, zeros)), q);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void operandsThatChangeNothing(DType t) {
    try (Alike a = new Alike(t)) {
      Tensor q = a.leaf(1, 2, 2, 37, 8);
      Tensor k = a.leaf(2, 2, 1, 70, 8);
      Tensor v = a.leaf(3, 2, 1, 70, 8);
      Attention.Result want = of(q, k, v, causal());
      Tensor ends = a.scope.tensor(Shape.of(1, 4), 0L, 40L, 40L, 70L);
      a.same("sink", want, of(q, k, v, causal().with(Operand.SINK, a.full(-1e30, 2))), q, k, v);
      a.same("factor", want, of(q, k, v, causal().with(Operand.FACTOR, a.full(1, 1, 9))), q, k, v);
      a.same(
          "relative", want, of(q, k, v, causal().with(Operand.RELATIVE, a.full(0, 2, 5))), q, k, v);
      a.same(
          "runs",
          want,
          of(q, k, v, causal().with(Operand.RUNS, ends.broadcastTo(Shape.of(37, 4)))),
          q,
          k,
          v);
      Tensor blocks = a.scope.full(DType.BOOL, Shape.of(1, 1, 1, 2), 1);
      a.same("blocks", want, of(q, k, v, causal().with(Operand.BLOCKS, blocks)), q, k, v);
      a.same(
          "lengths",
          want,
          of(
              q,
              k,
              v,
              causal()
                  .with(Operand.QUERY_LENGTHS, a.scope.tensor(Shape.of(2), 37, 37))
                  .with(Operand.KEY_LENGTHS, a.scope.tensor(Shape.of(2), 70, 70))),
          q,
          k,
          v);
    }
  }

  /// A sink takes `e^(sink - lse)` of each softmax and gives nothing for it.
  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void aSinkIsAKeyWithoutAValue(DType t) {
    try (Alike a = new Alike(t)) {
      Tensor q = a.leaf(1, 1, 2, 33, 8);
      Tensor k = a.leaf(2, 1, 2, 33, 8);
      Tensor v = a.leaf(3, 1, 2, 33, 8);
      Tensor s = a.leaf(4, 2);
      Attention.Result plain = of(q, k, v, causal());
      Tensor sink = s.reshape(1, 2, 1).broadcastTo(plain.lse().shape());
      Combine.Result want =
          Combine.of(List.of(plain.o(), plain.o().mul(0)), List.of(plain.lse(), sink));
      Attention.Result got = of(q, k, v, causal().with(Operand.SINK, s));
      a.same("sink", List.of(want.o(), want.lse()), List.of(got.o(), got.lse()), q, k, v, s);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void droppedWeightsKeepTheMean(DType t) {
    try (Alike a = new Alike(t)) {
      // Equal scores and values of 1: the result counts the weights that stayed.
      Tensor q = a.full(0, 1, 4, 100, 4);
      Tensor k = a.full(0, 1, 4, 100, 4);
      Tensor v = a.full(1, 1, 4, 100, 1).requiresGrad();
      AttentionOptions options = AttentionOptions.of(Mask.none());
      for (double p : new double[] {0.1, 0.5, 0.9}) {
        Tensor o = of(q, k, v, options.withDropout(p, 11)).o();
        double[] x = o.toDoubleArray();
        double deviation = Math.sqrt(p / (1 - p));
        assertEquals(1, Arrays.stream(x).average().orElseThrow(), 4 * deviation / 200);
        double square = Arrays.stream(x).map(e -> (e - 1) * (e - 1)).average().orElseThrow();
        assertEquals(deviation / 10, Math.sqrt(square), 0.15 * deviation / 10);
        assertArrayEquals(x, of(q, k, v, options.withDropout(p, 11)).o().toDoubleArray());
        assertFalse(Arrays.equals(x, of(q, k, v, options.withDropout(p, 12)).o().toDoubleArray()));
        double[] dv = o.sum().backward().of(v).toDoubleArray();
        assertEquals(Arrays.stream(x).sum(), Arrays.stream(dv).sum(), 1e-2);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void blocksAreWhatTheyShow(DType t) {
    try (Alike a = new Alike(t)) {
      int n = 150;
      Tensor q = a.leaf(1, 2, 2, n, 4);
      Tensor k = a.leaf(2, 2, 1, n + 60, 4);
      Tensor v = a.leaf(3, 2, 1, n + 60, 4);
      Tensor blocks = a.scope.bernoulli(DType.F32, Shape.of(2, 1, 3, 4), 0.5, 3).to(DType.BOOL);
      Tensor shown =
          blocks
              .to(DType.F32)
              .repeat(2, Attention.BLOCK)
              .repeat(3, Attention.BLOCK)
              .slice(2, 0, n)
              .slice(3, 0, n + 60)
              .to(DType.BOOL);
      for (Mask m : List.of(Mask.none(), Mask.causal())) {
        AttentionOptions options = AttentionOptions.of(m);
        a.same(
            m.toString(),
            of(q, k, v, options.with(Operand.VISIBLE, shown)),
            of(q, k, v, options.with(Operand.BLOCKS, blocks)),
            q,
            k,
            v);
      }
    }
  }

  @Test
  void theOrderOfKeysDoesNotMatter() {
    try (Alike a = new Alike(DType.F64)) {
      Tensor q = a.leaf(1, 1, 2, 20, 8);
      Tensor k = a.leaf(2, 1, 2, 50, 8);
      Tensor v = a.leaf(3, 1, 2, 50, 8);
      AttentionOptions options = AttentionOptions.of(Mask.none()).withSoftcap(3);
      a.same("flip", of(q, k, v, options), of(q, k.flip(2), v.flip(2), options), q, k, v);
    }
  }

  @Test
  void maxLogitsAreTheGreatestScores() {
    try (Alike a = new Alike(DType.F64)) {
      Tensor q = a.leaf(1, 1, 2, 20, 8);
      Tensor k = a.leaf(2, 1, 2, 50, 8);
      Tensor scores = q.matmul(k.transpose(2, 3)).mul(0.3);
      AttentionOptions options = AttentionOptions.of(Mask.none()).withScale(0.3).withMaxLogits();
      Tensor got = of(q, k, k, options).maxLogits().orElseThrow();
      a.near("max", scores.max(3), got);
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> got.sum().backward());
      assertTrue(e.toString().contains("has no gradient"), e.toString());
    }
  }

  @Test
  void saysWhatDoesNotFit() {
    try (Alike a = new Alike(DType.F32)) {
      Tensor x = a.leaf(1, 1, 2, 4, 8);
      Alike.says("left and right must be at least -1", () -> Mask.window(-2, 0));
      Alike.says("sinks and chunk at least 0", () -> Mask.causal().withSinks(-1));
      Alike.says("sinks and chunk at least 0", () -> Mask.causal().withChunks(-1));
      Alike.says("softcap must be at least 0", () -> of(x, x, x, causal().withSoftcap(-1)));
      Alike.says("softcap must be at least 0", () -> of(x, x, x, causal().withSoftcap(Double.NaN)));
      Alike.says("dropout in [0, 1)", () -> of(x, x, x, causal().withDropout(1, 0)));
      Tensor runs = a.scope.tensor(Shape.of(4, 4), new long[16]);
      AttentionOptions sinks = AttentionOptions.of(Mask.window(1, 0).withSinks(1));
      Alike.says("must have no sinks", () -> of(x, x, x, sinks.with(Operand.RUNS, runs)));
      Alike.says("sink must be [H]", () -> of(x, x, x, causal().with(Operand.SINK, x)));
      Alike.says(
          "operands must be in their order",
          () -> new Attention(Mask.none(), 1, 0, List.of(Operand.SINK, Operand.BIAS), 0, 0, false));
    }
  }
}
