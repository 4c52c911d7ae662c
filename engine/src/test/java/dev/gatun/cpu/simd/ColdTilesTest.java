package dev.gatun.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.cpu.CpuDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/// What runs before vectors are compiled has the same bits.
class ColdTilesTest {
  @Test
  void geluAndExpHaveTheBitsOfVectors() {
    assumeTrue(CpuDevice.missingVectors().isEmpty(), "no vectors here");
    Random random = new Random(5);
    int lanes = Lanes.F32.length();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(4L * lanes, 64);
      for (int round = 0; round < 20_000; round++) {
        float[] values = new float[lanes];
        for (int i = 0; i < lanes; i++) {
          values[i] =
              round < 10_000
                  ? (float) (random.nextGaussian() * 4)
                  : Float.intBitsToFloat(random.nextInt());
        }
        float[] wanted = GeluLanes.f32(FloatVector.fromArray(Lanes.F32, values, 0)).toArray();
        MemorySegment.copy(values, 0, x, ValueLayout.JAVA_FLOAT, 0, lanes);
        GeluLanes.scalar(x, 0, lanes);
        for (int i = 0; i < lanes; i++) {
          float got = x.getAtIndex(ValueLayout.JAVA_FLOAT, i);
          assertEquals(wanted[i], got, 0, "gelu of " + values[i]);
        }
      }
    }
  }

  @Test
  void productsHaveTheBitsOfTiles() {
    assumeTrue(CpuDevice.missingVectors().isEmpty(), "no vectors here");
    Random random = new Random(6);
    int k = 37;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment a = filled(arena, 5 * k, random);
      MemorySegment b = filled(arena, 32 * k, random);
      MemorySegment in = filled(arena, 5 * 32, random);
      MemorySegment cold = arena.allocate(5 * 128, 64);
      MemorySegment hot = arena.allocate(5 * 128, 64);
      ColdTiles.rows(a, 0, k * 4L, 5, b, 0, k, 32, in, 0, 128, false, cold, 0, 128);
      int tile = 2 * Lanes.F32.length();
      for (int i = 0; i < 5; i++) {
        Gemm.tiles(
            GemmPlan.F32,
            1,
            a,
            i * k * 4L,
            k * 4L,
            b,
            0,
            128,
            tile * 4L,
            k,
            32 / tile,
            in,
            i * 128L,
            128,
            tile * 4L,
            hot,
            i * 128L,
            128);
      }
      assertEquals(-1, hot.mismatch(cold));
    }
  }

  private static MemorySegment filled(Arena arena, int n, Random random) {
    MemorySegment s = arena.allocate(4L * n, 64);
    for (int i = 0; i < n; i++) {
      s.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
    }
    return s;
  }
}
