package dev.gatun.samples.basecall;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.MatMul;
import dev.gatun.op.sequence.rnn.GateOrder;
import dev.gatun.op.sequence.rnn.GruCell;
import dev.gatun.op.sequence.rnn.Recurrent;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A base caller's network from a static library that names its weights: a convolution over the
/// signal with ELU, five layers of GRUs that read backwards and forwards in turn, and a softmax
/// over the last five bases or none new.
///
/// The library has a row of weights for each output. Rows of the convolution have room for four
/// channels, of which the first is used; the last layer's bias is padded to a multiple of four.
/// Gates are update, reset, candidate; the state is reset before its product.
final class Network {
  /// Bases that a state stands for.
  static final int KMER = 5;

  /// States of a step: all runs of five bases.
  static final int STATES = 1 << 2 * KMER;

  /// Classes of a step: the states, then that there is no new base.
  static final int CLASSES = STATES + 1;

  private static final String MEMBER = "networks.c.o";
  private static final int UNITS = 96;
  private static final int TAPS = 19;
  private static final int STRIDE = 5;
  private static final int CHANNELS = 4;
  private static final List<String> LAYERS = List.of("B1", "F2", "B3", "F4", "B5");
  private static final GruCell CELL = GruCell.of(GateOrder.ONNX, false);

  private final Tensor taps;
  private final Tensor tapsBias;
  private final List<Recurrent.Weights> layers = new ArrayList<>();
  private final Tensor last;
  private final Tensor lastBias;

  private Network(ElfObject o, String model, Scope scope) throws IOException {
    if (o.number("conv_%s_stride".formatted(model)) != STRIDE) {
      throw new IOException("%s must have a stride of %d".formatted(model, STRIDE));
    }
    float[] padded = o.floats("__conv_%s_W".formatted(model), UNITS * TAPS * CHANNELS);
    float[] used = new float[UNITS * TAPS];
    for (int i = 0; i < used.length; i++) {
      used[i] = padded[i * CHANNELS];
    }
    taps = scope.tensor(Shape.of(UNITS, TAPS), used);
    tapsBias = matrix(scope, o, "__conv_%s_b".formatted(model), UNITS);
    for (String layer : LAYERS) {
      String name = "__gru%s_%s_".formatted(layer, model);
      Tensor gates = matrix(scope, o, name + "sW", 2 * UNITS, UNITS);
      layers.add(
          new Recurrent.Weights(
              matrix(scope, o, name + "iW", 3 * UNITS, UNITS),
              gates.concat(0, matrix(scope, o, name + "sW2", UNITS, UNITS)),
              Optional.of(matrix(scope, o, name + "b", 3 * UNITS)),
              Optional.empty()));
    }
    last = matrix(scope, o, "__FF_%s_W".formatted(model), CLASSES, UNITS);
    lastBias =
        matrix(scope, o, "__FF_%s_b".formatted(model), CLASSES + CHANNELS - 1)
            .slice(0, 0, CLASSES)
            .copy();
  }

  /// The network `model` of `library`, in `scope`.
  ///
  /// @throws IOException if the library is not sound or has no such network
  static Network read(Path library, String model, Scope scope) throws IOException {
    return new Network(ElfObject.read(library, MEMBER), model, scope);
  }

  private static Tensor matrix(Scope scope, ElfObject o, String symbol, long... dims)
      throws IOException {
    Shape shape = Shape.of(dims);
    return scope.tensor(shape, o.floats(symbol, Math.toIntExact(shape.elems())));
  }

  /// What the convolution makes of a signal, `[T, 96]` with a step for five samples, in `scope`.
  Tensor features(float[] signal, Scope scope) {
    try (Scope own = scope.child("features")) {
      float[] windows = windows(signal);
      Tensor x = own.tensor(Shape.of(windows.length / TAPS, TAPS), windows);
      return MatMul.linear(x, taps, Optional.of(tapsBias), Activation.NONE).elu(1).in(scope);
    }
  }

  /// The samples that each step sees, zeros beyond the signal.
  ///
  /// Where a window ends with the signal, as in all trimmed reads, scrappie passes over it: that
  /// step, the last but one, sees what belongs to the last, and the last sees nothing. The states
  /// carry this back for thousands of steps, so it is done here as well.
  static float[] windows(float[] signal) {
    int steps = (signal.length + STRIDE - 1) / STRIDE;
    float[] windows = new float[steps * TAPS];
    boolean passes = signal.length % STRIDE == 0;
    int seeing = passes ? steps - 1 : steps;
    for (int t = 0; t < seeing; t++) {
      int from = (passes && t == steps - 2 ? steps - 1 : t) * STRIDE - TAPS / 2;
      int low = Math.max(0, from);
      int high = Math.min(signal.length, from + TAPS);
      System.arraycopy(signal, low, windows, t * TAPS + low - from, high - low);
    }
    return windows;
  }

  /// The recurrent layers over rows of features `[T, B, 96]`, of which row `b` has `lengths[b]`
  /// steps, in `scope`.
  Tensor recurrent(Tensor features, int[] lengths, Scope scope) {
    Tensor x = features;
    boolean even = true;
    for (int n : lengths) {
      even &= n == features.dim(0);
    }
    for (int i = 0; i < LAYERS.size(); i++) {
      try (Scope own = scope.child(LAYERS.get(i))) {
        Optional<Tensor> steps =
            even ? Optional.empty() : Optional.of(own.tensor(Shape.of(lengths.length), lengths));
        boolean backwards = LAYERS.get(i).startsWith("B");
        Recurrent.Result r =
            CELL.run(
                own.borrow(x), layers.get(i), Optional.empty(), Optional.empty(), steps, backwards);
        x = r.y().in(scope);
      }
    }
    return x;
  }

  /// Probabilities of the classes for steps `[n, 96]` of the last layer: `[n, 1025]`.
  Tensor posterior(Tensor steps) {
    return MatMul.linear(steps, last, Optional.of(lastBias), Activation.NONE).softmax(-1);
  }

  /// `log(floor + (1 - floor) p)`: no class is impossible to the decoder.
  static Tensor log(Tensor posterior, double floor) {
    Scope own = posterior.scope();
    Tensor factor = own.full(DType.F32, Shape.of(), 1 - floor);
    return posterior.mul(factor).add(own.full(DType.F32, Shape.of(), floor)).log();
  }
}
