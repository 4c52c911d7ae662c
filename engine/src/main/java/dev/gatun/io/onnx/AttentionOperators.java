package dev.gatun.io.onnx;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.op.sequence.attention.Rope;
import dev.gatun.op.shape.Pad;
import dev.gatun.op.shape.Scatter;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Attention, rotary embedding, and caches; [StateOperators] adds what carries a state along.
final class AttentionOperators {
  private static final int MASK = 3;
  private static final int PAST_KEYS = 4;
  private static final int PAST_VALUES = 5;
  private static final int LENGTHS = 6;

  /// What the fourth output holds.
  private static final int CAPPED = 1;

  private static final int WITH_BIAS = 2;
  private static final int PROBABILITIES = 3;

  private AttentionOperators() {}

  static void addTo(Operators all) {
    all.add("Attention", 23, AttentionOperators::attention);
    all.one("RotaryEmbedding", 23, AttentionOperators::rotary);
    all.one("TensorScatter", 24, AttentionOperators::scatter);
    all.add("ai.onnx.preview", "FlexAttention", 1, AttentionOperators::flexible);
    StateOperators.addTo(all);
  }

  /// `[B, S, H D]` as `[B, H, S, D]`; what has heads already stays.
  static Tensor heads(Invocation n, int i, String attribute) {
    Tensor x = n.tensor(i);
    if (x.shape().rank() == 4) {
      return x;
    }
    long heads = n.attributes().integer(attribute);
    if (x.shape().rank() != 3 || heads <= 0 || x.dim(2) % heads != 0) {
      throw new IllegalArgumentException(
          "input %d must be [B, H, S, D], or [B, S, H D] with H of %s; got %s"
              .formatted(i, attribute, x.shape()));
    }
    return x.reshape(x.dim(0), x.dim(1), heads, x.dim(2) / heads).permute(0, 2, 1, 3);
  }

  /// `[B, H, S, D]` as `[B, S, H D]`.
  static Tensor packed(Tensor x) {
    return x.permute(0, 2, 1, 3).reshape(x.dim(0), x.dim(2), x.dim(1) * x.dim(3));
  }

  private static List<Value> attention(Invocation n) {
    Tensor q = heads(n, 0, "q_num_heads");
    Tensor keys = past(n, PAST_KEYS, heads(n, 1, "kv_num_heads"));
    Tensor values = past(n, PAST_VALUES, heads(n, 2, "kv_num_heads"));
    Attributes a = n.attributes();
    double scale = a.number("scale", 1 / Math.sqrt((double) q.dim(3)));
    double cap = a.number("softcap", 0);
    Tensor k = keys.to(q.dtype());
    Tensor v = values.to(q.dtype());
    AttentionOptions options = seen(n, q, k, mask(n, k.dim(2)));
    options = options.withScale(scale).withSoftcap(cap);
    Tensor y = Attention.of(q, k, v, options).o();
    List<Value> out = new ArrayList<>();
    out.add(n.like(0, n.shape(0).rank() == 3 ? packed(y) : y));
    if (n.outputs() > 1) {
      out.add(n.like(1, keys));
      out.add(n.like(2, values));
    }
    if (n.wants(3)) {
      out.add(n.like(0, scores(n, q.mul(scale), k, mask(n, k.dim(2)))));
    }
    return out;
  }

  private static Tensor past(Invocation n, int i, Tensor now) {
    return n.has(i) ? n.tensor(i).concat(2, now) : now;
  }

  /// Keys before the first query: the past, or none; `nonpad_kv_seqlen` says for each sample.
  private static long offset(Invocation n) {
    return n.has(PAST_KEYS) ? n.shape(PAST_KEYS).dim(2) : 0;
  }

  private static long left(Invocation n) {
    return n.attributes().integer("left_window_size", Mask.UNLIMITED);
  }

  private static long right(Invocation n) {
    boolean causal = n.attributes().flag("is_causal", false);
    return causal ? 0 : n.attributes().integer("right_window_size", Mask.UNLIMITED);
  }

  /// Which keys a query sees: by position where the engine has a mask for it, by a matrix where
  /// fewer or more keys than queries follow a past.
  private static AttentionOptions seen(Invocation n, Tensor q, Tensor k, Optional<Tensor> mask) {
    boolean first = !n.has(PAST_KEYS) && !n.has(LENGTHS);
    boolean free = left(n) == Mask.UNLIMITED && right(n) == Mask.UNLIMITED;
    boolean last = n.has(LENGTHS) || offset(n) == k.dim(2) - q.dim(2);
    boolean byPosition = free || first || last;
    Mask position = byPosition ? new Mask(left(n), right(n), 0, 0, first) : Mask.none();
    AttentionOptions options = AttentionOptions.of(position);
    Optional<Tensor> hides = mask.filter(m -> m.dtype() == DType.BOOL);
    if (!byPosition) {
      Tensor visible = visible(n, q, k);
      options = options.with(Operand.VISIBLE, hides.map(visible::and).orElse(visible));
    } else if (hides.isPresent()) {
      options = options.with(Operand.VISIBLE, hides.get());
    }
    if (mask.isPresent() && hides.isEmpty()) {
      options = options.with(Operand.BIAS, mask.get().to(q.dtype()));
    }
    return n.has(LENGTHS) ? options.with(Operand.KEY_LENGTHS, n.tensor(LENGTHS)) : options;
  }

  /// The mask or bias; keys that it does not reach are not seen.
  private static Optional<Tensor> mask(Invocation n, long keys) {
    return n.optional(MASK)
        .map(m -> {
          long missing = m.shape().rank() == 0 ? 0 : keys - m.dim(-1);
          if (missing <= 0) {
            return m;
          }
          int rank = m.shape().rank();
          double hidden = m.dtype() == DType.BOOL ? 0 : Double.NEGATIVE_INFINITY;
          return Pad.axis(rank, rank - 1, 0, missing, Pad.Mode.CONSTANT, hidden).of(m);
        });
  }

  /// The matrix of scores or probabilities, for those who ask for it.
  private static Tensor scores(Invocation n, Tensor q, Tensor k, Optional<Tensor> mask) {
    int mode = Math.toIntExact(n.attributes().integer("qk_matmul_output_mode", 0));
    double cap = n.attributes().number("softcap", 0);
    long group = q.dim(1) / k.dim(1);
    Tensor s = q.matmul((group == 1 ? k : k.repeat(1, group)).transpose());
    if (mode >= CAPPED && cap > 0) {
      s = s.div(cap).tanh().mul(cap);
    }
    if (mode < WITH_BIAS) {
      return s;
    }
    Tensor bias = bias(n, q, k, mask);
    if (mode < PROBABILITIES) {
      return s.add(bias);
    }
    Tensor dead = bias.maxKeep(-1).equal(Double.NEGATIVE_INFINITY);
    return dead.where(n.scalar(0, 0), s.add(bias).softmax(-1));
  }

  /// What is added to scores, -inf where a query does not see a key.
  private static Tensor bias(Invocation n, Tensor q, Tensor k, Optional<Tensor> mask) {
    Tensor visible = visible(n, q, k);
    Tensor hidden = n.scalar(0, Double.NEGATIVE_INFINITY);
    Tensor zero = n.scalar(0, 0);
    if (mask.isEmpty()) {
      return visible.where(zero, hidden);
    }
    return mask.get().dtype() == DType.BOOL
        ? visible.and(mask.get()).where(zero, hidden)
        : visible.where(mask.get().to(q.dtype()), hidden);
  }

  /// `[Sq, Sk]`, or `[B, 1, Sq, Sk]`: whether a query sees a key by its position.
  private static Tensor visible(Invocation n, Tensor q, Tensor k) {
    long queries = q.dim(2);
    Tensor j = n.scope().arange(DType.I64, 0, (double) k.dim(2), 1);
    Tensor i = n.scope().arange(DType.I64, 0, (double) queries, 1).reshape(queries, 1);
    Tensor visible = n.scope().full(DType.BOOL, Shape.of(queries, k.dim(2)), 1);
    Tensor at = i.add((double) offset(n));
    if (n.has(LENGTHS)) {
      Tensor lengths = n.tensor(LENGTHS).to(DType.I64).reshape(-1, 1, 1, 1);
      at = i.add(lengths).add((double) -queries);
      visible = visible.and(j.less(lengths));
    }
    Tensor ahead = j.sub(at);
    if (right(n) != Mask.UNLIMITED) {
      visible = visible.and(ahead.lessEqual((double) right(n)));
    }
    return left(n) == Mask.UNLIMITED ? visible : visible.and(ahead.greaterEqual((double) -left(n)));
  }

  /// Attention whose scores and probabilities pass through graphs of the node, as matrices then.
  private static List<Value> flexible(Invocation n) {
    Tensor q = n.tensor(0);
    Tensor k = n.tensor(1);
    Attributes a = n.attributes();
    double scale = a.number("scale", 1 / Math.sqrt((double) q.dim(-1)));
    if (!a.has("score_mod") && !a.has("prob_mod")) {
      AttentionOptions options = AttentionOptions.of(Mask.none()).withScale(scale);
      return List.of(n.like(0, Attention.of(q, k, n.tensor(2), options).o()));
    }
    ElementType usual = n.type(0) == ElementType.DOUBLE ? ElementType.DOUBLE : ElementType.FLOAT;
    ElementType type =
        ElementType.of(Math.toIntExact(a.integer("softmax_precision", usual.code()))).orElse(usual);
    long group = q.dim(1) / k.dim(1);
    Tensor s = q.mul(scale).matmul(k.repeat(1, group).transpose());
    Value scores = modified(n, "score_mod", n.result(type, s));
    Value p = modified(n, "prob_mod", n.result(type, scores.tensor().softmax(-1)));
    Tensor v = n.tensor(2).to(p.tensor().dtype()).repeat(1, group);
    return List.of(n.like(0, p.tensor().matmul(v)));
  }

  private static Value modified(Invocation n, String graph, Value x) {
    return n.attributes().has(graph) ? n.run(graph, List.of(x)).get(0) : x;
  }

  /// Rows of the tables are those that `position_ids` name, or given for each token.
  private static Value rotary(Invocation n) {
    Tensor x = heads(n, 0, "num_heads");
    boolean interleaved = n.attributes().flag("interleaved", false);
    Tensor y = new Rope(interleaved, false).of(x, table(n, 1, x), table(n, 2, x));
    return n.like(0, n.shape(0).rank() == 3 ? packed(y) : y);
  }

  private static Tensor table(Invocation n, int i, Tensor x) {
    Tensor t = n.tensor(i).to(x.dtype());
    if (n.has(3)) {
      Tensor ids = n.tensor(3);
      t = t.indexSelect(0, ids.flatten()).reshape(ids.dim(0), ids.dim(1), t.dim(-1));
    }
    long half = n.attributes().integer("rotary_embedding_dim", 0) / 2;
    long wanted = half == 0 ? x.dim(3) / 2 : half;
    if (t.dim(-1) != wanted) {
      throw new IllegalArgumentException(
          "the tables must have %d columns; got %s".formatted(wanted, t.shape()));
    }
    return t.unsqueeze(1);
  }

  /// Each sample's update, written to its cache from its index on, around the end if `circular`.
  private static Value scatter(Invocation n) {
    Tensor cache = n.tensor(0);
    Tensor update = n.tensor(1);
    int axis = cache.shape().axis(Math.toIntExact(n.attributes().integer("axis", -2)));
    long size = update.dim(axis);
    long[] along = new long[cache.shape().rank() - axis];
    Arrays.fill(along, 1);
    along[0] = size;
    Tensor at = n.scope().arange(DType.I64, 0, (double) size, 1).reshape(along);
    if (n.has(2)) {
      long[] perSample = new long[cache.shape().rank()];
      Arrays.fill(perSample, 1);
      perSample[0] = cache.dim(0);
      at = at.add(n.tensor(2).to(DType.I64).reshape(perSample));
    }
    if (n.attributes().text("mode", "linear").equals("circular")) {
      // Exact in F64; there is no remainder of whole numbers.
      at = at.to(DType.F64).remainder((double) cache.dim(axis)).to(DType.I64);
    }
    return n.like(0, cache.scatter(axis, at.broadcastTo(update.shape()), update, Scatter.Mode.SET));
  }
}
