package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.AttentionScan;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Map;

/// `attention_scan`: attention as a scan over prefixes, and in parts.
final class ScanAttention implements Adapter {
  @Override
  public String file() {
    return "attention_scan";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "aaren" -> prefixes(a);
      case "split_kv" -> SplitAttention.parts(a);
      default -> throw Adapter.missing(op);
    };
  }

  private static Result prefixes(Arguments a) {
    List<Tensor> out = new AttentionScan(true, false).apply(a.in("s"), a.in("v"));
    return new Result(
        AttentionScan.class,
        Map.of(
            "o", out.get(0),
            "o_scan", out.get(0),
            "m", out.get(1),
            "u", out.get(2),
            "w", out.get(3)));
  }
}
