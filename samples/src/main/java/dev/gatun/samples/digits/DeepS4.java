package dev.gatun.samples.digits;

import dev.gatun.device.Device;
import dev.gatun.nn.Layer;
import dev.gatun.nn.LayerNorm;
import dev.gatun.nn.Linear;
import dev.gatun.nn.s4.S4;
import dev.gatun.nn.s4.SsmOptions;
import dev.gatun.nn.s4.SsmStream;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.sequence.s4.Hippo;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/// A deep S4 model that reads an image pixel by pixel, as a sequence of 784 numbers, and says what
/// it shows: blocks of a norm, S4, a gated product and a way around, then the mean over the
/// sequence.
///
/// Source: Gu, Goel, Re, arXiv 2111.00396, section 4.
final class DeepS4 extends Layer {
  private final Linear encoder;
  private final List<LayerNorm> norms = new ArrayList<>();
  private final List<S4> mixers = new ArrayList<>();
  private final List<Linear> gates = new ArrayList<>();
  private final Linear decoder;

  /// @param scope where the parameters live
  DeepS4(Scope scope, int layers, int width, long seed) {
    encoder = child("encoder", Linear.of(scope, 1, width, Activation.NONE, seed));
    for (int i = 0; i < layers; i++) {
      long own = seed + 100L * (i + 1);
      norms.add(child("norm" + i, LayerNorm.of(scope, width)));
      S4 s4 = S4.of(scope, SsmOptions.of(width), Hippo.LEGS, Images.PIXELS, own);
      mixers.add(child("s4_" + i, s4));
      gates.add(child("gate" + i, Linear.of(scope, width, 2L * width, Activation.NONE, own + 50)));
    }
    decoder = child("decoder", Linear.of(scope, width, Images.CLASSES, Activation.NONE, seed + 1));
  }

  /// Scores `[B, 10]` of images `[B, 784]`.
  @Override
  public Tensor forward(Tensor pixels) {
    Tensor x = encoder.forward(pixels.unsqueeze(2));
    return decoder.forward(blocks(x, (i, z) -> mixers.get(i).forward(z)).mean(1));
  }

  private Tensor blocks(Tensor x, BiFunction<Integer, Tensor, Tensor> mix) {
    for (int i = 0; i < mixers.size(); i++) {
      Tensor y = gates.get(i).forward(mix.apply(i, norms.get(i).forward(x)));
      long width = x.dim(2);
      x = x.add(y.slice(2, 0, width).mul(y.slice(2, width, 2 * width).sigmoid()));
    }
    return x;
  }

  /// The same scores, each pixel read once, as it comes: nothing but a state is kept.
  Tensor read(Tensor pixels, Device device) {
    List<SsmStream> streams = mixers.stream().map(m -> m.stream(device, pixels.dim(0))).toList();
    try (Scope all = device.scope("sums")) {
      var sum = all.state(encoder.forward(all.borrow(pixels).slice(1, 0, 1).unsqueeze(2)).mul(0));
      for (long t = 0; t < pixels.dim(1); t++) {
        try (Scope step = device.scope("step")) {
          Tensor x = encoder.forward(step.borrow(pixels).slice(1, t, t + 1).unsqueeze(2));
          sum.add(blocks(x, (i, z) -> streams.get(i).next(z)));
        }
      }
      Tensor mean = sum.value().squeeze(1).div((double) pixels.dim(1));
      return decoder.forward(mean).in(pixels.scope());
    } finally {
      streams.forEach(SsmStream::close);
    }
  }
}
