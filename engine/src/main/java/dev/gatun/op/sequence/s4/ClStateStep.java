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
    Shape u = in.get(StateStep.U).shape();
    DType t = in.get(StateStep.X).dtype();
    int lanes = Math.min(StateStep.PANEL, d.lanes(t.bytes()));
    long items = x.dim(1) * StateStep.PANEL / lanes;
    long dots = (long) op.rank() * x.dim(0) * x.dim(1) * StateStep.PANEL * t.bytes();
    return List.of(
        Launch.of(SOURCE, "state_step")
            .computes(t)
            .define("LANES", lanes)
            .in(StateStep.X, StateStep.U, StateStep.MODEL, op.skip() ? StateStep.D : StateStep.U)
            .out(0, 1)
            .with(new Launch.Scratch(0, Math.max(t.bytes(), dots), t.bytes()))
            .longs(u.dim(1), x.dim(3), x.dim(1), u.dim(2))
            .longs(op.rank(), op.channels(), op.skip() ? 1 : 0)
            .over(items, x.dim(0), d.gpu() ? GPU_GROUP : 1, 1));
  }
}
