package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.AlibiBias;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.tensor.Tensor;
import java.util.Map;
import java.util.Optional;

/// `alibi_attention`: attention with linear biases, and those biases.
final class AlibiAttention {
  private AlibiAttention() {}

  static Adapter.Result biased(Arguments a) {
    boolean causal = a.flags().bool("causal", false);
    Tensor q = AttentionInputs.heads(a, "q");
    Tensor k = AttentionInputs.heads(a, "k");
    Tensor slopes = a.in("slopes");
    Optional<Tensor> both = a.find("lens");
    Optional<Tensor> queries = a.find("q_lens").or(() -> both);
    Optional<Tensor> keys = a.find("k_lens").or(() -> both);
    AttentionOptions options =
        AttentionInputs.scaled(a, AttentionOptions.of(causal ? Mask.causal() : Mask.none()))
            .with(Operand.SLOPES, slopes);
    if (queries.isPresent()) {
      options = options.with(Operand.QUERY_LENGTHS, queries.get());
    }
    if (keys.isPresent()) {
      options = options.with(Operand.KEY_LENGTHS, keys.get());
    }
    Attention.Result r = Attention.of(q, k, AttentionInputs.heads(a, "v"), options);
    Tensor bias =
        causal
            ? AlibiBias.causal(slopes, k.dim(2))
            : AlibiBias.of(slopes, q.dim(2), k.dim(2), queries, keys);
    return new Adapter.Result(
        Attention.class, Map.of("o", AttentionInputs.swap(r.o()), "bias", bias));
  }
}
