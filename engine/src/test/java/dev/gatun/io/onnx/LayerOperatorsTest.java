package dev.gatun.io.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Convolutions, attention, recurrent layers and transforms where the standard's cases have no
/// number for it, by what must hold between two ways to the same result.
class LayerOperatorsTest {
  private final CpuDevice device = CpuDevice.open();
  private final Scope scope = device.scope("operators");
  private long seed = 3;

  @AfterEach
  void close() {
    scope.close();
    device.close();
  }

  private Tensor normal(long... dims) {
    return scope.normal(DType.F64, Shape.of(dims), seed++);
  }

  private List<Value> run(
      String operator, int version, int outputs, Map<String, Object> attributes, Tensor... in) {
    List<String> names = Collections.nCopies(in.length, "x");
    List<String> results = Collections.nCopies(outputs, "y");
    Graph.Node node =
        new Graph.Node("", operator, "", version, names, results, new Attributes(attributes));
    Operators.Entry entry = Operators.find("", operator, version).orElseThrow();
    Step step = new Step(node, entry, new int[0], new int[0], Map.of(), Map.of());
    Value[] values = new Value[in.length];
    for (int i = 0; i < in.length; i++) {
      values[i] = Value.of(in[i]);
    }
    return entry.operator().run(new Invocation(step, values, scope));
  }

  private Tensor one(String operator, int version, Map<String, Object> attributes, Tensor... in) {
    return run(operator, version, 1, attributes, in).get(0).tensor();
  }

  private static long[] of(long... values) {
    return values;
  }

  private static void assertClose(Tensor wanted, Tensor got) {
    assertEquals(wanted.shape(), got.shape());
    assertArrayEquals(wanted.toDoubleArray(), got.toDoubleArray(), 1e-9);
  }

  /// `<conv(x), y> = <x, convTranspose(y)>` with uneven padding, strides and dilations.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void transposedConvolutionIsTheTranspose(int axes) {
    long[] size = {2, 4, 7, 9, 8};
    long[] kernel = {6, 2, 3, 2, 3};
    Map<String, Object> attributes =
        Map.of(
            "strides",
            Arrays.copyOf(of(2, 3, 1), axes),
            "dilations",
            Arrays.copyOf(of(1, 2, 2), axes),
            "pads",
            axes == 1 ? of(1, 0) : axes == 2 ? of(1, 2, 0, 1) : of(1, 2, 0, 0, 1, 2),
            "group",
            2L);
    Tensor x = normal(Arrays.copyOf(size, 2 + axes));
    Tensor w = normal(Arrays.copyOf(kernel, 2 + axes));
    Tensor convolved = one("Conv", 22, attributes, x, w);
    Tensor y = normal(convolved.shape().dims());
    Map<String, Object> back = new HashMap<>(attributes);
    back.put("output_padding", left(x, convolved, w, new Attributes(attributes)));
    Tensor transposed = one("ConvTranspose", 22, back, y, w);
    assertEquals(x.shape(), transposed.shape());
    assertEquals(convolved.mul(y).sum().item(), x.mul(transposed).sum().item(), 1e-9);
  }

  /// Elements that no window reached.
  private static long[] left(Tensor x, Tensor y, Tensor w, Attributes attributes) {
    int axes = x.shape().rank() - 2;
    long[] strides = attributes.integers("strides").orElseThrow();
    long[] dilations = attributes.integers("dilations").orElseThrow();
    long[] pads = attributes.integers("pads").orElseThrow();
    long[] left = new long[axes];
    for (int i = 0; i < axes; i++) {
      long reach = (y.dim(2 + i) - 1) * strides[i] + dilations[i] * (w.dim(2 + i) - 1) + 1;
      left[i] = x.dim(2 + i) + pads[i] + pads[axes + i] - reach;
    }
    return left;
  }

  /// What lies beyond all windows is bias alone.
  @Test
  void transposedConvolutionMayBeLargerThanItsWindowsReach() {
    Tensor x = normal(1, 2, 3);
    Tensor w = normal(2, 1, 2);
    Tensor bias = normal(1);
    Tensor y = one("ConvTranspose", 22, Map.of("output_shape", of(7)), x, w, bias);
    assertEquals(Shape.of(1, 1, 7), y.shape());
    assertEquals(bias.item(), y.select(2, 6).item());
    assertClose(one("ConvTranspose", 22, Map.of(), x, w, bias), y.slice(2, 0, 4));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1})
  void indicesOfMaximaLeadToThem(long order) {
    Tensor x = normal(2, 3, 5, 6, 7);
    Map<String, Object> attributes =
        Map.of(
            "kernel_shape", of(2, 3, 2),
            "strides", of(2, 1, 2),
            "pads", of(1, 0, 1, 0, 1, 1),
            "ceil_mode", 1L,
            "storage_order", order);
    List<Value> out = run("MaxPool", 22, 2, attributes, x);
    Tensor flat = order == 0 ? x : x.permute(0, 1, 4, 3, 2).copy();
    Tensor found = flat.flatten().gather(0, out.get(1).tensor().flatten());
    assertArrayEquals(out.get(0).tensor().toDoubleArray(), found.toDoubleArray());
  }

  /// A sum of more products of bytes than F32 holds exactly.
  @Test
  void sumsOfBytesAreExact() {
    Tensor x = scope.full(DType.U8, Shape.of(1, 300, 1), 255);
    Tensor w = scope.full(DType.U8, Shape.of(1, 300, 1), 255);
    assertEquals(300 * 255 * 255, one("ConvInteger", 10, Map.of(), x, w).item());
  }

  @ParameterizedTest
  @ValueSource(strings = {"RNN", "GRU", "LSTM"})
  void bothDirectionsAreOneForwardAndOneOfTheReverse(String operator) {
    int gates = operator.equals("RNN") ? 1 : operator.equals("GRU") ? 3 : 4;
    Tensor x = normal(5, 2, 3);
    Tensor w = normal(2, 4 * gates, 3);
    Tensor r = normal(2, 4 * gates, 4);
    Tensor b = normal(2, 8 * gates);
    Map<String, Object> both = Map.of("direction", "bidirectional", "clip", 1.5);
    Map<String, Object> single = Map.of("clip", 1.5);
    List<Value> y = run(operator, 22, 2, both, x, w, r, b);
    List<Value> there =
        run(operator, 22, 2, single, x, w.slice(0, 0, 1), r.slice(0, 0, 1), b.slice(0, 0, 1));
    List<Value> back =
        run(
            operator,
            22,
            2,
            single,
            x.flip(0),
            w.slice(0, 1, 2),
            r.slice(0, 1, 2),
            b.slice(0, 1, 2));
    assertClose(there.get(0).tensor(), y.get(0).tensor().slice(1, 0, 1));
    assertClose(back.get(0).tensor().flip(0), y.get(0).tensor().slice(1, 1, 2));
    assertClose(there.get(1).tensor().concat(0, back.get(1).tensor()), y.get(1).tensor());
    Map<String, Object> batchFirst =
        Map.of("direction", "bidirectional", "clip", 1.5, "layout", 1L);
    List<Value> other = run(operator, 22, 2, batchFirst, x.transpose(0, 1), w, r, b);
    assertClose(y.get(0).tensor().permute(2, 0, 1, 3), other.get(0).tensor());
    assertClose(y.get(1).tensor().transpose(0, 1), other.get(1).tensor());
  }

  /// Windows beside a past, where keys and queries are as many or not, against a mask of truth
  /// values.
  @ParameterizedTest
  @ValueSource(longs = {3, 5})
  void windowsFollowThePast(long keys) {
    Tensor q = normal(1, 4, 3, 8);
    Tensor k = normal(1, 2, keys, 8);
    Tensor v = normal(1, 2, keys, 6);
    Tensor pastK = normal(1, 2, 4, 8);
    Tensor pastV = normal(1, 2, 4, 6);
    Tensor any = scope.full(DType.BOOL, Shape.of(3, 4 + keys), 1);
    Tensor near = scope.zeros(DType.BOOL, Shape.of(3, 4 + keys));
    for (long i = 0; i < 3; i++) {
      Tensor at =
          scope.arange(DType.I64, 0, 4.0 + keys, 1).sub(scope.full(DType.I64, Shape.of(), 4.0 + i));
      Tensor row = at.greaterEqual(-2).and(at.lessEqual(0)).unsqueeze(0);
      near = near.or(row.pad(0, i, 2 - i));
    }
    Map<String, Object> window =
        Map.of("left_window_size", 2L, "is_causal", 1L, "qk_matmul_output_mode", 3L);
    Map<String, Object> plain = Map.of("qk_matmul_output_mode", 3L);
    List<Value> a = run("Attention", 25, 4, window, q, k, v, any, pastK, pastV);
    List<Value> b = run("Attention", 25, 4, plain, q, k, v, near, pastK, pastV);
    assertClose(b.get(0).tensor(), a.get(0).tensor());
    assertClose(b.get(3).tensor(), a.get(3).tensor());
    Tensor values = pastV.concat(2, v).repeat(1, 2);
    assertClose(a.get(3).tensor().matmul(values), a.get(0).tensor());
  }

  /// Zeros behind, or elements left out, as the length asks for; the axis is an attribute before
  /// version 20.
  @ParameterizedTest
  @ValueSource(longs = {4, 9})
  void transformsHaveTheLengthAskedFor(long length) {
    Tensor x = normal(2, 6, 3, 1);
    Tensor n = scope.tensor(Shape.of(), length);
    Tensor axis = scope.tensor(Shape.of(), 1L);
    Tensor whole = one("DFT", 20, Map.of(), x, n, axis);
    assertClose(whole, one("DFT", 17, Map.of("axis", 1L), x, n));
    Tensor half = one("DFT", 20, Map.of("onesided", 1L), x, n, axis);
    assertClose(whole.slice(1, 0, length / 2 + 1), half);
    Tensor fitted = length < 6 ? x.slice(1, 0, length) : x.pad(1, 0, length - 6);
    assertClose(fitted, one("DFT", 20, Map.of("onesided", 1L, "inverse", 1L), half, n, axis));
    Tensor again = one("DFT", 20, Map.of("inverse", 1L), whole, n, axis);
    assertClose(fitted, again.slice(3, 0, 1));
  }

  /// Scales of groups before version 21, of channels since.
  @Test
  void scalesOfGroupsAreThoseOfTheirChannels() {
    Tensor x = normal(2, 6, 4);
    Tensor scale = normal(3);
    Tensor bias = normal(3);
    Map<String, Object> attributes = Map.of("num_groups", 3L);
    assertClose(
        one("GroupNormalization", 18, attributes, x, scale, bias),
        one("GroupNormalization", 21, attributes, x, scale.repeat(0, 2), bias.repeat(0, 2)));
  }

  /// Versions before 14 give statistics to those who ask for them.
  @Test
  void oldBatchNormalizationLearns() {
    Tensor x = normal(4, 3, 5);
    Tensor zero = scope.zeros(DType.F64, Shape.of(3));
    Tensor one = scope.full(DType.F64, Shape.of(3), 1);
    List<Value> y = run("BatchNormalization", 9, 3, Map.of(), x, one, zero, zero, one);
    assertClose(zero, y.get(0).tensor().mean(0, 2));
    assertClose(x.mean(0, 2).mul(0.1), y.get(1).tensor());
    Tensor fixed = one("BatchNormalization", 9, Map.of("epsilon", 0.0), x, one, zero, zero, one);
    assertClose(x, fixed);
  }
}
