package dev.gatun.nn.scan;

import dev.gatun.nn.Linear;
import dev.gatun.op.sequence.attention.AttentionScan;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.List;

/// Attention as a recurrent network: each head has one learned query, and what it sees of all
/// elements so far is an [AttentionScan]. Parameters, with `E = expand D` and `H = E / P`: `query
/// [H, P]`, `key.weight [E, D]`, `value.weight [E, D]`, `out.weight [D, E]`. State: `[B, H]`, `[B,
/// H]` and `[B, H, P]`; it carries no gradient from a piece to the next. Reads expand and head size
/// of the options.
///
/// Source: Feng et al., "Attention as an RNN", arXiv 2405.13956.
public final class Aaren extends ScanLayer {
  private final ScanOptions options;
  private final Variable query;
  private final Linear key;
  private final Linear value;
  private final Linear out;

  private Aaren(Scope scope, Scope initial, ScanOptions o, long seed) {
    options = o;
    DType t = o.type();
    Shape heads = Shape.of(o.heads(), o.headSize());
    query = parameter("query", scope, initial.normal(t, heads, seed));
    key = child("key", linear(scope, initial, t, o.features(), o.inner(), seed + 1));
    value = child("value", linear(scope, initial, t, o.features(), o.inner(), seed + 2));
    out = child("out", linear(scope, initial, t, o.inner(), o.features(), seed + 3));
  }

  /// A block with random weights.
  public static Aaren of(Scope scope, ScanOptions options, long seed) {
    try (Scope initial = scope.device().scope("initial")) {
      return new Aaren(scope, initial, options, seed);
    }
  }

  @Override
  public ScanState start(Scope scope, long batch) {
    Shape lead = Shape.of(batch, options.heads());
    AttentionScan.State s =
        AttentionScan.State.start(scope, options.type(), lead, options.headSize());
    return ScanState.of(s.m(), s.u(), s.w());
  }

  private Tensor scores(Tensor x) {
    Tensor k = heads(key.forward(x));
    Tensor q = borrow(query, x).unsqueeze(1).div(Math.sqrt(options.headSize()));
    return k.mul(q).sum(-1);
  }

  /// `[B, H, L, P]`
  private Tensor heads(Tensor x) {
    return x.reshape(x.dim(0), x.dim(1), options.heads(), options.headSize()).permute(0, 2, 1, 3);
  }

  private Tensor output(Tensor o) {
    Tensor rows = o.permute(0, 2, 1, 3);
    return out.forward(rows.reshape(o.dim(0), o.dim(2), options.inner()));
  }

  @Override
  public Tensor forward(Tensor x) {
    requireSequences(x);
    return output(AttentionScan.prefixes(scores(x), heads(value.forward(x))));
  }

  @Override
  public Result forward(Tensor x, ScanState state) {
    requireSequences(x);
    long steps = x.dim(1);
    if (steps == 0) {
      return new Result(x, state);
    }
    List<Tensor> r =
        new AttentionScan(true, true)
            .apply(
                scores(x),
                heads(value.forward(x)),
                state.part(0).detach(),
                state.part(1).detach(),
                state.part(2).detach());
    ScanState next =
        new ScanState(
            r.subList(1, 4).stream().map(t -> t.slice(2, steps - 1, steps).squeeze(2)).toList());
    return new Result(output(r.get(0)), next);
  }
}
