package dev.gatun.io.onnx;

import dev.gatun.device.Device;
import dev.gatun.tensor.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// From a file's graph to a program: functions become their nodes, constants are folded, patterns
/// are fused. Owns what is constant.
final class Loading {
  private final Device device;
  private final Scope folded;
  private final Program.Builder builder;

  Loading(Device device) {
    this.device = device;
    this.folded = device.scope("constants");
    this.builder = new Program.Builder(device);
  }

  /// @throws IllegalArgumentException if the graph is broken or operators are missing; these are
  ///   named
  Program program(GraphReader.Model file) {
    Program program = builder.build(Inlining.inline(file), Set.of());
    if (!builder.missing().isEmpty()) {
      throw new IllegalArgumentException(
          "every operator must be there; missing: " + String.join("; ", builder.missing()));
    }
    return program;
  }

  /// What is known without inputs is computed once; stored tensors that only served for that go.
  Plan fold(Program program) {
    Branches.Result now = new Branches.Result(program.steps(), program.constants().clone(), true);
    while (now.changed()) {
      now = Branches.splice(now.steps(), known(program, now));
    }
    List<Step> fused = Fusions.apply(now.steps(), program.outputs(), now.known());
    Branches.Result packed =
        Packing.pack(fused, program.outputs(), now.known(), program.constants(), folded);
    Plan plan = Plan.of(packed.steps(), program.outputs(), packed.known());
    dropUnread(program, plan);
    return plan;
  }

  private @Nullable Value[] known(Program program, Branches.Result now) {
    Knowledge knowledge = new Knowledge(new int[0], now.known(), folded, Long.MAX_VALUE);
    List<Step> constant = new ArrayList<>();
    boolean[] fixed = new boolean[now.known().length];
    for (int i = 0; i < fixed.length; i++) {
      fixed[i] = now.known()[i] != null;
    }
    for (Step s : now.steps()) {
      if (foldable(s, fixed)) {
        if (!isFixed(s.out(), fixed)) {
          constant.add(s);
        }
        mark(fixed, s.out());
      }
    }
    List<int[]> keepAll = constant.stream().map(s -> new int[0]).toList();
    try (Scope nowhere = device.scope("folding")) {
      new Execution(program, new Plan(constant, keepAll, now.known()), nowhere).fold(knowledge);
    }
    return knowledge.known();
  }

  private static boolean isFixed(int[] slots, boolean[] fixed) {
    for (int slot : slots) {
      if (slot >= 0 && !fixed[slot]) {
        return false;
      }
    }
    return true;
  }

  private static boolean foldable(Step s, boolean[] fixed) {
    return isFixed(s.in(), fixed)
        && !s.entry().traits().contains(Operators.Trait.RANDOM)
        && !s.entry().traits().contains(Operators.Trait.GROWS)
        && s.bodies().isEmpty();
  }

  private static void mark(boolean[] flags, int[] slots) {
    for (int slot : slots) {
      if (slot >= 0) {
        flags[slot] = true;
      }
    }
  }

  private static void dropUnread(Program program, Plan plan) {
    boolean[] read = new boolean[plan.known().length];
    mark(read, program.outputs());
    plan.steps().forEach(s -> mark(read, s.in()));
    for (int i = 0; i < program.constants().length; i++) {
      Value v = program.constants()[i];
      if (v != null && !read[i]) {
        v.tensor().scope().close();
        plan.known()[i] = null;
      }
    }
  }

  /// Frees all constants.
  void close() {
    builder.weights().forEach(Scope::close);
    folded.close();
  }
}
