package dev.gatun.nn;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// Something with named parameters: a layer, a block, a whole model. Parameters are [Variable]s of
/// a long scope; a call borrows them into the scope of its input, so that whatever a step computes
/// from them, its gradients included, is step memory.
///
/// ```java
/// final class Mlp extends Module {
///   private final Linear up;
///   private final Linear down;
///
///   Mlp(Scope scope) {
///     up = child("up", Linear.of(scope, 64, 256, Activation.GELU, 1));
///     down = child("down", Linear.of(scope, 256, 64, Activation.NONE, 2));
///   }
///
///   Tensor forward(Tensor x) {
///     return down.forward(up.forward(x));
///   }
/// }
/// ```
public abstract class Module {
  private final Map<String, Variable> own = new LinkedHashMap<>();
  private final Map<String, Module> children = new LinkedHashMap<>();
  private boolean training = true;

  /// A module without parameters or children yet, in training mode.
  protected Module() {}

  /// Adds a parameter that starts as a copy of `initial` in `scope`. Types that carry no gradient
  /// (BF16 weights) make a parameter for inference only.
  ///
  /// @throws IllegalArgumentException if `name` is taken, empty or has a dot
  protected final Variable parameter(String name, Scope scope, Tensor initial) {
    requireFree(name);
    Variable v = initial.dtype().computes() ? scope.variable(initial) : scope.state(initial);
    own.put(name, v);
    return v;
  }

  /// Adds a module whose parameters appear as `name.parameter`.
  ///
  /// @throws IllegalArgumentException if `name` is taken, empty or has a dot
  protected final <M extends Module> M child(String name, M module) {
    requireFree(name);
    children.put(name, module);
    return module;
  }

  private void requireFree(String name) {
    if (name.isEmpty()
        || name.contains(".")
        || own.containsKey(name)
        || children.containsKey(name)) {
      throw new IllegalArgumentException(
          "%s: a name must be free and without dots; got '%s' beside %s and %s"
              .formatted(getClass().getSimpleName(), name, own.keySet(), children.keySet()));
    }
  }

  /// All parameters, own ones first, then those of each child, in the order they were added.
  public final Map<String, Variable> parameters() {
    Map<String, Variable> all = new LinkedHashMap<>(own);
    children.forEach(
        (name, child) -> child.parameters().forEach((n, v) -> all.put(name + "." + n, v)));
    return Collections.unmodifiableMap(all);
  }

  /// `p` in the scope of `input`: with gradient in training mode, without one (so that nothing is
  /// recorded) in evaluation mode.
  protected final Tensor borrow(Variable p, Tensor input) {
    Tensor alias = input.scope().borrow(p);
    return training ? alias : alias.detach();
  }

  /// Training mode, also for all children: calls are recorded for gradients.
  public final void train() {
    setTraining(true);
  }

  /// Evaluation mode, also for all children: parameters carry no gradient.
  public final void eval() {
    setTraining(false);
  }

  /// True in training mode.
  public final boolean isTraining() {
    return training;
  }

  private void setTraining(boolean on) {
    training = on;
    children.values().forEach(m -> m.setTraining(on));
  }

  /// One line per parameter, and their number.
  @Override
  public String toString() {
    StringBuilder s = new StringBuilder(getClass().getSimpleName());
    long elems = 0;
    for (Map.Entry<String, Variable> p : parameters().entrySet()) {
      s.append("\n  ").append(p.getKey()).append(' ').append(p.getValue().value().spec());
      elems += p.getValue().value().shape().elems();
    }
    return s.append("\n  ").append(elems).append(" parameters").toString();
  }
}
