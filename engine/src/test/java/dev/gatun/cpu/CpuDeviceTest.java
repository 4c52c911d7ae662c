package dev.gatun.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice.Options;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceProvider;
import dev.gatun.op.math.Add;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class CpuDeviceTest {
  @Test
  void inputsOnTwoDevicesAreRefused() {
    try (CpuDevice one = CpuDevice.open();
        CpuDevice two = CpuDevice.open();
        Scope a = one.scope();
        Scope b = two.scope()) {
      Tensor x = a.tensor(Shape.of(2), 1f, 2f);
      Tensor y = b.tensor(Shape.of(2), 1f, 2f);
      Exception e = assertThrows(IllegalArgumentException.class, () -> x.add(y));
      assertEquals("Add[]: inputs must be on one device; got cpu and cpu", e.getMessage());
      assertThrows(IllegalArgumentException.class, () -> y.add(x));
      assertThrows(IllegalArgumentException.class, () -> a.borrow(y));
      assertThrows(IllegalArgumentException.class, () -> x.in(b));
      assertThrows(IllegalArgumentException.class, () -> a.variable(x).set(y));
    }
  }

  @Test
  void outOfMemoryIsOneErrorAndTheDeviceGoesOn() {
    Options options = Options.standard().withMemoryLimit(4 << 20);
    try (CpuDevice cpu = CpuDevice.open(options)) {
      for (int i = 0; i < 50; i++) {
        try (Scope scope = cpu.scope()) {
          Tensor x = scope.zeros(DType.F32, Shape.of(1 << 18));
          Exception e =
              assertThrows(
                  IllegalStateException.class, () -> scope.zeros(DType.F32, Shape.of(1 << 20)));
          assertTrue(String.valueOf(e.getMessage()).startsWith("CpuDevice: out of memory; got"));
          assertThrows(
              IllegalStateException.class, () -> x.broadcastTo(Shape.of(99, 1 << 18)).copy());
          assertEquals(1f, x.add(scope.tensor(Shape.of(), 1f)).slice(0, 0, 1).item());
        }
        assertEquals(0, cpu.memory().liveBytes());
      }
      assertTrue(cpu.memory().reservedBytes() <= 4 << 20);
    }
  }

  @Test
  void sizesThatOverflowAreRefusedBeforeMemoryIsTaken() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      assertThrows(IllegalArgumentException.class, () -> Shape.of(1L << 30, 1L << 30));
      assertThrows(IllegalArgumentException.class, () -> Shape.of(Long.MAX_VALUE, 3));
      assertThrows(IllegalArgumentException.class, () -> Shape.of(-1));
      Shape most = Shape.of((1L << 60) - 1);
      assertThrows(IllegalArgumentException.class, () -> scope.zeros(DType.F64, most));
      assertThrows(IllegalStateException.class, () -> scope.zeros(DType.F32, most));
      Tensor one = scope.tensor(Shape.of(1), 1f);
      Tensor wide = one.broadcastTo(most);
      assertThrows(IllegalStateException.class, () -> wide.exp());
      assertThrows(IllegalArgumentException.class, wide::toFloatArray);
      assertThrows(IllegalArgumentException.class, wide::toDoubleArray);
      assertEquals(1, one.item());
      assertEquals(64, cpu.memory().liveBytes());
    }
  }

  @Test
  void aClosedDeviceSaysSo() {
    CpuDevice cpu = CpuDevice.open();
    Scope scope = cpu.scope();
    Tensor x = scope.tensor(Shape.of(2), 1f, 2f);
    cpu.close();
    cpu.close();
    for (Exception e :
        new Exception[] {
          assertThrows(IllegalStateException.class, cpu::scope),
          assertThrows(IllegalStateException.class, () -> x.add(x)),
          assertThrows(IllegalStateException.class, x::toFloatArray),
          assertThrows(IllegalStateException.class, () -> scope.tensor(Shape.of(1), 1f))
        }) {
      assertEquals("CpuDevice is closed; got a call that needs it open", e.getMessage());
    }
    scope.close();
  }

  @Test
  void workersAreDaemonsAndGoneAfterClose() {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    CpuDevice cpu = CpuDevice.open(Options.standard().withThreads(3));
    Set<Thread> mine =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> !before.contains(t) && t.getName().startsWith("gatun-"))
            .collect(Collectors.toSet());
    assertEquals(2, mine.size());
    assertTrue(mine.stream().allMatch(Thread::isDaemon));
    cpu.close();
    assertTrue(mine.stream().noneMatch(Thread::isAlive));
  }

  @Test
  void virtualThreadsMayCall() throws Exception {
    try (CpuDevice cpu = CpuDevice.open();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var sums = IntStream.range(0, 100).mapToObj(i -> threads.submit(() -> sum(cpu, i))).toList();
      for (int i = 0; i < sums.size(); i++) {
        Future<Double> sum = sums.get(i);
        assertEquals(50_000.0 * i, sum.get());
      }
      assertEquals(0, cpu.memory().liveBytes());
    }
  }

  private static double sum(CpuDevice cpu, int i) {
    try (Scope scope = cpu.scope()) {
      Tensor x = scope.full(DType.F64, Shape.of(50_000), i);
      return Arrays.stream(x.mul(x).add(x).sub(x.mul(x)).toDoubleArray()).sum();
    }
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    float[] values = new float[100_003];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(i) * 30;
    }
    float[][] results = new float[4][];
    for (int n = 1; n <= 4; n++) {
      try (CpuDevice cpu = CpuDevice.open(Options.standard().withThreads(n));
          Scope scope = cpu.scope()) {
        Tensor x = scope.tensor(Shape.of(values.length), values);
        Tensor y = x.exp().add(x.tanh().mul(x));
        results[n - 1] = Arrays.copyOf(y.toFloatArray(), values.length + 1);
        results[n - 1][values.length] = (float) y.sum().item();
      }
      assertArrayEquals(results[0], results[n - 1]);
    }
  }

  @Test
  void referenceKernelsGiveTheSameSum() {
    try (CpuDevice cpu = CpuDevice.open(Options.standard().withReferenceKernels());
        Scope scope = cpu.scope()) {
      assertFalse(cpu.simd());
      Tensor x = scope.tensor(Shape.of(3), 1f, 2f, 3f);
      assertArrayEquals(new float[] {2, 4, 6}, new Add().of(x, x).toFloatArray());
    }
  }

  @Test
  void warmUpStopsInTimeAndPassesOnWhatTheWorkThrows() {
    try (CpuDevice cpu = CpuDevice.open()) {
      cpu.warmUp(s -> s.tensor(Shape.of(2), 1f, 2f).exp(), Duration.ofMillis(200));
      assertThrows(
          ArithmeticException.class,
          () ->
              cpu.warmUp(
                  s -> {
                    s.tensor(Shape.of(1), 1f);
                    throw new ArithmeticException("work");
                  },
                  Duration.ofSeconds(1)));
      assertEquals(0, cpu.memory().liveBytes());
    }
  }

  @Test
  void theProviderOpensTheCpuByName() {
    CpuDeviceProvider provider = new CpuDeviceProvider();
    assertEquals("cpu", provider.kind());
    try (Device cpu = provider.open("cpu")) {
      assertEquals("cpu", cpu.name());
    }
    assertThrows(IllegalArgumentException.class, () -> provider.open("cpu:7"));
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> DeviceProvider.openAny("abacus:0"));
    assertTrue(String.valueOf(e.getMessage()).endsWith("got abacus:0"));
  }

  @Test
  void aDeviceHasAThread() {
    assertThrows(
        IllegalArgumentException.class, () -> CpuDevice.open(Options.standard().withThreads(0)));
  }
}
