package dev.gatun.io.onnx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// The operators that are there, by domain, name and the version of the operator set that brought
/// them.
final class Operators {
  private static final Operators ALL = new Operators();

  private final Map<String, List<Entry>> entries = new LinkedHashMap<>();

  private Operators() {
    List.<Consumer>of(
            ActivationOperators::addTo,
            AttentionOperators::addTo,
            CastOperators::addTo,
            ConstantOperators::addTo,
            ControlOperators::addTo,
            ConvolutionOperators::addTo,
            IndexOperators::addTo,
            LossOperators::addTo,
            MathOperators::addTo,
            NormOperators::addTo,
            ProductOperators::addTo,
            QuantizedOperators::addTo,
            RecurrentOperators::addTo,
            ReductionOperators::addTo,
            ShapeOperators::addTo,
            SignalOperators::addTo)
        .forEach(c -> c.addTo(this));
  }

  private interface Consumer {
    void addTo(Operators all);
  }

  /// How outputs depend on inputs, from which follows what need not be computed again.
  enum Trait {
    /// The data of all inputs decide the shapes of the outputs.
    SHAPED_BY_ALL,
    /// The data of the first input decide the shapes of the outputs.
    SHAPED_BY_FIRST,
    /// The data of the inputs after the first decide the shapes of the outputs.
    SHAPED_BY_REST,
    /// The outputs may be far larger than the inputs.
    GROWS,
    /// Nothing but shapes of inputs is read.
    READS_SHAPES,
    /// Two runs give two results.
    RANDOM
  }

  /// An operator from a version on.
  record Entry(int since, Operator operator, Set<Trait> traits) {}

  /// Adds `operator` of the standard from version `since` on, up to the next version added.
  void add(String name, int since, Operator operator, Trait... traits) {
    add("", name, since, operator, traits);
  }

  /// Adds an operator of another domain.
  void add(String domain, String name, int since, Operator operator, Trait... traits) {
    entries
        .computeIfAbsent(key(domain, name), k -> new ArrayList<>())
        .add(new Entry(since, operator, Set.of(traits)));
  }

  /// Adds an operator with one output.
  void one(String name, int since, Function<Invocation, Value> operator, Trait... traits) {
    add(name, since, n -> List.of(operator.apply(n)), traits);
  }

  /// The operator that `name` means in `version` of `domain`.
  static Optional<Entry> find(String domain, String name, int version) {
    return ALL.entries.getOrDefault(key(domain, name), List.of()).stream()
        .filter(e -> e.since <= version)
        .max((a, b) -> Integer.compare(a.since, b.since));
  }

  private static String key(String domain, String name) {
    return domain + ":" + name;
  }
}
