package dev.gatun.samples.conform;

import dev.gatun.op.reduce.LayerNorm;
import dev.gatun.op.reduce.RmsNorm;
import dev.gatun.tensor.Tensor;
import java.util.Map;

/// `norms`: gated RMS norm in both orders and groups, layer norm.
final class Norms implements Adapter {
  private static final double EPS = 1e-5;

  @Override
  public String file() {
    return "norms";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "rms_norm_gated" -> rms(a);
      case "layer_norm" -> layer(a);
      default -> throw Adapter.missing(op);
    };
  }

  private static Result rms(Arguments a) {
    Tensor y =
        RmsNorm.of(
            a.in("x"),
            a.find("z"),
            a.find("weight"),
            a.find("bias"),
            a.flags().number("eps", EPS),
            a.flags().integer("group_size", 0),
            a.flags().bool("norm_before_gate", true));
    return new Result(RmsNorm.class, Map.of("y", y));
  }

  private static Result layer(Arguments a) {
    Tensor y =
        LayerNorm.of(a.in("x"), a.find("weight"), a.find("bias"), a.flags().number("eps", EPS));
    return new Result(LayerNorm.class, Map.of("y", y));
  }
}
