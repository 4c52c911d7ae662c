package dev.gatun.op.sequence.scan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.attention.AttentionScan;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Scans of combinations that programs bring, against those that have kernels.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AssociativeScanTest {
  private static final Combination AFFINE =
      (x, y) -> List.of(y.get(0).mul(x.get(0)), y.get(0).mul(x.get(1)).add(y.get(1)));

  private final Device device = CpuDevice.open();
  private Scope s;

  @BeforeAll
  void open() {
    s = device.scope();
  }

  @AfterAll
  void close() {
    s.close();
    device.close();
  }

  private Tensor draw(long seed, double from, double to, long... dims) {
    Random random = new Random(seed);
    Shape shape = Shape.of(dims);
    double[] x = random.doubles(shape.elems(), from, to).toArray();
    return s.tensor(DType.F64, shape, x);
  }

  private static void near(Tensor want, Tensor got, double bound) {
    assertEquals(want.spec(), got.spec());
    assertArrayEquals(want.toDoubleArray(), got.toDoubleArray(), bound);
  }

  @Test
  void everyLengthGivesWhatStepsGive() {
    IntStream.rangeClosed(0, 70)
        .forEach(t -> {
          Tensor a = draw(t, -1, 1, 2, t, 3);
          Tensor b = draw(t + 100, -1, 1, 2, t, 3);
          Tensor want = Scan.affine(1).apply(a, b).get(0);
          near(want, new AssociativeScan(AFFINE, 1).of(List.of(a, b)).get(1), 1e-14);
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void statesAndDirectionsAreThoseOfScan(boolean reverse) {
    Tensor a = draw(1, -1, 1, 9, 4);
    Tensor b = draw(2, -1, 1, 9, 4);
    Tensor h = draw(3, -1, 1, 4);
    Scan scan = reverse ? Scan.affine(0).reversed() : Scan.affine(0);
    AssociativeScan own = new AssociativeScan(AFFINE, 0, reverse);
    List<Tensor> start = List.of(s.full(DType.F64, Shape.of(1, 4), 1), h.unsqueeze(0));
    near(scan.apply(a, b, h).get(0), own.of(List.of(a, b), start).get(1), 1e-14);
    Tensor before = own.before(List.of(a, b), start).get(1);
    near(scan.exclusively().apply(a, b, h).get(0), before, 1e-14);
  }

  @Test
  void gradientsAreThoseOfScan() {
    Tensor a = draw(4, -1, 1, 13, 3).requiresGrad();
    Tensor b = draw(5, -1, 1, 13, 3).requiresGrad();
    Tensor w = draw(6, -1, 1, 13, 3);
    Tensor want = Scan.affine(0).apply(a, b).get(0).mul(w).sum();
    Tensor got = new AssociativeScan(AFFINE, 0).of(List.of(a, b)).get(1).mul(w).sum();
    Gradients g = want.backward();
    Gradients o = got.backward();
    near(g.of(a), o.of(a), 1e-13);
    near(g.of(b), o.of(b), 1e-13);
  }

  @Test
  void logarithmsOfLongProductsKeepTheirDigits() {
    Tensor a = draw(7, 0.01, 1, 2000, 2);
    Tensor b = draw(8, 0.01, 1, 2000, 2);
    Tensor want = Scan.affine(0).apply(a, b).get(0);
    List<Tensor> leaves = List.of(a.log(), b.log());
    Tensor got = new AssociativeScan(Combination.logarithmic(), 0).of(leaves).get(1).exp();
    near(want, got, 1e-14);
  }

  @Test
  void logarithmsOfZerosAreIdentities() {
    double none = Double.NEGATIVE_INFINITY;
    Tensor la = s.tensor(DType.F64, Shape.of(4), 0, 0, 0, 0);
    Tensor lb = s.tensor(DType.F64, Shape.of(4), none, none, 2, none);
    Tensor got = new AssociativeScan(Combination.logarithmic(), 0).of(List.of(la, lb)).get(1);
    assertArrayEquals(new double[] {none, none, 2, 2}, got.toDoubleArray());
  }

  @Test
  void softmaxIsAttentionOfOneQuery() {
    Tensor scores = draw(9, -30, 30, 2, 37);
    Tensor v = draw(10, -1, 1, 2, 37, 5);
    Tensor m = scores.unsqueeze(-1);
    List<Tensor> leaves = List.of(m, s.full(DType.F64, m.shape(), 1), v);
    List<Tensor> all = new AssociativeScan(Combination.softmax(), 1).of(leaves);
    near(AttentionScan.prefixes(scores, v), all.get(2).div(all.get(1)), 1e-14);
  }

  @Test
  void nothingPassesFromSegmentToSegment() {
    double nan = Double.NaN;
    Tensor begins = s.tensor(DType.BOOL, Shape.of(6), 1, 0, 1, 0, 1, 0);
    Tensor a = s.tensor(DType.F64, Shape.of(6), 2, 2, 2, 2, 2, 2);
    Tensor b = s.tensor(DType.F64, Shape.of(6), 1, 1, nan, 1, 1, 1);
    Tensor got = new AssociativeScan(AFFINE.segmented(), 0).of(List.of(begins, a, b)).get(2);
    assertArrayEquals(new double[] {1, 3, nan, nan, 1, 3}, got.toDoubleArray());
  }

  @Test
  void refusesWhatIsNoElement() {
    Tensor x = draw(11, -1, 1, 4);
    AssociativeScan sums = new AssociativeScan((p, q) -> List.of(p.get(0).add(q.get(0))), 0);
    for (List<Tensor> wrong :
        List.of(List.<Tensor>of(), List.of(x, x.slice(0, 0, 3)), List.of(x.select(0, 1)))) {
      Exception e = assertThrows(IllegalArgumentException.class, () -> sums.of(wrong));
      String message = String.valueOf(e.getMessage());
      assertTrue(message.startsWith("AssociativeScan[axis=0]: "), message);
    }
    AssociativeScan shrinks = new AssociativeScan((p, q) -> List.of(p.get(0).slice(0, 0, 1)), 0);
    assertThrows(IllegalArgumentException.class, () -> shrinks.of(List.of(x)));
  }
}
