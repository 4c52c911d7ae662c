package dev.gatun.samples.conform;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.sequence.scan.MinGru;
import dev.gatun.op.sequence.scan.MinLstm;
import dev.gatun.op.sequence.scan.Scan;
import dev.gatun.tensor.Tensor;
import java.util.Map;
import java.util.Optional;

/// `minrnn`: minGRU and minLSTM with their output layer, at once and step by step.
final class MinimalRnns implements Adapter {
  @Override
  public String file() {
    return "minrnn";
  }

  private interface States {
    Tensor of(Tensor x, Optional<Tensor> h0);
  }

  private interface Step {
    Tensor of(Tensor x, Tensor h);
  }

  private record Cell(States states, Step step) {}

  @Override
  public Result call(Arguments a) {
    // The expansion is that of the shapes, and so is whether there is an initial state.
    a.flags().integer("expansion_factor");
    a.flags().bool("use_init_hidden_state", false);
    Cell cell = cell(a);
    Tensor x = a.in("x");
    Optional<Tensor> h0 = a.find("init_hidden_state").map(MinGru::positive);
    Tensor h = cell.states().of(x, h0);
    Tensor weight = a.in("to_out__weight");
    Optional<Tensor> bias = a.find("to_out__bias");
    Tensor steps = steps(cell, x, h.slice(1, 0, 1).select(1, 0), h0);
    return new Result(
        Scan.class,
        Map.of(
            "y", h.linear(weight, bias, Activation.NONE),
            "y_sequential", steps.linear(weight, bias, Activation.NONE),
            "next_hidden", h.slice(1, h.dim(1) - 1, h.dim(1))));
  }

  private static Cell cell(Arguments a) {
    String op = a.flags().text("op").orElse("");
    boolean normalized = a.flags().bool("use_coeff_norm", false);
    Tensor weight = a.in("to_hidden_and_gate__weight");
    Optional<Tensor> bias = a.find("to_hidden_and_gate__bias");
    return switch (op) {
      case "minGRU" -> {
        MinGru gru = new MinGru(weight, bias);
        yield new Cell(gru::states, gru::step);
      }
      case "minLSTM" -> {
        MinLstm lstm = new MinLstm(weight, bias, normalized);
        yield new Cell(lstm::states, lstm::step);
      }
      default -> throw Adapter.missing(op);
    };
  }

  /// All states one by one; `like` has the shape of one.
  private static Tensor steps(Cell cell, Tensor x, Tensor like, Optional<Tensor> h0) {
    Tensor h =
        h0.map(s -> s.broadcastTo(like.shape()))
            .orElseGet(() -> x.scope().zeros(x.dtype(), like.shape()));
    h = cell.step().of(x.select(1, 0), h);
    Tensor all = h.unsqueeze(1);
    for (long t = 1; t < x.dim(1); t++) {
      h = cell.step().of(x.select(1, t), h);
      all = all.concat(1, h.unsqueeze(1));
    }
    return all;
  }
}
