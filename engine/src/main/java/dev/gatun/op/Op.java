package dev.gatun.op;

import dev.gatun.autograd.Node;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// An operator: a record whose components are its attributes, so that equality, hashing and the
/// name in messages come for free. A [Kernel] computes by itself, a [Composite] is written in other
/// ops. Ops of users implement the same two interfaces.
public sealed interface Op permits Kernel, Composite {
  /// Gradients of the inputs, given those of the outputs.
  ///
  /// @param n the call: which inputs want one ([Node#needs]), and the tensors that [#keep] asked
  ///   for, all without gradient and in the scope of the backward pass
  /// @param dy one per output; empty where nobody used that output
  /// @return one per input; empty where there is none or `n.needs(i)` is false
  List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy);

  /// Which tensors the gradient wants to see again.
  Keep keep();

  /// Runs this op on `in`; the results live in the youngest scope among them.
  ///
  /// @throws IllegalArgumentException if `in` is empty, mixes devices or breaks a rule of the op
  /// @throws IllegalStateException if an input's scope is closed
  default List<Tensor> apply(Tensor... in) {
    if (in.length == 0) {
      throw new IllegalArgumentException(
          this + ": an op without inputs is run on a scope; got none");
    }
    return Scope.youngest(List.of(in)).run(this, List.of(in));
  }

  /// [#apply] for an op with one result.
  default Tensor of(Tensor... in) {
    return apply(in).get(0);
  }
}
