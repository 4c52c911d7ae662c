package dev.gatun.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.nn.Linear;
import dev.gatun.nn.Sequential;
import dev.gatun.op.linear.Activation;
import dev.gatun.train.AdamW;
import dev.gatun.train.Optimizer;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.ObjIntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Ways of training that leak where results of long-lived tensors live as long as those: a thousand
/// steps of each take no memory after the third.
class ScopePatternsTest {
  private static final int ELEMS = 65_536;

  /// Bytes of handles, specs, nodes and lists of some thirty calls.
  private static final int SMALL_OBJECTS = 400_000;

  private final Device cpu = CpuDevice.open();
  private final Scope model = cpu.scope("model");
  private final Variable w = model.variable(model.normal(DType.F32, Shape.of(ELEMS), 1));

  @AfterEach
  void close() {
    model.close();
    cpu.close();
  }

  private void assertFlat(ObjIntConsumer<Scope> step) {
    long slabs = 0;
    long live = 0;
    for (int i = 0; i < 1_000; i++) {
      try (Scope scope = cpu.scope("step " + i)) {
        step.accept(scope, i);
      }
      if (i == 2) {
        slabs = cpu.memory().slabs();
        live = cpu.memory().liveBytes();
      }
    }
    assertEquals(slabs, cpu.memory().slabs());
    assertEquals(live, cpu.memory().liveBytes());
  }

  private Tensor input(Scope step) {
    return step.full(DType.F32, Shape.of(ELEMS), 0.5);
  }

  @Test
  void gradientOfAParameter() {
    assertFlat((step, i) -> w.value().mul(input(step)).backward().of(w));
  }

  @Test
  void penaltyOfParametersOnly() {
    assertFlat((step, i) -> {
      Tensor p = step.borrow(w);
      assertEquals(step, p.mul(p).scope());
      p.mul(input(step)).add(p.mul(p)).backward().of(w);
    });
  }

  @Test
  void gradientOfParametersOnly() {
    assertFlat((step, i) -> {
      Tensor p = step.borrow(w);
      Tensor dw = p.mul(p).backward().of(w);
      assertEquals(step, dw.scope());
      assertTrue(!dw.wantsGrad());
    });
  }

  @Test
  void withoutBorrowingTheyLeak() {
    long before = cpu.memory().slabs();
    for (int i = 0; i < 20; i++) {
      w.value().mul(w.value());
    }
    assertTrue(cpu.memory().slabs() >= before + 20, "the test above would pass without borrow");
  }

  @Test
  void updatesInPlace() {
    Optimizer adam = AdamW.of(List.of(w));
    assertFlat((step, i) -> {
      Tensor p = step.borrow(w);
      adam.stepClipped(p.mul(p).sum().backward(), 1e-3, 1);
    });
    assertEquals(1_000, w.version());
  }

  @Test
  void accumulationOverMicroSteps() {
    Variable total = model.state(model.zeros(DType.F32, Shape.of(ELEMS)));
    Tensor zero = model.zeros(DType.F32, Shape.of(ELEMS));
    assertFlat((step, i) -> {
      total.set(zero);
      for (int micro = 0; micro < 3; micro++) {
        try (Scope inner = cpu.scope("micro " + micro)) {
          Tensor p = inner.borrow(w);
          total.add(p.mul(input(inner)).sum().backward().of(w));
        }
      }
      assertEquals(1.5, total.value().select(0, i).in(step).item());
    });
  }

  @Test
  void resultsThatOutliveTheirStep() {
    Variable mean = model.state(model.zeros(DType.F32, Shape.of()));
    assertFlat((step, i) -> mean.set(step.borrow(w).mean()));
  }

  @Test
  void aResultOfAClosedScopeIsNamed() {
    Tensor lost;
    try (Scope step = cpu.scope("step 7")) {
      lost = step.borrow(w).mul(2);
    }
    String read = assertThrows(IllegalStateException.class, lost::toFloatArray).toString();
    assertTrue(read.contains("step 7") && read.contains("F32 [65536]"), read);
    String used = assertThrows(IllegalStateException.class, () -> lost.add(lost)).toString();
    assertTrue(used.contains("step 7"), used);
  }

  @Test
  void aVariableChangedBetweenForwardAndBackwardIsAnError() {
    try (Scope step = cpu.scope("step")) {
      Variable v = model.variable(model.tensor(Shape.of(1), 3f));
      Tensor p = step.borrow(v);
      Tensor y = p.mul(p);
      v.set(step.tensor(Shape.of(1), 50f));
      String message = assertThrows(IllegalStateException.class, y::backward).toString();
      assertTrue(message.contains("must not be written between forward and backward"), message);
      Gradients fresh = p.mul(p).backward();
      assertEquals(100, fresh.of(v).item());
    }
  }

  @Test
  void anOptimizerStepBetweenForwardAndBackwardIsAnError() {
    Optimizer adam = AdamW.of(List.of(w));
    try (Scope step = cpu.scope("step")) {
      Tensor p = step.borrow(w);
      Tensor y = p.mul(p).sum();
      adam.step(p.mul(p).sum().backward(), 0.1);
      assertThrows(IllegalStateException.class, y::backward);
    }
  }

  @Test
  void aTrainingStepAllocatesBoundedBytes() {
    Sequential mlp =
        Sequential.of(
            Linear.of(model, 16, 32, Activation.GELU, 1),
            Linear.of(model, 32, 10, Activation.NONE, 2));
    Optimizer adam = AdamW.of(mlp.parameters().values());
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    // Vectors live on the heap until C2 has compiled what uses them, which load can delay.
    long end = System.nanoTime() + 60_000_000_000L;
    int small = 0;
    long slabs = 0;
    long bytes = 0;
    for (int i = 0; small < 100 && (i < 1_000 || System.nanoTime() < end); i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      try (Scope step = cpu.scope("step")) {
        Tensor y = mlp.forward(step.normal(DType.F32, Shape.of(8, 16), i));
        adam.step(y.mul(y).mean().backward(), 1e-3);
      }
      bytes = threads.getCurrentThreadAllocatedBytes() - before;
      small = bytes < SMALL_OBJECTS ? small + 1 : 0;
      slabs = i == 2 ? cpu.memory().slabs() : slabs;
    }
    assertEquals(100, small, "the last step allocated " + bytes + " bytes");
    assertEquals(slabs, cpu.memory().slabs());
  }
}
