package dev.gatun.op.sequence.attention;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Exact attention: `o[i] = sum_j w[i, j] p[i, j] v[j]` with `p[i] = softmax_j(s[i, j])` over the
/// keys `j` that query `i` sees, and `s = cap(scale q k) + bias`; never a matrix of `Sq` by `Sk` in
/// memory.
///
/// In this order: `x = scale q[i] k[j]`; `cap(x) = softcap tanh(x / softcap)`; what [Operand#BIAS],
/// [Operand#SLOPES], [Operand#DECAY] and [Operand#RELATIVE] add; the mask; the softmax, in whose
/// sum [Operand#SINK] takes part; `w`, the product of [Operand#FACTOR] and dropout. A query that
/// sees no key gives `o = 0`, a log-sum-exp of -inf (that of the sink, where there is one) and zero
/// gradients.
///
/// Shapes: `q [B, H, Sq, D]`, `k [B, Hk, Sk, D]`, `v [B, Hk, Sk, Dv]` with `H` a multiple of `Hk`:
/// query head `h` has key head `h / (H / Hk)`. Then the operands, in the order of [Operand].
/// Results: `o [B, H, Sq, Dv]`, the natural logarithm `lse [B, H, Sq]` of each softmax's sum, and
/// `max [B, H, Sq]`, the greatest score, sink included, if asked for. F32 or F64.
///
/// Gradient: of `q`, `k`, `v` and the differentiable operands, through `o` and `lse`; scores are
/// computed again. Cost: `2 (D + Dv)` flops a visible pair, `6 D + 4 Dv` for the gradient; memory
/// `O((Sq + Sk) D)`. Error: that of a product of `D` terms, a softmax and a sum over keys in runs,
/// in F32 about `(D + 16) 2^-24` of the greatest `|v|` times the greatest `|s|`. The same bits for
/// any number of threads. Under a mask, numbers that are not finite are computed by the definition,
/// slowly. Sources: Vaswani et al., arXiv 1706.03762; Dao, FlashAttention-2, arXiv 2307.08691;
/// Milakov, Gimelshein, arXiv 1805.02867.
///
/// @param mask which keys a query sees, by position
/// @param scale factor on the products
/// @param softcap bound of the scaled scores, or 0
/// @param operands the further inputs, in the order of [Operand]
/// @param dropout probability that a weight becomes 0, the others growing by `1 / (1 - dropout)`
/// @param seed of the dropped weights: weight `(b, h, i, j)` goes with element `((b H + h) Sk + j)
///   S + i` of [dev.gatun.op.random.Bernoulli], `S` being `Sq` rounded up to a multiple of 64
/// @param maxLogits whether `max` is a result
public record Attention(
    Mask mask,
    double scale,
    double softcap,
    List<Operand> operands,
    double dropout,
    long seed,
    boolean maxLogits)
    implements Kernel {
  /// Queries and keys of a block of [Operand#BLOCKS].
  public static final int BLOCK = 64;

  static final int Q = 0;
  static final int K = 1;
  static final int V = 2;
  static final int FIRST_OPERAND = 3;

  /// What attention gives.
  ///
  /// @param o weighted means of the values
  /// @param lse logarithm of the softmax's sum
  /// @param maxLogits greatest scores, where they were asked for
  public record Result(Tensor o, Tensor lse, Optional<Tensor> maxLogits) {}

  /// @throws IllegalArgumentException unless `softcap` is at least 0, `dropout` lies in [0, 1) and
  ///   the operands are in order
  public Attention {
    operands = List.copyOf(operands);
    if (!(softcap >= 0) || !(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException(
          "Attention: softcap must be at least 0 and dropout in [0, 1); got softcap %s, dropout %s"
              .formatted(softcap, dropout));
    }
    if (!operands.equals(operands.stream().distinct().sorted().toList())) {
      throw new IllegalArgumentException(
          "Attention: operands must be in their order; got " + operands);
    }
  }

  /// Attention of `q` over `k` and `v`.
  ///
  /// @throws IllegalArgumentException if shapes, types or options do not fit
  public static Result of(Tensor q, Tensor k, Tensor v, AttentionOptions options) {
    double scale = options.scale().orElseGet(() -> 1 / Math.sqrt((double) q.dim(-1)));
    List<Operand> operands = List.copyOf(options.operands().keySet());
    Attention op =
        new Attention(
            options.mask(),
            scale,
            options.softcap(),
            operands,
            options.dropout(),
            options.seed(),
            options.maxLogits());
    List<Tensor> in = new ArrayList<>(List.of(q, k, v));
    in.addAll(options.operands().values());
    List<Tensor> out = op.apply(in.toArray(Tensor[]::new));
    return new Result(
        out.get(0), out.get(1), options.maxLogits() ? Optional.of(out.get(2)) : Optional.empty());
  }

  /// Attention under a mask only.
  public static Tensor of(Tensor q, Tensor k, Tensor v, Mask mask) {
    return of(q, k, v, AttentionOptions.of(mask)).o();
  }

  boolean has(Operand operand) {
    return operands.contains(operand);
  }

  /// Input number of `operand`, which must be there, counted from `q`.
  int input(Operand operand) {
    return FIRST_OPERAND + operands.indexOf(operand);
  }

  String names() {
    StringBuilder s = new StringBuilder("q k v");
    operands.forEach(o -> s.append(' ').append(o.name().toLowerCase(java.util.Locale.ROOT)));
    return s.toString();
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    AttentionRules.require(this, in);
    Shape q = in.get(Q).shape();
    Spec o = in.get(Q).withShape(q.with(3, in.get(V).shape().dim(3)));
    Spec row = in.get(Q).withShape(Shape.of(q.dim(0), q.dim(1), q.dim(2)));
    return maxLogits ? List.of(o, row, row, row, row) : List.of(o, row, row, row);
  }

  @Override
  public void reference(Call c) {
    Scores s = new Scores(this, c, 0);
    for (long row = 0; row < s.b * s.h * s.sq; row++) {
      row(s, c, row);
    }
  }

  /// Row `row` of all results by the definition.
  void row(Scores s, Call c, long row) {
    double[] scores = new double[Math.toIntExact(s.sk)];
    double[] sum = new double[Math.toIntExact(s.dv)];
    long i = row % s.sq;
    double max = s.row(row, scores);
    double top = Double.isInfinite(max) && max < 0 ? 0 : max;
    double total = s.sink(row) == Double.NEGATIVE_INFINITY ? 0 : Math.exp(s.sink(row) - top);
    for (int j = 0; j < s.sk; j++) {
      if (s.isVisible(row, i, j) && scores[j] != Double.NEGATIVE_INFINITY) {
        double e = Math.exp(scores[j] - top);
        total += e;
        s.addValue(row, i, j, e, sum);
      }
    }
    boolean counts = total != 0 && i < s.queries(row);
    for (int d = 0; d < s.dv; d++) {
      c.set(0, row * s.dv + d, counts ? sum[d] / total : 0);
    }
    softmax(c, row, top, total, max);
  }

  /// Sets what a row's softmax gives: `total` is its sum relative to `top`, `max` its greatest
  /// score.
  ///
  /// The gradient has the sum relative to the greatest score as it was rounded: the logarithm,
  /// rounded to F32, would be off by `2^-24` of the score, and so would all weights.
  void softmax(Call c, long row, double top, double total, double max) {
    boolean none = total == 0;
    c.set(1, row, none ? Double.NEGATIVE_INFINITY : top + Math.log(total));
    if (maxLogits) {
      c.set(2, row, max);
    }
    int extra = c.outputs() - 2;
    c.set(extra, row, top);
    double rounded = c.outSpec(extra).dtype().read(c.out(extra), row);
    double off = top - rounded;
    // The exponential of what rounding left, at most 2^-24 of the score: a series is enough.
    double factor = Math.abs(off) < 1e-5 ? 1 + off * (1 + off / 2) : Math.exp(off);
    c.set(extra + 1, row, none ? 0 : total * factor);
  }

  @Override
  public void simd(Call c, Workers w) {
    AttentionSimd.run(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClAttention.forward(this, d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return AttentionPlan.scratch(this, in, workers);
  }

  @Override
  public Keep keep() {
    return new Keep((1L << FIRST_OPERAND + operands.size()) - 1, 1, 2);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    if (maxLogits && dy.get(2).isPresent()) {
      throw new IllegalStateException(
          Rules.name(this) + ": the greatest score has no gradient; got a request for one");
    }
    List<Operand> wanted =
        operands.stream().filter(o -> o.isDifferentiable() && n.needs(input(o))).toList();
    Tensor o = n.out(0);
    List<Tensor> in = new ArrayList<>();
    in.add(dy.get(0).orElseGet(() -> o.scope().zeros(o.dtype(), o.shape())));
    dy.get(1).ifPresent(in::add);
    in.add(o);
    in.add(n.saved(0));
    in.add(n.saved(1));
    for (int i = 0; i < n.inputs(); i++) {
      in.add(n.in(i));
    }
    List<Tensor> d =
        new AttentionGrad(this, dy.get(1).isPresent(), wanted).apply(in.toArray(Tensor[]::new));
    List<Optional<Tensor>> dx = new ArrayList<>();
    for (int i = 0; i < FIRST_OPERAND; i++) {
      dx.add(n.needs(i) ? Optional.of(d.get(i)) : Optional.empty());
    }
    for (Operand x : operands) {
      int at = wanted.indexOf(x);
      dx.add(at < 0 ? Optional.empty() : Optional.of(d.get(FIRST_OPERAND + at)));
    }
    return dx;
  }

  /// Visible pairs, of a mask by position; operands that hide more are not looked at.
  double pairs(List<Spec> in) {
    Shape q = in.get(Q).shape();
    long sq = q.dim(2);
    long sk = in.get(K).shape().dim(2);
    double pairs = 0;
    for (long i = 0; i < sq; i++) {
      long sinks = mask.sinkEnd(i, sq, sk) - mask.sinkBegin(i, sq, sk);
      pairs += Math.max(0, sinks) + Math.max(0, mask.end(i, sq, sk) - mask.begin(i, sq, sk));
    }
    return pairs * q.dim(0) * q.dim(1);
  }

  @Override
  public Cost cost(List<Spec> in) {
    double bytes = 0;
    for (Spec s : in) {
      bytes += s.bytes();
    }
    for (Spec s : infer(in)) {
      bytes += s.bytes();
    }
    long width = in.get(Q).shape().dim(3) + in.get(V).shape().dim(3);
    return new Cost(2.0 * width * pairs(in), bytes);
  }
}
