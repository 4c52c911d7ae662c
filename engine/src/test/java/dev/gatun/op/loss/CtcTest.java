package dev.gatun.op.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CtcTest {
  private static final int FRAMES = 5;
  private static final int CLASSES = 3;

  /// The labels of a path: repetitions struck out, then blanks.
  private static List<Integer> spelled(int[] path, int blank) {
    List<Integer> labels = new ArrayList<>();
    for (int t = 0; t < path.length; t++) {
      if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) {
        labels.add(path[t]);
      }
    }
    return labels;
  }

  /// Probability of the target and, after it, that of the paths through each class of each frame,
  /// over all paths one by one.
  private static double[] enumerated(double[] x, int frames, List<Integer> target, int blank) {
    double[] sums = new double[1 + FRAMES * CLASSES];
    int[] path = new int[frames];
    for (int code = 0; code < Math.pow(CLASSES, frames); code++) {
      double p = 1;
      for (int t = 0, rest = code; t < frames; t++, rest /= CLASSES) {
        path[t] = rest % CLASSES;
        p *= Math.exp(x[t * CLASSES + path[t]]);
      }
      if (spelled(path, blank).equals(target)) {
        sums[0] += p;
        for (int t = 0; t < frames; t++) {
          sums[1 + t * CLASSES + path[t]] += p;
        }
      }
    }
    return sums;
  }

  private static CpuDevice.Options[] both() {
    CpuDevice.Options o = CpuDevice.Options.standard();
    return new CpuDevice.Options[] {o, o.withReferenceKernels()};
  }

  @Test
  void agreesWithAllPathsOneByOne() {
    for (CpuDevice.Options options : both()) {
      try (CpuDevice cpu = CpuDevice.open(options);
          Scope scope = cpu.scope()) {
        for (int blank = 0; blank < CLASSES; blank++) {
          int a = (blank + 1) % CLASSES;
          int b = (blank + 2) % CLASSES;
          for (int frames = 0; frames <= FRAMES; frames++) {
            for (int[] target : new int[][] {{}, {a}, {a, b}, {a, a}, {b, a, b}, {b, b, b}}) {
              check(scope, blank, frames, target);
            }
          }
        }
      }
    }
  }

  private static void check(Scope scope, int blank, int frames, int[] target) {
    Shape shape = Shape.of(1, FRAMES, CLASSES);
    Tensor x = scope.normal(DType.F64, shape, 3).logSoftmax(2).detach().requiresGrad();
    int[] padded = Arrays.copyOf(target, 4);
    Tensor loss =
        new Ctc(blank, false, Reduction.SUM)
            .of(
                x,
                scope.tensor(Shape.of(1, 4), padded),
                scope.tensor(Shape.of(1), frames),
                scope.tensor(Shape.of(1), target.length));
    List<Integer> labels = Arrays.stream(target).boxed().toList();
    double[] want = enumerated(x.toDoubleArray(), frames, labels, blank);
    double[] dx = loss.backward().of(x).toDoubleArray();
    if (want[0] == 0) {
      assertEquals(Double.POSITIVE_INFINITY, loss.item());
      assertTrue(Arrays.stream(dx).limit(frames * CLASSES).allMatch(Double::isNaN));
      return;
    }
    assertEquals(-Math.log(want[0]), loss.item(), 1e-12);
    double[] wantDx = Arrays.stream(want).skip(1).map(p -> -p / want[0]).toArray();
    assertArrayEquals(wantDx, dx, 1e-12);
  }

  @Test
  void anInfiniteLossMayCountAsNone() {
    for (CpuDevice.Options options : both()) {
      try (CpuDevice cpu = CpuDevice.open(options);
          Scope scope = cpu.scope()) {
        Tensor x = scope.normal(DType.F32, Shape.of(2, 3, 4), 3).logSoftmax(2).detach();
        x = x.requiresGrad();
        Tensor targets = scope.tensor(Shape.of(2, 3), 1, 1, 1, 1, 2, 3);
        Tensor lengths = scope.tensor(Shape.of(2), 3, 3);
        Tensor loss = new Ctc(0, true, Reduction.NONE).of(x, targets, lengths, lengths);
        assertEquals(0, loss.toDoubleArray()[0]);
        assertTrue(loss.toDoubleArray()[1] > 0);
        double[] dx = loss.backward().of(x).toDoubleArray();
        assertArrayEquals(new double[12], Arrays.copyOf(dx, 12));
        assertEquals(-1, dx[12 + 1], 1e-6);
      }
    }
  }

  /// Probabilities far below the least double, which a sum of products would lose.
  @Test
  void longInputsStayFinite() {
    int frames = 2000;
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.full(DType.F32, Shape.of(1, frames, 2), -30).requiresGrad();
      Tensor targets = scope.tensor(DType.I32, Shape.of(1, 900), ones(900));
      Tensor loss =
          new Ctc(0, false, Reduction.SUM)
              .of(x, targets, scope.tensor(Shape.of(1), frames), scope.tensor(Shape.of(1), 900));
      assertEquals(30.0 * frames, loss.item(), 1500);
      double[] dx = loss.backward().of(x).toDoubleArray();
      for (int t = 0; t < frames; t++) {
        assertEquals(-1, dx[2 * t] + dx[2 * t + 1], 1e-5);
      }
    }
  }

  private static double[] ones(int n) {
    double[] v = new double[n];
    Arrays.fill(v, 1);
    return v;
  }

  @Test
  void whatIsOutOfRangeIsNamed() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      refused(scope, new int[] {1, 4}, 3, 2, "labels must lie in [0, 4)");
      refused(scope, new int[] {1, 0}, 3, 2, "got 0 as label 1 of row 0");
      refused(scope, new int[] {1, 2}, 6, 2, "inputLengths must lie in [0, 5]; got 6 for row 0");
      refused(scope, new int[] {1, 2}, 3, -1, "targetLengths must lie in [0, 2]; got -1");
    }
  }

  private static void refused(Scope scope, int[] labels, int frames, int length, String message) {
    Tensor x = scope.zeros(DType.F32, Shape.of(1, 5, 4));
    Tensor targets = scope.tensor(Shape.of(1, 2), labels);
    Tensor in = scope.tensor(Shape.of(1), frames);
    Tensor out = scope.tensor(Shape.of(1), length);
    Ctc op = new Ctc(0, false, Reduction.MEAN);
    String text =
        assertThrows(IllegalArgumentException.class, () -> op.of(x, targets, in, out)).toString();
    assertTrue(text.contains(message), text);
  }
}
