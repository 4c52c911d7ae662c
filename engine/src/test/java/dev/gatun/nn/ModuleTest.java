package dev.gatun.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModuleTest {
  private final Device cpu = CpuDevice.open();
  private final Scope model = cpu.scope("model");

  @AfterEach
  void close() {
    model.close();
    cpu.close();
  }

  private Sequential mlp() {
    return Sequential.of(
        Linear.of(model, 3, 5, Activation.TANH, 1), Linear.of(model, 5, 2, Activation.NONE, 2));
  }

  @Test
  void parametersHaveDottedNamesInOrder() {
    assertEquals(
        List.of("0.weight", "0.bias", "1.weight", "1.bias"),
        List.copyOf(mlp().parameters().keySet()));
    assertTrue(mlp().toString().contains("1.weight F32 [2,5]\n"), mlp().toString());
    assertTrue(mlp().toString().endsWith("32 parameters"), mlp().toString());
  }

  @Test
  void aNameIsTakenOnce() {
    class Twice extends Module {
      void add(String name) {
        parameter(name, model, model.zeros(DType.F32, Shape.of(1)));
      }
    }
    Twice twice = new Twice();
    twice.add("w");
    assertThrows(IllegalArgumentException.class, () -> twice.add("w"));
    assertThrows(IllegalArgumentException.class, () -> twice.add("a.b"));
    assertThrows(IllegalArgumentException.class, () -> twice.add(""));
  }

  @Test
  void resultsAndGradientsLiveInTheScopeOfTheInput() {
    Sequential mlp = mlp();
    try (Scope step = cpu.scope("step")) {
      Tensor y = mlp.forward(step.normal(DType.F32, Shape.of(4, 3), 5));
      assertEquals(step, y.scope());
      Gradients g = y.sum().backward();
      mlp.parameters()
          .forEach((name, p) -> {
            assertEquals(p.value().shape(), g.of(p).shape(), name);
            assertEquals(step, g.of(p).scope(), name);
          });
    }
  }

  @Test
  void evaluationRecordsNothing() {
    Sequential mlp = mlp();
    try (Scope step = cpu.scope("step")) {
      Tensor x = step.normal(DType.F32, Shape.of(4, 3), 5);
      Tensor trained = mlp.forward(x);
      assertTrue(trained.wantsGrad());
      mlp.eval();
      assertFalse(mlp.isTraining());
      Tensor y = mlp.forward(x);
      assertFalse(y.wantsGrad());
      assertArrayEquals(trained.toDoubleArray(), y.toDoubleArray(), 1e-6);
      mlp.train();
      assertTrue(mlp.forward(x).wantsGrad());
    }
  }

  @Test
  void linearIsWhatItSays() {
    Tensor weight = model.tensor(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
    Tensor bias = model.tensor(Shape.of(2), 0.5f, -100f);
    Linear linear = Linear.of(model, weight, Optional.of(bias), Activation.RELU);
    Tensor x = model.tensor(Shape.of(1, 1, 3), 1f, 0f, -2f);
    assertArrayEquals(new float[] {0, 0}, linear.forward(x).toFloatArray());
    Tensor y = linear.forward(x.neg());
    assertEquals(Shape.of(1, 1, 2), y.shape());
    assertArrayEquals(new float[] {5.5f, 0}, y.toFloatArray());
    Linear plain = Linear.of(model, weight, Optional.empty(), Activation.NONE);
    assertArrayEquals(new float[] {-5, -8}, plain.forward(x).toFloatArray());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Linear.of(
                model, weight, Optional.of(model.zeros(DType.F32, Shape.of(3))), Activation.NONE));
  }

  @Test
  void bf16WeightsInfer() {
    Tensor weight = model.tensor(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f).to(DType.BF16);
    Linear linear = Linear.of(model, weight, Optional.empty(), Activation.NONE);
    Tensor x = model.tensor(Shape.of(1, 3), 1f, 0f, -2f);
    assertArrayEquals(new float[] {-5, -8}, linear.forward(x).toFloatArray());
    assertFalse(linear.forward(x).wantsGrad());
  }

  @Test
  void initialValuesHaveTheirSpread() {
    Shape shape = Shape.of(400, 100);
    Tensor kaiming = Initializer.kaimingUniform(7).make(model, DType.F64, shape);
    assertEquals(2.0 / 100, kaiming.mul(kaiming).mean().item(), 1e-3);
    assertEquals(0, kaiming.mean().item(), 1e-2);
    double bound = Math.sqrt(6.0 / 100);
    assertTrue(kaiming.max().item() < bound && kaiming.neg().max().item() <= bound);
    Tensor normal = Initializer.normal(3, 8).make(model, DType.F64, shape);
    assertEquals(9, normal.mul(normal).mean().item(), 0.2);
    assertEquals(40_000, Initializer.ones().make(model, DType.F32, shape).sum().item());
    assertEquals(0, Initializer.zeros().make(model, DType.F32, shape).sum().item());
    assertArrayEquals(
        kaiming.toDoubleArray(),
        Initializer.kaimingUniform(7).make(model, DType.F64, shape).toDoubleArray());
  }
}
