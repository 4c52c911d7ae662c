package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Replaces patterns of nodes by the engine's own ops ([Fused]). Only the last step of a pattern is
/// replaced, by one that reads what the pattern read; the others go when nobody reads them.
final class Fusions {
  private static final double ROOT_2 = Math.sqrt(2);

  /// In this order: later ones build on what earlier ones made.
  private static final List<Fusion> ALL =
      List.of(
          Fusions::layerNorm,
          Fusions::affineNorm,
          Fusions::rmsNorm,
          Fusions::square,
          Fusions::gelu,
          Fusions::geluTanh,
          Fusions::silu,
          Fusions::swiGlu,
          Fusions::bias,
          QuantizedFusion::dynamic,
          Fusions::activation,
          RotaryFusion::whole,
          RotaryFusion::parts,
          AttentionFusion::attention,
          Fusions::residualNorm);

  private Fusions() {}

  /// What replaces `last`, or null.
  private interface Fusion {
    @Nullable Step apply(Matcher m, Step last);
  }

  /// `steps` with patterns replaced.
  ///
  /// @param outputs slots that are read from outside
  /// @param known values by slot that do not depend on inputs
  static List<Step> apply(List<Step> steps, int[] outputs, @Nullable Value[] known) {
    List<Step> now = Plan.of(steps, outputs, known).steps();
    for (Fusion f : ALL) {
      Matcher m = new Matcher(now, outputs, known);
      List<Step> next = new ArrayList<>();
      for (Step s : now) {
        Step fused = s.bodies().isEmpty() ? attempt(f, m, s) : null;
        next.add(fused == null ? s : fused);
      }
      now = Plan.of(next, outputs, known).steps();
    }
    return now;
  }

  private static @Nullable Step attempt(Fusion f, Matcher m, Step s) {
    try {
      return f.apply(m, s);
    } catch (IndexOutOfBoundsException tooFewInputs) {
      // Such a node is refused when it runs.
      return null;
    }
  }

  /// A step in the place of `last`.
  static Step step(Step last, Operator operator, int... in) {
    return step(last, Attributes.NONE, operator, in);
  }

  /// A step in the place of `last` that reads `attributes`.
  static Step step(Step last, Attributes attributes, Operator operator, int... in) {
    List<String> names = IntStream.of(in).mapToObj(i -> i < 0 ? "" : "fused " + i).toList();
    Graph.Node node =
        new Graph.Node(
            last.node().name(),
            operator.getClass().getSimpleName(),
            "dev.gatun",
            1,
            names,
            last.node().outputs(),
            attributes);
    return new Step(
        node, new Operators.Entry(1, operator, Set.of()), in, last.out(), Map.of(), Map.of());
  }

  private static boolean isLast(Step mean) {
    Optional<long[]> axes = mean.node().attributes().integers("axes");
    return mean.node().attributes().flag("keepdims", true)
        && axes.isPresent()
        && Arrays.equals(axes.get(), new long[] {-1});
  }

  /// True for `ReduceMean` over the last axis, by attribute or by input.
  private static boolean isMeanOfLast(Matcher m, @Nullable Step s) {
    if (s == null || !s.node().attributes().flag("keepdims", true)) {
      return false;
    }
    Value axes = s.in().length > 1 ? m.known(s.in()[1]) : null;
    return axes == null ? isLast(s) : Arrays.equals(axes.tensor().toLongArray(), new long[] {-1});
  }

  /// True if `s` is the square of `x`.
  private static boolean isSquare(Matcher m, @Nullable Step s, int x) {
    if (s == null || s.in().length != 2 || s.in()[0] != x) {
      return false;
    }
    String name = s.node().operator();
    return name.equals("Pow") && m.is(s.in()[1], 2) || name.equals("Mul") && s.in()[1] == x;
  }

  /// `x^2` written as a power.
  private static @Nullable Step square(Matcher m, Step last) {
    boolean isPower = last.node().operator().equals("Pow") && last.node().domain().isEmpty();
    Value exponent = isPower ? m.known(last.in()[1]) : null;
    boolean squares = exponent != null && exponent.shape().rank() == 0 && m.is(last.in()[1], 2);
    return squares ? step(last, new Fused.Square(), last.in()[0]) : null;
  }

  /// `(x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps)`.
  private static @Nullable Step layerNorm(Matcher m, Step last) {
    Step root = last.node().operator().equals("Div") ? m.by(last.in()[1], "Sqrt") : null;
    Step centred = root == null ? null : m.by(last.in()[0], "Sub");
    Step sum = root == null ? null : m.by(root.in()[0], "Add");
    Step mean = centred == null ? null : m.by(centred.in()[1], "ReduceMean");
    if (sum == null || centred == null || mean == null || m.scalarInput(sum) < 0) {
      return null;
    }
    OptionalDouble eps = m.scalar(sum.in()[m.scalarInput(sum)]);
    Step variance = m.by(sum.in()[1 - m.scalarInput(sum)], "ReduceMean");
    boolean matches =
        variance != null
            && eps.isPresent()
            && isMeanOfLast(m, mean)
            && isMeanOfLast(m, variance)
            && mean.in()[0] == centred.in()[0]
            && isSquare(m, m.maker(variance.in()[0]), last.in()[0]);
    return matches
        ? step(last, new Fused.Norm(true, eps.getAsDouble(), false), centred.in()[0], -1, -1)
        : null;
  }

  /// `x / sqrt(mean(x^2) + eps)`, or the product with the reciprocal, times a weight.
  private static @Nullable Step rmsNorm(Matcher m, Step last) {
    if (!last.node().operator().equals("Mul")) {
      return null;
    }
    for (int i = 0; i < 2; i++) {
      Value weight = m.known(last.in()[i]);
      Step scaled = m.maker(last.in()[1 - i]);
      if (weight == null || weight.shape().rank() != 1 || scaled == null) {
        continue;
      }
      for (int j = 0; j < scaled.in().length && scaled.in().length == 2; j++) {
        int x = scaled.in()[1 - j];
        OptionalDouble eps = meanSquare(m, scaled, j, x);
        if (eps.isPresent()) {
          return step(last, new Fused.Norm(false, eps.getAsDouble(), false), x, last.in()[i], -1);
        }
      }
    }
    return null;
  }

  /// The `eps` if input `j` of `scaled` divides by the root of the mean square of `x`.
  private static OptionalDouble meanSquare(Matcher m, Step scaled, int j, int x) {
    Step root = null;
    if (scaled.node().operator().equals("Div") && j == 1) {
      root = m.by(scaled.in()[1], "Sqrt");
    } else if (scaled.node().operator().equals("Mul")) {
      Step inverse = m.by(scaled.in()[j], "Reciprocal");
      Step quotient = m.by(scaled.in()[j], "Div");
      if (inverse != null) {
        root = m.by(inverse.in()[0], "Sqrt");
      } else if (quotient != null && m.is(quotient.in()[0], 1)) {
        root = m.by(quotient.in()[1], "Sqrt");
      }
    }
    Step sum = root == null ? null : m.by(root.in()[0], "Add");
    if (sum == null || m.scalarInput(sum) < 0) {
      return OptionalDouble.empty();
    }
    Step mean = m.by(sum.in()[1 - m.scalarInput(sum)], "ReduceMean");
    return mean != null && isMeanOfLast(m, mean) && isSquare(m, m.maker(mean.in()[0]), x)
        ? m.scalar(sum.in()[m.scalarInput(sum)])
        : OptionalDouble.empty();
  }

  /// A norm times a weight plus a bias.
  private static @Nullable Step affineNorm(Matcher m, Step last) {
    if (!last.node().operator().equals("Add")) {
      return null;
    }
    for (int i = 0; i < 2; i++) {
      Step scaled = m.only(last.in()[i], "Mul");
      for (int j = 0; j < 2 && scaled != null; j++) {
        Fused.Norm norm = m.only(scaled.in()[j], Fused.Norm.class);
        Step maker = m.maker(scaled.in()[j]);
        Value weight = m.known(scaled.in()[1 - j]);
        Value bias = m.known(last.in()[1 - i]);
        boolean matches =
            norm != null
                && weight != null
                && bias != null
                && weight.shape().rank() == 1
                && bias.shape().equals(weight.shape());
        if (matches && maker != null && norm != null) {
          return step(last, norm, maker.in()[0], scaled.in()[1 - j], last.in()[1 - i]);
        }
      }
    }
    return null;
  }

  /// A norm of a sum.
  private static @Nullable Step residualNorm(Matcher m, Step last) {
    if (!(last.entry().operator() instanceof Fused.Norm norm) || norm.residual()) {
      return null;
    }
    Step sum = m.only(last.in()[0], "Add");
    boolean matches = sum != null && m.known(sum.in()[0]) == null && m.known(sum.in()[1]) == null;
    return matches && sum != null
        ? step(
            last,
            new Fused.Norm(norm.centred(), norm.eps(), true),
            sum.in()[0],
            last.in()[1],
            last.in()[2],
            sum.in()[1])
        : null;
  }

  /// `x (1 + erf(x / sqrt 2)) / 2` in any order of the products.
  private static @Nullable Step gelu(Matcher m, Step last) {
    return halved(m, last, Fusions::isErfOf, Activation.GELU);
  }

  /// `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2` in any order of the products.
  private static @Nullable Step geluTanh(Matcher m, Step last) {
    return halved(m, last, Fusions::isTanhOf, null);
  }

  private interface Inner {
    boolean is(Matcher m, int slot, int x);
  }

  /// `x * 0.5 * (1 + f(x))`.
  private static @Nullable Step halved(
      Matcher m, Step last, Inner f, @Nullable Activation activation) {
    for (int[] factors : halves(m, last)) {
      for (int e = 0; e < 2; e++) {
        Step sum = m.by(factors[e], "Add");
        int x = factors[1 - e];
        if (sum != null && f.is(m, m.beside(sum, 1), x)) {
          return step(
              last, activation == null ? new Fused.GeluTanh() : new Fused.Act(activation), x);
        }
      }
    }
    return null;
  }

  /// Pairs of factors of which `last` is half the product.
  private static List<int[]> halves(Matcher m, Step last) {
    List<int[]> pairs = new ArrayList<>();
    boolean quotient = last.node().operator().equals("Div") && m.is(last.in()[1], 2);
    Step whole = quotient ? m.only(last.in()[0], "Mul") : null;
    if (whole != null) {
      pairs.add(whole.in());
    }
    for (int i = 0; i < 2 && last.node().operator().equals("Mul"); i++) {
      int other = last.in()[1 - i];
      Step product = m.only(last.in()[i], "Mul");
      Step half = m.only(last.in()[i], "Div");
      if (half != null && m.is(half.in()[1], 2)) {
        pairs.add(new int[] {half.in()[0], other});
      }
      if (product != null && m.is(other, 0.5)) {
        pairs.add(product.in());
      }
      if (product != null && m.beside(product, 0.5) >= 0) {
        pairs.add(new int[] {m.beside(product, 0.5), other});
      }
    }
    return pairs;
  }

  private static boolean isErfOf(Matcher m, int slot, int x) {
    Step erf = m.by(slot, "Erf");
    Step scaled = erf == null ? null : m.maker(erf.in()[0]);
    if (scaled == null || scaled.in().length != 2) {
      return false;
    }
    return scaled.node().operator().equals("Div")
            && scaled.in()[0] == x
            && m.is(scaled.in()[1], ROOT_2)
        || scaled.node().operator().equals("Mul") && m.beside(scaled, 1 / ROOT_2) == x;
  }

  /// `tanh(sqrt(2 / pi) (x + 0.044715 x^3))`, or with `x` taken out of the sum.
  private static boolean isTanhOf(Matcher m, int slot, int x) {
    Step tanh = m.by(slot, "Tanh");
    Step scaled = tanh == null ? null : m.by(tanh.in()[0], "Mul");
    int inner = scaled == null ? -1 : m.beside(scaled, Math.sqrt(2 / Math.PI));
    Step sum = m.by(inner, "Add");
    if (sum != null) {
      Step cubic = m.by(Matcher.other(sum, x), "Mul");
      return cubic != null && isCube(m, cubic, x);
    }
    // (x sqrt(2 / pi)) (1 + 0.044715 x^2), in either order.
    for (int i = 0; i < 2 && scaled != null; i++) {
      Step factor = m.by(scaled.in()[i], "Mul");
      Step rest = m.by(scaled.in()[1 - i], "Add");
      Step square = rest == null ? null : m.by(m.beside(rest, 1), "Mul");
      if (factor != null
          && square != null
          && m.beside(factor, Math.sqrt(2 / Math.PI)) == x
          && isScaledSquare(m, square, x)) {
        return true;
      }
    }
    return false;
  }

  /// `0.044715 x^3`, as a power or as products.
  private static boolean isCube(Matcher m, Step product, int x) {
    int rest = m.beside(product, 0.044715);
    Step power = m.by(rest, "Pow");
    if (power != null) {
      return power.in()[0] == x && m.is(power.in()[1], 3);
    }
    Step products = m.by(rest, "Mul");
    if (products != null) {
      return isSquare(m, m.maker(Matcher.other(products, x)), x);
    }
    Step scaled = m.by(Matcher.other(product, x), "Mul");
    return scaled != null && isScaledSquare(m, scaled, x);
  }

  /// `0.044715 x^2`.
  private static boolean isScaledSquare(Matcher m, Step product, int x) {
    if (isSquare(m, m.maker(m.beside(product, 0.044715)), x)) {
      return true;
    }
    Step scaled = m.by(Matcher.other(product, x), "Mul");
    return scaled != null && m.beside(scaled, 0.044715) == x;
  }

  /// `x sigmoid(x)`.
  private static @Nullable Step silu(Matcher m, Step last) {
    if (last.node().operator().equals("Mul")) {
      for (int i = 0; i < 2; i++) {
        Step gate = m.only(last.in()[i], "Sigmoid");
        if (gate != null && gate.in()[0] == last.in()[1 - i]) {
          return step(last, new Fused.Act(Activation.SILU), gate.in()[0]);
        }
      }
    }
    return null;
  }

  /// `silu(gate) up`.
  private static @Nullable Step swiGlu(Matcher m, Step last) {
    if (last.node().operator().equals("Mul")) {
      for (int i = 0; i < 2; i++) {
        Fused.Act act = m.only(last.in()[i], Fused.Act.class);
        Step gate = m.maker(last.in()[i]);
        if (act != null && gate != null && act.activation() == Activation.SILU) {
          return step(last, new Fused.Gated(), gate.in()[0], last.in()[1 - i]);
        }
      }
    }
    return null;
  }

  /// A product with a known matrix plus a known row.
  private static @Nullable Step bias(Matcher m, Step last) {
    if (!last.node().operator().equals("Add")) {
      return null;
    }
    for (int i = 0; i < 2; i++) {
      Step product = m.only(last.in()[i], "MatMul");
      Value weight = product == null ? null : m.known(product.in()[1]);
      Value bias = m.known(last.in()[1 - i]);
      boolean matches =
          weight != null
              && bias != null
              && weight.shape().rank() == 2
              && weight.type() == ElementType.FLOAT
              && bias.shape().rank() == 1
              && bias.shape().dim(0) == weight.shape().dim(1);
      if (matches && product != null) {
        return step(
            last,
            new Fused.Linear(Activation.NONE),
            product.in()[0],
            product.in()[1],
            last.in()[1 - i]);
      }
    }
    return null;
  }

  /// An activation of a product or a convolution.
  private static @Nullable Step activation(Matcher m, Step last) {
    Activation a =
        last.entry().operator() instanceof Fused.Act act
            ? act.activation()
            : !last.node().domain().isEmpty()
                ? Activation.NONE
                : switch (last.node().operator()) {
                  case "Relu" -> Activation.RELU;
                  case "Sigmoid" -> Activation.SIGMOID;
                  case "Tanh" -> Activation.TANH;
                  default -> Activation.NONE;
                };
    if (a == Activation.NONE) {
      return null;
    }
    Step convolution = m.only(last.in()[0], "Conv");
    if (convolution != null) {
      Attributes window = convolution.node().attributes();
      return step(last, window, new Fused.Convolution(a), convolution.in());
    }
    Fused.Linear linear = m.only(last.in()[0], Fused.Linear.class);
    Step product = m.maker(last.in()[0]);
    return linear != null && product != null && linear.activation() == Activation.NONE
        ? step(last, new Fused.Linear(a), product.in())
        : null;
  }
}
