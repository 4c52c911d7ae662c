package dev.gatun.nn.scan;

import dev.gatun.nn.Linear;
import dev.gatun.op.sequence.scan.SelectiveScan;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.List;

/// Mamba's block: `[u, z] = W_in x`, a short filter of `u` with SiLU, `[dt, B, C] = W_x u`, a
/// [SelectiveScan] with step sizes `softplus(W_dt dt + bias)`, skip and gate `z`, then `W_out`.
///
/// Parameters, named as in the authors' checkpoints, with `E = expand D` and `R = ceil(D / 16)`:
/// `A_log [E, N]`, `D [E]`, `in_proj.weight [2 E, D]`, `conv1d.weight [E, 1, W]`, `conv1d.bias
/// [E]`, `x_proj.weight [R + 2 N, E]`, `dt_proj.weight [E, R]`, `dt_proj.bias [E]`,
/// `out_proj.weight [D, E]`. State: the last `W - 1` inputs of the filter, and the scan's. Reads
/// expand, modes and filter of the options.
///
/// Source: Gu and Dao, arXiv 2312.00752, section 3.4.
public final class Mamba extends ScanLayer {
  private final ScanOptions options;
  private final Variable logRates;
  private final Variable skip;
  private final Linear in;
  private final Filter filter;
  private final Linear selection;
  private final Biased steps;
  private final Linear out;
  private final int rank;

  private Mamba(Scope scope, Scope initial, ScanOptions o, long seed) {
    options = o;
    int inner = o.inner();
    DType t = o.type();
    rank = Math.ceilDiv(o.features(), 16);
    Tensor rates =
        initial.arange(t, 1, o.modes() + 1, 1).log().broadcastTo(Shape.of(inner, o.modes()));
    logRates = parameter("A_log", scope, rates.copy());
    skip = parameter("D", scope, initial.full(t, Shape.of(inner), 1));
    in = child("in_proj", linear(scope, initial, t, o.features(), 2L * inner, seed));
    filter = child("conv1d", new Filter(scope, initial, t, inner, o.filter(), seed + 1));
    long selected = rank + 2L * o.modes();
    selection = child("x_proj", linear(scope, initial, t, inner, selected, seed + 3));
    steps = child("dt_proj", new Biased(scope, initial, t, rank, inner, seed + 4));
    out = child("out_proj", linear(scope, initial, t, inner, o.features(), seed + 6));
  }

  /// A block with random weights.
  public static Mamba of(Scope scope, ScanOptions options, long seed) {
    try (Scope initial = scope.device().scope("initial")) {
      return new Mamba(scope, initial, options, seed);
    }
  }

  @Override
  public ScanState start(Scope scope, long batch) {
    Shape s = Shape.of(batch, options.modes(), options.inner());
    return ScanState.of(filter.start(scope, batch), scope.zeros(options.type(), s));
  }

  @Override
  public Result forward(Tensor x, ScanState state) {
    requireSequences(x);
    int inner = options.inner();
    int n = options.modes();
    Tensor both = in.forward(x);
    List<Tensor> filtered = filter.forward(both.slice(2, 0, inner), state.part(0));
    Tensor u = filtered.get(0);
    Tensor chosen = selection.forward(u);
    Tensor delta = steps.product(chosen.slice(2, 0, rank));
    Tensor a = borrow(logRates, x).exp().neg().transpose();
    Tensor b = chosen.slice(2, rank, rank + n).unsqueeze(2);
    Tensor c = chosen.slice(2, rank + n, rank + 2L * n).unsqueeze(2);
    Tensor z = both.slice(2, inner, 2L * inner);
    List<Tensor> y =
        new SelectiveScan(false, true, true, true, true, true)
            .apply(u, delta, a, b, c, borrow(skip, x), z, steps.bias(x), state.part(1));
    return new Result(out.forward(y.get(0)), ScanState.of(filtered.get(1), y.get(1)));
  }
}
