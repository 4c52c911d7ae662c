package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import java.util.Map;

/// `urpe_sigsoftmax`: a Toeplitz bias, and a Toeplitz factor after the softmax.
final class UrpeAttention implements Adapter {
  @Override
  public String file() {
    return "urpe_sigsoftmax";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "urpe" -> weighted(a);
      default -> throw Adapter.missing(op);
    };
  }

  private static Result weighted(Arguments a) {
    Mask mask = a.flags().bool("causal", false) ? Mask.causal() : Mask.none();
    AttentionOptions options = AttentionInputs.scaled(a, AttentionOptions.of(mask));
    options = toeplitz(a, options, Operand.RELATIVE, "b");
    options = toeplitz(a, options, Operand.FACTOR, "c");
    Attention.Result r =
        Attention.of(
            a.in("q").unsqueeze(1), a.in("k").unsqueeze(1), a.in("v").unsqueeze(1), options);
    return new Result(Attention.class, Map.of("o", r.o().squeeze(1)));
  }

  private static AttentionOptions toeplitz(
      Arguments a, AttentionOptions options, Operand operand, String name) {
    return a.find(name).map(t -> options.with(operand, t.unsqueeze(0))).orElse(options);
  }
}
