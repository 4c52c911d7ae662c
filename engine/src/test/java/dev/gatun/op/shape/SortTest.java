package dev.gatun.op.shape;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SortTest {
  private static final float NAN = Float.NaN;
  private CpuDevice cpu;
  private Scope scope;

  @BeforeEach
  void open() {
    cpu = CpuDevice.open();
    scope = cpu.scope();
  }

  @AfterEach
  void close() {
    scope.close();
    cpu.close();
  }

  @Test
  void equalElementsKeepTheirOrderAndNanAreGreatest() {
    Tensor x = scope.tensor(Shape.of(7), 0f, NAN, -1f, -0f, 2f, NAN, Float.POSITIVE_INFINITY);
    assertArrayEquals(new long[] {2, 0, 3, 4, 6, 1, 5}, x.argSort(0, false).toLongArray());
    assertArrayEquals(new long[] {1, 5, 6, 4, 0, 3, 2}, x.argSort(0, true).toLongArray());
    assertArrayEquals(
        new int[] {Float.floatToRawIntBits(0f), Float.floatToRawIntBits(-0f)},
        bits(x.sort(0, false).get(0).slice(0, 1, 3).toFloatArray()));
  }

  private static int[] bits(float[] x) {
    return java.util.stream.IntStream.range(0, x.length)
        .map(i -> Float.floatToRawIntBits(x[i]))
        .toArray();
  }

  @Test
  void longRowsAndColumnsOfEveryTypeMatchTheLibrary() {
    Random random = new Random(4);
    double[] x = random.doubles(2 * 50_000, -5, 5).toArray();
    double[] first = Arrays.copyOf(x, 50_000);
    Arrays.sort(first);
    Tensor t = scope.tensor(Shape.of(2, 50_000), x);
    assertArrayEquals(first, Arrays.copyOf(t.sort(1, false).get(0).toDoubleArray(), 50_000));
    Tensor columns = t.transpose().copy();
    assertArrayEquals(
        first, columns.sort(0, false).get(0).transpose().select(0, 0).toDoubleArray());
    long[] longs = random.longs(10_000).toArray();
    long[] sorted = longs.clone();
    Arrays.sort(sorted);
    assertArrayEquals(
        sorted, scope.tensor(Shape.of(10_000), longs).sort(0, false).get(0).toLongArray());
  }

  @Test
  void theGreatestFewAndTheirGradient() {
    Tensor x = scope.tensor(Shape.of(2, 4), 1f, 4f, 2f, 3f, 8f, 5f, 6f, 7f).requiresGrad();
    List<Tensor> top = x.topK(1, 2);
    assertArrayEquals(new float[] {4, 3, 8, 7}, top.get(0).toFloatArray());
    assertArrayEquals(new long[] {1, 3, 0, 3}, top.get(1).toLongArray());
    Tensor dy = scope.tensor(Shape.of(2, 2), 1f, 2f, 3f, 4f);
    assertArrayEquals(
        new float[] {0, 1, 0, 2, 3, 0, 0, 4}, top.get(0).backward(dy).of(x).toFloatArray());
    assertThrows(IllegalArgumentException.class, () -> x.topK(1, 5));
  }

  @Test
  void placesOutsideAreRefused() {
    Tensor dy = scope.tensor(Shape.of(2), 1f, 2f);
    Tensor places = scope.tensor(Shape.of(2), 0L, 3L);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> new Sort.Grad(0, 3).of(dy, places));
    assertTrue(e.toString().contains("[0, 3)"), e.toString());
  }

  @Test
  void searchFindsBothEndsOfEqualElements() {
    Tensor x = scope.tensor(Shape.of(5), 1f, 2f, 2f, 2f, NAN);
    Tensor v = scope.tensor(Shape.of(5), 0f, 2f, 3f, NAN, 1f);
    assertArrayEquals(new long[] {0, 1, 4, 4, 0}, x.searchSorted(v, false).toLongArray());
    assertArrayEquals(new long[] {0, 4, 4, 5, 1}, x.searchSorted(v, true).toLongArray());
  }

  /// Against a count one by one, with equal elements, both zeros, infinities and NaN at both sides.
  @Test
  void searchCountsInEveryType() {
    Random random = new Random(6);
    double[] special = {0, -0.0, Double.NaN, 1e30, -1e30, 1 / 0.0, -1 / 0.0};
    for (DType t : List.of(DType.F32, DType.F64, DType.I32, DType.I64, DType.I8, DType.U8)) {
      for (int n : new int[] {0, 1, 2, 5, 64, 1000}) {
        double[] x = random.doubles(n, t == DType.U8 ? 0 : -99, t == DType.U8 ? 250 : 99).toArray();
        for (int i = 0; i < n; i++) {
          boolean rare = t.computes() && random.nextInt(9) == 0;
          x[i] = rare ? special[random.nextInt(special.length)] : Math.rint(x[i]);
        }
        double[] sorted = x.clone();
        Arrays.sort(sorted);
        double[] v = Arrays.copyOf(x, 1500);
        if (t.computes()) {
          System.arraycopy(special, 0, v, 1400, special.length);
        }
        for (boolean right : new boolean[] {false, true}) {
          Tensor places =
              scope
                  .tensor(Shape.of(n), sorted)
                  .to(t)
                  .searchSorted(scope.tensor(Shape.of(1500), v).to(t), right);
          assertArrayEquals(count(sorted, v, right), places.toLongArray(), t + " " + n + right);
        }
      }
    }
  }

  private static long[] count(double[] sorted, double[] v, boolean right) {
    return Arrays.stream(v)
        .mapToLong(a ->
            Arrays.stream(sorted)
                .filter(b -> Double.compare(b + 0.0, a + 0.0) < (right ? 1 : 0))
                .count())
        .toArray();
  }

  @Test
  void differentElementsAndPlacesOfNonzeros() {
    Tensor x = scope.tensor(Shape.of(2, 3), 3f, 0f, 3f, -0f, NAN, NAN);
    Unique u = x.unique();
    assertArrayEquals(new float[] {0, 3, NAN}, u.values().toFloatArray());
    assertArrayEquals(new long[] {1, 0, 1, 0, 2, 2}, u.inverse().toLongArray());
    assertEquals(x.shape(), u.inverse().shape());
    assertArrayEquals(new long[] {2, 2, 2}, u.counts().toLongArray());
    Tensor ints = scope.tensor(Shape.of(3), (1L << 60) + 1, 1L << 60, (1L << 60) + 1);
    assertArrayEquals(new long[] {1L << 60, (1L << 60) + 1}, ints.unique().values().toLongArray());
    assertEquals(DType.I64, ints.unique().values().dtype());
    Tensor places = x.nonzero();
    assertEquals(Shape.of(4, 2), places.shape());
    assertArrayEquals(new long[] {0, 0, 0, 2, 1, 1, 1, 2}, places.toLongArray());
    assertEquals(Shape.of(0, 2), scope.zeros(DType.F32, Shape.of(2, 2)).nonzero().shape());
    assertEquals(0, scope.zeros(DType.F32, Shape.of(0)).unique().values().shape().elems());
  }
}
