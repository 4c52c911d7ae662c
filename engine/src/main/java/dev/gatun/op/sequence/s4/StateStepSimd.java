package dev.gatun.op.sequence.s4;

import dev.gatun.cpu.simd.StateStepF32;
import dev.gatun.cpu.simd.StateStepF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;

/// Vector form of [StateStep]: a block is a panel of features of one row of the batch, through all
/// steps. Work memory of a worker: a panel's input and result, and a number of each feature for
/// each rank.
final class StateStepSimd {
  private static final Workers.Body BODY = StateStepSimd::block;

  private StateStepSimd() {}

  static long scratch(int rank, DType type) {
    return (2L + rank) * StateStep.PANEL * type.bytes();
  }

  static void run(StateStep op, Call c, Workers w) {
    c.kernel(op);
    Shape x = c.inShape(StateStep.X);
    w.run(BODY, c, 0, Math.toIntExact(x.dim(0) * x.dim(1)));
  }

  private static void block(Call c, long phase, int block, int worker) {
    StateStep op = (StateStep) c.kernel();
    long panels = c.inShape(StateStep.X).dim(1);
    long row = block / panels;
    long panel = block % panels;
    long own = worker * scratch(op.rank(), c.dtype());
    if (c.dtype() == DType.F32) {
      StateStepF32.run(c, op.channels(), op.rank(), op.skip(), row, panel, own);
    } else {
      StateStepF64.run(c, op.channels(), op.rank(), op.skip(), row, panel, own);
    }
  }
}
