package dev.gatun.nn.scan;

import dev.gatun.nn.Linear;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// A minimal long short-term memory with gates that sum to 1 ([dev.gatun.op.sequence.scan.MinLstm])
/// and a linear map of its states. Parameters, with `E = expand D`: `to_hidden_and_gates [3 E, D]`,
/// `to_out.weight [D, E]`. State: `[B, E]`. Reads expand of the options.
public final class MinLstm extends ScanLayer {
  private final ScanOptions options;
  private final Variable weight;
  private final Linear out;

  private MinLstm(Scope scope, Scope initial, ScanOptions o, long seed) {
    options = o;
    DType t = o.type();
    Tensor w = weights(initial, t, 3L * o.inner(), o.features(), seed);
    weight = parameter("to_hidden_and_gates", scope, w);
    out = child("to_out", linear(scope, initial, t, o.inner(), o.features(), seed + 1));
  }

  /// A block with random weights.
  public static MinLstm of(Scope scope, ScanOptions options, long seed) {
    try (Scope initial = scope.device().scope("initial")) {
      return new MinLstm(scope, initial, options, seed);
    }
  }

  @Override
  public ScanState start(Scope scope, long batch) {
    return ScanState.of(scope.zeros(options.type(), Shape.of(batch, options.inner())));
  }

  @Override
  public Result forward(Tensor x, ScanState state) {
    requireSequences(x);
    if (x.dim(1) == 0) {
      return new Result(x, state);
    }
    Tensor h =
        new dev.gatun.op.sequence.scan.MinLstm(borrow(weight, x), Optional.empty(), true)
            .states(x, Optional.of(state.part(0)));
    Tensor last = h.slice(1, x.dim(1) - 1, x.dim(1)).squeeze(1);
    return new Result(out.forward(h), ScanState.of(last));
  }
}
