package dev.gatun.nn.scan;

import dev.gatun.nn.Module;
import dev.gatun.op.reduce.RmsNorm;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// A gated RMS norm in groups; `weight [D]`.
final class GatedNorm extends Module {
  private final Variable weight;
  private final long group;
  private final boolean gateLast;

  GatedNorm(Scope scope, Scope initial, DType t, long width, long group, boolean gateLast) {
    weight = parameter("weight", scope, initial.full(t, Shape.of(width), 1));
    this.group = group;
    this.gateLast = gateLast;
  }

  Tensor forward(Tensor x, Tensor gate) {
    Optional<Tensor> w = Optional.of(borrow(weight, x));
    return RmsNorm.of(x, Optional.of(gate), w, Optional.empty(), 1e-5, group, gateLast);
  }
}
