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
    return scalar(ElementType.INT64, v);
  }

  private Value scalar(ElementType type, long v) {
    return new Value(type, scope.tensor(Shape.of(), v));
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
  void hyperbolicInversesKeepTheSignOfZero() {
    for (String name : List.of("Atanh", "Asinh")) {
      double[] y = run(name, 22, Map.of(), doubles(-0.0, 0.0)).tensor().toDoubleArray();
      assertArrayEquals(new double[] {-0.0, 0.0}, y);
    }
    double far = Double.POSITIVE_INFINITY;
    near(run("Asinh", 22, Map.of(), doubles(-far, far)), -far, far);
    near(run("Atanh", 22, Map.of(), doubles(-1, -0.5, 1)), -far, -Math.log(3) / 2, far);
  }

  /// From 2^63 on the carrier has another sign.
  @Test
  void unsignedNumbersAreNotSigned() {
    long huge = Long.MIN_VALUE + 5;
    Value x = longs(ElementType.UINT64, huge, 3, -1);
    Value y = longs(ElementType.UINT64, 3, 3, huge);
    gives(run("Greater", 13, Map.of(), x, y), 1, 0, 1);
    gives(run("LessOrEqual", 16, Map.of(), x, y), 0, 1, 0);
    gives(run("Max", 13, Map.of(), x, y), huge, 3, -1);
    gives(run("Min", 13, Map.of(), x, y), 3, 3, huge);
    gives(
        run(
            "Clip",
            13,
            Map.of(),
            x,
            scalar(ElementType.UINT64, 7),
            scalar(ElementType.UINT64, huge)),
        huge,
        7,
        huge);
    gives(run("ReduceMax", 18, Map.of("keepdims", 0L), x), -1);
    gives(run("ReduceMin", 18, Map.of("keepdims", 0L), x), 3);
    gives(run("ArgMax", 13, Map.of("keepdims", 0L), x), 2);
    gives(run("ArgMin", 13, Map.of("keepdims", 0L), x), 1);
    gives(run("TopK", 11, Map.of(), x, longs(ElementType.INT64, 2)), -1, huge);
    gives(run("Abs", 13, Map.of(), x), huge, 3, -1);
    gives(run("Sign", 13, Map.of(), x), 1, 1, 1);
    gives(run("Div", 14, Map.of(), x, y), Long.divideUnsigned(huge, 3), 1, 1);
    gives(run("Mod", 13, Map.of(), x, y), Long.remainderUnsigned(huge, 3), 0, -1 - huge);
    Value by = longs(ElementType.UINT64, 1, 0, 63);
    gives(run("BitShift", 11, Map.of("direction", "RIGHT"), x, by), huge >>> 1, 3, 1);
  }

  @Test
  void unsignedNumbersAsFloats() {
    Value x = longs(ElementType.UINT64, Long.MIN_VALUE, 3, -1, Long.MIN_VALUE + (1L << 39) + 1);
    Map<String, Object> toFloat = Map.of("to", 1L);
    float[] rounded = {0x1p63f, 3, 0x1p64f, 0x1.000002p63f};
    assertArrayEquals(rounded, run("Cast", 13, toFloat, x).tensor().toFloatArray());
    double[] wide = {0x1p63, 3, 0x1p64, 0x1p63 + 0x1p39};
    assertArrayEquals(wide, run("Cast", 13, Map.of("to", 11L), x).tensor().toDoubleArray());
    Value floats = doubles(0x1p63, 3.7, 0x1p63 + 0x1p40, 0x1p62, 1e30);
    Value back = run("Cast", 13, Map.of("to", 13L), floats);
    gives(back, Long.MIN_VALUE, 3, Long.MIN_VALUE + (1L << 40), 1L << 62, -1);
    near(run("Cast", 13, Map.of("to", 16L), longs(ElementType.UINT64, -1)), 0x1p64);
  }

  @Test
  void quotientsOf64BitsAreExact() {
    Value x = longs(ElementType.INT64, Long.MAX_VALUE, -BIG, 7);
    Value y = longs(ElementType.INT64, 3, 2, -2);
    gives(run("Div", 14, Map.of(), x, y), Long.MAX_VALUE / 3, -BIG / 2, -3);
    gives(run("Mod", 13, Map.of(), x, y), Long.MAX_VALUE % 3, 1, -1);
    gives(run("Mod", 13, Map.of("fmod", 1L), x, y), Long.MAX_VALUE % 3, -1, 1);
    Value zero = longs(ElementType.INT64, 0);
    assertThrows(IllegalArgumentException.class, () -> run("Div", 14, Map.of(), x, zero));
    Value near = longs(ElementType.INT64, BIG, BIG + 1, BIG);
    gives(run("ArgMax", 13, Map.of("keepdims", 0L), near), 1);
  }

  /// The least integer has no negative.
  @Test
  void theSmallestOfAllIntegersIsFound() {
    Value x = longs(ElementType.INT64, 3, Long.MIN_VALUE, -7, Long.MAX_VALUE);
    Map<String, Object> smallest = Map.of("largest", 0L);
    gives(run("TopK", 11, smallest, x, longs(ElementType.INT64, 2)), Long.MIN_VALUE, -7);
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
