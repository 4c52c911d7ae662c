package dev.gatun.nn.s4;

import dev.gatun.device.Device;
import dev.gatun.nn.Layer;
import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.LongConvolution;
import dev.gatun.op.sequence.s4.Recurrence;
import dev.gatun.op.sequence.s4.StateStep;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// A state space model for each feature: `y_k = gelu(K_k * u + D_k u)`. Training goes by
/// convolution, a sequence at once; generation and streams by steps in constant memory ([#stream]);
/// both are the same function.
///
/// Shapes: `x [B, L, H]`, `y [B, L, K H]`, channel after channel; states `[B, P, 2, N, 16]`. Cost:
/// the kernel, once for all of the batch, and a [FFT convolution][dev.gatun.op.linear.FftConv]:
/// `O(H N L
/// + B H L log L)` time, `O(B H L)` memory.
public abstract sealed class SsmLayer extends Layer permits S4, S4d {
  private final SsmOptions options;
  private final Variable d;

  /// @param scope where the parameters live
  /// @param initial a scope of their first values
  SsmLayer(Scope scope, Scope initial, SsmOptions options, long seed) {
    this.options = options;
    Shape shape = Shape.of(options.channels(), options.features());
    d = parameter("D", scope, initial.normal(options.dtype(), shape, seed));
  }

  /// The layer's options.
  public final SsmOptions options() {
    return options;
  }

  /// Logarithms of steps, uniform between the options' bounds.
  static Tensor logSteps(Scope s, SsmOptions o, Shape shape, long seed) {
    double least = Math.log(o.shortest());
    return s.uniform(o.dtype(), shape, seed).mul(Math.log(o.longest()) - least).add(least);
  }

  /// Complex normal numbers of variance 1.
  static Complex normal(Scope s, DType type, Shape shape, long seed) {
    Complex x = new Complex(s.normal(type, shape, seed), s.normal(type, shape, seed + 1));
    return x.times(Math.sqrt(0.5));
  }

  /// Kernels `[kernels, H, length]`, in the scope of `like`.
  abstract Tensor kernel(Tensor like, long length);

  /// What states `[B, P, 2, N, 16]` add to the results, `[B, kernels, H, length]`.
  abstract Tensor stateKernel(Tensor state, long length);

  /// The states after inputs `u [B, H, L]`.
  abstract Tensor after(Tensor u, Tensor state);

  /// The discretised model for steps, in the scope of `like`.
  abstract Recurrence recurrence(Tensor like);

  private Tensor features(Tensor x) {
    if (x.shape().rank() != 3 || x.dim(2) != options.features()) {
      throw new IllegalArgumentException(
          "%s: x must be [B, L, %d]; got %s"
              .formatted(getClass().getSimpleName(), options.features(), x.spec()));
    }
    return x.transpose(1, 2);
  }

  private static Tensor together(Tensor y) {
    return y.permute(0, 3, 1, 2).reshape(y.dim(0), y.dim(3), y.dim(1) * y.dim(2));
  }

  @Override
  public final Tensor forward(Tensor x) {
    Tensor u = features(x);
    if (x.dim(1) == 0 || x.dim(0) == 0) {
      return x.scope().zeros(x.dtype(), Shape.of(x.dim(0), x.dim(1), width()));
    }
    Tensor k = kernel(x, x.dim(1));
    Optional<Tensor> through = Optional.of(borrow(d, x));
    return together(
        options.bidirectional()
            ? LongConvolution.bidirectional(u, k, through, options.gelu())
            : LongConvolution.causal(u, k, through, options.gelu()));
  }

  private long width() {
    return (long) options.channels() * options.features();
  }

  /// A piece of a sequence from the state that the pieces before left: cut anywhere, the results
  /// are those of one call.
  ///
  /// @throws IllegalStateException if the layer looks both ways
  /// @throws IllegalArgumentException if shapes or types do not fit
  public final Recurrence.Result forward(Tensor x, Tensor state) {
    requireOneWay();
    Tensor u = features(x);
    if (x.dim(1) == 0 || x.dim(0) == 0) {
      return new Recurrence.Result(forward(x), state);
    }
    Tensor own = LongConvolution.causal(u, kernel(x, x.dim(1)), Optional.of(borrow(d, x)), false);
    Tensor y = together(own.add(stateKernel(state, x.dim(1))));
    return new Recurrence.Result(options.gelu() ? y.gelu() : y, after(u, state));
  }

  /// The state before the first element.
  public final Tensor zeros(Scope scope, long batch) {
    long panels = Math.ceilDiv(options.features(), StateStep.PANEL);
    Shape shape = Shape.of(batch, panels, 2, options.modes(), StateStep.PANEL);
    return scope.zeros(options.dtype(), shape);
  }

  /// The layer for a stream of `batch` sequences that goes on for any time, in a scope of its own.
  ///
  /// @throws IllegalStateException if the layer looks both ways
  public final SsmStream stream(Device device, long batch) {
    requireOneWay();
    return new SsmStream(this, device, batch);
  }

  final Tensor through(Tensor like) {
    return borrow(d, like);
  }

  private void requireOneWay() {
    if (options.bidirectional()) {
      throw new IllegalStateException(
          getClass().getSimpleName() + ": a layer that looks both ways has no state and no steps");
    }
  }
}
