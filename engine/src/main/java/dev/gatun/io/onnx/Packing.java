package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.PackedMatMul;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Lays the weights of products out as [PackedMatMul] reads them, once instead of in each run.
final class Packing {
  /// Narrower matrices would be mostly filling.
  private static final long LEAST_COLUMNS = 16;

  private final Scope scope;
  private final List<@Nullable Value> known;
  private final Map<Integer, Integer> packed = new HashMap<>();

  private Packing(@Nullable Value[] known, Scope scope) {
    this.known = new ArrayList<>(Arrays.asList(known));
    this.scope = scope;
  }

  /// `steps` with products by known matrices replaced.
  ///
  /// @param known values by slot; longer in the result, by the packed matrices
  /// @param scope where these live
  static Branches.Result pack(List<Step> steps, @Nullable Value[] known, Scope scope) {
    Packing p = new Packing(known, scope);
    List<Step> out = steps.stream().map(p::packed).toList();
    return new Branches.Result(out, p.known.toArray(new Value[0]), !p.packed.isEmpty());
  }

  private Step packed(Step s) {
    Activation activation =
        s.entry().operator() instanceof Fused.Linear linear ? linear.activation() : Activation.NONE;
    boolean isProduct =
        s.entry().operator() instanceof Fused.Linear
            || s.node().operator().equals("MatMul") && s.node().domain().isEmpty();
    Value b = isProduct ? known.get(s.in()[1]) : null;
    if (b == null
        || b.type() != ElementType.FLOAT
        || b.shape().rank() != 2
        || b.shape().dim(1) < LEAST_COLUMNS
        || b.shape().dim(0) == 0) {
      return s;
    }
    int slot = packed.computeIfAbsent(s.in()[1], from -> add(b));
    int bias = s.in().length > 2 ? s.in()[2] : -1;
    return Fusions.step(
        s, new Fused.PackedLinear(b.shape().dim(1), activation), s.in()[0], slot, bias);
  }

  private int add(Value b) {
    try (Scope work = scope.device().scope("packing")) {
      Tensor panels = PackedMatMul.pack(work.borrow(b.tensor()));
      known.add(new Value(b.type(), panels.in(scope)));
    }
    return known.size() - 1;
  }
}
