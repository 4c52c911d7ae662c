package dev.gatun.op.shape;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What the methods of a tensor that move or choose elements mean, on numbers done by hand.
final class IndexingTest {
  private final CpuDevice cpu = CpuDevice.open(CpuDevice.Options.standard().withThreads(2));
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    cpu.close();
  }

  /// 0, 1, 2, ...
  private Tensor count(long... dims) {
    Shape s = Shape.of(dims);
    return scope.arange(DType.F32, 0, (double) s.elems(), 1).reshape(dims);
  }

  private Tensor ints(int... values) {
    return scope.tensor(Shape.of(values.length), values);
  }

  private static void is(String shape, Tensor t, double... values) {
    assertEquals(shape, t.shape().toString());
    assertArrayEquals(values, t.toDoubleArray());
  }

  @Test
  void joins() {
    Tensor x = count(2, 2);
    is("[2,3]", x.concat(-1, count(2, 1)), 0, 1, 0, 2, 3, 1);
    is("[3,2]", x.concat(0, count(1, 2)), 0, 1, 2, 3, 0, 1);
    is("[2,2,2]", x.stack(0, x), 0, 1, 2, 3, 0, 1, 2, 3);
    is("[2,2,2]", x.stack(-1, x), 0, 0, 1, 1, 2, 2, 3, 3);
    is("[2,2]", x.concat(1, scope.zeros(DType.F32, Shape.of(2, 0))), 0, 1, 2, 3);
  }

  @Test
  void views() {
    Tensor x = count(2, 1, 3);
    assertEquals("[2,3]", x.squeeze(-2).shape().toString());
    assertSame(x.buffer(), x.squeeze(1).buffer());
    assertThrows(IllegalArgumentException.class, () -> x.squeeze(0));
    assertEquals("[2,1,3,1]", x.unsqueeze(-1).shape().toString());
    assertEquals("[1,2,1,3]", x.unsqueeze(0).shape().toString());
    assertEquals("[1]", scope.full(DType.F32, Shape.of(), 1).unsqueeze(0).shape().toString());
    assertThrows(IllegalArgumentException.class, () -> x.unsqueeze(4));
    assertEquals("[2,3]", x.flatten(0, 1).shape().toString());
    assertEquals("[6]", x.flatten().shape().toString());
    assertThrows(IllegalArgumentException.class, () -> x.flatten(2, 1));
    is("[3,2,1]", x.moveAxis(-1, 0), 0, 3, 1, 4, 2, 5);
    List<Tensor> parts = count(5).split(0, 2, 0, 3);
    is("[2]", parts.get(0), 0, 1);
    is("[0]", parts.get(1));
    is("[3]", parts.get(2), 2, 3, 4);
    assertThrows(IllegalArgumentException.class, () -> count(5).split(0, 2, 2));
    assertEquals(List.of(2L, 2L, 1L), count(5).chunk(0, 3).stream().map(t -> t.dim(0)).toList());
    assertEquals(List.of(1L, 1L), count(2).chunk(0, 3).stream().map(t -> t.dim(0)).toList());
    assertEquals(1, count(0).chunk(0, 3).size());
  }

  @Test
  void moves() {
    Tensor x = count(4);
    is("[7]", x.pad(0, 2, 1), 0, 0, 0, 1, 2, 3, 0);
    is("[8]", x.pad(0, 2, 2, Pad.Mode.REFLECT), 2, 1, 0, 1, 2, 3, 2, 1);
    is("[8]", x.pad(0, 2, 2, Pad.Mode.REPLICATE), 0, 0, 0, 1, 2, 3, 3, 3);
    is("[8]", x.pad(0, 2, 2, Pad.Mode.CIRCULAR), 2, 3, 0, 1, 2, 3, 0, 1);
    is("[2]", scope.zeros(DType.F32, Shape.of(0)).pad(0, 1, 1), 0, 0);
    is("[2,2]", count(2, 2).flip(), 3, 2, 1, 0);
    is("[2,2]", count(2, 2).flip(-1), 1, 0, 3, 2);
    is("[4]", x.roll(0, 1), 3, 0, 1, 2);
    is("[4]", x.roll(-1, -5), 1, 2, 3, 0);
    is("[0]", scope.zeros(DType.F32, Shape.of(0)).roll(0, 3));
    is("[2,4]", count(1, 2).tile(2, 2), 0, 1, 0, 1, 0, 1, 0, 1);
    is("[2,4]", count(2, 2).repeat(-1, 2), 0, 0, 1, 1, 2, 2, 3, 3);
    is("[0]", x.repeat(0, 0));
  }

  @Test
  void chosen() {
    Tensor x = count(2, 3);
    Tensor i = scope.tensor(Shape.of(2, 2), 2L, 0L, 1L, 1L);
    is("[2,2]", x.gather(-1, i), 2, 0, 4, 4);
    is("[2,2]", x.indexSelect(1, ints(2, 2)), 2, 2, 5, 5);
    is("[0,3]", x.indexSelect(0, ints()));
    Tensor mask = scope.tensor(DType.BOOL, Shape.of(2, 1), 0, 1);
    is("[2,3]", x.maskedFill(mask, -1), 0, 1, 2, -1, -1, -1);
    Tensor row = scope.tensor(DType.BOOL, Shape.of(3), 0, 1, 0);
    is("[2,3]", x.maskedFill(row, -1), 0, -1, 2, 3, -1, 5);
    is("[2]", x.maskedSelect(row), 1, 4);
    is("[0]", x.maskedSelect(scope.zeros(DType.BOOL, Shape.of())));
    Tensor w = x.requiresGrad();
    is("[2,3]", w.maskedSelect(row).mul(3).sum().backward().of(w), 0, 3, 0, 0, 3, 0);
  }

  @Test
  void scattered() {
    Tensor x = count(3);
    Tensor i = ints(1, 1, 0);
    Tensor s = scope.tensor(Shape.of(3), 10f, 20f, -30f);
    is("[3]", x.scatter(0, i, s, Scatter.Mode.SET), -30, 20, 2);
    is("[3]", x.scatter(0, i, s, Scatter.Mode.ADD), -30, 31, 2);
    is("[3]", x.scatter(0, i, s, Scatter.Mode.MUL), -0.0, 200, 2);
    is("[3]", x.scatter(0, i, s, Scatter.Mode.MAX), 0, 20, 2);
    is("[3]", x.scatter(0, i, s, Scatter.Mode.MIN), -30, 1, 2);
  }

  /// Of what was set twice only the last has a gradient; a product has one through a zero.
  @Test
  void gradientsWhereIndicesRepeat() {
    Tensor x = count(3).requiresGrad();
    Tensor s = scope.tensor(Shape.of(3), 10f, 0f, -30f).requiresGrad();
    Tensor dy = scope.tensor(Shape.of(3), 1f, 2f, 3f);
    var set = x.scatter(0, ints(1, 1, 0), s, Scatter.Mode.SET).backward(dy);
    is("[3]", set.of(x), 0, 0, 3);
    is("[3]", set.of(s), 0, 2, 1);
    var mul = x.scatter(0, ints(1, 1, 0), s, Scatter.Mode.MUL).backward(dy);
    is("[3]", mul.of(x), -30, 0, 3);
    is("[3]", mul.of(s), 0, 20, 0);
    Tensor tie = scope.tensor(Shape.of(3), 1f, 1f, -30f).requiresGrad();
    var max = x.scatter(0, ints(1, 1, 0), tie, Scatter.Mode.MAX).backward(dy);
    assertArrayEquals(new double[] {1, 2 / 3.0, 3}, max.of(x).toDoubleArray(), 1e-7);
    assertArrayEquals(new double[] {2 / 3.0, 2 / 3.0, 0}, max.of(tie).toDoubleArray(), 1e-7);
  }

  @Test
  void indicesOutsideAreRefusedByName() {
    Tensor x = count(3, 3);
    Tensor zeros = scope.zeros(DType.F32, Shape.of(1, 3));
    for (int bad : new int[] {3, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      Tensor i = ints(0, 2, bad);
      outside("IndexSelect[axis=1]", bad, () -> x.indexSelect(1, i));
      outside("Gather[axis=0]", bad, () -> x.gather(0, i.reshape(1, 3)));
      outside(
          "Scatter[axis=0, mode=ADD]",
          bad,
          () -> x.scatter(0, i.reshape(1, 3), zeros, Scatter.Mode.ADD));
    }
    Tensor longs = scope.tensor(Shape.of(40), LongStream.range(0, 40).map(v -> v << 32).toArray());
    outside("IndexSelect[axis=0]", 1L << 32, () -> x.indexSelect(0, longs));
  }

  private static void outside(String op, long bad, Runnable call) {
    String text =
        String.valueOf(assertThrows(IllegalArgumentException.class, call::run).getMessage());
    assertTrue(text.startsWith(op + ": indices must lie in [0, 3); got " + bad + " as"), text);
  }

  @Test
  void placed() {
    is("[2,3]", ints(2, 0).oneHot(3), 0, 0, 1, 1, 0, 0);
    is("[3,3]", count(2).diag(-1), 0, 0, 0, 0, 0, 0, 0, 1, 0);
    is("[2]", count(2, 3).diagonal(1), 1, 5);
    is("[1]", count(2, 3).diagonal(-1), 3);
    is("[0]", count(2, 3).diagonal(3));
    assertThrows(IllegalArgumentException.class, () -> count(2, 3).diagonal(4));
    is("[2,2]", count(2, 2, 2).diagonal(0), 0, 3, 4, 7);
    is("[2,3]", count(2, 3).tril(0), 0, 0, 0, 3, 4, 0);
    is("[2,3]", count(2, 3).triu(1), 0, 1, 2, 0, 0, 5);
    is("[2,3]", count(2, 3).triu(Long.MIN_VALUE), 0, 1, 2, 3, 4, 5);
    is("[2,3]", scope.eye(DType.I32, 2, 3), 1, 0, 0, 0, 1, 0);
    is("[2,2]", scope.triangle(2, 2, 0), 1, 0, 1, 1);
    is("[3]", scope.arange(DType.I64, 5, -1, -2), 5, 3, 1);
    is("[0]", scope.arange(DType.F32, 0, -1, 1));
    assertThrows(IllegalArgumentException.class, () -> scope.arange(DType.F32, 0, 1, 0));
    is("[3]", scope.linspace(DType.F64, 0, 1, 3), 0, 0.5, 1);
    is("[1]", scope.linspace(DType.F64, 4, 9, 1), 4);
  }

  /// Moves go by the size of an element; the numbers here are exact in every type.
  @ParameterizedTest
  @EnumSource(DType.class)
  void everyTypeMoves(DType t) {
    double[] v =
        t == DType.BOOL ? new double[] {1, 0, 0, 1, 1, 0} : new double[] {1, 2, 3, 4, 5, 6};
    Tensor x = scope.tensor(t, Shape.of(2, 3), v);
    Tensor again = x.concat(1, x);
    assertArrayEquals(again.toDoubleArray(), x.tile(1, 2).toDoubleArray());
    assertArrayEquals(again.flip(1).flip(1).toDoubleArray(), again.toDoubleArray());
    assertArrayEquals(again.roll(1, 3).toDoubleArray(), again.toDoubleArray());
    assertArrayEquals(v, x.pad(1, 2, 2, Pad.Mode.REFLECT).slice(1, 2, 5).toDoubleArray());
    assertArrayEquals(v, x.indexSelect(1, ints(2, 1, 0)).flip(1).toDoubleArray());
    Tensor i = scope.tensor(Shape.of(2, 3), 2L, 1L, 0L, 2L, 1L, 0L);
    assertArrayEquals(v, x.gather(1, i).flip(1).toDoubleArray());
    assertArrayEquals(
        x.flip(1).toDoubleArray(), x.scatter(1, i, x, Scatter.Mode.SET).toDoubleArray());
    assertArrayEquals(v, x.diag(0).diagonal(0).toDoubleArray());
    Tensor none = scope.zeros(DType.BOOL, Shape.of(3));
    assertArrayEquals(v, x.maskedFill(none, 0).toDoubleArray());
    double[] ones = {1, 1, 1, 1, 1, 1};
    assertArrayEquals(ones, x.maskedFill(all(), 1).toDoubleArray());
  }

  private Tensor all() {
    return scope.full(DType.BOOL, Shape.of(), 1);
  }

  @Test
  void aSliceOfNothingLiesWithinItsMemory() {
    Tensor none = scope.zeros(DType.F32, Shape.of(0, 3, 1000));
    assertEquals(Shape.of(0, 1, 1000), none.slice(1, 2, 3).exp().shape());
    assertEquals(0, none.slice(1, 2, 3).toFloatArray().length);
  }
}
