package dev.gatun.nn.scan;

import dev.gatun.nn.Linear;
import dev.gatun.op.sequence.ssd.SsdCombined;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.List;

/// Mamba-2's block: `[z, x B C, dt] = W_in x`, a short filter of `x B C` with SiLU, the scan
/// [SsdCombined] with step sizes `softplus(dt + bias)` and a skip, an RMS norm of `y silu(z)`, then
/// `W_out`.
///
/// Parameters, named as in the authors' checkpoints, with `E = expand D` and `H = E / P`: `dt_bias
/// [H]`, `A_log [H]`, `D [H]`, `in_proj.weight [2 E + 2 G N + H, D]`, `conv1d.weight [E + 2 G N, 1,
/// W]`, `conv1d.bias`, `norm.weight [E]`, `out_proj.weight [D, E]`. State: the last `W - 1` inputs
/// of the filter, and the scan's, `[B, H, P, N]`. Reads all options.
///
/// Source: Dao and Gu, arXiv 2405.21060, section 7.
public final class Mamba2 extends ScanLayer {
  private final ScanOptions options;
  private final Variable bias;
  private final Variable logRates;
  private final Variable skip;
  private final Linear in;
  private final Filter filter;
  private final GatedNorm norm;
  private final Linear out;

  private Mamba2(Scope scope, Scope initial, ScanOptions o, long seed) {
    options = o;
    long inner = o.inner();
    DType t = o.type();
    Shape heads = Shape.of(o.heads());
    bias = parameter("dt_bias", scope, stepBias(initial, t, o.heads(), seed));
    logRates = parameter("A_log", scope, initial.uniform(t, heads, seed + 1).mul(15).add(1).log());
    skip = parameter("D", scope, initial.full(t, heads, 1));
    long all = inner + filtered() + o.heads();
    in = child("in_proj", linear(scope, initial, t, o.features(), all, seed + 2));
    filter = child("conv1d", new Filter(scope, initial, t, filtered(), o.filter(), seed + 3));
    long group = inner / o.groups();
    norm = child("norm", new GatedNorm(scope, initial, t, inner, group, false));
    out = child("out_proj", linear(scope, initial, t, inner, o.features(), seed + 5));
  }

  /// A block with random weights.
  public static Mamba2 of(Scope scope, ScanOptions options, long seed) {
    try (Scope initial = scope.device().scope("initial")) {
      return new Mamba2(scope, initial, options, seed);
    }
  }

  private long filtered() {
    return options.inner() + 2L * options.groups() * options.modes();
  }

  @Override
  public ScanState start(Scope scope, long batch) {
    Shape s = Shape.of(batch, options.heads(), options.headSize(), options.modes());
    return ScanState.of(filter.start(scope, batch), scope.zeros(options.type(), s));
  }

  @Override
  public Result forward(Tensor x, ScanState state) {
    requireSequences(x);
    long inner = options.inner();
    long pairs = (long) options.groups() * options.modes();
    long end = inner + filtered();
    long batch = x.dim(0);
    long steps = x.dim(1);
    Tensor all = in.forward(x);
    List<Tensor> filtered = filter.forward(all.slice(2, inner, end), state.part(0));
    Tensor u = filtered.get(0);
    SsdCombined.Result r =
        SsdCombined.plain()
            .withSoftplus(true)
            .withBias(borrow(bias, x))
            .withSkip(borrow(skip, x))
            .withState(state.part(1))
            .scan(
                u.slice(2, 0, inner).reshape(batch, steps, options.heads(), options.headSize()),
                all.slice(2, end, end + options.heads()),
                borrow(logRates, x).exp().neg(),
                groups(u.slice(2, inner, inner + pairs)),
                groups(u.slice(2, inner + pairs, inner + 2 * pairs)));
    Tensor y = norm.forward(r.y().reshape(batch, steps, inner), all.slice(2, 0, inner));
    return new Result(out.forward(y), ScanState.of(filtered.get(1), r.last()));
  }

  private Tensor groups(Tensor x) {
    return x.reshape(x.dim(0), x.dim(1), options.groups(), options.modes());
  }
}
