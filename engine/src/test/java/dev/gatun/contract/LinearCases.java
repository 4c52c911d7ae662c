package dev.gatun.contract;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.CausalConv1d;
import dev.gatun.op.linear.CausalConv1dUpdate;
import dev.gatun.op.linear.Embedding;
import dev.gatun.tensor.DType;
import java.util.List;
import java.util.stream.Stream;

/// Cases of `dev.gatun.op.linear`.
final class LinearCases {
  static final List<OpCase> ALL =
      Stream.of(embeddings(), convolutions(), updates()).flatMap(List::stream).toList();

  private LinearCases() {}

  private static List<OpCase> embeddings() {
    return List.of(
        OpCase.of(
                "embedding",
                new Embedding(),
                d -> List.of(d.normal(7, d.n()), d.indices(DType.I64, 7, 2, 5)))
            .ulps(0)
            .wrong("table must be [V, D]", "F32[3]", "I64[2]")
            .wrong("table must be F32, F64 or BF16", "I8[3,2]", "I64[2]")
            .wrong("I32 or I64", "F32[3,2]", "F32[2]"),
        OpCase.of(
                "embedding.bf16",
                new Embedding(),
                d -> List.of(d.typed(DType.BF16, 7, d.n()), d.indices(DType.I32, 7, 5)))
            .ulps(0)
            .noGradient(),
        OpCase.of(
                "embedding.grad",
                new Embedding.Grad(4),
                d -> List.of(d.normal(9, d.n()), d.indices(DType.I32, 4, 9)))
            .ulpsOfScale(n -> 8)
            .wrong("dy must be [.., D]", "F32[3,5]", "I64[4]"));
  }

  private static List<OpCase> convolutions() {
    Activation silu = Activation.SILU;
    return List.of(
        OpCase.of(
                "causalConv1d",
                new CausalConv1d(silu, true, true, true),
                d ->
                    List.of(
                        d.normal(2, 3, d.n()), d.normal(3, 4), d.normal(3), d.normal(2, 3, 3)))
            .ulpsOfScale(n -> 16)
            .wrong("bias must be [D]", "F32[2,3,5]", "F32[3,4]", "F32[2]", "F32[2,3,3]")
            .wrong("state must be [B, D, W-1]", "F32[2,3,5]", "F32[3,4]", "F32[3]", "F32[2,3,4]"),
        OpCase.of(
                "causalConv1d.plain",
                new CausalConv1d(Activation.NONE, false, false, false),
                d -> List.of(d.normal(2, 3, d.n()), d.normal(3, 7)))
            .ulpsOfScale(n -> 16)
            .wrong("weight [D, W]", "F32[2,3,5]", "F32[4,4]")
            .wrong("dtypes must agree", "F32[2,3,5]", "F64[3,4]"),
        OpCase.of(
                "causalConv1d.single",
                new CausalConv1d(silu, false, true, true),
                d -> List.of(d.normal(2, 3, d.n()), d.normal(3, 1), d.normal(2, 3, 0)))
            .ulpsOfScale(n -> 16),
        OpCase.of(
                "causalConv1d.final",
                new CausalConv1d(silu, false, false, true),
                d -> List.of(d.normal(1, 2, d.n()), d.normal(2, 2)))
            .ulpsOfScale(n -> 16));
  }

  private static List<OpCase> updates() {
    return List.of(
        OpCase.of(
                "causalConv1dUpdate",
                new CausalConv1dUpdate(Activation.SILU, true, false),
                d ->
                    List.of(
                        d.normal(2, d.n()), d.normal(2, d.n(), 5), d.normal(d.n(), 3),
                        d.normal(d.n())))
            .ulpsOfScale(n -> 16)
            .wrong("0 < W <= S + 1", "F32[2,3]", "F32[2,3,1]", "F32[3,4]", "F32[3]"),
        OpCase.of(
                "causalConv1dUpdate.ring",
                new CausalConv1dUpdate(Activation.NONE, false, true),
                d ->
                    List.of(
                        d.normal(2, 3, d.n()), d.normal(2, 3, 6), d.normal(3, 4),
                        d.indices(DType.I64, 99, 2)))
            .ulpsOfScale(n -> 16)
            .wrong("position must be [B]", "F32[2,3]", "F32[2,3,5]", "F32[3,4]", "I32[3]"));
  }
}
