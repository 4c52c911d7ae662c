package dev.gatun.op.sequence.s4;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launch of [StateStep]: a work-item has a vector of features of one row of the batch and
/// goes through all steps.
final class ClStateStep {
  private static final ClSource SOURCE = ClSource.of(ClStateStep.class, "state_step.cl");
  private static final int GPU_GROUP = 64;

  private ClStateStep() {}

  static List<Launch> launches(StateStep op, DeviceInfo d, List<Spec> in) {
    Shape x = in.get(StateStep.X).shape();
    DType t = in.get(StateStep.X).dtype();
    // One by one where features do not fill whole vectors.
    int lanes = x.dim(3) % d.lanes(t.bytes()) == 0 ? d.lanes(t.bytes()) : 1;
    Launch.Scratch dots =
        new Launch.Scratch(0, Math.max(1, op.rank() * x.dim(0) * x.dim(3)) * t.bytes());
    return List.of(
        Launch.of(SOURCE, "state_step")
            .computes(t)
            .define("LANES", lanes)
            .in(StateStep.X, StateStep.U, StateStep.MODEL, op.skip() ? StateStep.D : StateStep.U)
            .out(0, 1)
            .with(dots)
            .longs(
                in.get(StateStep.U).shape().dim(1),
                x.dim(2),
                x.dim(3),
                op.rank(),
                op.channels(),
                op.skip() ? 1 : 0)
            .over(x.dim(3) / lanes, x.dim(0), d.gpu() ? GPU_GROUP : 1, 1));
  }
}
