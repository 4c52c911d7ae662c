package dev.gatun.op.sequence.attention;

import dev.gatun.autograd.Gradients;
import dev.gatun.autograd.Node;
import dev.gatun.op.Composite;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.op.shape.Concat;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// [Attention] by the schedule of a ring: the sequence is cut into `parts`; in step `s`, part `p`
/// of the queries meets part `(p + s) mod parts` of the keys, and [Combine] puts the partial
/// results together. Parts of which the mask leaves nothing are skipped.
///
/// Exact, with the same results, shapes and gradients as [Attention] under the mask, to rounding.
/// The gradient goes around the ring too, and computes partial results once more instead of keeping
/// them. Memory besides inputs and results: that of the partial results of one part of the queries,
/// `O(T D)`. Source: Liu, Zaharia, Abbeel, Ring Attention with Blockwise Transformers, arXiv
/// 2310.01889, section 3; here one device takes all places in turn.
///
/// @param mask which keys a query sees, by position
/// @param scale factor on the products
/// @param softcap bound of the scaled scores, or 0
/// @param parts of queries and keys
public record RingAttention(Mask mask, double scale, double softcap, int parts)
    implements Composite {
  private static final String NAMES = "q k v";

  /// What it gives.
  ///
  /// @param o weighted means of the values
  /// @param lse logarithm of the softmax's sum
  public record Result(Tensor o, Tensor lse) {}

  /// @throws IllegalArgumentException unless `softcap` is at least 0 and there is a part
  public RingAttention {
    if (!(softcap >= 0) || parts < 1) {
      throw new IllegalArgumentException(
          "RingAttention: softcap must be at least 0 and parts at least 1; got softcap %s, parts %d"
              .formatted(softcap, parts));
    }
  }

  /// Attention of `q` over `k` and `v` in `parts`.
  ///
  /// @param options scale, cap and mask, which may be any
  /// @throws IllegalArgumentException if shapes, types or options do not fit
  public static Result of(Tensor q, Tensor k, Tensor v, int parts, AttentionOptions options) {
    Inputs.plain("RingAttention", options, options.mask());
    double scale = options.scale().orElseGet(() -> 1 / Math.sqrt((double) q.dim(-1)));
    List<Tensor> out =
        new RingAttention(options.mask(), scale, options.softcap(), parts).apply(q, k, v);
    return new Result(out.get(0), out.get(1));
  }

  private Attention attention(Mask m, Operand... operands) {
    return new Attention(m, scale, softcap, List.of(operands), 0, 0, false);
  }

  private void require(List<Spec> in) {
    Rules.count(3, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Shape q = in.get(0).shape();
    Shape k = in.get(1).shape();
    Shape v = in.get(2).shape();
    boolean fits =
        q.rank() == 4
            && k.rank() == 4
            && v.rank() == 4
            && k.without(3).equals(v.without(3))
            && q.dim(0) == k.dim(0)
            && q.dim(3) == k.dim(3)
            && k.dim(1) > 0
            && q.dim(1) % k.dim(1) == 0;
    Rules.require(
        fits,
        this,
        "q must be [B, H, Sq, D], k [B, Hk, Sk, D] and v [B, Hk, Sk, Dv] with H a multiple of Hk",
        NAMES,
        in);
  }

  @Override
  public List<Tensor> forward(List<Tensor> in) {
    require(in.stream().map(Tensor::spec).toList());
    Tensor q = in.get(0);
    List<Tensor> o = new ArrayList<>();
    List<Tensor> lse = new ArrayList<>();
    try (Scope whole = q.device().scope("ring")) {
      for (int p = 0; p < parts; p++) {
        try (Scope work = q.device().scope("ring part")) {
          List<Tensor> part = part(in, p, work);
          o.add(part.get(0).in(whole));
          lse.add(part.get(1).in(whole));
        }
      }
      Scope target = q.scope();
      return List.of(target.run(new Concat(2), o).get(0), target.run(new Concat(2), lse).get(0));
    }
  }

  /// One meeting: part `keys` of the keys, the attention, its inputs and results.
  private record Partial(int keys, Attention op, List<Tensor> in, Tensor o, Tensor lse) {}

  /// What one part of the queries meets, step by step.
  private List<Partial> partials(List<Tensor> in, int p, Scope work, boolean gradient) {
    Tensor q = leaf(slice(work.borrow(in.get(0)), p), gradient);
    List<Partial> partials = new ArrayList<>();
    for (int s = 0; s < parts; s++) {
      int kp = (p + s) % parts;
      Optional<Piece> piece = piece(in.get(0).dim(2), in.get(1).dim(2), p, kp, work);
      if (piece.isPresent()) {
        List<Tensor> inputs = new ArrayList<>();
        inputs.add(q);
        inputs.add(leaf(slice(work.borrow(in.get(1)), kp), gradient));
        inputs.add(leaf(slice(work.borrow(in.get(2)), kp), gradient));
        inputs.addAll(piece.get().runs());
        List<Tensor> out = piece.get().op().apply(inputs.toArray(Tensor[]::new));
        partials.add(new Partial(kp, piece.get().op(), inputs, out.get(0), out.get(1)));
      }
    }
    return partials;
  }

  private static Tensor leaf(Tensor x, boolean gradient) {
    return gradient ? x.detach().requiresGrad() : x;
  }

  /// `o` and `lse` of one part of the queries.
  private List<Tensor> part(List<Tensor> in, int p, Scope work) {
    List<Partial> partials = partials(in, p, work, false);
    if (partials.isEmpty()) {
      Tensor q = slice(in.get(0), p);
      Shape all = q.shape().with(3, in.get(2).dim(3));
      Shape rows = q.shape().without(3);
      return List.of(
          work.zeros(q.dtype(), all), work.full(q.dtype(), rows, Double.NEGATIVE_INFINITY));
    }
    Combine.Result r =
        Combine.of(
            partials.stream().map(Partial::o).toList(),
            partials.stream().map(Partial::lse).toList());
    return List.of(r.o(), r.lse());
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1, 2);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Scope target = n.in(0).scope();
    Tensor dO = dy.get(0).orElseGet(() -> zeros(target, n.outSpec(0)));
    Tensor dlse = dy.get(1).orElseGet(() -> zeros(target, n.outSpec(1)));
    List<Tensor> in = List.of(n.in(0), n.in(1), n.in(2));
    try (Scope whole = target.device().scope("ring")) {
      List<List<Variable>> d = List.of(zeros(whole, n, 0), zeros(whole, n, 1), zeros(whole, n, 2));
      for (int p = 0; p < parts; p++) {
        try (Scope work = target.device().scope("ring part")) {
          gradient(in, p, slice(work.borrow(dO), p), slice(work.borrow(dlse), p), d, work);
        }
      }
      List<Optional<Tensor>> dx = new ArrayList<>();
      for (List<Variable> sums : d) {
        List<Tensor> values = sums.stream().map(Variable::value).map(Tensor::detach).toList();
        dx.add(Optional.of(target.run(new Concat(2), values).get(0)));
      }
      return dx;
    }
  }

  private static Tensor zeros(Scope scope, Spec spec) {
    return scope.zeros(spec.dtype(), spec.shape());
  }

  /// Adds to `d` what part `p` of the queries gives: its partial results once more, their gradients
  /// by that of [Combine], and from each the gradients of its inputs.
  private void gradient(
      List<Tensor> in, int p, Tensor dO, Tensor dlse, List<List<Variable>> d, Scope work) {
    List<Partial> partials = partials(in, p, work, true);
    if (partials.isEmpty()) {
      return;
    }
    List<Tensor> each =
        new Combine.Grad()
            .apply(
                Concat.stack(0, partials.stream().map(x -> x.o().detach()).toArray(Tensor[]::new)),
                Concat.stack(
                    0, partials.stream().map(x -> x.lse().detach()).toArray(Tensor[]::new)),
                dO,
                dlse);
    for (int i = 0; i < partials.size(); i++) {
      Partial x = partials.get(i);
      Tensor loss = x.o().mul(each.get(0).select(0, i)).sum();
      loss = loss.add(x.lse().mul(each.get(1).select(0, i)).sum());
      Gradients g = loss.backward();
      d.get(0).get(p).add(g.of(x.in().get(0)));
      d.get(1).get(x.keys()).add(g.of(x.in().get(1)));
      d.get(2).get(x.keys()).add(g.of(x.in().get(2)));
    }
  }

  /// Sums to be, one a part.
  private List<Variable> zeros(Scope scope, Node n, int input) {
    Spec s = n.inSpec(input);
    List<Variable> sums = new ArrayList<>();
    try (Scope work = scope.device().scope("zeros")) {
      for (int p = 0; p < parts; p++) {
        long rows = begin(s.shape().dim(2), p + 1) - begin(s.shape().dim(2), p);
        sums.add(scope.state(work.zeros(s.dtype(), s.shape().with(2, rows))));
      }
    }
    return sums;
  }

  /// Where part `p` of `n` positions begins.
  private long begin(long n, int p) {
    return n * p / parts;
  }

  private Tensor slice(Tensor x, int p) {
    return x.slice(2, begin(x.dim(2), p), begin(x.dim(2), p + 1));
  }

  /// A part of the queries over a part of the keys.
  ///
  /// @param op the attention
  /// @param runs its operand, where the mask cuts through the part
  private record Piece(Attention op, List<Tensor> runs) {}

  /// Empty where no query of part `p` of `sq` sees a key of part `kp` of `sk`.
  private Optional<Piece> piece(long sq, long sk, int p, int kp, Scope work) {
    long first = begin(sq, p);
    long queries = begin(sq, p + 1) - first;
    long from = begin(sk, kp);
    long to = begin(sk, kp + 1);
    Runs runs = new Runs(queries);
    for (long i = 0; i < queries; i++) {
      long a = mask.sinkBegin(first + i, sq, sk);
      long b = mask.sinkEnd(first + i, sq, sk);
      long c = mask.begin(first + i, sq, sk);
      long d = mask.end(first + i, sq, sk);
      runs.set(
          i, within(a, from, to), within(b, from, to), within(c, from, to), within(d, from, to));
    }
    long pairs = runs.pairs(Mask.none(), to - from);
    if (pairs == 0) {
      return Optional.empty();
    }
    if (pairs == queries * (to - from)) {
      return Optional.of(new Piece(attention(Mask.none()), List.of()));
    }
    return Optional.of(new Piece(attention(Mask.none(), Operand.RUNS), List.of(runs.in(work))));
  }

  private static long within(long at, long from, long to) {
    return Math.clamp(at, from, to) - from;
  }
}
