package dev.gatun.tensor;

import dev.gatun.device.Device;
import java.util.IdentityHashMap;
import java.util.List;

/// Memory in which a [Recording] runs again, by one thread at a time.
public final class Replay implements AutoCloseable {
  private final Scope scope;
  private final long bytes;
  private final List<Tensor> inputs;
  private final List<Tensor> outputs;
  private final Device.Prepared calls;

  /// A tensor of each scope in use.
  private final List<Tensor> held;

  Replay(Device device, long bytes, Recording recording) {
    this.bytes = bytes;
    scope = device.scope("replay");
    Tensor slab = scope.allocate(new Spec(DType.U8, Shape.of(bytes)));
    inputs = placed(slab, recording, recording.inputs());
    outputs = placed(slab, recording, recording.outputs());
    List<Device.Task> tasks =
        recording.recorded().stream()
            .map(c ->
                new Device.Task(
                    c.op(), placed(slab, recording, c.in()), placed(slab, recording, c.out())))
            .toList();
    IdentityHashMap<Scope, Tensor> owners = new IdentityHashMap<>();
    owners.put(scope, slab);
    tasks.forEach(c -> c.in().forEach(t -> owners.putIfAbsent(t.owner(), t)));
    held = List.copyOf(owners.values());
    calls = device.prepare(tasks);
  }

  private static List<Tensor> placed(
      Tensor slab, Recording recording, List<Recording.Operand> operands) {
    return operands.stream().map(o -> o.in(slab, recording.offsets())).toList();
  }

  /// The results for `in`, in `target`: the same bits as those of the recorded work.
  ///
  /// @throws IllegalArgumentException unless `in` has the types and shapes that were recorded
  /// @throws IllegalStateException if this replay or a constant's scope is closed
  public List<Tensor> run(Scope target, List<Tensor> in) {
    check(in);
    // Memory of a scope is not freed while it is entered: once for all calls.
    int entered = 0;
    try {
      for (Tensor t : held) {
        t.enter();
        entered++;
      }
      for (int i = 0; i < inputs.size(); i++) {
        Dispatch.copy(in.get(i), inputs.get(i));
      }
      calls.run();
      return outputs.stream().map(t -> Dispatch.copy(t, target.allocate(t.spec()))).toList();
    } finally {
      for (int i = 0; i < entered; i++) {
        held.get(i).exit();
      }
    }
  }

  private void check(List<Tensor> in) {
    boolean fits = in.size() == inputs.size();
    for (int i = 0; fits && i < in.size(); i++) {
      fits = in.get(i).spec().equals(inputs.get(i).spec());
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "Replay: inputs must be those that were recorded, %s; got %s".formatted(inputs, in));
    }
  }

  /// Bytes of memory that it holds.
  public long bytes() {
    return bytes;
  }

  /// Gives its memory back.
  ///
  /// @throws IllegalStateException if it is running
  @Override
  public void close() {
    scope.close();
    calls.close();
  }
}
