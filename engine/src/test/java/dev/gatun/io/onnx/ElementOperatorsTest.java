package dev.gatun.io.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Elementwise operators, casts, reductions and losses where types, versions and edges matter.
class ElementOperatorsTest {
  private static final long BIG = (1L << 53) + 1;

  private final CpuDevice cpu = CpuDevice.open(CpuDevice.Options.standard().withThreads(1));
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    cpu.close();
  }

  private Value run(String operator, int version, Map<String, Object> attributes, Value... in) {
    List<String> names = Collections.nCopies(in.length, "x");
    Graph.Node node =
        new Graph.Node("", operator, "", version, names, List.of("y"), new Attributes(attributes));
    Operators.Entry entry = Operators.find("", operator, version).orElseThrow();
    Step step = new Step(node, entry, new int[0], new int[0], Map.of(), Map.of());
    return entry.operator().run(new Invocation(step, in, scope)).get(0);
  }

  private Value longs(ElementType type, long... values) {
    Tensor t = scope.tensor(Shape.of(values.length), values);
    return new Value(type, type.carrier() == DType.I64 ? t : t.to(type.carrier()));
  }

  private Value scalar(long v) {
    return new Value(ElementType.INT64, scope.tensor(Shape.of(), v));
  }

  private Value doubles(double... values) {
    return new Value(ElementType.DOUBLE, scope.tensor(Shape.of(values.length), values));
  }

  private void gives(Value got, long... wanted) {
    assertArrayEquals(wanted, got.tensor().to(DType.I64).toLongArray());
  }

  private void near(Value got, double... wanted) {
    assertArrayEquals(wanted, got.tensor().toDoubleArray(), 1e-12);
  }

  @Test
  void integersBeyondThe53BitsOfADoubleAreExact() {
    Value big = longs(ElementType.INT64, BIG, -BIG);
    Value one = longs(ElementType.INT64, 1, 1);
    gives(run("Max", 13, Map.of(), big, one), BIG, 1);
    gives(run("Min", 13, Map.of(), big, one), 1, -BIG);
    gives(run("Neg", 13, Map.of(), big), -BIG, BIG);
    gives(run("Abs", 13, Map.of(), big), BIG, BIG);
    gives(run("Clip", 13, Map.of(), big, scalar(-5)), BIG, -5);
    gives(run("ReduceMax", 13, Map.of("keepdims", 0L), big), BIG);
    gives(run("ReduceSum", 13, Map.of("keepdims", 0L), one), 2);
  }

  @Test
  void narrowIntegersWrap() {
    Value least = longs(ElementType.INT8, -128, 100);
    gives(run("Neg", 13, Map.of(), least), -128, -100);
    gives(run("Add", 14, Map.of(), least, least), 0, -56);
    Value shorts = longs(ElementType.UINT16, 65_535, 2);
    gives(run("Mul", 14, Map.of(), shorts, shorts), 1, 4);
  }

  @Test
  void hyperbolicInversesReachFarOut() {
    double far = Math.log(1e200) + Math.log(2);
    near(run("Asinh", 22, Map.of(), doubles(1e200, -1e200, 0, 1e-9)), far, -far, 0, 1e-9);
    near(run("Acosh", 22, Map.of(), doubles(1e200, 1)), far, 0);
  }

  @Test
  void castsRoundWrapAndRefuse() {
    Value x = doubles(449, -500, 1e-9, 2.5);
    Map<String, Object> to8 = Map.of("to", 17L);
    near(run("Cast", 25, to8, x), 448, -448, 0, 2.5);
    near(run("Cast", 25, Map.of("to", 23L), doubles(2.5, 7, -0.2)), 2, 6, 0);
    gives(run("Cast", 25, Map.of("to", 22L), longs(ElementType.INT64, 9, -9, 7)), -7, 7, 7);
    assertThrows(
        IllegalArgumentException.class, () -> run("Cast", 25, Map.of("to", 8L), x), "text");
    assertThrows(
        IllegalArgumentException.class, () -> run("BitShift", 11, Map.of("direction", "UP"), x, x));
  }

  @Test
  void softmaxBeforeVersion13JoinsAxes() {
    Value x = new Value(ElementType.DOUBLE, scope.zeros(DType.F64, Shape.of(2, 3, 4)));
    double[] old = run("Softmax", 11, Map.of(), x).tensor().toDoubleArray();
    double[] now = run("Softmax", 13, Map.of(), x).tensor().toDoubleArray();
    assertArrayEquals(new double[] {1 / 12.0, 0.25}, new double[] {old[0], now[0]}, 1e-12);
  }

  @Test
  void ignoredTargetsCountNeitherInSumNorInMean() {
    Value logs =
        new Value(ElementType.DOUBLE, scope.tensor(Shape.of(2, 2), -1.0, -2.0, -3.0, -4.0));
    Value target = longs(ElementType.INT64, 1, 7);
    near(run("NegativeLogLikelihoodLoss", 13, Map.of("ignore_index", 7L), logs, target), 2);
  }
}
