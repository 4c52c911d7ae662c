package dev.gatun.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.cpu.CpuDevice;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Views against index arithmetic: every chain of slices, transposes, reshapes and broadcasts reads
/// the elements that the chain names, in every type, through the strided copy.
class ViewTest {
  private final CpuDevice cpu = CpuDevice.open(CpuDevice.Options.standard().withThreads(2));
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    cpu.close();
  }

  private Tensor counting(DType t, long... dims) {
    double[] v = new double[(int) Shape.of(dims).elems()];
    Arrays.setAll(v, i -> t == DType.BOOL ? i % 3 == 0 ? 1 : 0 : i % 113);
    return scope.tensor(t, Shape.of(dims), v);
  }

  /// The elements by the layout alone, one at a time.
  private static double[] byIndex(Tensor t) {
    double[] v = new double[(int) t.shape().elems()];
    Arrays.setAll(v, i -> t.dtype().read(t.buffer().segment(), t.layout().at(t.shape(), i)));
    return v;
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void chainsOfViewsReadWhatTheyName(DType t) {
    Random random = new Random(7);
    for (int trial = 0; trial < 60; trial++) {
      Tensor x = counting(t, 1 + random.nextInt(5), 1 + random.nextInt(40), 1 + random.nextInt(40));
      for (int step = 0; step < 4; step++) {
        x = next(x, random);
      }
      Tensor view = x;
      assertArrayEquals(byIndex(view), view.toDoubleArray(), () -> view + " " + view.layout());
      assertArrayEquals(byIndex(view), view.copy().toDoubleArray());
    }
  }

  private static Tensor next(Tensor x, Random random) {
    int axis = random.nextInt(x.shape().rank());
    long d = x.dim(axis);
    return switch (random.nextInt(5)) {
      case 0 -> x.transpose(axis, random.nextInt(x.shape().rank()));
      case 1 -> x.slice(axis, random.nextInt((int) d + 1), d);
      case 2 -> x.slice(axis, d - 1, -d - 1, -1 - random.nextInt(3));
      case 3 -> x.reshape(x.shape().elems() == 0 ? x.shape().dims() : split(x.shape(), axis));
      default -> x.shape().rank() > 4 ? x : x.broadcastTo(lead(x.shape()));
    };
  }

  private static long[] split(Shape s, int axis) {
    long[] dims = s.dims();
    dims[axis] = s.dim(axis) % 2 == 0 ? 2 : s.dim(axis);
    long[] more = Arrays.copyOf(dims, dims.length + 1);
    System.arraycopy(dims, axis + 1, more, axis + 2, dims.length - axis - 1);
    more[axis + 1] = s.dim(axis) / dims[axis];
    return more;
  }

  private static Shape lead(Shape s) {
    long[] dims = new long[s.rank() + 1];
    System.arraycopy(s.dims(), 0, dims, 1, s.rank());
    dims[0] = 2;
    return Shape.of(dims);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"I8", "BF16", "F32", "I64"})
  void largeTransposesCrossTiles(DType t) {
    Tensor y = counting(t, 3, 301, 257).transpose();
    assertArrayEquals(byIndex(y), y.toDoubleArray());
    Tensor z = counting(t, 129, 5, 260).permute(2, 1, 0);
    assertArrayEquals(byIndex(z), z.toDoubleArray());
  }

  @Test
  void slicesFollowPythonsRule() {
    Tensor x = scope.tensor(Shape.of(5), 0f, 1f, 2f, 3f, 4f);
    assertArrayEquals(new float[] {3, 4}, x.slice(0, -2, 99).toFloatArray());
    assertArrayEquals(new float[] {1, 3}, x.slice(-1, 1, 5, 2).toFloatArray());
    assertArrayEquals(new float[] {4, 2, 0}, x.slice(0, 4, -6, -2).toFloatArray());
    assertEquals(Shape.of(0), x.slice(0, 3, 2).shape());
    assertEquals(2.0, x.select(0, -3).item());
    assertThrows(IllegalArgumentException.class, () -> x.slice(0, 0, 5, 0));
    assertThrows(IllegalArgumentException.class, () -> x.select(0, 5));
  }

  @Test
  void viewsShareMemory() {
    Tensor x = counting(DType.F32, 4, 6);
    assertSame(x.buffer(), x.transpose().slice(0, 1, 3).buffer());
    assertSame(x.buffer(), x.reshape(2, -1).buffer());
    assertSame(x.buffer(), x.slice(0, 1, 3).reshape(12).buffer());
  }

  @Test
  void shapesCheckTheirSizes() {
    assertThrows(IllegalArgumentException.class, () -> Shape.of(2, -1));
    assertThrows(IllegalArgumentException.class, () -> Shape.of(1L << 31, 1L << 31));
    assertThrows(IllegalArgumentException.class, () -> Shape.of(Long.MAX_VALUE, 3));
    assertEquals(0, Shape.of(1L << 40, 0, 1L << 40).elems());
    assertEquals(1, Shape.of().elems());
    assertEquals(Shape.of(3, 2, 4), Shape.broadcast(Shape.of(2, 1), Shape.of(3, 1, 4)));
    assertEquals(Shape.of(0, 4), Shape.broadcast(Shape.of(0, 1), Shape.of(4)));
    assertThrows(IllegalArgumentException.class, () -> Shape.broadcast(Shape.of(2), Shape.of(3)));
    assertThrows(IllegalArgumentException.class, () -> Shape.of(2, 3).axis(2));
    assertThrows(IllegalArgumentException.class, () -> Shape.of(2, 3).axes(1, -1));
  }

  @Test
  void broadcastArithmeticMatchesIndexArithmetic() {
    long[][][] pairs = {
      {{3, 1, 5}, {4, 1}},
      {{}, {2, 3}},
      {{1, 1}, {7}},
      {{2, 0}, {1, 1}},
      {{2, 1, 3, 1}, {4, 1, 6}},
      {{40, 1, 9}, {1, 70, 9}},
      {{5, 1}, {5, 20_000}}
    };
    for (long[][] pair : pairs) {
      Tensor x = counting(DType.F64, pair[0]);
      Tensor y = counting(DType.F64, pair[1]);
      Tensor z = x.sub(y);
      double[] a = byIndex(x.broadcastTo(z.shape()));
      double[] b = byIndex(y.broadcastTo(z.shape()));
      double[] want = new double[a.length];
      Arrays.setAll(want, i -> a[i] - b[i]);
      assertArrayEquals(want, z.toDoubleArray(), () -> x + " - " + y);
    }
  }
}
