package dev.gatun.nn.rwkv;

import dev.gatun.device.Device;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.List;

/// A model's steps over one text: its state is written in place, so that memory stays constant.
///
/// Not for several threads.
public final class RwkvStream implements AutoCloseable {
  private final Rwkv model;
  private final Scope scope;
  private final List<Variable> state;

  /// At the beginning of a text, or of `batch` texts.
  public RwkvStream(Rwkv model, Device device, long batch) {
    this.model = model;
    scope = device.scope("stream");
    try (Scope made = device.scope("start")) {
      state = model.start(made, batch).parts().stream().map(scope::state).toList();
    }
  }

  /// Scores `[B, V]` of the token after `tokens [B, T]`, in their scope. Any `T` from 1 will do.
  ///
  /// @throws IllegalArgumentException if shape or type do not fit, or a token is out of range
  /// @throws IllegalStateException if the stream is closed
  public Tensor next(Tensor tokens) {
    Scope step = tokens.scope();
    Rwkv.State now = new Rwkv.State(state.stream().map(v -> step.borrow(v)).toList());
    Rwkv.Output out = model.forward(tokens, now);
    for (int i = 0; i < state.size(); i++) {
      state.get(i).set(out.state().parts().get(i));
    }
    return Shift.last(out.logits());
  }

  /// Gives the memory back.
  @Override
  public void close() {
    scope.close();
  }
}
