package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.PackedConv;
import dev.gatun.op.linear.PackedMatMul;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Lays the weights of products and of convolutions over a line out as [PackedMatMul] and
/// [PackedConv] read them, once instead of in each run.
final class Packing {
  /// Narrower matrices would be mostly filling.
  private static final long LEAST_COLUMNS = 16;

  private final Scope scope;
  private final List<@Nullable Value> known;
  private final Map<Integer, Integer> packed = new HashMap<>();

  private final int[] readers;
  private final @Nullable Value[] stored;

  private Packing(
      List<Step> steps,
      int[] outputs,
      @Nullable Value[] known,
      @Nullable Value[] stored,
      Scope scope) {
    readers = new int[known.length];
    steps.forEach(s -> count(s.in()));
    count(outputs);
    this.stored = stored;
    this.known = new ArrayList<>(Arrays.asList(known));
    this.scope = scope;
  }

  /// `steps` with products by known matrices replaced.
  ///
  /// @param known values by slot; longer in the result, by the packed matrices
  /// @param outputs slots that are read from outside
  /// @param stored values by slot that have a scope of their own
  /// @param scope where these live
  static Branches.Result pack(
      List<Step> steps,
      int[] outputs,
      @Nullable Value[] known,
      @Nullable Value[] stored,
      Scope scope) {
    Packing p = new Packing(steps, outputs, known, stored, scope);
    List<Step> out = steps.stream().map(p::packed).toList();
    return new Branches.Result(out, p.known.toArray(new Value[0]), !p.packed.isEmpty());
  }

  private void count(int[] slots) {
    for (int slot : slots) {
      if (slot >= 0) {
        readers[slot]++;
      }
    }
  }

  private Step packed(Step s) {
    Activation activation =
        switch (s.entry().operator()) {
          case Fused.Linear f -> f.activation();
          case Fused.Convolution f -> f.activation();
          default -> Activation.NONE;
        };
    boolean isProduct = s.entry().operator() instanceof Fused.Linear || isStandard(s, "MatMul");
    boolean isConvolution =
        (s.entry().operator() instanceof Fused.Convolution || isStandard(s, "Conv"))
            && s.node().attributes().integer("group", 1) == 1;
    Value b = s.in().length > 1 && s.in()[1] >= 0 ? known.get(s.in()[1]) : null;
    if (b == null || b.type() != ElementType.FLOAT || b.shape().elems() == 0) {
      return s;
    }
    int bias = s.in().length > 2 ? s.in()[2] : -1;
    Shape shape = b.shape();
    if (isProduct && shape.rank() == 2 && shape.dim(1) >= LEAST_COLUMNS) {
      int slot = packed.computeIfAbsent(s.in()[1], from -> add(from, b, PackedMatMul::pack));
      Fused linear = new Fused.PackedLinear(shape.dim(1), activation);
      return Fusions.step(s, linear, s.in()[0], slot, bias);
    }
    // Of images with two axes the many pixels fill the vectors.
    if (isConvolution && shape.rank() == 3 && shape.dim(0) >= LEAST_COLUMNS) {
      int slot = packed.computeIfAbsent(s.in()[1], from -> add(from, b, PackedConv::pack));
      Fused convolution =
          new Fused.PackedConvolution(shape.dim(0), List.of(shape.dim(2)), activation);
      return Fusions.step(s, s.node().attributes(), convolution, s.in()[0], slot, bias);
    }
    return s;
  }

  private static boolean isStandard(Step s, String operator) {
    return s.node().operator().equals(operator) && s.node().domain().isEmpty();
  }

  /// Packs what is in `slot`. Its memory goes back at once if nobody else reads it, to be taken by
  /// the next one.
  private int add(int slot, Value b, UnaryOperator<Tensor> pack) {
    known.add(new Value(b.type(), pack.apply(scope.borrow(b.tensor()))));
    if (readers[slot] == 1 && slot < stored.length && stored[slot] == b) {
      known.set(slot, null);
      b.tensor().scope().close();
    }
    return known.size() - 1;
  }
}
