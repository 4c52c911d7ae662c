package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.math.SwiGlu;
import dev.gatun.op.reduce.AddNorm;
import java.util.ArrayList;
import java.util.List;

/// Cases of ops that do in one pass what others do in several.
final class FusedCases {
  static final List<OpCase> ALL =
      List.of(
          OpCase.of("swiGlu", new SwiGlu(), d -> List.of(d.normal(3, d.n()), d.normal(3, d.n())))
              .ulps(6)
              .wrong("shapes must agree", "F32[2]", "F32[3]")
              .wrong("dtypes must agree", "F32[2]", "F64[2]"),
          OpCase.of(
                  "swiGlu.grad",
                  new SwiGlu.Grad(),
                  d -> List.of(d.normal(3, d.n()), d.normal(3, d.n()), d.normal(3, d.n())))
              .ulpsOfScale(n -> 8)
              .noGradient()
              .wrong("shapes must agree", "F32[2]", "F32[3]", "F32[2]"),
          norm("addNorm.layer", new AddNorm(true, 1e-5, true, true), 2),
          norm("addNorm.rms", new AddNorm(false, 1e-5, true, false), 1),
          norm("addNorm.plain", new AddNorm(false, 1e-5, false, false), 0));

  private FusedCases() {}

  private static OpCase norm(String name, Op op, int weights) {
    return OpCase.of(
            name,
            op,
            d -> {
              List<Input> in = new ArrayList<>(List.of(d.normal(3, d.n()), d.normal(3, d.n())));
              for (int i = 0; i < weights; i++) {
                in.add(d.normal(d.n()));
              }
              return in;
            })
        .from(2)
        .ulpsOfScale(n -> 16)
        .wrong("there must be", "F32[2]", "F32[2]", "F32[2]", "F32[2]", "F32[2]");
  }
}
