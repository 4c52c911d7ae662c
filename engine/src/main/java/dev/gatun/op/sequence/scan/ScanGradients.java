package dev.gatun.op.sequence.scan;

import dev.gatun.autograd.Node;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// From gradients of results to those of inputs, by [Scan.Grad].
final class ScanGradients {
  private ScanGradients() {}

  static List<Optional<Tensor>> of(Scan op, Node node, List<Optional<Tensor>> dy) {
    int n = op.combiner().tensors();
    boolean last = dy.subList(n, 2 * n).stream().anyMatch(Optional::isPresent);
    boolean initial = node.inputs() == 3 * n;
    List<Tensor> in = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      in.add(node.in(i));
    }
    for (int i = 0; i < n; i++) {
      in.add(node.out(i));
    }
    for (int i = 0; i < (last ? 2 * n : n); i++) {
      int k = i;
      in.add(dy.get(i).orElseGet(() -> zeros(node, k)));
    }
    for (int i = 2 * n; i < node.inputs(); i++) {
      in.add(node.in(i));
    }
    List<Tensor> out = new Scan.Grad(op, last, initial).apply(in.toArray(Tensor[]::new));
    List<Optional<Tensor>> dx = new ArrayList<>();
    for (int i = 0; i < node.inputs(); i++) {
      Tensor d = out.get(i);
      dx.add(
          node.needs(i)
              ? Optional.of(i < n ? gathered(d, node.inSpec(i).shape()) : d)
              : Optional.empty());
    }
    return dx;
  }

  private static Tensor zeros(Node node, int output) {
    return node.in(0).scope().zeros(node.outSpec(output).dtype(), node.outSpec(output).shape());
  }

  /// The sum over axes that gates share.
  private static Tensor gathered(Tensor d, Shape to) {
    int[] axes =
        IntStream.range(0, to.rank()).filter(i -> to.dim(i) == 1 && d.dim(i) != 1).toArray();
    return axes.length == 0 ? d : d.sumKeep(axes);
  }
}
