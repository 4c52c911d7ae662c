package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.ModelBytes.graph;
import static dev.gatun.io.onnx.ModelBytes.node;
import static dev.gatun.io.onnx.ModelBytes.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Operators that move elements or make them, where the standard's suite does not look: older
/// operator sets, sizes that do not agree, integers that overflow, random numbers.
final class MovingOperatorsTest {
  private final CpuDevice cpu = CpuDevice.open();
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    assertEquals(0, cpu.memory().liveBytes());
    cpu.close();
  }

  /// The results of one node.
  private List<Tensor> run(
      int opset, String operator, List<Tensor> in, int outputs, ModelBytes... attributes) {
    ModelBytes g = graph("g");
    List<Value> values = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (Tensor t : in) {
      Value v = Value.of(t);
      String name = "in" + values.size();
      values.add(v);
      names.add(name);
      String[] dims = Arrays.stream(t.shape().dims()).mapToObj(d -> "?").toArray(String[]::new);
      g.input(name, v.type().code(), dims);
    }
    List<String> results = new ArrayList<>();
    for (int i = 0; i < outputs; i++) {
      results.add("out" + i);
      g.output("out" + i);
    }
    g.add(node(operator, String.join(",", names), String.join(",", results), attributes));
    try (OnnxModel m = OnnxModel.read(ModelBytes.model(opset, g).segment(), "test", cpu)) {
      return m.run(scope, values).stream().map(Value::tensor).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Tensor one(int opset, String operator, List<Tensor> in, ModelBytes... attributes) {
    return run(opset, operator, in, 1, attributes).get(0);
  }

  private Tensor ramp(long... dims) {
    Shape s = Shape.of(dims);
    return scope.arange(DType.F32, 0, (double) s.elems(), 1).reshape(dims);
  }

  private Tensor longs(long... values) {
    return scope.tensor(Shape.of(values.length), values);
  }

  private static ModelBytes ints(String name, long... values) {
    return with(name, values);
  }

  @Test
  void axesAndSizesWereAttributesOnce() {
    Tensor x = ramp(1, 3, 1, 4);
    assertEquals(Shape.of(3, 1, 4), one(11, "Squeeze", List.of(x), ints("axes", 0)).shape());
    assertEquals(
        Shape.of(1, 1, 3, 1, 4, 1), one(11, "Unsqueeze", List.of(x), ints("axes", 0, -1)).shape());
    assertArrayEquals(
        new float[] {5, 6, 9, 10},
        one(9, "Slice", List.of(ramp(3, 4)), ints("starts", 1, 1), ints("ends", Long.MAX_VALUE, -1))
            .toFloatArray());
    List<Tensor> parts = run(11, "Split", List.of(ramp(5)), 2, ints("split", 2, 3));
    assertArrayEquals(new float[] {2, 3, 4}, parts.get(1).toFloatArray());
    assertArrayEquals(
        new float[] {7, 0, 1},
        one(9, "Pad", List.of(ramp(3)), ints("pads", 1, -1), with("value", 7f)).toFloatArray());
  }

  @Test
  void slicesGoBackwards() {
    Tensor x = ramp(5);
    assertArrayEquals(
        new float[] {4, 2, 0},
        one(13, "Slice", List.of(x, longs(100), longs(Long.MIN_VALUE), longs(0), longs(-2)))
            .toFloatArray());
    assertEquals(0, one(13, "Slice", List.of(x, longs(1), longs(3), longs(0), longs(-1))).dim(0));
    // Before the first element is the first one.
    Tensor first =
        one(13, "Slice", List.of(x, longs(-9), longs(Long.MIN_VALUE), longs(0), longs(-2)));
    assertArrayEquals(new float[] {0}, first.toFloatArray());
  }

  @Test
  void enlargingWasSimplerOnce() {
    Tensor x = ramp(1, 1, 1, 2);
    float[] nearest = {0, 0, 1, 1};
    float[] linear = {0, 0.5f, 1, 1};
    ModelBytes scales = with("scales", new float[] {1, 1, 1, 2});
    Tensor given = scope.tensor(Shape.of(4), 1f, 1, 1, 2);
    assertArrayEquals(nearest, one(7, "Upsample", List.of(x), scales).toFloatArray());
    assertArrayEquals(nearest, one(9, "Upsample", List.of(x, given)).toFloatArray());
    assertArrayEquals(nearest, one(10, "Resize", List.of(x, given)).toFloatArray());
    Tensor less = scope.tensor(Shape.of(4), 1f, 1, 1, 0.6f);
    assertArrayEquals(
        new float[] {0, 2}, one(10, "Resize", List.of(ramp(1, 1, 1, 4), less)).toFloatArray());
    assertArrayEquals(
        linear, one(10, "Resize", List.of(x, given), with("mode", "linear")).toFloatArray());
  }

  /// A cubic takes its neighbours from where it is, also outside, and clamps them.
  @Test
  void cubicSamplesBeyondTheBorder() {
    Tensor x = scope.tensor(Shape.of(1, 1, 1, 3), 1f, 2, 4);
    // The place -0.25 of three, halfway between corners of pixels: elements 0, 0, 0 and 1.
    Tensor grid = scope.tensor(Shape.of(1, 1, 1, 2), -5 / 6f, 0);
    Tensor y =
        one(
            20,
            "GridSample",
            List.of(x, grid),
            with("mode", "cubic"),
            with("padding_mode", "border"));
    double d = 1.25;
    double last = ((d - 5) * d + 8) * d * -0.75 + 4 * 0.75;
    assertEquals(1 + last, y.item(), 1e-6);
  }

  @Test
  void indicesMayBeShorterThanData() {
    Tensor x = ramp(2, 3);
    Tensor at = scope.tensor(Shape.of(1, 2), 1L, -1L);
    assertArrayEquals(new float[] {3, 4}, one(13, "GatherElements", List.of(x, at)).toFloatArray());
    Tensor source = scope.tensor(Shape.of(1, 2), 10f, 20f);
    assertArrayEquals(
        new float[] {0, 1, 2, 10, 20, 5},
        one(13, "ScatterElements", List.of(x, at, source)).toFloatArray());
    Tensor integers = x.to(DType.I32);
    assertArrayEquals(
        new long[] {0, 1, 2, 13, 24, 5},
        one(
                18,
                "ScatterElements",
                List.of(integers, at, source.to(DType.I32)),
                with("reduction", "add"))
            .toLongArray());
    Tensor outside = scope.tensor(Shape.of(1, 2), 1L, 2L);
    assertThrows(
        IllegalArgumentException.class,
        () -> one(13, "ScatterElements", List.of(x, outside, source)));
    Tensor place = scope.tensor(Shape.of(1, 2), 0L, 3L);
    assertThrows(IllegalArgumentException.class, () -> one(13, "GatherND", List.of(x, place)));
    assertThrows(
        IllegalArgumentException.class,
        () -> one(13, "ScatterND", List.of(x, place, scope.tensor(Shape.of(1), 1f))));
  }

  @Test
  void paddingMayGoAroundManyTimes() {
    Tensor x = ramp(3);
    Tensor five = longs(5, 2);
    assertArrayEquals(
        new float[] {1, 2, 1, 0, 1, 2, 1, 0, 1, 2},
        one(13, "Pad", List.of(x, longs(3, 4)), with("mode", "reflect")).toFloatArray());
    assertArrayEquals(
        new float[] {1, 2, 0, 1, 2, 0, 1, 2, 0, 1},
        one(19, "Pad", List.of(x, five), with("mode", "wrap")).toFloatArray());
    assertArrayEquals(
        new float[] {0, 0, 0, 0, 0, 0, 1, 2, 2, 2},
        one(13, "Pad", List.of(x, five), with("mode", "edge")).toFloatArray());
  }

  @Test
  void productsOfIntegersWrapAround() {
    Tensor a = scope.tensor(Shape.of(1, 2), Long.MAX_VALUE, 3L);
    Tensor b = scope.tensor(Shape.of(2, 1), 3L, -5L);
    assertArrayEquals(
        new long[] {Long.MAX_VALUE - 17}, one(13, "MatMul", List.of(a, b)).toLongArray());
    Tensor c = scope.tensor(Shape.of(2, 1), 1 << 30, 7);
    Tensor d = scope.tensor(Shape.of(1, 1), 6);
    assertArrayEquals(
        new long[] {Integer.MIN_VALUE, 42}, one(13, "MatMul", List.of(c, d)).toLongArray());
    assertArrayEquals(
        new long[] {11},
        one(
                13,
                "Gemm",
                List.of(
                    scope.tensor(Shape.of(1, 1), 2),
                    scope.tensor(Shape.of(1, 1), 3),
                    scope.tensor(Shape.of(), 5)))
            .toLongArray());
  }

  @Test
  void biasesOfProductsMayHaveAnyShape() {
    Tensor a = ramp(2, 3);
    Tensor b = ramp(3, 2);
    float[] plain = a.matmul(b).toFloatArray();
    for (long[] dims : new long[][] {{}, {1}, {2}, {1, 2}, {2, 1}, {2, 2}}) {
      Tensor c = ramp(dims);
      float[] wanted = c.mul(0.5).add(scope.tensor(Shape.of(2, 2), plain)).toFloatArray();
      assertArrayEquals(
          wanted, one(13, "Gemm", List.of(a, b, c), with("beta", 0.5f)).toFloatArray(), 1e-6f);
    }
  }

  @Test
  void randomNumbersHaveTheirDistribution() {
    ModelBytes shape = ints("shape", 100, 100);
    ModelBytes mean = with("mean", 3f);
    Tensor normal = one(13, "RandomNormal", List.of(), shape, mean, with("scale", 2f));
    assertEquals(3, normal.mean().item(), 0.1);
    assertEquals(2, normal.std().item(), 0.1);
    Tensor uniform = one(13, "RandomUniform", List.of(), shape, with("low", -1f), with("high", 3f));
    assertEquals(1, uniform.mean().item(), 0.1);
    assertTrue(uniform.min().item() >= -1 && uniform.max().item() < 3);
    Tensor p = scope.full(DType.F32, Shape.of(10_000), 0.3);
    assertEquals(0.3, one(15, "Bernoulli", List.of(p)).mean().item(), 0.05);
    Tensor odds = scope.tensor(Shape.of(1, 2), 0f, (float) Math.log(3));
    Tensor drawn = one(13, "Multinomial", List.of(odds), with("sample_size", 10_000L));
    assertEquals(DType.I32, drawn.dtype());
    assertEquals(0.75, drawn.to(DType.F32).mean().item(), 0.05);
    ModelBytes seed = with("seed", 5f);
    assertArrayEquals(
        one(13, "RandomNormalLike", List.of(p), seed).toFloatArray(),
        one(13, "RandomNormalLike", List.of(p), seed).toFloatArray());
    assertFalse(
        Arrays.equals(
            one(13, "RandomNormalLike", List.of(p)).toFloatArray(),
            one(13, "RandomNormalLike", List.of(p)).toFloatArray()));
  }

  @Test
  void dropoutKeepsTheMeanInTraining() {
    Tensor x = scope.full(DType.F32, Shape.of(10_000), 1);
    Tensor ratio = scope.tensor(Shape.of(), 0.25f);
    Tensor training = scope.full(DType.BOOL, Shape.of(), 1);
    List<Tensor> y = run(13, "Dropout", List.of(x, ratio, training), 2);
    assertEquals(1, y.get(0).mean().item(), 0.05);
    assertEquals(0.75, y.get(1).to(DType.F32).mean().item(), 0.05);
    assertArrayEquals(
        x.toFloatArray(), one(10, "Dropout", List.of(x), with("ratio", 0.5f)).toFloatArray());
  }

  @Test
  void sizesBeyondAllBoundsAreRefused() {
    Tensor x = ramp(2);
    assertThrows(
        IllegalArgumentException.class,
        () -> one(13, "Expand", List.of(x, longs(1L << 40, 1L << 40, 2))));
    assertThrows(
        IllegalArgumentException.class, () -> one(13, "ConstantOfShape", List.of(longs(-1))));
    assertThrows(
        IllegalArgumentException.class,
        () -> one(13, "Pad", List.of(x, longs(1L << 40, 0)), with("mode", "wrap")));
    Tensor zero = scope.tensor(Shape.of(), 0L);
    assertThrows(
        IllegalArgumentException.class,
        () -> one(13, "Range", List.of(zero, scope.tensor(Shape.of(), 5L), zero)));
  }
}
