package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.StreamingAttention;
import java.util.Map;

/// `streaming_llm`: a sequence through a cache of start and recent keys.
final class StreamingCache implements Adapter {
  @Override
  public String file() {
    return "streaming_llm";
  }

  @Override
  public Result call(Arguments a) {
    StreamingAttention.Result r =
        StreamingAttention.of(
            a.in("q"),
            a.in("k"),
            a.in("v"),
            a.flags().integer("start_size", 4),
            a.flags().integer("recent_size", 512),
            AttentionInputs.rotary(a));
    return new Result(
        Attention.class,
        Map.of("o", r.o(), "cache_k", r.keys(), "cache_v", r.values(), "cache_len", r.lengths()));
  }
}
