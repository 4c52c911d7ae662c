package dev.gatun.nn.scan;

import dev.gatun.nn.Layer;
import dev.gatun.nn.Linear;
import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// A block that goes through a sequence by a scan: `x [B, L, D]` to `y [B, L, D]`, all at once, or
/// in pieces of any length, the state of one going into the next; results are the same but for
/// rounding. A step takes time and memory that do not depend on what has been.
public abstract class ScanLayer extends Layer {
  /// For subclasses.
  protected ScanLayer() {}

  /// Results of a piece.
  ///
  /// @param y `[B, L, D]`
  /// @param state behind it
  public record Result(Tensor y, ScanState state) {}

  /// The state before the first element of `batch` sequences.
  public abstract ScanState start(Scope scope, long batch);

  /// The next elements `x [B, L, D]` of sequences that stand at `state`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public abstract Result forward(Tensor x, ScanState state);

  /// The whole of sequences `x [B, L, D]`.
  @Override
  public Tensor forward(Tensor x) {
    requireSequences(x);
    return forward(x, start(x.scope(), x.dim(0))).y();
  }

  /// One element `x [B, D]` of each sequence; `y` of the result is `[B, D]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public final Result step(Tensor x, ScanState state) {
    Result r = forward(x.unsqueeze(1), state);
    return new Result(r.y().squeeze(1), r.state());
  }

  final void requireSequences(Tensor x) {
    if (x.shape().rank() != 3) {
      throw new IllegalArgumentException(
          "%s: x must be [B, L, D]; got %s".formatted(getClass().getSimpleName(), x.spec()));
    }
  }

  /// Weights of `out` results of `in` numbers, uniform within `1 / sqrt(in)`.
  static Tensor weights(Scope initial, DType t, long out, long in, long seed) {
    return uniform(initial, t, Shape.of(out, in), 1 / Math.sqrt((double) in), seed);
  }

  static Tensor uniform(Scope initial, DType t, Shape shape, double bound, long seed) {
    return initial.uniform(t, shape, seed).mul(2 * bound).add(-bound);
  }

  /// A linear map without bias.
  static Linear linear(Scope scope, Scope initial, DType t, long in, long out, long seed) {
    return Linear.of(scope, weights(initial, t, out, in, seed), Optional.empty(), Activation.NONE);
  }

  /// Biases whose softplus is uniform in its logarithm between 0.001 and 0.1: first step sizes.
  static Tensor stepBias(Scope initial, DType t, long n, long seed) {
    double least = Math.log(1e-3);
    Tensor dt = initial.uniform(t, Shape.of(n), seed).mul(Math.log(0.1) - least).add(least).exp();
    return dt.add(dt.neg().expm1().neg().log());
  }
}
