package dev.gatun.decode.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BlockMemoryCacheTest {
  private Device cpu;

  @BeforeAll
  void open() {
    cpu = CpuDevice.open();
  }

  @AfterAll
  void close() {
    cpu.close();
  }

  /// Tokens that queries `[from, to)` may see when these blocks are chosen.
  private static Tensor mask(
      Scope s, BlockMemoryCache.Options o, long[][] chosen, int from, int to) {
    int last =
        (int) (o.sinks() + Math.max(0, from - o.window() + 1 - o.sinks()) / o.block() * o.block());
    double[] seen = new double[chosen.length * (to - from) * to];
    for (int b = 0; b < chosen.length; b++) {
      for (int t = from; t < to; t++) {
        for (int j = 0; j <= t; j++) {
          long block = Math.floorDiv(j - o.sinks(), o.block());
          boolean visible =
              j < o.sinks() || j >= last || Arrays.stream(chosen[b]).anyMatch(i -> i == block);
          seen[(b * (to - from) + t - from) * to + j] = visible ? 1 : 0;
        }
      }
    }
    return s.tensor(DType.BOOL, Shape.of(chosen.length, 1, to - from, to), seen);
  }

  @Test
  void equalsDenseAttentionUnderItsMask() {
    Tokens x = new Tokens(DType.F64, 2, 4, 2, 97, 8);
    for (int chunk : new int[] {1, 5, 24}) {
      for (long[] size : new long[][] {{3, 10, 8, 2}, {0, 4, 4, 3}, {5, 6, 16, 0}, {2, 8, 8, 50}}) {
        BlockMemoryCache.Options o =
            new BlockMemoryCache.Options(size[0], size[1], size[2], (int) size[3], 100);
        try (Scope model = cpu.scope("model")) {
          BlockMemoryCache cache = BlockMemoryCache.of(model, x.spec(), o);
          for (int t = 0; t < 97; t += chunk) {
            check(cache, o, x, t, Math.min(97, t + chunk));
          }
        }
      }
    }
  }

  private void check(
      BlockMemoryCache cache, BlockMemoryCache.Options o, Tokens x, int from, int to) {
    try (Scope step = cpu.scope("step")) {
      cache.append(x.k(step, from, to), x.v(step, from, to));
      Tensor q = x.q(step, from, to);
      long[][] chosen = cache.chosen(q);
      Tensor mask = mask(step, o, chosen, from, to);
      Attention.Result want =
          Attention.of(
              q,
              x.k(step, 0, to),
              x.v(step, 0, to),
              AttentionOptions.of(Mask.none()).with(Operand.VISIBLE, mask));
      Attention.Result got = cache.attend(q);
      assertArrayEquals(want.o().toDoubleArray(), got.o().toDoubleArray(), 1e-12);
      assertArrayEquals(want.lse().toDoubleArray(), got.lse().toDoubleArray(), 1e-12);
    }
  }

  /// With one key everywhere but in two blocks, a query along these blocks' keys finds them.
  @Test
  void theBlocksThatSuitTheQueryAreRead() {
    CacheSpec spec = CacheSpec.of(DType.F32, 1, 1, 4);
    try (Scope model = cpu.scope("model");
        Scope step = cpu.scope("step")) {
      BlockMemoryCache cache =
          BlockMemoryCache.of(model, spec, new BlockMemoryCache.Options(4, 8, 8, 2, 128));
      float[] k = new float[100 * 4];
      for (int t = 0; t < 100; t++) {
        int block = (t - 4) / 8;
        k[t * 4] = t >= 4 && (block == 3 || block == 7) ? 1 : -1;
      }
      Tensor keys = step.tensor(Shape.of(1, 1, 100, 4), k);
      cache.append(keys, keys);
      Tensor q = step.tensor(Shape.of(1, 1, 1, 4), 1f, 0f, 0f, 0f);
      assertArrayEquals(new long[] {3, 7}, cache.chosen(q)[0]);
      assertArrayEquals(new long[] {0, 1}, cache.chosen(q.neg())[0]);
    }
  }

  @Test
  void memoryIsThatOfItsTokensAndBlocks() {
    Tokens x = new Tokens(DType.F32, 1, 2, 2, 64, 16);
    try (Scope model = cpu.scope("model")) {
      long before = cpu.memory().liveBytes();
      BlockMemoryCache cache =
          BlockMemoryCache.of(model, x.spec(), new BlockMemoryCache.Options(0, 8, 16, 2, 1024));
      assertEquals(1024 * cache.bytesPerToken() + 64 * 2 * 16 * 4, cache.bytes());
      assertEquals(cache.bytes(), cpu.memory().liveBytes() - before);
      long live = cpu.memory().liveBytes();
      for (int t = 0; t < 64; t++) {
        try (Scope step = cpu.scope("step")) {
          cache.append(x.k(step, t, t + 1), x.v(step, t, t + 1));
          cache.attend(x.q(step, t, t + 1));
        }
        assertEquals(live, cpu.memory().liveBytes());
      }
    }
  }

  @Test
  void misuseIsRefused() {
    Tokens x = new Tokens(DType.F32, 1, 2, 2, 64, 8);
    Scope model = cpu.scope("model");
    BlockMemoryCache cache =
        BlockMemoryCache.of(model, x.spec(), new BlockMemoryCache.Options(2, 4, 4, 1, 40));
    try (Scope step = cpu.scope("step")) {
      cache.append(x.k(step, 0, 30), x.v(step, 0, 30));
      String full =
          assertThrows(
                  IllegalStateException.class,
                  () -> cache.append(x.k(step, 30, 50), x.v(step, 30, 50)))
              .getMessage();
      assertTrue(String.valueOf(full).contains("30 of 40 tokens are held; got 20 more"), full);
      assertThrows(IllegalArgumentException.class, () -> cache.attend(x.q(step, 0, 31)));
      assertThrows(
          IllegalArgumentException.class, () -> new BlockMemoryCache.Options(2, 4, 0, 1, 40));
      model.close();
      String closed =
          assertThrows(IllegalStateException.class, () -> cache.attend(x.q(step, 0, 1)))
              .getMessage();
      assertTrue(String.valueOf(closed).contains("closed"), closed);
    }
  }
}
