package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.CausalConv1d;
import dev.gatun.op.sequence.linear.FastWeights;
import dev.gatun.op.sequence.linear.FastWeights.Decay;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Layers that carry a state from token to token: short causal convolutions and linear attention.
final class StateOperators {
  private static final List<String> RULES = List.of("linear", "gated", "delta", "gated_delta");

  private StateOperators() {}

  static void addTo(Operators all) {
    all.add("CausalConvWithState", 27, StateOperators::convolution);
    all.add("LinearAttention", 27, StateOperators::attention);
  }

  private static List<Value> convolution(Invocation n) {
    Activation activation =
        switch (n.attributes().text("activation", "none")) {
          case "none" -> Activation.NONE;
          case "silu", "swish" -> Activation.SILU;
          default ->
              throw new IllegalArgumentException(
                  "activation must be none, silu or swish; got "
                      + n.attributes().text("activation"));
        };
    Tensor w = n.tensor(1);
    List<Tensor> in = new ArrayList<>(List.of(n.tensor(0), w.squeeze(1)));
    n.optional(2).ifPresent(in::add);
    n.optional(3).ifPresent(in::add);
    CausalConv1d op = new CausalConv1d(activation, n.has(2), n.has(3), true);
    List<Tensor> out = op.apply(in.toArray(Tensor[]::new));
    return List.of(n.like(0, out.get(0)), n.like(0, out.get(1)));
  }

  /// [FastWeights] with a state of each key head: heads of queries that share one have a copy each.
  private static List<Value> attention(Invocation n) {
    String rule = rule(n);
    Tensor q = wide(AttentionOperators.heads(n, 0, "q_num_heads")).permute(0, 2, 1, 3);
    Tensor k = wide(AttentionOperators.heads(n, 1, "kv_num_heads")).permute(0, 2, 1, 3);
    Tensor v = wide(AttentionOperators.heads(n, 2, "kv_num_heads")).permute(0, 2, 1, 3);
    long heads = k.dim(2);
    long group = q.dim(2) / heads;
    List<Tensor> in = new ArrayList<>(List.of(q, k.repeat(2, group), v.repeat(2, group)));
    Decay decay = Decay.NONE;
    if (rule.startsWith("gated")) {
      Tensor g = perHead(n, 4, heads);
      decay = g.dim(3) == 1 ? Decay.HEAD : Decay.KEY;
      in.add((decay == Decay.HEAD ? g.squeeze(3) : g).repeat(2, group));
    }
    if (rule.endsWith("delta")) {
      in.add(perHead(n, 5, heads).squeeze(3).repeat(2, group));
    }
    n.optional(3).ifPresent(s -> in.add(wide(s).repeat(1, group)));
    double given = n.attributes().number("scale", 0);
    double scale = given == 0 ? 1 / Math.sqrt((double) q.dim(3)) : given;
    Update update = rule.endsWith("delta") ? Update.DELTA : Update.ADD;
    FastWeights op = FastWeights.of(decay, update, scale).withState(n.has(3));
    List<Tensor> out = op.apply(in.toArray(Tensor[]::new));
    Tensor y = out.get(0);
    Tensor last = out.get(1).slice(1, 0, q.dim(2), group);
    return List.of(
        n.like(0, y.reshape(y.dim(0), y.dim(1), y.dim(2) * y.dim(3))),
        n.like(n.has(3) ? 3 : 0, last));
  }

  private static String rule(Invocation n) {
    String rule = n.attributes().text("update_rule", "gated_delta");
    boolean gated = rule.startsWith("gated");
    boolean delta = rule.endsWith("delta");
    if (!RULES.contains(rule) || gated != n.has(4) || delta != n.has(5)) {
      throw new IllegalArgumentException(
          "update_rule must be one of %s, with decay if gated and beta if delta; got %s"
              .formatted(RULES, rule));
    }
    return rule;
  }

  private static Tensor wide(Tensor t) {
    return t.dtype().computes() ? t : t.to(DType.F32);
  }

  /// `[B, T, H D]`, or `[B, T, 1]` for all heads, as `[B, T, H, D]`.
  private static Tensor perHead(Invocation n, int i, long heads) {
    Tensor x = wide(n.tensor(i));
    if (x.shape().rank() != 3 || x.dim(2) != 1 && x.dim(2) % heads != 0) {
      throw new IllegalArgumentException(
          "input %d must be [B, T, H D]; got %s".formatted(i, x.shape()));
    }
    Tensor all = x.dim(2) == 1 ? x.repeat(2, heads) : x;
    return all.reshape(x.dim(0), x.dim(1), heads, all.dim(2) / heads);
  }
}
