package dev.gatun.op.sequence.s4;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.StateStepF32;
import dev.gatun.cpu.simd.StateStepF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;

/// Vector form of [StateStep]: a block is some features of one row of the batch, through all steps.
/// Work memory of a worker: a vector for each rank.
final class StateStepSimd {
  /// Features of a block.
  private static final int BLOCK = 64;

  private static final Workers.Body BODY = StateStepSimd::block;

  private StateStepSimd() {}

  static long scratch(int rank, DType type) {
    return (long) rank
                * (type == DType.F32 ? Lanes.F32.length() : Lanes.F64.length())
                * type.bytes()
            + 63
        & -64;
  }

  static void run(StateStep op, Call c, Workers w) {
    c.kernel(op);
    Shape x = c.inShape(StateStep.X);
    w.run(BODY, c, 0, Math.toIntExact(x.dim(0) * blocks(x.dim(3))));
  }

  /// What is left of the features belongs to the last block: its last vector starts earlier, and
  /// must not write what another one reads.
  private static long blocks(long features) {
    return Math.max(1, features / BLOCK);
  }

  private static void block(Call c, long phase, int block, int worker) {
    StateStep op = (StateStep) c.kernel();
    Shape x = c.inShape(StateStep.X);
    long features = x.dim(3);
    long blocks = blocks(features);
    long row = block / blocks;
    long first = block % blocks * BLOCK;
    int count = (int) (block % blocks == blocks - 1 ? features - first : BLOCK);
    long own = worker * scratch(op.rank(), c.dtype());
    if (c.dtype() == DType.F32) {
      StateStepF32.run(c, op.channels(), op.rank(), op.skip(), row, first, count, own);
    } else {
      StateStepF64.run(c, op.channels(), op.rank(), op.skip(), row, first, count, own);
    }
  }
}
