package dev.gatun.tensor;

import dev.gatun.device.Device;
import dev.gatun.op.Kernel;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/// The kernel calls of a piece of work, to be run again on other inputs of the same types and
/// shapes without what the work does around them: composing, checking, allocating. Memory of
/// intermediate results is planned once, as one piece in which places are used again.
///
/// ```java
/// Recording r = Recording.of(scope, List.of(x), (s, in) -> List.of(in.get(0).mul(2).exp()));
/// try (r; Replay replay = r.replay()) {
///   Tensor y = replay.run(scope, List.of(other)).get(0);
/// }
/// ```
///
/// Work may be repeated if all it does is call ops in the scope that it gets and in
/// [Scope#child]ren of it: whatever it reads back to the host, and a variable it updates, might
/// decide on the calls themselves, and then [#refusal] says so. Tensors of other scopes that it
/// uses, and what it copies from the host, are taken for constants. A seed is a constant too.
/// Gradients are not recorded.
public final class Recording implements AutoCloseable {
  private final Scope constants;
  private final List<Tensor> results;
  private final Recorder recorder;
  private final List<Operand> inputs;
  private final List<Operand> outputs;
  private final long[] offsets;

  /// @param region where `tensor`'s memory lies in a repetition, or -1 for a constant
  record Operand(Tensor tensor, int region) {
    /// This operand over the memory of a repetition.
    Tensor in(Tensor slab, long[] offsets) {
      return region < 0
          ? tensor
          : slab.place(
              tensor.spec(), tensor.layout().shifted(offsets[region] / tensor.dtype().bytes()));
    }
  }

  record Call(Kernel op, List<Operand> in, List<Operand> out) {}

  /// Memory from the call that writes it to the last that reads it.
  record Region(long bytes, int first, int last) {
    Region until(int call) {
      return new Region(bytes, first, Math.max(last, call));
    }

    boolean overlaps(Region other) {
      return first <= other.last && other.first <= last;
    }

    long padded() {
      return bytes + 63 & -64;
    }
  }

  private Recording(
      Scope constants,
      List<Tensor> results,
      Recorder recorder,
      List<Operand> inputs,
      List<Operand> outputs) {
    this.constants = constants;
    this.results = results;
    this.recorder = recorder;
    this.inputs = inputs;
    this.outputs = outputs;
    this.offsets = Recorder.offsets(recorder.regions());
  }

  /// Runs `work` on `in` and takes down what it calls.
  ///
  /// @param target where the results go
  /// @throws IllegalArgumentException if an input is on another device than `target`
  public static Recording of(
      Scope target,
      List<Tensor> in,
      BiFunction<? super Scope, ? super List<Tensor>, ? extends List<Tensor>> work) {
    Device device = target.device();
    Scope constants = device.scope("constants");
    Recorder recorder = new Recorder(constants);
    boolean done = false;
    try (Scope watched = device.scope("recording")) {
      watched.watch(recorder);
      List<Tensor> copies =
          in.stream().map(t -> Dispatch.copy(t, watched.allocate(t.spec()))).toList();
      List<Operand> inputs = copies.stream().map(recorder::operand).toList();
      inputs.forEach(recorder::isWritten);
      List<Tensor> out = List.copyOf(work.apply(watched, copies));
      List<Operand> outputs = out.stream().map(recorder::operand).toList();
      List<Tensor> results =
          out.stream().map(t -> Dispatch.copy(t, target.allocate(t.spec()))).toList();
      done = true;
      return new Recording(constants, results, recorder, inputs, outputs);
    } finally {
      if (!done) {
        constants.close();
      }
    }
  }

  /// What the work returned, in the target.
  public List<Tensor> results() {
    return results;
  }

  /// Why the work may not be repeated, or empty if it may.
  public Optional<String> refusal() {
    return recorder.refusal();
  }

  /// Kernels that a repetition calls.
  public int calls() {
    return recorder.calls().size();
  }

  /// Bytes of intermediate results that a repetition holds.
  public long bytes() {
    return offsets[offsets.length - 1];
  }

  /// Memory of its own for a repetition at a time.
  ///
  /// @throws IllegalStateException if the work may not be repeated, or this recording is closed
  public Replay replay() {
    refusal()
        .ifPresent(why -> {
          throw new IllegalStateException("Recording: this work must be run itself; " + why);
        });
    constants.requireOpen();
    return new Replay(constants.device(), bytes(), this);
  }

  List<Operand> inputs() {
    return inputs;
  }

  List<Operand> outputs() {
    return outputs;
  }

  List<Call> recorded() {
    return recorder.calls();
  }

  long[] offsets() {
    return offsets;
  }

  /// Frees the constants. Replays made before throw from then on.
  @Override
  public void close() {
    constants.close();
  }
}
