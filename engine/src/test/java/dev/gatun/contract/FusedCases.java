package dev.gatun.contract;

import dev.gatun.op.math.SwiGlu;
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
              .wrong("shapes must agree", "F32[2]", "F32[3]", "F32[2]"));

  private FusedCases() {}
}
