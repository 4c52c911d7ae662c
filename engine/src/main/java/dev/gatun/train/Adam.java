package dev.gatun.train;

import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Collection;
import java.util.List;

/// Adam, with weight decay as part of the gradient where there is any. For step `t = 1, 2, ...` of
/// each parameter:
///
/// ```
/// d = g + decay p
/// m = beta1 m + (1 - beta1) d
/// v = beta2 v + (1 - beta2) d^2
/// p = p - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// ```
///
/// Cost: that of [AdamW], whose kernel it shares and which keeps decay out of the moments.
///
/// Source: Kingma and Ba, Adam: a method for stochastic optimization, 2015, algorithm 1.
public final class Adam extends Optimizer {
  private final AdamW.Options options;
  private final List<Variable> m;
  private final List<Variable> v;
  private final long[] steps;

  private Adam(Collection<Variable> parameters, AdamW.Options options) {
    super(parameters);
    this.options = options;
    this.m = parameters().stream().map(Optimizer::zerosLike).toList();
    this.v = parameters().stream().map(Optimizer::zerosLike).toList();
    this.steps = new long[parameters().size()];
  }

  /// For these parameters, with 0.9, 0.999, 1e-8 and no decay.
  public static Adam of(Collection<Variable> parameters) {
    return of(parameters, AdamW.Options.standard().withDecay(0));
  }

  /// For these parameters.
  public static Adam of(Collection<Variable> parameters, AdamW.Options options) {
    return new Adam(parameters, options);
  }

  @Override
  void update(int i, Tensor dp, double rate, double scale) {
    Variable p = parameters().get(i);
    AdamW.Update op = new AdamW.Update(options, true, rate, ++steps[i], scale);
    p.value().scope().update(op, List.of(p, m.get(i), v.get(i)), List.of(dp));
  }
}
