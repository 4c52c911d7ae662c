package dev.gatun.samples.conform;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What an adapter may call its operator with: the inputs of a case in one type, in the scope of
/// one run, and the flags. What an adapter does not ask for is not supported.
final class Arguments {
  private final Scope scope;
  private final Map<String, Tensor> inputs;
  private final Flags flags;
  private final DType dtype;
  private final Set<String> taken = new HashSet<>();

  Arguments(Scope scope, Map<String, Tensor> inputs, Flags flags, DType dtype) {
    this.scope = scope;
    this.inputs = inputs;
    this.flags = flags;
    this.dtype = dtype;
  }

  /// Where results of operators without inputs live.
  Scope scope() {
    return scope;
  }

  /// The type of the run.
  DType dtype() {
    return dtype;
  }

  Flags flags() {
    return flags;
  }

  /// Input `name`.
  ///
  /// @throws UncoveredCase if the case has none
  Tensor in(String name) {
    return find(name)
        .orElseThrow(() ->
            new UncoveredCase("input '%s' must be there; got %s".formatted(name, inputs.keySet())));
  }

  /// Input `name`, where the case has it.
  Optional<Tensor> find(String name) {
    taken.add(name);
    return Optional.ofNullable(inputs.get(name)).map(scope::borrow);
  }

  /// @throws UncoveredCase if an input or a flag was not asked for
  void requireAllTaken() {
    List<String> unused = new ArrayList<>(flags.unused());
    inputs.keySet().stream()
        .filter(n -> !taken.contains(n))
        .forEach(n -> unused.add("input '" + n + "'"));
    if (!unused.isEmpty()) {
      throw new UncoveredCase(
          String.join(", ", unused) + (unused.size() == 1 ? " is" : " are") + " not supported");
    }
  }
}
