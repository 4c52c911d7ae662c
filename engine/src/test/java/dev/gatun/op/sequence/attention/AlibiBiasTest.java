package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AlibiBiasTest {
  @Test
  void asABiasItIsWhatSlopesAre() {
    try (Alike a = new Alike(DType.F64)) {
      Tensor q = a.leaf(1, 2, 3, 20, 8);
      Tensor k = a.leaf(2, 2, 3, 33, 8);
      Tensor v = a.leaf(3, 2, 3, 33, 8);
      Tensor slopes = a.scope.tensor(Shape.of(2, 3), 0.1, 0.5, 0, 2, -1, 0.25);
      Optional<Tensor> queries = Optional.of(a.scope.tensor(Shape.of(2), 20, 7));
      Optional<Tensor> keys = Optional.of(a.scope.tensor(Shape.of(2), 15, 33));
      AttentionOptions none = AttentionOptions.of(Mask.none());
      AttentionOptions lengths =
          none.with(Operand.QUERY_LENGTHS, queries.get()).with(Operand.KEY_LENGTHS, keys.get());
      a.same(
          "whole",
          Attention.of(q, k, v, none.with(Operand.SLOPES, slopes)),
          Attention.of(
              q,
              k,
              v,
              none.with(
                  Operand.BIAS, AlibiBias.of(slopes, 20, 33, Optional.empty(), Optional.empty()))),
          q,
          k,
          v);
      a.same(
          "lengths",
          Attention.of(q, k, v, lengths.with(Operand.SLOPES, slopes)),
          Attention.of(
              q, k, v, lengths.with(Operand.BIAS, AlibiBias.of(slopes, 20, 33, queries, keys))),
          q,
          k,
          v);
      AttentionOptions causal = AttentionOptions.of(Mask.causal());
      a.same(
          "causal",
          List.of(Attention.of(q, k, v, causal.with(Operand.SLOPES, slopes)).o()),
          List.of(
              Attention.of(q, k, v, causal.with(Operand.BIAS, AlibiBias.causal(slopes, 33))).o()),
          q,
          k,
          v);
    }
  }
}
