package dev.gatun.nn.scan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.nn.Layer;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Every block: steps, pieces and the whole agree, gradients are those of finite differences, and a
/// stream takes no more memory however long it is.
class ScanLayerTest {
  private static final ScanOptions OPTIONS =
      ScanOptions.of(6).withModes(4).withHeads(3, 2).withFilter(3).withType(DType.F64);

  @SuppressWarnings("ImmutableEnumChecker") // constructors hold nothing
  enum Block {
    MAMBA(Mamba::of),
    MAMBA2(Mamba2::of),
    AAREN(Aaren::of),
    LRU(Lru::of),
    MIN_GRU(MinGru::of),
    MIN_LSTM(MinLstm::of);

    private interface Maker {
      ScanLayer make(Scope scope, ScanOptions options, long seed);
    }

    private final Maker maker;

    Block(Maker maker) {
      this.maker = maker;
    }

    ScanLayer in(Scope scope) {
      return maker.make(scope, OPTIONS, 7);
    }
  }

  @ParameterizedTest
  @EnumSource
  void stepsAndPiecesAreTheWhole(Block block) {
    try (Device d = CpuDevice.open();
        Scope scope = d.scope("model")) {
      ScanLayer layer = block.in(scope);
      layer.eval();
      Tensor x = scope.normal(DType.F64, Shape.of(2, 70, 6), 1);
      double[] whole = layer.forward(x).toDoubleArray();
      // Cuts on and off the borders of chunks; a step each between 20 and 29.
      long[] cuts = {0, 1, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 64, 70};
      ScanState state = layer.start(scope, 2);
      Tensor pieces = scope.zeros(DType.F64, Shape.of(2, 0, 6));
      for (int i = 0; i + 1 < cuts.length; i++) {
        Tensor part = x.slice(1, cuts[i], cuts[i + 1]);
        ScanLayer.Result r =
            part.dim(1) == 1
                ? unsqueezed(layer.step(part.squeeze(1), state))
                : layer.forward(part, state);
        pieces = pieces.concat(1, r.y());
        state = r.state();
      }
      assertArrayEquals(whole, pieces.toDoubleArray(), 1e-11);
    }
  }

  private static ScanLayer.Result unsqueezed(ScanLayer.Result r) {
    return new ScanLayer.Result(r.y().unsqueeze(1), r.state());
  }

  private static Tensor loss(Layer layer, Tensor x) {
    Tensor y = layer.forward(x);
    return y.mul(x.scope().normal(DType.F64, y.shape(), 3)).sum();
  }

  static Stream<BiFunction<Scope, ScanOptions, Layer>> blocks() {
    Stream<BiFunction<Scope, ScanOptions, Layer>> streams =
        Stream.of(Block.values()).map(b -> (scope, o) -> b.maker.make(scope, o, 7));
    return Stream.concat(streams, Stream.of((scope, o) -> Hydra.of(scope, o, 7)));
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void gradientsAreThoseOfFiniteDifferences(BiFunction<Scope, ScanOptions, Layer> maker) {
    try (Device d = CpuDevice.open();
        Scope scope = d.scope("model")) {
      Layer layer = maker.apply(scope, OPTIONS);
      Tensor x = scope.normal(DType.F64, Shape.of(2, 7, 6), 1).requiresGrad();
      try (Scope step = d.scope("step")) {
        Gradients g = loss(layer, step.borrow(x)).backward();
        layer
            .parameters()
            .forEach((name, p) -> compare(name, layer, x, p, g.of(p.value()).toDoubleArray()));
      }
    }
  }

  /// Three elements of each parameter.
  private static void compare(String name, Layer layer, Tensor x, Variable p, double[] got) {
    double[] values = p.value().toDoubleArray();
    for (int i : new int[] {0, values.length / 2, values.length - 1}) {
      double h = 1e-4;
      double want =
          (8 * (loss(layer, x, p, values, i, h) - loss(layer, x, p, values, i, -h))
                  - (loss(layer, x, p, values, i, 2 * h) - loss(layer, x, p, values, i, -2 * h)))
              / (12 * h);
      // Rounding of the loss, of some tens, over h.
      assertEquals(want, got[i], 1e-8 * Math.max(1, Math.abs(want)), name + " " + i);
    }
  }

  private static double loss(Layer layer, Tensor x, Variable p, double[] values, int i, double by) {
    double[] moved = values.clone();
    moved[i] += by;
    try (Scope step = x.scope().device().scope("difference")) {
      p.set(step.tensor(DType.F64, p.value().shape(), moved));
      double l = loss(layer, step.borrow(x).detach()).toDoubleArray()[0];
      p.set(step.tensor(DType.F64, p.value().shape(), values));
      return l;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStreamTakesConstantMemory(Block block) {
    try (Device d = CpuDevice.open();
        Scope scope = d.scope("model")) {
      ScanLayer layer = block.in(scope);
      layer.eval();
      Scope held = d.scope("state");
      ScanState state = layer.start(held, 1);
      long before = 0;
      for (int t = 0; t < 300; t++) {
        Scope next = d.scope("state");
        try (Scope step = d.scope("step")) {
          ScanLayer.Result r = layer.step(step.normal(DType.F64, Shape.of(1, 6), t), state);
          state = r.state().in(next);
        }
        held.close();
        held = next;
        long live = d.memory().liveBytes();
        before = t == 10 ? live : before;
        assertTrue(t <= 10 || live == before, block + " at step " + t);
      }
      held.close();
    }
  }
}
