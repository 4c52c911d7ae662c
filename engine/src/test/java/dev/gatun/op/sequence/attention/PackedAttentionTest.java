package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PackedAttentionTest {
  private static final long[] QUERIES = {0, 3, 3, 40, 41};
  private static final long[] KEYS = {0, 5, 9, 46, 46};

  private static Tensor starts(Alike a, long... starts) {
    return a.scope.tensor(Shape.of(starts.length), starts);
  }

  private static Attention.Result alone(
      Tensor q, Tensor k, Tensor v, long[] queries, long[] keys, AttentionOptions options) {
    return Alike.joined(
        IntStream.range(0, queries.length - 1)
            .mapToObj(s ->
                Attention.of(
                    q.slice(2, queries[s], queries[s + 1]),
                    k.slice(2, keys[s], keys[s + 1]),
                    v.slice(2, keys[s], keys[s + 1]),
                    options))
            .toList());
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void sequencesInOneCallAreSequencesAlone(DType t) {
    try (Alike a = new Alike(t)) {
      Tensor q = a.leaf(1, 1, 2, 41, 8);
      Tensor k = a.leaf(2, 1, 1, 46, 8);
      Tensor v = a.leaf(3, 1, 1, 46, 8);
      for (Mask m :
          List.of(
              Mask.none(),
              Mask.causal(),
              Mask.causalTopLeft(),
              Mask.window(5, 2),
              Mask.window(9, 0).withSinks(3),
              Mask.causal().withChunks(16))) {
        AttentionOptions options = AttentionOptions.of(m).withSoftcap(4);
        a.same(
            m.toString(),
            alone(q, k, v, QUERIES, KEYS, options),
            PackedAttention.of(q, k, v, starts(a, QUERIES), starts(a, KEYS), options),
            q,
            k,
            v);
      }
    }
  }

  @Test
  void distancesCountWithinASequence() {
    try (Alike a = new Alike(DType.F64)) {
      Tensor q = a.leaf(1, 1, 2, 46, 8);
      Tensor k = a.leaf(2, 1, 2, 46, 8);
      Tensor v = a.leaf(3, 1, 2, 46, 8);
      AttentionOptions options =
          AttentionOptions.of(Mask.causal())
              .with(Operand.SLOPES, a.scope.tensor(Shape.of(2), 0.3, 0.7))
              .with(Operand.RELATIVE, a.leaf(4, 1, 9));
      a.same(
          "slopes",
          alone(q, k, v, KEYS, KEYS, options),
          PackedAttention.of(q, k, v, starts(a, KEYS), starts(a, KEYS), options),
          q,
          k,
          v);
    }
  }

  /// One query at the end of each sequence, with gates.
  @Test
  void decodingForgetsWithinASequence() {
    try (Alike a = new Alike(DType.F64)) {
      Tensor q = a.leaf(1, 1, 2, 4, 8);
      Tensor k = a.leaf(2, 1, 1, 46, 8);
      Tensor v = a.leaf(3, 1, 1, 46, 8);
      Tensor g = a.leaf(4, 1, 2, 46);
      AttentionOptions options = AttentionOptions.of(Mask.none());
      List<Attention.Result> want = new ArrayList<>();
      for (int s = 0; s < 4; s++) {
        Tensor gates = g.slice(2, KEYS[s], KEYS[s + 1]).cumSum(2);
        want.add(
            Attention.of(
                q.slice(2, s, s + 1),
                k.slice(2, KEYS[s], KEYS[s + 1]),
                v.slice(2, KEYS[s], KEYS[s + 1]),
                KEYS[s] == KEYS[s + 1] ? options : options.with(Operand.DECAY, gates)));
      }
      Tensor keys = starts(a, KEYS);
      a.same(
          "decay",
          Alike.joined(want),
          PackedAttention.of(
              q,
              k,
              v,
              starts(a, 0, 1, 2, 3, 4),
              keys,
              options.with(Operand.BIAS, PackedAttention.decay(g, keys))),
          q,
          k,
          v,
          g);
    }
  }

  @Test
  void saysWhatDoesNotFit() {
    try (Alike a = new Alike(DType.F32)) {
      Tensor x = a.leaf(1, 1, 2, 4, 8);
      AttentionOptions none = AttentionOptions.of(Mask.none());
      Tensor good = starts(a, 0, 4);
      for (long[] bad : new long[][] {{0, 3}, {1, 4}, {0, 3, 2, 4}, {0, 5}, {}}) {
        Tensor b = starts(a, bad);
        Alike.says("from 0 to 4, never falling", () -> PackedAttention.of(x, x, x, b, good, none));
        Alike.says("keyStarts must be", () -> PackedAttention.of(x, x, x, good, b, none));
      }
      Alike.says(
          "queryStarts must be I32 or I64",
          () -> PackedAttention.of(x, x, x, a.full(0, 2), good, none));
      Alike.says(
          "as many sequences", () -> PackedAttention.of(x, x, x, good, starts(a, 0, 2, 4), none));
      AttentionOptions slopes = none.with(Operand.SLOPES, a.full(1, 2));
      Alike.says(
          "[SLOPES]",
          () -> PackedAttention.of(x, x, x, starts(a, 0, 1, 4), starts(a, 0, 2, 4), slopes));
      AttentionOptions lengths = none.with(Operand.KEY_LENGTHS, a.scope.tensor(Shape.of(1), 4));
      Alike.says("[KEY_LENGTHS]", () -> PackedAttention.of(x, x, x, good, good, lengths));
    }
  }
}
