package dev.gatun.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Device.Memory;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Sixty-four threads share one device, each with scopes of its own.
@Timeout(300)
final class SharedDeviceTest {
  private static final int THREADS = 64;
  private static final int LARGEST = 40_000;

  @Test
  void resultsAreRightAndMemoryStaysFlat() throws Exception {
    share(Duration.ofSeconds(3));
  }

  @Test
  @Tag("long")
  void resultsAreRightAndMemoryStaysFlatForAMinute() throws Exception {
    share(Duration.ofMinutes(1));
  }

  private static void share(Duration time) throws Exception {
    try (CpuDevice cpu = CpuDevice.open();
        ExecutorService callers = Executors.newFixedThreadPool(THREADS)) {
      // The most slabs that can be live at once, taken beforehand: none may be cut after that.
      List<Scope> scopes = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Scope scope = cpu.scope();
        scopes.add(scope);
        for (int n = 1; n <= LARGEST; n *= 2) {
          step(scope, i, n);
        }
        step(scope, i, LARGEST);
      }
      scopes.forEach(Scope::close);
      Memory warm = cpu.memory();
      assertEquals(0, warm.liveBytes());
      long end = System.nanoTime() + time.toNanos();
      AtomicLong steps = new AtomicLong();
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        int seed = t;
        all.add(
            callers.submit(() -> {
              for (int i = seed; System.nanoTime() < end; i++) {
                try (Scope scope = cpu.scope()) {
                  step(scope, i, i % 5 == 0 ? LARGEST : 1 << i % 16);
                }
                steps.incrementAndGet();
              }
            }));
      }
      for (Future<?> f : all) {
        f.get();
      }
      Memory after = cpu.memory();
      assertTrue(steps.get() > THREADS, steps + " steps");
      assertEquals(0, after.liveBytes());
      assertEquals(warm.slabs(), after.slabs(), "no slab was cut in " + steps + " steps");
      assertEquals(warm.reservedBytes(), after.reservedBytes());
    }
  }

  /// `d/dx sum(x^2 + x) = 2 x + 1` in numbers that F32 holds exactly.
  private static void step(Scope scope, int i, int n) {
    int c = i % 64;
    Tensor x = scope.full(DType.F32, Shape.of(n), c).requiresGrad();
    Tensor y = x.mul(x).add(x);
    float[] dx = y.sum().backward().of(x).toFloatArray();
    float[] values = y.toFloatArray();
    for (int j = 0; j < n; j++) {
      if (dx[j] != 2 * c + 1 || values[j] != c * c + c) {
        throw new AssertionError("%s %s at %d of %d for %d".formatted(dx[j], values[j], j, n, c));
      }
    }
  }
}
