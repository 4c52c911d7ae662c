package dev.gatun.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Chains of elementwise calls as one kernel against the same calls one by one.
@EnabledIf("dev.gatun.opencl.TestDevice#isThere")
class FusionTest {
  /// Around the vectors of a chunk, and more than one chunk.
  private static final int[] SIZES = {1, 3, 16, 255, 256, 257, 1_000};

  private static Tensor step(int kind, Tensor x, Tensor y) {
    return switch (kind) {
      case 0 -> x.add(y);
      case 1 -> x.mul(y);
      case 2 -> x.sub(y).tanh();
      case 3 -> x.sigmoid();
      case 4 -> x.neg();
      case 5 -> x.mul(0.5);
      case 6 -> x.maximum(y);
      default -> x.div(y.abs().add(1));
    };
  }

  /// Calls drawn by `seed` over all that was made so far, some of it given back on the way.
  private static List<double[]> chain(
      OpenClDevice device, DType type, int n, long seed, boolean apart) {
    Random random = new Random(seed);
    List<double[]> results = new ArrayList<>();
    try (Scope kept = device.scope("kept")) {
      List<Tensor> made = new ArrayList<>();
      made.add(kept.normal(type, Shape.of(n), seed));
      made.add(kept.normal(type, Shape.of(1), seed + 1));
      for (int i = 0; i < 8; i++) {
        Tensor x = made.get(made.size() - 1);
        x = x.shape().elems() == 1 ? made.get(0) : x;
        Tensor y = made.get(random.nextInt(made.size()));
        try (Scope inner = device.scope("inner")) {
          Tensor z = step(random.nextInt(8), inner.borrow(x), y);
          // A result of the inner scope is given back before its chain is run.
          Tensor next = step(random.nextInt(8), z, z);
          made.add(random.nextBoolean() ? next.in(kept) : step(1, x, made.get(0)));
        }
        if (apart) {
          device.finish();
        }
      }
      made.forEach(t -> results.add(t.toDoubleArray()));
    }
    return results;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void chainsHaveTheBitsOfSingleCalls(boolean gpu) {
    DType type = gpu ? DType.F64 : DType.F32;
    try (OpenClDevice device = OpenClDevice.open(TestDevice.options().withGpuKernels(gpu))) {
      for (int n : SIZES) {
        List<double[]> want = chain(device, type, n, 7, true);
        for (int round = 0; round < Fusion.TIMES; round++) {
          List<double[]> got = chain(device, type, n, 7, false);
          for (int i = 0; i < want.size(); i++) {
            assertArrayEquals(want.get(i), got.get(i), type + " " + n + " " + i);
          }
        }
      }
      assertTrue(device.fusedChains() > 0, "nothing was joined");
    }
  }

  @Test
  void aChainThatComesOftenIsOneKernel() {
    try (OpenClDevice device = TestDevice.open(1);
        Scope s = device.scope()) {
      Tensor x = s.normal(DType.F32, Shape.of(1_000), 1);
      float[] first = x.mul(0.5).tanh().add(1).mul(x).toFloatArray();
      for (int i = 1; i < Fusion.TIMES; i++) {
        x.mul(0.5).tanh().add(1).mul(x).toFloatArray();
      }
      assertEquals(0, device.fusedChains());
      assertArrayEquals(first, x.mul(0.5).tanh().add(1).mul(x).toFloatArray());
      assertEquals(1, device.fusedChains());
      // Other numbers, other sizes: the same program.
      Tensor y = s.normal(DType.F32, Shape.of(77), 1);
      y.mul(0.25).tanh().add(2).mul(y).toFloatArray();
      assertEquals(2, device.fusedChains());
    }
  }

  @Test
  void longChainsAreCut() {
    try (OpenClDevice device = TestDevice.open(1);
        Scope s = device.scope()) {
      Tensor x = s.full(DType.F32, Shape.of(300), 1);
      for (int round = 0; round < Fusion.TIMES + 2; round++) {
        Tensor y = x;
        for (int i = 0; i < 3 * Fusion.MOST + 1; i++) {
          y = y.add(1);
        }
        assertEquals(3 * Fusion.MOST + 2, y.toFloatArray()[299]);
      }
      assertTrue(device.fusedChains() > 3);
    }
  }

  @Test
  void variablesAndViewsKeepTheOrderOfCalls() {
    try (OpenClDevice device = TestDevice.open(1);
        Scope s = device.scope()) {
      Variable v = s.variable(s.full(DType.F32, Shape.of(64), 1));
      for (int round = 1; round <= Fusion.TIMES + 2; round++) {
        Tensor x = s.borrow(v).mul(2).add(1);
        // In place, behind what still reads the old value.
        v.set(x);
        Tensor half = x.slice(0, 32, 64).mul(3).neg();
        assertEquals((float) (Math.pow(2, round + 1) - 1), v.value().toFloatArray()[63]);
        assertEquals((float) (-3 * (Math.pow(2, round + 1) - 1)), half.toFloatArray()[0]);
      }
    }
  }

  @Test
  void threadsDoNotMixTheirChains() throws InterruptedException {
    try (OpenClDevice device = TestDevice.open(2)) {
      List<float[]> results = new ArrayList<>(List.of(new float[0], new float[0]));
      List<Thread> threads = new ArrayList<>();
      for (int id = 0; id < 2; id++) {
        int own = id;
        threads.add(
            Thread.ofPlatform()
                .start(() -> {
                  try (Scope s = device.scope()) {
                    Tensor y = s.full(DType.F32, Shape.of(500), own);
                    for (int i = 0; i < 200; i++) {
                      y = y.add(1).mul(0.5);
                    }
                    results.set(own, y.toFloatArray());
                  }
                }));
      }
      for (Thread t : threads) {
        t.join();
      }
      for (float[] r : results) {
        assertEquals(500, r.length);
        assertEquals(1f, r[499], 1e-6f);
      }
    }
  }
}
