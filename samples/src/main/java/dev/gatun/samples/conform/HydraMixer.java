package dev.gatun.samples.conform;

import dev.gatun.op.sequence.ssd.Quasiseparable;
import dev.gatun.op.sequence.ssd.Ssd;
import dev.gatun.tensor.Tensor;
import java.util.Map;

/// `hydra_quasiseparable`: the mixer of both directions.
final class HydraMixer implements Adapter {
  @Override
  public String file() {
    return "hydra_quasiseparable";
  }

  @Override
  public Result call(Arguments a) {
    // The shape of the operands says as much.
    a.flags().integer("d_state");
    Tensor x = a.in("x");
    int heads = Math.toIntExact(x.dim(2) / a.flags().integer("headdim", x.dim(2)));
    int groups = Math.toIntExact(a.flags().integer("ngroups", 1));
    Quasiseparable.Weights weights =
        new Quasiseparable.Weights(a.in("dt_bias"), a.in("A_log"), a.in("D"), a.in("fc_D_weight"));
    Tensor y = new Quasiseparable(heads, groups, Ssd.CHUNK).of(x, a.in("BC"), a.in("dt"), weights);
    return new Result(Ssd.class, Map.of("y", y));
  }
}
