package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.LambdaAttention;
import java.util.Map;

/// `lm_infinite`: a local and a global branch of limited distance.
final class LambdaMask implements Adapter {
  @Override
  public String file() {
    return "lm_infinite";
  }

  @Override
  public Result call(Arguments a) {
    LambdaAttention.Result r =
        LambdaAttention.of(
            a.in("q"),
            a.in("k"),
            a.in("v"),
            a.flags().integer("local_branch", 4096),
            a.flags().integer("global_branch", 100),
            a.flags().integer("limit_distance"),
            AttentionInputs.rotary(a));
    return new Result(Attention.class, Map.of("o", r.o()));
  }
}
