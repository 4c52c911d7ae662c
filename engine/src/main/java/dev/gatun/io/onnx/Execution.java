package dev.gatun.io.onnx;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// One run of a program. Each step has a scope of its own, which is closed as soon as nobody reads
/// its results any more, so that the next steps get its memory.
final class Execution {
  private final Program program;
  private final Plan plan;
  private final Scope target;
  private final @Nullable Value[] values;
  private final @Nullable Lease[] leases;
  private final List<Lease> all = new ArrayList<>();

  /// @param target where the results go
  Execution(Program program, Plan plan, Scope target) {
    this.program = program;
    this.plan = plan;
    this.target = target;
    this.values = plan.known().clone();
    this.leases = new Lease[values.length];
  }

  /// The scope of a step, open as long as one of its results is read or seen through a view.
  private static final class Lease {
    private final Scope scope;
    private final List<Lease> under = new ArrayList<>();
    private int users;

    Lease(Scope scope) {
      this.scope = scope;
    }

    void release() {
      if (--users == 0) {
        scope.close();
        under.forEach(Lease::release);
      }
    }
  }

  /// The graph's outputs in `target`.
  ///
  /// @throws IllegalArgumentException if a node refuses its inputs; it is named
  List<Value> run(List<Value> inputs, Value[] captured) {
    return run(inputs, captured, Optional.empty());
  }

  /// As above, and `knowledge` learns what does not depend on the data of the inputs.
  List<Value> run(List<Value> inputs, Value[] captured, Optional<Knowledge> knowledge) {
    if (inputs.size() != program.inputs().length) {
      throw new IllegalArgumentException(
          "graph '%s' must get its %d inputs; got %d"
              .formatted(program.graph().name(), program.inputs().length, inputs.size()));
    }
    for (int i = 0; i < inputs.size(); i++) {
      values[program.inputs()[i]] = inputs.get(i);
    }
    for (int i = 0; i < captured.length; i++) {
      values[program.capturedSlots()[i]] = captured[i];
    }
    try {
      steps(knowledge);
      List<Value> results = new ArrayList<>();
      for (int slot : program.outputs()) {
        Value v = present(slot);
        results.add(new Value(v.type(), v.tensor().in(target)));
      }
      return results;
    } finally {
      all.forEach(l -> l.scope.close());
    }
  }

  /// Runs the plan, whose steps need no inputs, for `knowledge` alone.
  void fold(Knowledge knowledge) {
    try {
      steps(Optional.of(knowledge));
    } finally {
      all.forEach(l -> l.scope.close());
    }
  }

  private void steps(Optional<Knowledge> knowledge) {
    for (int k = 0; k < plan.steps().size(); k++) {
      Step step = plan.steps().get(k);
      run(step);
      knowledge.ifPresent(known -> known.after(step, values));
      for (int slot : plan.dead().get(k)) {
        forget(slot);
      }
    }
  }

  private Value present(int slot) {
    Value v = values[slot];
    if (v == null) {
      throw new IllegalStateException("a value must be made before it is read; slot " + slot);
    }
    return v;
  }

  private void run(Step step) {
    Lease lease = new Lease(target.child("node"));
    all.add(lease);
    @Nullable Value[] in = new Value[step.in().length];
    for (int i = 0; i < in.length; i++) {
      in[i] = step.in()[i] < 0 ? null : present(step.in()[i]);
    }
    List<Value> out;
    try {
      out = step.entry().operator().run(new Invocation(step, in, lease.scope));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(step + ": " + e.getMessage() + got(in), e);
    } catch (IllegalStateException e) {
      throw e;
    } catch (RuntimeException e) {
      // What a handler makes of sizes, axes or lists that cannot be.
      throw new IllegalArgumentException(
          step + ": inputs and attributes must fit each other; " + e.getMessage() + got(in), e);
    }
    lease.users = 1;
    for (int i = 0; i < step.out().length; i++) {
      if (step.out()[i] >= 0) {
        if (i >= out.size()) {
          throw new IllegalArgumentException(
              "%s: the operator has %d outputs; the node names %d"
                  .formatted(step, out.size(), step.out().length));
        }
        values[step.out()[i]] = out.get(i);
        leases[step.out()[i]] = lease;
        lease.users++;
        keepViewed(out.get(i).tensor(), step, in, lease);
      }
    }
    lease.release();
  }

  /// A result may be a view of an input.
  private void keepViewed(Tensor result, Step step, @Nullable Value[] in, Lease lease) {
    for (int i = 0; i < in.length; i++) {
      Value v = in[i];
      Lease owner = v == null ? null : leases[step.in()[i]];
      if (v != null && owner != null && v.tensor().buffer() == result.buffer()) {
        owner.users++;
        lease.under.add(owner);
      }
    }
  }

  private void forget(int slot) {
    Lease lease = leases[slot];
    if (lease != null) {
      lease.release();
      leases[slot] = null;
      values[slot] = null;
    }
  }

  private static String got(@Nullable Value[] in) {
    return Arrays.stream(in)
        .map(v -> v == null ? "none" : v.type() + " " + v.shape())
        .collect(Collectors.joining(", ", "; inputs ", ""));
  }
}
