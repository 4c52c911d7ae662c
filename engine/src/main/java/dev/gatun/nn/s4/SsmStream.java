package dev.gatun.nn.s4;

import dev.gatun.device.Device;
import dev.gatun.op.sequence.s4.Recurrence;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// A layer's steps over a stream: parameters as they were when it was opened, discretised once, and
/// a state that is written in place. Memory stays constant, and a result waits for no later input.
///
/// Not for several threads.
public final class SsmStream implements AutoCloseable {
  private final Scope scope;
  private final Recurrence model;
  private final Variable state;
  private final Tensor d;
  private final boolean gelu;

  SsmStream(SsmLayer layer, Device device, long batch) {
    scope = device.scope("stream");
    gelu = layer.options().gelu();
    try (Scope made = device.scope("recurrence")) {
      Tensor like = made.zeros(layer.options().dtype(), Shape.of(0));
      Recurrence r = layer.recurrence(like);
      model = new Recurrence(r.features(), r.model().detach().in(scope), r.channels(), r.rank());
      d = layer.through(like).detach().in(scope);
    }
    state = scope.state(layer.zeros(scope, batch));
  }

  /// The results `[B, S, K H]` of the next inputs `[B, S, H]`, in their scope. Any `S` will do:
  /// results are the same however a stream is cut.
  ///
  /// @throws IllegalArgumentException if shape or type do not fit
  /// @throws IllegalStateException if the stream is closed
  public Tensor next(Tensor u) {
    Scope step = u.scope();
    Recurrence here =
        new Recurrence(
            model.features(), step.borrow(model.model()), model.channels(), model.rank());
    Recurrence.Result r = here.steps(step.borrow(state), u, Optional.of(step.borrow(d)));
    state.set(r.state());
    Tensor y = r.y().reshape(u.dim(0), u.dim(1), r.y().dim(2) * r.y().dim(3));
    return gelu ? y.gelu() : y;
  }

  /// Forgets what has been.
  public void reset() {
    try (Scope zero = scope.device().scope("zero")) {
      state.set(zero.zeros(model.model().dtype(), state.value().shape()));
    }
  }

  /// Gives the memory back.
  @Override
  public void close() {
    scope.close();
  }
}
