package dev.gatun.train;

import dev.gatun.autograd.Gradients;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// Changes parameters in place by their gradients. What it remembers of each lives in the scope of
/// that parameter, allocated once.
///
/// ```java
/// Optimizer optimizer = AdamW.of(model.parameters().values());
/// try (Scope step = device.scope()) {
///   Gradients g = loss(model, batch(step)).backward();
///   optimizer.step(g, schedule.rate(i));
/// }
/// ```
public abstract sealed class Optimizer permits Sgd, Adam, AdamW {
  private final List<Variable> parameters;

  Optimizer(Collection<Variable> parameters) {
    this.parameters = List.copyOf(parameters);
  }

  /// The parameters in the order they were given.
  public final List<Variable> parameters() {
    return parameters;
  }

  /// One step with learning rate `rate`. A parameter that the gradients do not reach stays as it
  /// is.
  ///
  /// @throws IllegalStateException if a scope is closed
  public final void step(Gradients g, double rate) {
    step(g, rate, 1);
  }

  /// One step with all gradients scaled down together where their [#norm] is above `most`. Where
  /// that norm is not finite nothing is changed.
  ///
  /// Cost: reads each gradient once more than [#step(Gradients, double)].
  ///
  /// @return the norm before scaling
  /// @throws IllegalArgumentException unless `most > 0`
  public final double stepClipped(Gradients g, double rate, double most) {
    if (!(most > 0)) {
      throw new IllegalArgumentException(
          getClass().getSimpleName() + ": the largest norm must be positive; got " + most);
    }
    double norm = norm(g);
    if (Double.isFinite(norm)) {
      step(g, rate, norm > most ? most / norm : 1);
    }
    return norm;
  }

  /// Euclidean norm of all gradients of the parameters taken as one vector.
  public final double norm(Gradients g) {
    double squares = 0;
    for (Variable p : parameters) {
      Optional<Tensor> dp = g.find(p);
      if (dp.isPresent()) {
        try (Scope scope = dp.get().device().scope("norm")) {
          Tensor d = scope.borrow(dp.get());
          squares += d.mul(d).sum().item();
        }
      }
    }
    return Math.sqrt(squares);
  }

  private void step(Gradients g, double rate, double scale) {
    for (int i = 0; i < parameters.size(); i++) {
      Optional<Tensor> dp = g.find(parameters.get(i));
      if (dp.isPresent()) {
        update(i, dp.get(), rate, scale);
      }
    }
  }

  /// Changes parameter `i`, whose gradient is `scale * dp`.
  abstract void update(int i, Tensor dp, double rate, double scale);

  /// A cell of zeros of the shape of `p` in its scope.
  static Variable zerosLike(Variable p) {
    Scope home = p.value().scope();
    try (Scope initial = home.device().scope("initial")) {
      return home.state(initial.zeros(p.value().dtype(), p.value().shape()));
    }
  }
}
