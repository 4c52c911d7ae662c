package dev.gatun.io.onnx;

import dev.gatun.op.sequence.rnn.Recurrent;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/// RNN, GRU and LSTM with activations that the engine's cells do not have: op by op, step by step.
final class RecurrentSteps {
  private static final Set<String> OF_CELLS = Set.of("SIGMOID", "TANH", "RELU");

  /// One direction of one layer.
  private final Invocation n;

  private final List<UnaryOperator<Tensor>> functions;
  private final double clip;
  private final Recurrent.Weights weights;

  private RecurrentSteps(
      Invocation n, List<UnaryOperator<Tensor>> functions, double clip, Recurrent.Weights weights) {
    this.n = n;
    this.functions = functions;
    this.clip = clip;
    this.weights = weights;
  }

  /// Whether the cells lack one of these activations.
  static boolean areNeeded(List<String> names) {
    return !names.stream().allMatch(name -> OF_CELLS.contains(name.toUpperCase(Locale.ROOT)));
  }

  /// The activations by name, each with its share of `activation_alpha` and `activation_beta`: a
  /// number goes to the next activation that has a place for it.
  static List<UnaryOperator<Tensor>> functions(Attributes a, List<String> names) {
    Numbers alpha = new Numbers(a.numbers("activation_alpha").orElse(new double[0]));
    Numbers beta = new Numbers(a.numbers("activation_beta").orElse(new double[0]));
    List<UnaryOperator<Tensor>> all = new ArrayList<>();
    names.forEach(name -> all.add(function(name, alpha, beta)));
    return all;
  }

  /// Numbers taken one after the other as long as there are some.
  private static final class Numbers {
    private final double[] values;
    private int taken;

    Numbers(double[] values) {
      this.values = values;
    }

    double next(double otherwise) {
      return taken < values.length ? values[taken++] : otherwise;
    }
  }

  private static UnaryOperator<Tensor> function(String name, Numbers alpha, Numbers beta) {
    return switch (name.toUpperCase(Locale.ROOT)) {
      case "RELU" -> Tensor::relu;
      case "TANH" -> Tensor::tanh;
      case "SIGMOID" -> Tensor::sigmoid;
      case "SOFTSIGN" -> Tensor::softsign;
      case "SOFTPLUS" -> Tensor::softplus;
      case "ELU" -> elu(alpha.next(1));
      case "LEAKYRELU" -> leakyRelu(alpha.next(0.01));
      case "THRESHOLDEDRELU" -> thresholdedRelu(alpha.next(1));
      case "HARDSIGMOID" -> hardSigmoid(alpha.next(0.2), beta.next(0.5));
      case "SCALEDTANH" -> scaledTanh(alpha.next(1), beta.next(1));
      case "AFFINE" -> affine(alpha.next(1), beta.next(0));
      default ->
          throw new IllegalArgumentException(
              "activations must be those that the standard names; got " + name);
    };
  }

  private static UnaryOperator<Tensor> elu(double alpha) {
    return x -> ActivationOperators.elu(x, alpha);
  }

  private static UnaryOperator<Tensor> leakyRelu(double alpha) {
    return x -> x.leakyRelu(alpha);
  }

  private static UnaryOperator<Tensor> thresholdedRelu(double alpha) {
    return x -> x.maskedFill(x.lessEqual(alpha), 0);
  }

  private static UnaryOperator<Tensor> hardSigmoid(double alpha, double beta) {
    return x -> x.mul(alpha).add(beta).clamp(0, 1);
  }

  private static UnaryOperator<Tensor> scaledTanh(double alpha, double beta) {
    return x -> x.mul(beta).tanh().mul(alpha);
  }

  private static UnaryOperator<Tensor> affine(double alpha, double beta) {
    return x -> x.mul(alpha).add(beta);
  }

  /// A layer, as [Recurrent#layer].
  ///
  /// @param x `[T, B, I]`
  /// @param names of the activations of all directions
  static Recurrent.Result layer(
      Invocation n,
      Recurrent.Direction direction,
      Tensor x,
      List<Recurrent.Weights> weights,
      Optional<Tensor> h0,
      Optional<Tensor> c0,
      List<String> names,
      double clip) {
    List<UnaryOperator<Tensor>> functions = functions(n.attributes(), names);
    int each = names.size() / weights.size();
    List<Recurrent.Result> results = new ArrayList<>();
    for (int d = 0; d < weights.size(); d++) {
      int at = d;
      RecurrentSteps steps =
          new RecurrentSteps(n, functions.subList(d * each, (d + 1) * each), clip, weights.get(d));
      results.add(
          steps.run(
              x,
              h0.map(h -> h.select(0, at)),
              c0.map(c -> c.select(0, at)),
              direction == Recurrent.Direction.REVERSE || d == 1));
    }
    return Recurrent.joined(results);
  }

  private Recurrent.Result run(
      Tensor x, Optional<Tensor> h0, Optional<Tensor> c0, boolean reverse) {
    long steps = x.dim(0);
    Shape state = Shape.of(x.dim(1), weights.state().dim(1));
    Tensor zero = n.scope().zeros(x.dtype(), state);
    Tensor h = h0.orElse(zero);
    Tensor c = c0.orElse(zero);
    Tensor all = x.matmul(weights.input().transpose());
    Tensor inputs = weights.inputBias().map(all::add).orElse(all);
    Tensor[] y = new Tensor[Math.toIntExact(steps)];
    for (long s = 0; s < steps; s++) {
      long t = reverse ? steps - 1 - s : s;
      List<Tensor> next = step(inputs.select(0, t), h, c);
      Tensor now = next.get(0);
      if (n.has(RecurrentOperators.LENGTHS)) {
        // A row that is shorter keeps its state, and has zeros for results.
        Tensor lengths = n.tensor(RecurrentOperators.LENGTHS).to(DType.I64).unsqueeze(1);
        Tensor active = lengths.greater((double) t);
        y[(int) t] = active.where(now, zero);
        h = active.where(now, h);
        c = active.where(next.get(1), c);
      } else {
        y[(int) t] = now;
        h = now;
        c = next.get(1);
      }
    }
    Tensor outputs =
        steps == 0
            ? n.scope().zeros(x.dtype(), state.insert(0, 0))
            : y[0].stack(0, List.of(y).subList(1, y.length).toArray(Tensor[]::new));
    boolean lstm = n.operator().equals("LSTM");
    return new Recurrent.Result(outputs, h, lstm ? Optional.of(c) : Optional.empty());
  }

  /// The new state, and the new cell.
  private List<Tensor> step(Tensor x, Tensor h, Tensor c) {
    return switch (n.operator()) {
      case "LSTM" -> lstm(x.add(product(h, 0, 4)), c);
      case "GRU" -> List.of(gru(x, h), c);
      default -> List.of(f(0, x.add(product(h, 0, 1))), c);
    };
  }

  /// Gates `from` to `to` of the state's part.
  private Tensor product(Tensor h, int from, int to) {
    long units = weights.state().dim(1);
    Tensor y = h.matmul(weights.state().slice(0, from * units, to * units).transpose());
    return weights.stateBias().map(b -> y.add(b.slice(0, from * units, to * units))).orElse(y);
  }

  private Tensor f(int i, Tensor x) {
    return functions.get(i).apply(Double.isInfinite(clip) ? x : x.clamp(-clip, clip));
  }

  private static Tensor gate(Tensor all, int i, long units) {
    return all.slice(1, i * units, (i + 1) * units);
  }

  /// Gates are update, reset and hidden.
  private Tensor gru(Tensor x, Tensor h) {
    long units = h.dim(1);
    Tensor both = f(0, x.slice(1, 0, 2 * units).add(product(h, 0, 2)));
    Tensor z = gate(both, 0, units);
    Tensor r = gate(both, 1, units);
    boolean linear = n.attributes().flag("linear_before_reset", false);
    Tensor u = linear ? r.mul(product(h, 2, 3)) : product(r.mul(h), 2, 3);
    Tensor candidate = f(1, gate(x, 2, units).add(u));
    return candidate.add(z.mul(h.sub(candidate)));
  }

  /// Gates are input, output, forget and cell; peepholes those of the first three.
  private List<Tensor> lstm(Tensor a, Tensor c) {
    long units = c.dim(1);
    Tensor i = f(0, seen(gate(a, 0, units), 0, c));
    boolean coupled = n.attributes().flag("input_forget", false);
    Tensor forget = coupled ? i.neg().add(1) : f(0, seen(gate(a, 2, units), 2, c));
    Tensor cell = forget.mul(c).add(i.mul(f(1, gate(a, 3, units))));
    Tensor o = f(0, seen(gate(a, 1, units), 1, cell));
    return List.of(o.mul(f(2, cell)), cell);
  }

  private Tensor seen(Tensor a, int gate, Tensor c) {
    long units = c.dim(1);
    return weights
        .peepholes()
        .map(p -> a.add(p.slice(0, gate * units, (gate + 1) * units).mul(c)))
        .orElse(a);
  }
}
