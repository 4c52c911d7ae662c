package dev.gatun.samples.conform;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.CausalConv1d;
import dev.gatun.op.linear.CausalConv1dUpdate;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// `causal_conv1d`: a whole sequence with its states, and the streaming update.
final class CausalConvolution implements Adapter {
  @Override
  public String file() {
    return "causal_conv1d";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "causal_conv1d" -> sequence(a);
      case "update" -> update(a);
      default -> throw Adapter.missing(op);
    };
  }

  private static Result sequence(Arguments a) {
    Optional<Tensor> bias = a.find("bias");
    Optional<Tensor> state = a.find("init");
    List<Tensor> in = new ArrayList<>(List.of(a.in("x"), a.in("weight")));
    bias.ifPresent(in::add);
    state.ifPresent(in::add);
    List<Tensor> out =
        new CausalConv1d(activation(a), bias.isPresent(), state.isPresent(), true)
            .apply(in.toArray(Tensor[]::new));
    return new Result(CausalConv1d.class, Map.of("out", out.get(0), "final_states", out.get(1)));
  }

  private static Result update(Arguments a) {
    boolean circular = a.flags().bool("circular", false);
    CausalConv1dUpdate.Step step =
        CausalConv1dUpdate.of(
            a.in("x"),
            a.in("state"),
            a.in("weight"),
            a.find("bias"),
            circular ? Optional.of(a.in("cache_seqlens")) : Optional.empty(),
            activation(a));
    return new Result(CausalConv1dUpdate.class, Map.of("out", step.y(), "new_state", step.state()));
  }

  private static Activation activation(Arguments a) {
    String name = a.flags().text("activation").orElse("none");
    return switch (name) {
      case "none" -> Activation.NONE;
      case "silu", "swish" -> Activation.SILU;
      default ->
          throw new UncoveredCase(
              "flag 'activation' must be silu, swish or null; got '%s'".formatted(name));
    };
  }
}
