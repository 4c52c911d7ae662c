package dev.gatun.op.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RandomTest {
  /// The known answers of the generator's authors (Random123, kat_vectors) for a zero counter and
  /// key.
  @Test
  void philoxGivesThePublishedWords() {
    assertEquals(0x6627e8d5, (int) Philox.words(0, 0, 0));
    assertEquals(0xe169c58d, (int) (Philox.words(0, 0, 0) >>> 32));
    assertEquals(0xbc57ac4c, (int) Philox.words(0, 0, 1));
    assertEquals(0x9b00dbd8, (int) (Philox.words(0, 0, 1) >>> 32));
  }

  @Test
  void anElementDependsOnItsNumberAlone() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      for (DType t : new DType[] {DType.F32, DType.F64}) {
        double[] all = s.normal(t, Shape.of(40_001), 5).toDoubleArray();
        for (int n : new int[] {0, 1, 2, 3, 16_384, 16_385, 40_000}) {
          double[] some = s.normal(t, Shape.of(n), 5).toDoubleArray();
          assertArrayEquals(Arrays.copyOf(all, n), some);
        }
      }
    }
  }

  @Test
  void momentsAreThoseOfTheDistributions() {
    int n = 1_000_000;
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      double[] u = s.uniform(DType.F32, Shape.of(n), -3).toDoubleArray();
      assertTrue(Arrays.stream(u).allMatch(v -> v >= 0 && v < 1));
      // Five standard errors.
      assertEquals(0.5, moment(u, 1), 5 * 0.2887 / 1000);
      assertEquals(1.0 / 3, moment(u, 2), 5 * 0.2981 / 1000);
      double[] z = s.normal(DType.F64, Shape.of(n), 11).toDoubleArray();
      assertEquals(0, moment(z, 1), 5 * 1.0 / 1000);
      assertEquals(1, moment(z, 2), 5 * 1.4142 / 1000);
      assertEquals(0, moment(z, 3), 5 * 3.873 / 1000);
      assertEquals(3, moment(z, 4), 5 * 9.798 / 1000);
      double pairs = 0;
      for (int i = 0; i < n; i += 2) {
        pairs += z[i] * z[i + 1];
      }
      assertEquals(0, pairs / n * 2, 5 * 1.4142 / 1000);
    }
  }

  private static double moment(double[] v, int k) {
    return Arrays.stream(v).map(x -> Math.pow(x, k)).sum() / v.length;
  }
}
