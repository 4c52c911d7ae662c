package dev.gatun.samples.conform;

import dev.gatun.op.Op;
import dev.gatun.tensor.Tensor;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// From the cases of one golden file to calls of the public API. An adapter holds no arithmetic: it
/// names inputs and flags, and picks results.
interface Adapter {
  /// The file it is for, without ending.
  String file();

  /// Stored results that have no unique value, and are not compared.
  default Set<String> arbitrary() {
    return Set.of();
  }

  /// Calls the operator of one case.
  ///
  /// @throws UncoveredCase if the engine has no such operator, flag or input
  Result call(Arguments a);

  /// All results by name, and the operator that must have run, if they come from one.
  record Result(Optional<Class<? extends Op>> op, Map<String, Tensor> outputs) {
    Result(Class<? extends Op> op, Map<String, Tensor> outputs) {
      this(Optional.of(op), outputs);
    }
  }

  /// For an operator that does not exist yet.
  static UncoveredCase missing(String op) {
    return new UncoveredCase("there is no operator '" + op + "' yet");
  }
}
