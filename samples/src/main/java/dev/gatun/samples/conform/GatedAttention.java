package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.op.sequence.attention.PackedAttention;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// `fla_attention`: attention with forget gates and sinks, and its decoding over packed sequences.
final class GatedAttention implements Adapter {
  @Override
  public String file() {
    return "fla_attention";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "attn" -> sequence(a);
      case "forgetting_attn" -> forgetting(a);
      case "attn_decode_varlen" -> decode(a);
      default -> throw Adapter.missing(op);
    };
  }

  private static Result sequence(Arguments a) {
    AttentionOptions options =
        AttentionInputs.with(a, gated(a, mask(a)), Operand.SINK, "sink_bias");
    Attention.Result r = attend(a, options.withMaxLogits());
    Map<String, Tensor> out = new LinkedHashMap<>();
    out.put("o", AttentionInputs.swap(r.o()));
    r.maxLogits().ifPresent(m -> out.put("max_logits", m.transpose(1, 2)));
    return new Result(Attention.class, out);
  }

  private static Result forgetting(Arguments a) {
    Attention.Result r = attend(a, gated(a, window(a)));
    return new Result(Attention.class, Map.of("o", AttentionInputs.swap(r.o())));
  }

  private static Attention.Result attend(Arguments a, AttentionOptions options) {
    return Attention.of(
        AttentionInputs.heads(a, "q"),
        AttentionInputs.heads(a, "k"),
        AttentionInputs.heads(a, "v"),
        options);
  }

  /// The window counts the query's own key, and is for causal attention only.
  private static Mask mask(Arguments a) {
    Mask window = window(a);
    return a.flags().bool("causal", true) ? window : Mask.none();
  }

  private static Mask window(Arguments a) {
    return a.flags().integer("window").stream()
        .mapToObj(w -> Mask.window(w - 1, 0))
        .findFirst()
        .orElse(Mask.causal());
  }

  private static AttentionOptions gated(Arguments a, Mask mask) {
    AttentionOptions options = AttentionInputs.scaled(a, AttentionOptions.of(mask));
    return gates(a).map(g -> options.with(Operand.DECAY, g.cumSum(2))).orElse(options);
  }

  /// `[B, T, H]` as `[B, H, T]`.
  private static Optional<Tensor> gates(Arguments a) {
    return a.find("g").map(g -> g.transpose(1, 2));
  }

  private static Result decode(Arguments a) {
    Tensor q = AttentionInputs.heads(a, "q");
    Tensor k = AttentionInputs.heads(a, "k");
    Tensor v = AttentionInputs.heads(a, "v");
    Tensor keys = a.in("cu_seqlens");
    Tensor queries = q.scope().arange(DType.I64, 0, (double) keys.dim(0), 1);
    AttentionOptions options = AttentionInputs.scaled(a, AttentionOptions.of(Mask.none()));
    Optional<Tensor> g = gates(a).map(t -> scaledGates(a, t, q.dim(-1)));
    AttentionOptions plain =
        g.map(t -> options.with(Operand.BIAS, PackedAttention.decay(t, keys))).orElse(options);
    Map<String, Tensor> out = new LinkedHashMap<>();
    out.put("o", AttentionInputs.swap(PackedAttention.of(q, k, v, queries, keys, plain).o()));
    a.find("sink_bias")
        .map(s -> PackedAttention.of(q, k, v, queries, keys, plain.with(Operand.SINK, s)))
        .ifPresent(r -> out.put("o_sink", AttentionInputs.swap(r.o())));
    return new Result(Attention.class, out);
  }

  private static Tensor scaledGates(Arguments a, Tensor g, long d) {
    double scale = a.flags().numberOr("scale", "D^-0.5").orElse(1 / Math.sqrt((double) d));
    return a.flags().bool("do_gate_scale", false) ? g.mul(scale) : g;
  }
}
