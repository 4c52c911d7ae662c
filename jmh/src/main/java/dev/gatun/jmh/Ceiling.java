package dev.gatun.jmh;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A limit of the machine and the loop that measures it, on as many threads as its workers have.
///
/// @param loop one call of the loop
/// @param work what one call does: floating-point operations, bytes moved, or elements
record Ceiling(Contender loop, double work) {
  /// Vector FMAs of one block, on each of twelve or more accumulators.
  private static final int FMAS = 4_000;

  private static final int BLOCKS_PER_THREAD = 16;

  /// Streamed arrays: beyond any second-level cache and most third-level ones.
  static final int STREAM_BYTES = 64 << 20;

  private static final int STREAM_BLOCK = 1 << 20;
  private static final long STREAM_ALIGN = 1 << 12;

  private static final int EXP_ELEMENTS = 4 << 10;

  /// Nanoseconds that `amount` of the work takes when a call takes `nanos`.
  double scaled(double nanos, double amount) {
    return nanos * amount / work;
  }

  /// Fused multiply-adds in registers; two operations each.
  static Ceiling fma(DType dtype, Workers workers) {
    int blocks = BLOCKS_PER_THREAD * workers.count();
    double[] sums = new double[blocks];
    if (dtype == DType.F32) {
      return of(
          workers,
          blocks,
          b -> sums[b] = CeilingLoops.fmaF32(FMAS),
          CeilingLoops.flopsF32(FMAS),
          sums);
    }
    return of(
        workers,
        blocks,
        b -> sums[b] = CeilingLoops.fmaF64(FMAS),
        CeilingLoops.flopsF64(FMAS),
        sums);
  }

  /// Every byte of an array read once, a contiguous part of it by each thread, which may find some
  /// of its part in its own third-level cache.
  static Ceiling read(Scope scope, Workers workers) {
    MemorySegment a = array(scope);
    int blocks = workers.count();
    long bytes = STREAM_BYTES / blocks & -STREAM_ALIGN;
    double[] sums = new double[blocks];
    return of(
        workers,
        blocks,
        b -> sums[b] = CeilingLoops.read(a.asSlice(b * bytes, bytes)),
        (double) bytes,
        sums);
  }

  /// `y = a`; bytes read and bytes written.
  static Ceiling copy(Scope scope, Workers workers) {
    MemorySegment a = array(scope);
    MemorySegment y = array(scope);
    int blocks = STREAM_BYTES / STREAM_BLOCK;
    return of(
        workers, blocks, b -> CeilingLoops.copy(block(a, b), block(y, b)), 2 * STREAM_BLOCK, y);
  }

  /// `y = a + c b`; bytes read and bytes written.
  static Ceiling triad(Scope scope, Workers workers) {
    MemorySegment a = array(scope);
    MemorySegment b = array(scope);
    MemorySegment y = array(scope);
    int blocks = STREAM_BYTES / STREAM_BLOCK;
    return of(
        workers,
        blocks,
        i -> CeilingLoops.triad(block(a, i), block(b, i), block(y, i)),
        3 * STREAM_BLOCK,
        y);
  }

  /// The engine's exponential over an array in the first-level cache; elements.
  static Ceiling exp(Workers workers) {
    MemorySegment a = Arena.ofAuto().allocate(4L * EXP_ELEMENTS, 64);
    int blocks = BLOCKS_PER_THREAD * workers.count();
    double[] sums = new double[blocks];
    return of(workers, blocks, b -> sums[b] = CeilingLoops.exp(a), EXP_ELEMENTS, sums);
  }

  @FunctionalInterface
  private interface Block {
    void run(int block);
  }

  /// `blocks` blocks of `work` each; `result` is what they wrote.
  private static Ceiling of(Workers workers, int blocks, Block block, double work, Object result) {
    MemorySegment none = MemorySegment.ofArray(new byte[0]);
    Call call = new Call(List.of(), List.of(), List.of(), List.of(), List.of(), none);
    Workers.Body body = (c, phase, b, worker) -> block.run(b);
    return new Ceiling(
        () -> {
          workers.run(body, call, 0, blocks);
          return result;
        },
        blocks * work);
  }

  /// On the same kind of pages as the engine's tensors.
  private static MemorySegment array(Scope scope) {
    return scope.full(DType.F32, Shape.of(STREAM_BYTES / 4), 1).buffer().segment();
  }

  private static MemorySegment block(MemorySegment s, int i) {
    return s.asSlice((long) i * STREAM_BLOCK, STREAM_BLOCK);
  }
}
