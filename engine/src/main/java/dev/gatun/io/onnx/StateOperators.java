package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.CausalConv1d;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Layers that carry a state from token to token: short causal convolutions and linear attention.
final class StateOperators {
  private static final Set<String> RULES = Set.of("linear", "gated", "delta", "gated_delta");

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

  /// With the state `S [B, H, Dk, Dv]` of each key head: `S = e^g S` if gated, then `S += k (beta
  /// (v - S^T k))^T`, or `k v^T` without delta, and `o = scale S^T q`, token by token.
  private static List<Value> attention(Invocation n) {
    String rule = n.attributes().text("update_rule", "gated_delta");
    boolean gated = rule.startsWith("gated");
    boolean delta = rule.endsWith("delta");
    if (!RULES.contains(rule) || gated != n.has(4) || delta != n.has(5)) {
      throw new IllegalArgumentException(
          "update_rule must be one of %s, with decay if gated and beta if delta; got %s"
              .formatted(RULES, rule));
    }
    Tensor q = wide(AttentionOperators.heads(n, 0, "q_num_heads"));
    Tensor k = wide(AttentionOperators.heads(n, 1, "kv_num_heads"));
    Tensor v = wide(AttentionOperators.heads(n, 2, "kv_num_heads"));
    long heads = k.dim(1);
    long group = q.dim(1) / heads;
    double given = n.attributes().number("scale", 0);
    Tensor queries =
        q.mul(given == 0 ? 1 / Math.sqrt((double) q.dim(3)) : given)
            .reshape(q.dim(0), heads, group, q.dim(2), q.dim(3));
    Optional<Tensor> gates =
        gated ? Optional.of(perHead(n, 4, heads).exp().unsqueeze(-1)) : Optional.empty();
    Optional<Tensor> rates = delta ? Optional.of(perHead(n, 5, heads)) : Optional.empty();
    Tensor state =
        n.optional(3)
            .map(StateOperators::wide)
            .orElseGet(
                () -> n.scope().zeros(q.dtype(), Shape.of(q.dim(0), heads, k.dim(3), v.dim(3))));
    List<Tensor> rows = new ArrayList<>();
    for (long t = 0; t < q.dim(2); t++) {
      long at = t;
      Tensor key = k.slice(2, t, t + 1);
      Tensor before = state;
      Tensor kept = gates.map(g -> before.mul(g.select(2, at))).orElse(before);
      Tensor value = v.slice(2, t, t + 1);
      Tensor written =
          rates.map(r -> value.sub(key.matmul(kept)).mul(r.slice(2, at, at + 1))).orElse(value);
      state = kept.add(key.transpose().matmul(written));
      rows.add(queries.select(3, t).matmul(state).reshape(q.dim(0), q.dim(1), 1, v.dim(3)));
    }
    Tensor y =
        rows.isEmpty()
            ? n.scope().zeros(q.dtype(), Shape.of(q.dim(0), q.dim(1), 0, v.dim(3)))
            : ConvolutionOperators.joined(rows, 2);
    return List.of(n.like(0, AttentionOperators.packed(y)), n.like(n.has(3) ? 3 : 0, state));
  }

  private static Tensor wide(Tensor t) {
    return t.dtype().computes() ? t : t.to(DType.F32);
  }

  /// `[B, T, H D]`, or `[B, T, 1]` for all heads, as `[B, H or 1, T, D]`.
  private static Tensor perHead(Invocation n, int i, long heads) {
    Tensor x = wide(n.tensor(i));
    long h = x.dim(2) == 1 ? 1 : heads;
    if (x.shape().rank() != 3 || x.dim(2) % h != 0) {
      throw new IllegalArgumentException(
          "input %d must be [B, T, H D]; got %s".formatted(i, x.shape()));
    }
    return x.reshape(x.dim(0), x.dim(1), h, x.dim(2) / h).permute(0, 2, 1, 3);
  }
}
