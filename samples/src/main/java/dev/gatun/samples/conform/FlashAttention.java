package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// `flash_attention_ref`: attention by position, with windows, sinks, chunks and lengths.
final class FlashAttention implements Adapter {
  @Override
  public String file() {
    return "flash_attention_ref";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("attention");
    if (!op.equals("attention")) {
      throw Adapter.missing(op);
    }
    Attention.Result r =
        Attention.of(
            AttentionInputs.heads(a, "q"),
            AttentionInputs.heads(a, "k"),
            AttentionInputs.heads(a, "v"),
            options(a));
    return new Result(Attention.class, Map.of("o", AttentionInputs.swap(r.o()), "lse", r.lse()));
  }

  private static AttentionOptions options(Arguments a) {
    AttentionOptions o =
        AttentionInputs.scaled(a, AttentionOptions.of(mask(a)))
            .withSoftcap(a.flags().number("softcap", 0));
    if (a.flags().bool("learnable_sink", false)) {
      a.in("learnable_sink");
    }
    o = AttentionInputs.with(a, o, Operand.SINK, "learnable_sink");
    o = AttentionInputs.with(a, o, Operand.QUERY_LENGTHS, "q_lens");
    o = AttentionInputs.with(a, o, Operand.KEY_LENGTHS, "k_lens");
    return AttentionInputs.with(a, o, Operand.BIAS, "attn_bias");
  }

  private static Mask mask(Arguments a) {
    List<OptionalLong> window = a.flags().integers("window", 2);
    long left = window.get(0).orElse(Mask.UNLIMITED);
    long right = window.get(1).orElse(Mask.UNLIMITED);
    return Mask.window(left, a.flags().bool("causal", false) ? 0 : right)
        .withSinks(a.flags().integer("sink_token_length", 0))
        .withChunks(a.flags().integer("attention_chunk", 0));
  }
}
