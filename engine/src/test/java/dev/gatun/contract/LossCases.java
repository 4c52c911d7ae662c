package dev.gatun.contract;

import dev.gatun.op.loss.CrossEntropy;
import dev.gatun.op.loss.CrossEntropy.Reduction;
import dev.gatun.tensor.DType;
import java.util.List;

/// Cases of `dev.gatun.op.loss`.
final class LossCases {
  static final List<OpCase> ALL =
      List.of(
          crossEntropy("crossEntropy", Reduction.MEAN, DType.I64),
          crossEntropy("crossEntropy.sum", Reduction.SUM, DType.I32),
          crossEntropy("crossEntropy.none", Reduction.NONE, DType.I32),
          OpCase.of(
                  "crossEntropy.grad",
                  new CrossEntropy.Grad(Reduction.NONE),
                  d ->
                      List.of(
                          d.normal(3, d.n()),
                          d.indices(DType.I64, Math.max(1, d.n()), 3),
                          d.uniform(5, 9, 3),
                          d.normal(3)))
              .from(1)
              .noGradient()
              .ulpsOfScale(n -> 16)
              .wrong("lse must be", "F32[3,5]", "I64[3]", "F32[2]", "F32[3]"));

  private LossCases() {}

  private static OpCase crossEntropy(String name, Reduction reduction, DType index) {
    return OpCase.of(
            name,
            new CrossEntropy(reduction),
            d -> List.of(d.normal(3, d.n()), d.indices(index, Math.max(1, d.n()), 3)))
        .from(1)
        .ulpsOfScale(n -> 8)
        .wrong("targets [..]", "F32[3,5]", "I64[4]")
        .wrong("I32 or I64", "F32[3,5]", "F32[3]")
        .wrong("F32 or F64", "BOOL[3,5]", "I32[3]");
  }
}
