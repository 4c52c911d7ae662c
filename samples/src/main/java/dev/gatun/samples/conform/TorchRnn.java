package dev.gatun.samples.conform;

import dev.gatun.op.Op;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.sequence.rnn.Cell;
import dev.gatun.op.sequence.rnn.GateOrder;
import dev.gatun.op.sequence.rnn.Gru;
import dev.gatun.op.sequence.rnn.GruCell;
import dev.gatun.op.sequence.rnn.Lstm;
import dev.gatun.op.sequence.rnn.LstmCell;
import dev.gatun.op.sequence.rnn.Recurrent;
import dev.gatun.op.sequence.rnn.Rnn;
import dev.gatun.op.sequence.rnn.RnnCell;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// `torch_rnn`: layers of LSTM, GRU and Elman cells, one on the other, in one direction or both.
final class TorchRnn implements Adapter {
  @Override
  public String file() {
    return "torch_rnn";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "LSTM" -> stack(a, LstmCell.of(GateOrder.TORCH), Lstm.class);
      case "GRU" -> stack(a, GruCell.of(GateOrder.TORCH, true), Gru.class);
      case "RNN" -> stack(a, RnnCell.of(nonlinearity(a)), Rnn.class);
      default -> throw Adapter.missing(op);
    };
  }

  private static Activation nonlinearity(Arguments a) {
    String name = a.flags().text("nonlinearity").orElse("tanh");
    return switch (name) {
      case "tanh" -> Activation.TANH;
      case "relu" -> Activation.RELU;
      default ->
          throw new UncoveredCase(
              "flag 'nonlinearity' must be tanh or relu; got '%s'".formatted(name));
    };
  }

  private static Result stack(Arguments a, Cell cell, Class<? extends Op> op) {
    boolean both = a.flags().bool("bidirectional", false);
    boolean bias = a.flags().bool("bias", true);
    boolean projected = a.flags().integer("proj_size", 0) > 0;
    int count = both ? 2 : 1;
    Optional<Tensor> h0 = a.find("h0");
    Optional<Tensor> c0 = a.find("c0");
    Tensor x = a.in("x").transpose(0, 1);
    List<Tensor> h = new ArrayList<>();
    List<Tensor> c = new ArrayList<>();
    int layers = Math.toIntExact(a.flags().integer("layers", 1));
    for (int i = 0; i < layers; i++) {
      int layer = i;
      Recurrent.Result r =
          Recurrent.layer(
              Collections.nCopies(count, cell),
              both ? Recurrent.Direction.BIDIRECTIONAL : Recurrent.Direction.FORWARD,
              x,
              IntStream.range(0, count)
                  .mapToObj(d -> weights(a, layer, d, bias, projected))
                  .toList(),
              h0.map(v -> v.slice(0, layer * count, (layer + 1) * count)),
              c0.map(v -> v.slice(0, layer * count, (layer + 1) * count)),
              Optional.empty());
      x = r.y();
      h.add(r.h());
      r.c().ifPresent(c::add);
    }
    Map<String, Tensor> out = new LinkedHashMap<>();
    out.put("y", x.transpose(0, 1));
    out.put("hn", joined(h));
    if (!c.isEmpty()) {
      out.put("cn", joined(c));
    }
    return new Result(op, out);
  }

  private static Tensor joined(List<Tensor> layers) {
    return layers.get(0).concat(0, layers.stream().skip(1).toArray(Tensor[]::new));
  }

  private static Recurrent.Weights weights(
      Arguments a, int layer, int direction, boolean bias, boolean projected) {
    String name = "_l" + layer + (direction == 1 ? "_reverse" : "");
    return new Recurrent.Weights(
        a.in("weight_ih" + name),
        a.in("weight_hh" + name),
        bias ? Optional.of(a.in("bias_ih" + name)) : Optional.empty(),
        bias ? Optional.of(a.in("bias_hh" + name)) : Optional.empty(),
        Optional.empty(),
        projected ? Optional.of(a.in("weight_hr" + name)) : Optional.empty());
  }
}
