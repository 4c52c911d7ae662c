package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Tensor;
import java.util.Map;
import java.util.Optional;

/// `sdpa`: PyTorch's scaled dot-product attention, whose causal mask is aligned at the top left.
final class ScaledAttention implements Adapter {
  @Override
  public String file() {
    return "sdpa";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("sdpa");
    if (!op.equals("sdpa")) {
      throw Adapter.missing(op);
    }
    Mask mask = a.flags().bool("causal", false) ? Mask.causalTopLeft() : Mask.none();
    AttentionOptions options = AttentionInputs.scaled(a, AttentionOptions.of(mask));
    Optional<Tensor> m = a.find("mask");
    if (m.isPresent()) {
      Tensor given = m.get();
      options =
          given.dtype().computes()
              ? options.with(Operand.BIAS, given)
              : options.with(Operand.VISIBLE, given.to(DType.BOOL));
    }
    Attention.Result r = Attention.of(a.in("q"), a.in("k"), a.in("v"), options);
    return new Result(Attention.class, Map.of("o", r.o()));
  }
}
