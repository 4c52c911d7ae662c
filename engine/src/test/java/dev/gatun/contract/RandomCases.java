package dev.gatun.contract;

import dev.gatun.op.random.Bernoulli;
import dev.gatun.op.random.Categorical;
import dev.gatun.op.random.Dropout;
import dev.gatun.op.random.DropoutAdd;
import dev.gatun.op.random.Permutation;
import dev.gatun.op.random.RandomInt;
import dev.gatun.op.random.TruncatedNormal;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.util.List;

/// Cases of `dev.gatun.op.random`, with those of [MathCases].
final class RandomCases {
  static final List<OpCase> ALL =
      List.of(
          OpCase.of(
                  "bernoulli.f32",
                  n -> new Bernoulli(DType.F32, Shape.of(3, n), 0.3, 7),
                  d -> List.of())
              .ulps(0),
          OpCase.of(
                  "bernoulli.f64",
                  n -> new Bernoulli(DType.F64, Shape.of(3, n), 0.3, 7),
                  d -> List.of())
              .ulps(0),
          OpCase.of("dropout", new Dropout(0.3, 7), d -> List.of(d.normal(3, d.n())))
              .ulps(1)
              .wrong("F32 or F64", "I32[2]"),
          OpCase.of(
                  "dropoutAdd",
                  new DropoutAdd(0.3, 7),
                  d -> List.of(d.normal(3, d.n()), d.normal(3, d.n())))
              .ulpsOfScale(n -> 1)
              .wrong("shapes must agree", "F32[2]", "F32[3]"),
          OpCase.of(
                  "randomInt.i32",
                  n -> new RandomInt(DType.I32, Shape.of(n), -5, 12, 7),
                  d -> List.of())
              .ulps(0),
          OpCase.of(
                  "randomInt.i64",
                  n -> new RandomInt(DType.I64, Shape.of(n), -(1L << 40), 1L << 41, 7),
                  d -> List.of())
              .ulps(0),
          truncated("truncatedNormal.f32", DType.F32, -2, 2),
          truncated("truncatedNormal.narrow", DType.F64, 0.5, 0.6),
          truncated("truncatedNormal.tail", DType.F64, -9, -4),
          OpCase.of(
                  "categorical",
                  new Categorical(false, 7),
                  d -> List.of(d.normal(3, d.n()).constant()))
              .ulps(0)
              .noGradient()
              .wrong("must have an axis", "F32[]"),
          OpCase.of(
                  "categorical.weights",
                  new Categorical(true, 7),
                  d -> List.of(d.uniform(0, 2, 3, d.n()).constant()))
              .ulps(0)
              .noGradient()
              .wrong("must have an axis", "F32[]"),
          OpCase.of("permutation", n -> new Permutation(n, 7), d -> List.of()).ulps(0));

  private RandomCases() {}

  private static OpCase truncated(String name, DType t, double low, double high) {
    return OpCase.of(
            name, n -> new TruncatedNormal(t, Shape.of(n), 0.5, 1.5, low, high, 7), d -> List.of())
        .ulps(0);
  }
}
