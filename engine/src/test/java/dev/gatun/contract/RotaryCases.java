package dev.gatun.contract;

import dev.gatun.op.sequence.attention.Combine;
import java.util.List;
import java.util.stream.Stream;

/// Cases of the small ops of `dev.gatun.op.sequence.attention`.
final class RotaryCases {
  static final List<OpCase> ALL = Stream.of(combine()).flatMap(List::stream).toList();

  private RotaryCases() {}

  private static List<OpCase> combine() {
    return List.of(
        OpCase.of("combine", new Combine(), d -> List.of(d.normal(3, 5, d.n()), d.normal(3, 5)))
            .ulpsOfScale(n -> 8)
            .wrong("o must be [P, .., D] and lse [P, ..]", "F32[2,3,4]", "F32[3,2]")
            .wrong("with P > 0", "F32[0,3]", "F32[0]")
            .wrong("dtypes must agree", "F32[2,3,4]", "F64[2,3]"),
        OpCase.of(
                "combine.rows",
                new Combine(),
                d -> List.of(d.normal(4, d.n(), 3), d.normal(4, d.n())))
            .ulpsOfScale(n -> 8),
        OpCase.of(
                "combine.grad",
                new Combine.Grad(),
                d ->
                    List.of(d.normal(3, 2, d.n()), d.normal(3, 2), d.normal(2, d.n()), d.normal(2)))
            .ulpsOfScale(n -> 16 + n / 16.0)
            .noGradient()
            .wrong("do must be", "F32[2,3,4]", "F32[2,3]", "F32[3,4]", "F32[4]"));
  }
}
