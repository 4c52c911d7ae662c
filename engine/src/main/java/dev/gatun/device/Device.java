package dev.gatun.device;

import dev.gatun.op.Kernel;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Runs kernels and owns their memory. A device is opened, used by any number of threads, each with
/// scopes of its own, and closed; results do not depend on how many threads it has.
public interface Device extends AutoCloseable {
  /// `cpu`, `opencl:0`, ...
  String name();

  /// A new scope, the youngest of this device.
  Scope scope();

  /// A new scope with a name for messages.
  Scope scope(String name);

  /// Bytes held, now and at most.
  Memory memory();

  /// Where calls are recorded.
  Trace trace();

  /// Whether it computes in F64.
  default boolean doubles() {
    return true;
  }

  /// Memory for one tensor; its content is undefined.
  ///
  /// @param bytes at least 0
  /// @throws IllegalStateException if the device is closed or has no memory left
  Buffer allocate(long bytes);

  /// A buffer over off-heap memory of the caller's, without a copy where the device shares it.
  Buffer wrap(MemorySegment memory);

  /// Takes memory back from a closed scope.
  void release(Buffer buffer);

  /// Runs `op` over inferred outputs and living inputs, contiguous but for
  /// [dev.gatun.op.shape.Copy].
  void run(Kernel op, List<Tensor> in, List<Tensor> out);

  /// Makes `tasks` ready to be run in order, again and again, on memory that stays in place.
  default Prepared prepare(List<Task> tasks) {
    List<Task> all = List.copyOf(tasks);
    return new Prepared() {
      @Override
      public void run() {
        all.forEach(t -> Device.this.run(t.op(), t.in(), t.out()));
      }

      @Override
      public void close() {}
    };
  }

  /// One call of a kernel.
  ///
  /// @param in inputs, contiguous but for [dev.gatun.op.shape.Copy]
  /// @param out outputs as inferred
  record Task(Kernel op, List<Tensor> in, List<Tensor> out) {}

  /// Tasks that need nothing more but to be run, by one thread at a time. The scopes of their
  /// tensors must be open.
  interface Prepared extends AutoCloseable {
    /// Runs them in order.
    ///
    /// @throws IllegalStateException if the device is closed
    void run();

    /// Frees what they needed beside their tensors.
    @Override
    void close();
  }

  /// Copies all of `source` into `target` from byte `offset` on.
  void write(Buffer target, long offset, MemorySegment source);

  /// Fills all of `target` from byte `offset` of `source` on.
  void read(Buffer source, long offset, MemorySegment target);

  /// Frees everything. Tensors of this device throw from then on.
  ///
  /// @throws IllegalStateException if a scope is still running a kernel
  @Override
  void close();

  /// Memory of a device.
  ///
  /// @param liveBytes held by open scopes, padding included
  /// @param peakBytes the most that was ever live
  /// @param reservedBytes taken from the system
  /// @param slabs pieces ever cut from that, a number that stops growing in a steady loop
  record Memory(long liveBytes, long peakBytes, long reservedBytes, long slabs) {}
}
