package dev.gatun.contract;

import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.RingAttention;
import java.util.List;

/// Cases of `dev.gatun.op.sequence.attention.RingAttention`; `n` is the number of keys.
final class RingCases {
  static final List<OpCase> ALL =
      List.of(
          of("ring", Mask.none()),
          of("ring.causal", Mask.causal()),
          of("ring.window", Mask.window(9, 2).withSinks(2)));

  private RingCases() {}

  private static OpCase of(String name, Mask mask) {
    return OpCase.of(
            "attention." + name,
            new RingAttention(mask, 0.5, 0, 3),
            d ->
                List.of(
                    d.normal(1, 2, d.n(), 8), d.normal(1, 1, d.n(), 8), d.normal(1, 1, d.n(), 5)))
        .ulpsOfScale(n -> 32 + n / 32.0)
        .from(1)
        .big(150)
        .wrong("q must be [B, H, Sq, D]", "F32[2,3,4]", "F32[2,3,4]", "F32[2,3,4]")
        .wrong("a multiple of Hk", "F32[1,3,3,4]", "F32[1,2,3,4]", "F32[1,2,3,4]")
        .wrong("dtypes must agree", "F32[1,2,3,4]", "F64[1,2,3,4]", "F32[1,2,3,4]")
        .wrong("there must be 3 inputs", "F32[1,2,3,4]", "F32[1,2,3,4]");
  }
}
