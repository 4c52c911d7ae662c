package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.Alibi;
import java.util.Map;

/// `alibi`: the slopes of the heads, and attention with biases of them.
final class AlibiBias implements Adapter {
  @Override
  public String file() {
    return "alibi";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "slopes" -> slopes(a);
      case "alibi_attention" -> AlibiAttention.biased(a);
      default -> throw Adapter.missing(op);
    };
  }

  private static Result slopes(Arguments a) {
    long heads = a.flags().integer("nheads", 1);
    return new Result(Alibi.class, Map.of("slopes", Alibi.slopes(a.scope(), a.dtype(), heads)));
  }
}
