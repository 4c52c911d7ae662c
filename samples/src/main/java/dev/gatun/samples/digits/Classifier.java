package dev.gatun.samples.digits;

import dev.gatun.device.Device;
import dev.gatun.nn.Layer;
import dev.gatun.nn.Linear;
import dev.gatun.nn.Sequential;
import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.train.AdamW;
import dev.gatun.train.Optimizer;
import java.util.Arrays;
import java.util.stream.IntStream;

/// A network from pixels to scores of the classes, trained by AdamW on the mean cross-entropy.
/// Whatever a step computes lives in a scope of its own, so that memory stays flat.
final class Classifier {
  // Mean and spread of the pixels of the training images.
  private static final float MEAN = 0.2860f;
  private static final float DEVIATION = 0.3530f;

  private final Device device;
  private final Layer network;
  private final Optimizer optimizer;

  Classifier(Device device, Layer network) {
    this.device = device;
    this.network = network;
    this.optimizer =
        AdamW.of(network.parameters().values(), AdamW.Options.standard().withDecay(0.05));
  }

  /// Two hidden layers with GELU.
  ///
  /// @param scope where the parameters live
  static Layer perceptron(Scope scope, long seed) {
    return Sequential.of(
        Linear.of(scope, Images.PIXELS, 256, Activation.GELU, seed),
        Linear.of(scope, 256, 128, Activation.GELU, seed + 1),
        Linear.of(scope, 128, Images.CLASSES, Activation.NONE, seed + 2));
  }

  Layer network() {
    return network;
  }

  /// Images `order[from]` to `order[to - 1]` as rows, and their labels.
  private record Batch(Tensor pixels, Tensor labels) {}

  private static Batch batch(Images images, int[] order, int from, int to, Scope scope) {
    float[] pixels = new float[(to - from) * Images.PIXELS];
    int[] labels = new int[to - from];
    for (int i = from; i < to; i++) {
      int source = order[i] * Images.PIXELS;
      int target = (i - from) * Images.PIXELS;
      for (int p = 0; p < Images.PIXELS; p++) {
        pixels[target + p] = ((images.pixels()[source + p] & 0xff) / 255f - MEAN) / DEVIATION;
      }
      labels[i - from] = images.labels()[order[i]];
    }
    return new Batch(
        scope.tensor(Shape.of(to - from, Images.PIXELS), pixels),
        scope.tensor(Shape.of(to - from), labels));
  }

  /// One step on images `order[from]` to `order[to - 1]`; returns the loss before it.
  double step(Images images, int[] order, int from, int to, double rate) {
    try (Scope step = device.scope("step")) {
      Batch b = batch(images, order, from, to, step);
      Tensor loss = network.forward(b.pixels()).crossEntropy(b.labels());
      optimizer.stepClipped(loss.backward(), rate, 1);
      return loss.item();
    }
  }

  /// Forward and backward on a few grey images; nothing is changed.
  void gradients(Scope scope) {
    Tensor pixels = scope.zeros(DType.F32, Shape.of(8, Images.PIXELS));
    Tensor labels = scope.tensor(Shape.of(8), new int[8]);
    network.forward(pixels).crossEntropy(labels).backward();
  }

  /// The pixels of the first images, as the network takes them.
  static Tensor first(Images images, int count, Scope scope) {
    int[] order = IntStream.range(0, Math.min(count, images.count())).toArray();
    return batch(images, order, 0, order.length, scope).pixels();
  }

  /// The share of `images` whose label has the largest output, `each` at once.
  double accuracy(Images images, int each) {
    int[] order = new int[images.count()];
    Arrays.setAll(order, i -> i);
    network.eval();
    int right = 0;
    for (int from = 0; from < order.length; from += each) {
      int to = Math.min(order.length, from + each);
      try (Scope scope = device.scope("test")) {
        float[] y = network.forward(batch(images, order, from, to, scope).pixels()).toFloatArray();
        for (int i = from; i < to; i++) {
          right += largest(y, (i - from) * Images.CLASSES) == images.labels()[i] ? 1 : 0;
        }
      }
    }
    network.train();
    return (double) right / images.count();
  }

  private static int largest(float[] y, int from) {
    int best = 0;
    for (int i = 1; i < Images.CLASSES; i++) {
      best = y[from + i] > y[from + best] ? i : best;
    }
    return best;
  }
}
