package dev.gatun.io.onnx;

import dev.gatun.tensor.Recording;
import dev.gatun.tensor.Replay;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Runs one plan on inputs of the same shapes again and again: the first time it takes down the
/// calls of kernels, and later calls these alone. Where that may not be, because results decide on
/// what is called, the plan itself runs.
final class Repetition implements AutoCloseable {
  private final Program program;
  private final Plan plan;
  private final Idle idle;
  private Optional<Recorded> recorded = Optional.empty();
  private boolean closed;

  private record Recorded(Recording recording, List<ElementType> types) {}

  Repetition(Program program, Plan plan, Idle idle) {
    this.program = program;
    this.plan = plan;
    this.idle = idle;
  }

  /// Memory of repetitions that nobody runs now, for the next run of the same plan.
  static final class Idle {
    /// The most that is kept.
    private static final long BYTES = 16L << 20;

    private final Map<Repetition, Replay> replays = new LinkedHashMap<>();
    private long bytes;

    private synchronized Optional<Replay> take(Repetition of) {
      Replay r = replays.remove(of);
      bytes -= r == null ? 0 : r.bytes();
      return Optional.ofNullable(r);
    }

    private synchronized void give(Repetition of, Replay r) {
      take(of).ifPresent(Replay::close);
      replays.put(of, r);
      bytes += r.bytes();
      while (bytes > BYTES) {
        take(replays.keySet().iterator().next()).ifPresent(Replay::close);
      }
    }
  }

  List<Value> run(Scope target, List<Value> in) {
    Recorded r;
    synchronized (this) {
      r = recorded.orElse(null);
    }
    if (r == null) {
      return first(target, in);
    }
    List<Tensor> tensors = in.stream().map(Value::tensor).toList();
    if (r.recording().refusal().isPresent()) {
      return new Execution(program, plan, target).run(in, new Value[0]);
    }
    Replay replay = idle.take(this).orElseGet(r.recording()::replay);
    List<Tensor> out;
    try {
      out = replay.run(target, tensors);
    } finally {
      giveBack(replay);
    }
    return values(r.types(), out);
  }

  private synchronized void giveBack(Replay replay) {
    if (closed) {
      replay.close();
    } else {
      idle.give(this, replay);
    }
  }

  private List<Value> first(Scope target, List<Value> in) {
    List<Tensor> tensors = in.stream().map(Value::tensor).toList();
    List<ElementType> types = new ArrayList<>();
    Recording recording =
        Recording.of(
            target,
            tensors,
            (scope, copies) -> {
              List<Value> values = new ArrayList<>();
              for (int i = 0; i < copies.size(); i++) {
                values.add(new Value(in.get(i).type(), copies.get(i)));
              }
              List<Value> out = new Execution(program, plan, scope).run(values, new Value[0]);
              out.forEach(v -> types.add(v.type()));
              return out.stream().map(Value::tensor).toList();
            });
    List<Value> results = values(types, recording.results());
    keep(new Recorded(recording, List.copyOf(types)));
    return results;
  }

  private synchronized void keep(Recorded r) {
    if (closed || recorded.isPresent()) {
      r.recording().close();
    } else {
      recorded = Optional.of(r);
    }
  }

  private static List<Value> values(List<ElementType> types, List<Tensor> tensors) {
    List<Value> values = new ArrayList<>();
    for (int i = 0; i < tensors.size(); i++) {
      values.add(new Value(types.get(i), tensors.get(i)));
    }
    return values;
  }

  /// Kernels that a repetition calls, or why there is none; for tests.
  synchronized Optional<Recording> recording() {
    return recorded.map(Recorded::recording);
  }

  @Override
  public synchronized void close() {
    closed = true;
    idle.take(this).ifPresent(Replay::close);
    recorded.ifPresent(r -> r.recording().close());
  }
}
