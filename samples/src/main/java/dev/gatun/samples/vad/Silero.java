package dev.gatun.samples.vad;

import dev.gatun.device.Device;
import dev.gatun.io.onnx.OnnxModel;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/// Silero's network for voice activity, step by step: each takes a window of samples, the end of
/// the one before it, and the state of its LSTM.
final class Silero implements AutoCloseable {
  /// Samples of a step.
  static final int WINDOW = 512;

  private static final int CONTEXT = 64;
  private static final Shape STATE = Shape.of(2, 1, 128);

  private final OnnxModel model;
  private final Device device;
  private final float[] input = new float[CONTEXT + WINDOW];
  private float[] state = new float[(int) STATE.elems()];

  private Silero(OnnxModel model, Device device) {
    this.model = model;
    this.device = device;
  }

  static Silero open(Path file, Device device) throws IOException {
    return new Silero(OnnxModel.open(file, device), device);
  }

  /// The probability that somebody speaks in `window`, which follows the last one.
  float step(float[] window) {
    System.arraycopy(input, WINDOW, input, 0, CONTEXT);
    System.arraycopy(window, 0, input, CONTEXT, WINDOW);
    try (Scope scope = device.scope("step")) {
      Map<String, Tensor> in =
          Map.of(
              "input", scope.tensor(Shape.of(1, input.length), input),
              "state", scope.tensor(STATE, state),
              "sr", scope.tensor(Shape.of(), (long) Recording.RATE));
      Map<String, Tensor> out = model.run(scope, in);
      state = result(out, "stateN").toFloatArray();
      return (float) result(out, "output").item();
    }
  }

  private static Tensor result(Map<String, Tensor> out, String name) {
    Tensor t = out.get(name);
    if (t == null) {
      throw new IllegalArgumentException(
          "the model must be Silero's; it returns no %s but %s".formatted(name, out.keySet()));
    }
    return t;
  }

  /// Forgets what was heard.
  void reset() {
    Arrays.fill(input, 0);
    state = new float[state.length];
  }

  @Override
  public void close() {
    model.close();
  }
}
