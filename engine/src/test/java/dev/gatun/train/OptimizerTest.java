package dev.gatun.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class OptimizerTest {
  private static final CpuDevice.Options TWO_THREADS = CpuDevice.Options.standard().withThreads(2);

  /// Values of a parameter after some steps whose gradient is `c * p + i` for step `i`.
  private static double[] train(
      CpuDevice.Options options, DType type, int n, Function<Variable, Optimizer> optimizer) {
    try (Device cpu = CpuDevice.open(options);
        Scope model = cpu.scope("model")) {
      Variable p = model.variable(model.normal(type, Shape.of(n), 3));
      Optimizer o = optimizer.apply(p);
      for (int i = 0; i < 4; i++) {
        try (Scope step = cpu.scope("step " + i)) {
          Tensor x = step.borrow(p);
          Tensor c = step.normal(type, Shape.of(n), 50 + i);
          o.step(x.mul(x).mul(c).add(x.mul(i)).sum().backward(), 0.01 * (i + 1));
        }
      }
      return p.value().toDoubleArray();
    }
  }

  private static final List<Function<Variable, Optimizer>> ALL =
      List.of(
          p -> AdamW.of(List.of(p)),
          p -> AdamW.of(List.of(p), new AdamW.Options(0.8, 0.99, 1e-6, 0.2)),
          p -> Adam.of(List.of(p)),
          p -> Adam.of(List.of(p), new AdamW.Options(0.8, 0.99, 1e-6, 0.2)),
          p -> Sgd.of(List.of(p), Sgd.Options.plain()),
          p -> Sgd.of(List.of(p), new Sgd.Options(0, 0.1, false)),
          p -> Sgd.of(List.of(p), new Sgd.Options(0.9, 0.1, false)),
          p -> Sgd.of(List.of(p), new Sgd.Options(0.9, 0.1, true)));

  @Test
  void vectorsAgreeWithTheReference() {
    for (Function<Variable, Optimizer> o : ALL) {
      for (int n : new int[] {0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 207, 1037, 40_001}) {
        double[] f32 = train(TWO_THREADS.withReferenceKernels(), DType.F32, n, o);
        assertArrayEquals(f32, train(TWO_THREADS, DType.F32, n, o), 2e-5);
        double[] f64 = train(TWO_THREADS.withReferenceKernels(), DType.F64, n, o);
        assertArrayEquals(f64, train(TWO_THREADS, DType.F64, n, o), 1e-12);
        assertArrayEquals(f64, f32, 2e-4);
      }
    }
  }

  @Test
  void bitsDoNotDependOnThreads() {
    for (Function<Variable, Optimizer> o : ALL) {
      assertArrayEquals(
          train(TWO_THREADS.withThreads(1), DType.F32, 40_001, o),
          train(TWO_THREADS.withThreads(3), DType.F32, 40_001, o));
    }
  }

  /// Two steps of `loss = 3 p` from `p = 1`, worked out by hand from the formulas.
  private static double[] byHand(Function<Variable, Optimizer> optimizer) {
    try (Device cpu = CpuDevice.open();
        Scope model = cpu.scope("model")) {
      Variable p = model.variable(model.tensor(Shape.of(), 1.0));
      Optimizer o = optimizer.apply(p);
      double[] seen = new double[2];
      for (int i = 0; i < 2; i++) {
        try (Scope step = cpu.scope("step")) {
          o.step(step.borrow(p).mul(3).sum().backward(), 0.1);
          seen[i] = p.value().item();
        }
      }
      return seen;
    }
  }

  @Test
  void twoStepsByHand() {
    // A constant gradient: m and v without their bias are 3 and 9, each step is rate times 1.
    double[] adam = byHand(p -> AdamW.of(List.of(p), new AdamW.Options(0.9, 0.999, 0, 0.5)));
    assertArrayEquals(new double[] {0.95 - 0.1, 0.95 * 0.85 - 0.1}, adam, 1e-12);
    // d = 3 + p / 2: the first step is the rate, the second weighs 3.5 and 3.45.
    double[] coupled = byHand(p -> Adam.of(List.of(p), new AdamW.Options(0.9, 0.999, 0, 0.5)));
    double m = (0.9 * 0.1 * 3.5 + 0.1 * 3.45) / (1 - 0.9 * 0.9);
    double v = (0.999 * 0.001 * 3.5 * 3.5 + 0.001 * 3.45 * 3.45) / (1 - 0.999 * 0.999);
    assertArrayEquals(new double[] {0.9, 0.9 - 0.1 * m / Math.sqrt(v)}, coupled, 1e-12);
    double[] plain = byHand(p -> Sgd.of(List.of(p), Sgd.Options.plain()));
    assertArrayEquals(new double[] {0.7, 0.4}, plain, 1e-12);
    // d = 3 + p / 2; b = d, then b = d + b / 2.
    double[] heavy = byHand(p -> Sgd.of(List.of(p), new Sgd.Options(0.5, 0.5, false)));
    assertArrayEquals(new double[] {0.65, 0.65 - 0.1 * (3.325 + 1.75)}, heavy, 1e-12);
    double[] ahead = byHand(p -> Sgd.of(List.of(p), new Sgd.Options(0.5, 0.5, true)));
    double first = 1 - 0.1 * (3.5 + 1.75);
    double d = 3 + first / 2;
    assertArrayEquals(new double[] {first, first - 0.1 * (d + 0.5 * (d + 1.75))}, ahead, 1e-12);
  }

  @Test
  void clippingScalesAllGradientsTogether() {
    try (Device cpu = CpuDevice.open();
        Scope model = cpu.scope("model")) {
      Variable a = model.variable(model.tensor(Shape.of(2), 0.0, 0.0));
      Variable b = model.variable(model.tensor(Shape.of(1), 0.0));
      Variable unused = model.variable(model.tensor(Shape.of(1), 7.0));
      Sgd sgd = Sgd.of(List.of(a, b, unused), Sgd.Options.plain());
      Tensor loss = a.value().mul(2).sum().add(b.value().sum());
      Gradients g = loss.backward();
      assertEquals(3, sgd.norm(g), 1e-12);
      assertEquals(3, sgd.stepClipped(g, 1, 1.5), 1e-12);
      assertArrayEquals(new double[] {-1, -1}, a.value().toDoubleArray(), 1e-12);
      assertEquals(-0.5, b.value().item(), 1e-12);
      assertEquals(7, unused.value().item());
      assertEquals(3, sgd.stepClipped(g, 1, 4), 1e-12);
      assertArrayEquals(new double[] {-3, -3}, a.value().toDoubleArray(), 1e-12);
    }
  }

  @Test
  void aNormThatIsNotFiniteChangesNothing() {
    try (Device cpu = CpuDevice.open();
        Scope model = cpu.scope("model")) {
      Variable p = model.variable(model.tensor(Shape.of(2), 1.0, 2.0));
      AdamW adam = AdamW.of(List.of(p));
      Gradients g = p.value().mul(Double.POSITIVE_INFINITY).sum().backward();
      assertEquals(Double.POSITIVE_INFINITY, adam.stepClipped(g, 0.1, 1));
      assertArrayEquals(new double[] {1, 2}, p.value().toDoubleArray());
      assertEquals(0, p.version());
    }
  }

  @Test
  void rangesAndShapesAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> new AdamW.Options(1, 0.9, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new AdamW.Options(0.9, 0.9, -1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Sgd.Options(Double.NaN, 0, false));
    try (Device cpu = CpuDevice.open();
        Scope model = cpu.scope("model")) {
      Variable p = model.variable(model.tensor(Shape.of(2), 1.0, 2.0));
      Tensor g = model.tensor(Shape.of(3), 1.0, 2.0, 3.0);
      AdamW.Update op = new AdamW.Update(AdamW.Options.standard(), false, 0.1, 1, 1);
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> model.update(op, List.of(p, p, p), List.of(g)))
              .toString();
      assertTrue(message.contains("shapes must agree; got p F64 [2]"), message);
    }
  }
}
