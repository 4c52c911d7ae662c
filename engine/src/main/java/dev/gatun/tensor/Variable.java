package dev.gatun.tensor;

import java.util.List;

/// What changes over time: parameters, optimiser moments, accumulators, caches. A cell of a long
/// scope, allocated once and written in place. Every write counts a version, and a backward pass
/// that would read a value written since its forward pass throws instead.
public final class Variable {
  private final Tensor value;

  Variable(Tensor value) {
    this.value = value;
  }

  /// The current value. Borrow it ([Scope#borrow(Variable)]) to compute in a shorter scope.
  public Tensor value() {
    return value;
  }

  /// Writes so far.
  public long version() {
    return value.version();
  }

  /// Overwrites the value.
  ///
  /// @throws IllegalArgumentException unless `t` has the same type and shape
  public void set(Tensor t) {
    value.scope().update(new dev.gatun.op.shape.Assign(), List.of(this), List.of(t.detach()));
  }

  /// Adds `t` in place.
  ///
  /// @throws IllegalArgumentException unless `t` has the same type and shape
  public void add(Tensor t) {
    value.scope().update(new dev.gatun.op.math.AddTo(), List.of(this), List.of(t.detach()));
  }

  @Override
  public String toString() {
    return "variable " + value;
  }
}
