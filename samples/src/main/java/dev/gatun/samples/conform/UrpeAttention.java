package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import java.util.Map;

/// `urpe`: a Toeplitz bias, and a Toeplitz factor after the softmax.
final class UrpeAttention {
  private UrpeAttention() {}

  static Adapter.Result weighted(Arguments a) {
    Mask mask = a.flags().bool("causal", false) ? Mask.causal() : Mask.none();
    AttentionOptions options = AttentionInputs.scaled(a, AttentionOptions.of(mask));
    options = toeplitz(a, options, Operand.RELATIVE, "b");
    options = toeplitz(a, options, Operand.FACTOR, "c");
    Attention.Result r =
        Attention.of(
            a.in("q").unsqueeze(1), a.in("k").unsqueeze(1), a.in("v").unsqueeze(1), options);
    return new Adapter.Result(Attention.class, Map.of("o", r.o().squeeze(1)));
  }

  private static AttentionOptions toeplitz(
      Arguments a, AttentionOptions options, Operand operand, String name) {
    return a.find(name).map(t -> options.with(operand, t.unsqueeze(0))).orElse(options);
  }
}
