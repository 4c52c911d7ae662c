package dev.gatun.io.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Puts the steps of a branch in the place of an `If` whose condition is known.
final class Branches {
  private final List<Step> steps = new ArrayList<>();
  private final List<@Nullable Value> known = new ArrayList<>();
  private boolean changed;

  private Branches(@Nullable Value[] known) {
    this.known.addAll(Arrays.asList(known));
  }

  /// Steps without those `If`s.
  ///
  /// @param known values by slot; longer than before where branches brought values of their own
  /// @param changed whether there was any
  record Result(List<Step> steps, @Nullable Value[] known, boolean changed) {}

  static Result splice(List<Step> steps, @Nullable Value[] known) {
    Branches b = new Branches(known);
    steps.forEach(b::add);
    return new Result(b.steps, b.known.toArray(new Value[0]), b.changed);
  }

  private void add(Step s) {
    boolean isIf = s.node().operator().equals("If") && s.node().domain().isEmpty();
    Value condition = isIf && s.in().length > 0 && s.in()[0] >= 0 ? known.get(s.in()[0]) : null;
    if (condition == null || condition.shape().elems() != 1) {
      steps.add(s);
      return;
    }
    String name =
        condition.tensor().reshape(-1).toDoubleArray()[0] != 0 ? "then_branch" : "else_branch";
    Program body = s.bodies().get(name);
    int[] captures = s.captures().get(name);
    if (body == null || captures == null || body.outputs().length < s.out().length) {
      steps.add(s);
      return;
    }
    changed = true;
    int[] slots = slots(s, body, captures);
    for (Step inner : body.steps()) {
      steps.add(
          new Step(
              inner.node(),
              inner.entry(),
              mapped(inner.in(), slots),
              mapped(inner.out(), slots),
              inner.bodies(),
              inner.captures()));
    }
    for (int i = 0; i < s.out().length; i++) {
      int from = slots[body.outputs()[i]];
      if (s.out()[i] >= 0 && from != s.out()[i]) {
        steps.add(identity(from, s.out()[i]));
      }
    }
  }

  /// For each slot of the branch, one of the graph around: results go where those of the `If` went.
  private int[] slots(Step s, Program body, int[] captures) {
    int[] slots = new int[body.slots()];
    Arrays.fill(slots, -1);
    for (int i = 0; i < captures.length; i++) {
      slots[body.capturedSlots()[i]] = s.in()[captures[i]];
    }
    for (int i = 0; i < s.out().length; i++) {
      int o = body.outputs()[i];
      if (slots[o] < 0 && body.constants()[o] == null) {
        slots[o] = s.out()[i];
      }
    }
    for (int i = 0; i < slots.length; i++) {
      if (slots[i] < 0) {
        slots[i] = known.size();
        known.add(body.constants()[i]);
      }
    }
    return slots;
  }

  private static int[] mapped(int[] in, int[] slots) {
    return Arrays.stream(in).map(i -> i < 0 ? -1 : slots[i]).toArray();
  }

  private static Step identity(int from, int to) {
    Operators.Entry entry =
        Operators.find("", "Identity", Integer.MAX_VALUE)
            .orElseThrow(() -> new IllegalStateException("Identity must be there"));
    Graph.Node node =
        new Graph.Node("", "Identity", "", 1, List.of("from"), List.of("to"), Attributes.NONE);
    return new Step(node, entry, new int[] {from}, new int[] {to}, Map.of(), Map.of());
  }
}
