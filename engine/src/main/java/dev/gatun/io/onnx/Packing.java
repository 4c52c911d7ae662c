package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.PackedMatMul;
import dev.gatun.tensor.Scope;
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
        s.entry().operator() instanceof Fused.Linear linear ? linear.activation() : Activation.NONE;
    boolean isProduct =
        s.entry().operator() instanceof Fused.Linear
            || s.node().operator().equals("MatMul") && s.node().domain().isEmpty();
    Value b = isProduct && s.in().length > 1 && s.in()[1] >= 0 ? known.get(s.in()[1]) : null;
    if (b == null
        || b.type() != ElementType.FLOAT
        || b.shape().rank() != 2
        || b.shape().dim(1) < LEAST_COLUMNS
        || b.shape().dim(0) == 0) {
      return s;
    }
    int slot = packed.computeIfAbsent(s.in()[1], from -> add(from, b));
    int bias = s.in().length > 2 ? s.in()[2] : -1;
    return Fusions.step(
        s, new Fused.PackedLinear(b.shape().dim(1), activation), s.in()[0], slot, bias);
  }

  /// Packs what is in `slot`. Its memory goes back at once if nobody else reads it, to be taken by
  /// the next one.
  private int add(int slot, Value b) {
    known.add(new Value(b.type(), PackedMatMul.pack(scope.borrow(b.tensor()))));
    if (readers[slot] == 1 && slot < stored.length && stored[slot] == b) {
      known.set(slot, null);
      b.tensor().scope().close();
    }
    return known.size() - 1;
  }
}
