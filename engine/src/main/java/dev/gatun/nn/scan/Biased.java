package dev.gatun.nn.scan;

import dev.gatun.nn.Module;
import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// The map to step sizes, whose bias goes to the scan; `weight [out, in]`, `bias [out]`.
final class Biased extends Module {
  private final Variable weight;
  private final Variable bias;

  Biased(Scope scope, Scope initial, DType t, long in, long out, long seed) {
    weight = parameter("weight", scope, ScanLayer.weights(initial, t, out, in, seed));
    bias = parameter("bias", scope, ScanLayer.stepBias(initial, t, out, seed + 1));
  }

  Tensor product(Tensor x) {
    return x.linear(borrow(weight, x), Optional.empty(), Activation.NONE);
  }

  Tensor bias(Tensor like) {
    return borrow(bias, like);
  }
}
