package dev.gatun.op.sequence.rnn;

import dev.gatun.autograd.Node;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// The gradient of an [Unrolled], back through time. Inputs: [#first] gradients of results, the
/// inputs of the forward call, its `y`, and what it saved.
interface Unwound extends Unrolled {
  /// What this is the gradient of.
  Unrolled forward();

  @Override
  default boolean lengths() {
    return forward().lengths();
  }

  @Override
  default boolean reverse() {
    return forward().reverse();
  }

  @Override
  default int lengthsAt() {
    return forward().lengthsAt();
  }

  /// Input number of `y`; what was saved follows.
  default int y() {
    return first() + lengthsAt() + (lengths() ? 1 : 0);
  }

  /// Checks the inputs: gradients are like the results, and so are `y` and what was saved.
  ///
  /// @param names of these, for the message
  /// @param saved output numbers of what was saved
  default void requireLikeResults(List<Spec> in, String names, int... saved) {
    Rules.count(y() + 1 + saved.length, this, names(), in);
    List<Spec> made = forward().infer(in.subList(first(), y()));
    boolean alike =
        in.subList(0, first()).equals(made.subList(0, first())) && in.get(y()).equals(made.get(0));
    for (int i = 0; i < saved.length; i++) {
      alike &= in.get(y() + 1 + i).equals(made.get(saved[i]));
    }
    Rules.require(alike, this, names + " must be like the results", names(), in);
  }

  @Override
  default long scratch(List<Spec> in, int workers) {
    return UnrolledSimd.backwardScratch(this, in, workers);
  }

  @Override
  default Keep keep() {
    return Keep.NOTHING;
  }

  /// @throws IllegalStateException always
  @Override
  default List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    throw Recurrent.noSecondDerivative(this);
  }

  @Override
  default Cost cost(List<Spec> in) {
    return Recurrent.cost(in.get(first() + X), in.get(first() + R), in, infer(in));
  }
}
