package dev.gatun.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.autograd.Node;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.shape.Assign;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LifetimeTest {
  private final CpuDevice cpu = CpuDevice.open();

  @AfterEach
  void close() {
    assertEquals(0, cpu.memory().liveBytes());
    cpu.close();
  }

  /// A user's op: `x` doubled, after `before` has run.
  private record Twice(Runnable before, long scratchBytes) implements Kernel {
    @Override
    public List<Spec> infer(List<Spec> in) {
      return in;
    }

    @Override
    public void reference(Call c) {
      before.run();
      for (long i = 0; i < c.outShape(0).elems(); i++) {
        c.set(0, i, 2 * c.get(0, i));
      }
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return scratchBytes;
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(Optional.empty());
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    @Override
    public Cost cost(List<Spec> in) {
      return new Cost(1, 1);
    }

    @Override
    public String toString() {
      return "Twice[]";
    }
  }

  @Test
  void everyUseAfterCloseThrowsAndNamesTheTensor() {
    Tensor x;
    Tensor leaf;
    Tensor y;
    try (Scope scope = cpu.scope("gone")) {
      x = scope.tensor(Shape.of(2, 2), 1f, 2f, 3f, 4f);
      leaf = x.requiresGrad();
      y = leaf.mul(leaf);
    }
    try (Scope scope = cpu.scope()) {
      Tensor alive = scope.tensor(Shape.of(2, 2), 1f, 2f, 3f, 4f);
      Stream<Consumer<Tensor>> uses =
          Stream.of(
              t -> t.add(t),
              t -> t.add(alive),
              t -> alive.add(t),
              t -> t.transpose().copy(),
              t -> alive.matmul(t.transpose()),
              Tensor::exp,
              Tensor::copy,
              Tensor::toFloatArray,
              Tensor::toDoubleArray,
              t -> t.slice(0, 0, 1),
              t -> t.in(scope),
              scope::borrow,
              Tensor::segment,
              t -> t.readInto(MemorySegment.ofArray(new float[4])),
              t -> scope.variable(alive).set(t));
      uses.forEach(use -> {
        Exception e = assertThrows(IllegalStateException.class, () -> use.accept(x));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains("scope 'gone'"), message);
      });
      Exception e = assertThrows(IllegalStateException.class, x::toFloatArray);
      assertEquals("tensor F32 [2,2] is used after its scope 'gone' was closed", e.getMessage());
      assertThrows(IllegalStateException.class, () -> y.backward());
      assertThrows(IllegalStateException.class, () -> y.backward(alive));
    }
  }

  @Test
  void aScopeMustNotCloseWhileAKernelRuns() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Twice slow =
        new Twice(
            () -> {
              started.countDown();
              await(go);
            },
            100);
    Scope parent = cpu.scope("parent");
    Scope child = cpu.scope("child");
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Tensor x = child.borrow(parent.tensor(Shape.of(2), 1f, 2f));
      Future<Tensor> y = thread.submit(() -> slow.of(x));
      await(started);
      for (AutoCloseable c : List.of(parent, child, cpu)) {
        Exception e = assertThrows(IllegalStateException.class, c::close);
        assertTrue(String.valueOf(e.getMessage()).contains("while a kernel runs"));
      }
      assertTrue(parent.isOpen() && child.isOpen());
      go.countDown();
      assertArrayEquals(new float[] {2, 4}, y.get().toFloatArray());
    }
    child.close();
    child.close();
    parent.close();
    parent.close();
    assertFalse(parent.isOpen());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anOpThatThrowsGivesItsScratchBackAndLeavesTheScopeUsable() {
    assumeTrue(CpuDevice.missingVectors().isEmpty(), "reference kernels are given no scratch");
    try (Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(2), 1f, 2f);
      long scratch = 10 << 20;
      for (int i = 0; i < 100; i++) {
        Twice bad =
            new Twice(
                () -> {
                  throw new ArithmeticException("in the kernel");
                },
                scratch);
        assertThrows(ArithmeticException.class, () -> bad.of(x));
      }
      assertTrue(cpu.memory().liveBytes() < scratch, "only results of 64 bytes stay");
      assertTrue(cpu.memory().reservedBytes() < 10 * scratch);
      assertArrayEquals(new float[] {2, 4}, new Twice(() -> {}, 0).of(x).toFloatArray());
      assertThrows(IllegalStateException.class, () -> new Twice(() -> {}, 1L << 62).of(x));
      assertThrows(IllegalArgumentException.class, () -> new Twice(() -> {}, -8).of(x));
      assertArrayEquals(new float[] {1, 2}, x.toFloatArray());
    }
  }

  @Test
  void anAliasDiesWithEitherScope() {
    Scope parent = cpu.scope("parent");
    Tensor x = parent.tensor(Shape.of(2), 1f, 2f);
    Tensor alias;
    try (Scope child = cpu.scope("child")) {
      alias = child.borrow(x);
      assertArrayEquals(new float[] {1, 2}, alias.toFloatArray());
      assertEquals(alias.scope(), alias.exp().scope());
    }
    Exception e = assertThrows(IllegalStateException.class, alias::exp);
    assertTrue(String.valueOf(e.getMessage()).contains("scope 'child'"));
    assertArrayEquals(new float[] {1, 2}, x.toFloatArray(), "the origin lives on");
    try (Scope child = cpu.scope("child")) {
      Tensor other = child.borrow(x);
      parent.close();
      assertThrows(IllegalStateException.class, other::toFloatArray);
      assertThrows(IllegalStateException.class, () -> child.borrow(x));
    }
  }

  @Test
  void resultsLiveInTheYoungestScope() {
    try (Scope old = cpu.scope("old")) {
      Tensor a = old.tensor(Shape.of(1), 1f);
      Tensor copy;
      try (Scope young = cpu.scope("young")) {
        Tensor b = young.tensor(Shape.of(1), 2f);
        assertEquals(young, a.add(b).scope());
        assertEquals(young, b.add(a).scope());
        assertEquals(old, a.add(a).scope());
        Tensor grad = b.requiresGrad().mul(a);
        copy = grad.in(old);
        assertFalse(copy.wantsGrad());
      }
      assertEquals(2, copy.item());
    }
  }

  @Test
  void exportedMemoryStaysUntilTheDeviceCloses() {
    MemorySegment exported;
    try (Scope scope = cpu.scope()) {
      Tensor t = scope.tensor(Shape.of(16), new float[16]).exp();
      exported = t.slice(0, 4, 8).segment();
      assertEquals(16, exported.byteSize());
      assertTrue(exported.isReadOnly());
      assertThrows(IllegalArgumentException.class, () -> t.slice(0, 0, 16, 2).segment());
    }
    for (int i = 0; i < 100; i++) {
      try (Scope scope = cpu.scope()) {
        for (int j = 0; j < 4; j++) {
          scope.full(DType.F32, Shape.of(16), 7);
        }
      }
    }
    assertEquals(1f, exported.get(ValueLayout.JAVA_FLOAT, 0), 1e-6f);
    MemorySegment over;
    try (CpuDevice other = CpuDevice.open();
        Scope scope = other.scope()) {
      over = scope.tensor(Shape.of(1), 1f).segment();
    }
    assertThrows(IllegalStateException.class, () -> over.get(ValueLayout.JAVA_FLOAT, 0));
  }

  @Test
  void anOpThatWritesInPlaceRunsOnVariablesOnly() {
    try (Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(1), 1f);
      Tensor y = scope.tensor(Shape.of(1), 2f);
      assertThrows(IllegalArgumentException.class, () -> new Assign().apply(x, y));
      assertEquals(1, x.item());
      Variable v = scope.state(x);
      long before = v.version();
      v.set(y);
      assertEquals(before + 1, v.version());
      assertEquals(2, v.value().item());
      assertEquals(1, x.item());
    }
  }
}
