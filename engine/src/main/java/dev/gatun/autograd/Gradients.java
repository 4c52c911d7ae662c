package dev.gatun.autograd;

import dev.gatun.op.math.Add;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/// The gradients that one backward pass computed: a map from the tensors that asked for one.
/// Nothing is mutated, and nothing the pass does is itself recorded.
public final class Gradients {
  private final Map<Tensor, Tensor> leaves;

  private Gradients(Map<Tensor, Tensor> leaves) {
    this.leaves = leaves;
  }

  /// Reverse mode: pulls `dy` back from `y` to every leaf that `y` depends on. All results live in
  /// the scope of `y`, or that of `dy` where it is younger.
  ///
  /// Cost: each recorded call's gradient once, in reverse order of recording.
  ///
  /// @throws IllegalArgumentException if `y` depends on no leaf or `dy` has another shape or type
  /// @throws IllegalStateException if a scope that the graph needs is closed, or a variable was
  ///   written between forward and backward
  public static Gradients backward(Tensor y, Tensor dy) {
    if (!y.wantsGrad()) {
      throw new IllegalArgumentException(
          "backward: the tensor must depend on one that requires a gradient; got " + y);
    }
    if (!y.spec().equals(dy.spec())) {
      throw new IllegalArgumentException(
          "backward: y and dy must agree in type and shape; got y " + y + ", dy " + dy);
    }
    Scope scope = Scope.youngest(List.of(y, dy));
    Map<Tensor, Tensor> leaves = new HashMap<>();
    Map<Node, List<Optional<Tensor>>> pending = new HashMap<>();
    give(y, scope.borrow(dy.detach()), leaves, pending);
    for (Node n : order(y)) {
      List<Optional<Tensor>> dys = pending.remove(n);
      if (dys == null) {
        continue;
      }
      List<Optional<Tensor>> dx = n.op().vjp(n.during(scope), dys);
      for (int i = 0; i < n.inputs(); i++) {
        if (n.needs(i) && dx.get(i).isPresent()) {
          give(n.graphInputs().get(i), checked(n, i, dx.get(i).get()), leaves, pending);
        }
      }
    }
    return new Gradients(leaves);
  }

  private static Tensor checked(Node n, int i, Tensor dx) {
    if (!dx.spec().equals(n.inSpec(i))) {
      throw new IllegalStateException(
          "%s: the gradient of input %d must be %s; got %s"
              .formatted(n.op(), i, n.inSpec(i), dx.spec()));
    }
    return dx;
  }

  private static void give(
      Tensor t, Tensor dt, Map<Tensor, Tensor> leaves, Map<Node, List<Optional<Tensor>>> pending) {
    if (t.node().isEmpty()) {
      leaves.merge(t.origin(), dt, (a, b) -> new Add().of(a, b));
      return;
    }
    Node n = t.node().get();
    List<Optional<Tensor>> dys =
        pending.computeIfAbsent(
            n, k -> new ArrayList<>(java.util.Collections.nCopies(k.outputs(), Optional.empty())));
    Optional<Tensor> sum = dys.get(t.outputIndex()).map(a -> new Add().of(a, dt));
    dys.set(t.outputIndex(), Optional.of(sum.orElse(dt)));
  }

  /// Nodes that `y` depends on, each before those it reads from. Iterative: graphs are deep.
  private static List<Node> order(Tensor y) {
    Deque<Node> stack = new ArrayDeque<>();
    Set<Node> entered = new HashSet<>();
    Set<Node> done = new HashSet<>();
    ArrayDeque<Node> order = new ArrayDeque<>();
    y.node().ifPresent(stack::push);
    while (!stack.isEmpty()) {
      Node n = stack.peek();
      if (entered.add(n)) {
        for (Tensor t : n.graphInputs()) {
          t.node().filter(m -> !entered.contains(m)).ifPresent(stack::push);
        }
      } else {
        stack.pop();
        if (done.add(n)) {
          order.addFirst(n);
        }
      }
    }
    return List.copyOf(order);
  }

  /// The gradient of `leaf`, a tensor with [Tensor#requiresGrad] or an alias of one.
  ///
  /// @throws IllegalArgumentException if the pass reached no such tensor
  public Tensor of(Tensor leaf) {
    return find(leaf)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "Gradients: the result must depend on the tensor, which must require a gradient;"
                    + " got "
                    + leaf));
  }

  /// The gradient of a variable.
  ///
  /// @throws IllegalArgumentException if the pass did not reach it
  public Tensor of(Variable v) {
    return of(v.value());
  }

  /// The gradient of `leaf`, or empty if the result does not depend on it.
  public Optional<Tensor> find(Tensor leaf) {
    return Optional.ofNullable(leaves.get(leaf.origin()));
  }

  /// The gradient of a variable, or empty if the result does not depend on it.
  public Optional<Tensor> find(Variable v) {
    return find(v.value());
  }

  /// `(dy^T J)` for the Jacobian `J` of `f` at `x`.
  ///
  /// @throws IllegalArgumentException if `f(x)` does not depend on `x` or disagrees with `dy`
  public static Tensor vjp(UnaryOperator<Tensor> f, Tensor x, Tensor dy) {
    Tensor leaf = x.detach().requiresGrad();
    return backward(f.apply(leaf), dy).of(leaf);
  }

  /// The Jacobian of `f` at `x`: shape of `f(x)` followed by shape of `x`.
  ///
  /// Cost: one backward pass per element of `f(x)`. Result and workings live in the scope of
  /// `f(x)`.
  public static Tensor jacobian(UnaryOperator<Tensor> f, Tensor x) {
    Tensor leaf = x.detach().requiresGrad();
    Tensor y = f.apply(leaf);
    int m = Math.toIntExact(y.shape().elems());
    long n = x.shape().elems();
    double[] jacobian = new double[Math.toIntExact(m * n)];
    for (int i = 0; i < m; i++) {
      try (Scope row = y.device().scope("jacobian row")) {
        double[] unit = new double[m];
        unit[i] = 1;
        Tensor dy = row.tensor(y.dtype(), y.shape(), unit);
        Optional<Tensor> dx = backward(y, dy).find(leaf);
        if (dx.isPresent()) {
          System.arraycopy(dx.get().toDoubleArray(), 0, jacobian, Math.toIntExact(i * n), (int) n);
        }
      }
    }
    long[] dims = java.util.Arrays.copyOf(y.shape().dims(), y.shape().rank() + x.shape().rank());
    System.arraycopy(x.shape().dims(), 0, dims, y.shape().rank(), x.shape().rank());
    return y.scope().tensor(x.dtype(), Shape.of(dims), jacobian);
  }
}
