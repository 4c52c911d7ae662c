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
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StaircaseCacheTest {
  private Device cpu;

  @BeforeAll
  void open() {
    cpu = CpuDevice.open();
  }

  @AfterAll
  void close() {
    cpu.close();
  }

  private static StaircaseCache.Options options(
      long newest, long halves, long bytes, long step, long capacity) {
    return new StaircaseCache.Options(newest, halves, bytes, step, 8, capacity);
  }

  @Test
  void attendsToWhatIsStored() {
    for (DType type : new DType[] {DType.F64, DType.F32}) {
      double bound = type == DType.F64 ? 1e-12 : 2e-5;
      Tokens x = new Tokens(type, 2, 4, 2, 120, 16);
      for (int chunk : new int[] {1, 7, 12}) {
        try (Scope model = cpu.scope("model")) {
          StaircaseCache cache = StaircaseCache.of(model, x.spec(), options(12, 20, 24, 4, 120));
          long live = cpu.memory().liveBytes();
          for (int t = 0; t < 120; t += chunk) {
            int to = Math.min(120, t + chunk);
            try (Scope step = cpu.scope("step")) {
              cache.append(x.k(step, t, to), x.v(step, t, to));
              Tensor q = x.q(step, t, to);
              Attention.Result got = cache.attend(q);
              StaircaseCache.Stored s = cache.stored(step);
              Attention.Result want =
                  Attention.of(q, s.keys(), s.values(), AttentionOptions.of(Mask.causal()));
              assertArrayEquals(want.o().toDoubleArray(), got.o().toDoubleArray(), bound);
              assertArrayEquals(want.lse().toDoubleArray(), got.lse().toDoubleArray(), bound);
            }
            assertEquals(live, cpu.memory().liveBytes());
          }
        }
      }
    }
  }

  /// How far stored numbers are from what was appended, stage by stage: numbers lie in (-2, 2).
  @Test
  void everyStageKeepsItsBound() {
    Tokens x = new Tokens(DType.F32, 1, 2, 2, 200, 16);
    try (Scope model = cpu.scope("model");
        Scope step = cpu.scope("step")) {
      StaircaseCache cache = StaircaseCache.of(model, x.spec(), options(16, 32, 48, 8, 256));
      cache.append(x.k(step, 0, 200), x.v(step, 0, 200));
      long[] n = cache.staged();
      assertEquals(200, n[0] + n[1] + n[2] + n[3]);
      assertTrue(n[0] >= 16 && n[0] < 24 && n[1] >= 32 && n[1] < 40 && n[2] >= 48 && n[2] < 56);
      StaircaseCache.Stored s = cache.stored(step);
      Tensor[] stored = {s.keys(), s.values()};
      Tensor[] want = {x.k(step, 0, 200), x.v(step, 0, 200)};
      double[] bound = {0, 2 * 0x1p-8, 2 / 254.0 + 2 * 0x1p-8, 2 / 14.0 + 2 / 254.0 + 2 * 0x1p-8};
      for (int i = 0; i < 2; i++) {
        Tensor error = stored[i].sub(want[i]).abs().max(0, 1, 3);
        long to = 200;
        for (int stage = 0; stage < 4; stage++) {
          double worst = error.slice(0, to - n[stage], to).max(0).item();
          assertTrue(worst <= bound[stage] * 1.0001, "stage " + stage + ": " + worst);
          assertTrue(stage == 0 || worst > bound[stage] / 10, "stage " + stage + ": " + worst);
          to -= n[stage];
        }
      }
    }
  }

  /// The error of attention that storage makes, against attention over what was appended, some
  /// hundredths of the values with 100 of 200 tokens in 4 bits.
  @Test
  void theErrorOfAttentionIsBounded() {
    Tokens x = new Tokens(DType.F64, 1, 4, 2, 200, 16);
    double worst = 0;
    try (Scope model = cpu.scope("model")) {
      StaircaseCache cache = StaircaseCache.of(model, x.spec(), options(16, 32, 48, 8, 256));
      for (int t = 0; t < 200; t += 10) {
        try (Scope step = cpu.scope("step")) {
          cache.append(x.k(step, t, t + 10), x.v(step, t, t + 10));
          Tensor q = x.q(step, t, t + 10);
          double[] got = cache.attend(q).o().toDoubleArray();
          Tensor dense = Attention.of(q, x.k(step, 0, t + 10), x.v(step, 0, t + 10), Mask.causal());
          double[] want = dense.toDoubleArray();
          for (int i = 0; i < want.length; i++) {
            worst = Math.max(worst, Math.abs(want[i] - got[i]));
          }
        }
      }
    }
    assertTrue(worst < WORST, "error " + worst);
    assertTrue(worst > WORST / 4, "error " + worst);
  }

  /// Measured 0.071, where values lie in (-2, 2).
  private static final double WORST = 0.1;

  @Test
  void tokensTakeFewerBytesTheOlderTheyAre() {
    Tokens x = new Tokens(DType.F32, 1, 2, 2, 8, 64);
    StaircaseCache.Options o = new StaircaseCache.Options(64, 128, 256, 32, 64, 4096);
    try (Scope model = cpu.scope("model")) {
      long before = cpu.memory().liveBytes();
      StaircaseCache cache = StaircaseCache.of(model, x.spec(), o);
      assertEquals(2 * 128 * 4, cache.bytesPerToken(0));
      assertEquals(2 * 128 * 2, cache.bytesPerToken(1));
      assertEquals(2 * 128 + 2 * 2 * 4, cache.bytesPerToken(2));
      assertEquals(2 * 64 + 2 * 2 * 4, cache.bytesPerToken(3));
      long want =
          128 * cache.bytesPerToken(0)
              + 192 * cache.bytesPerToken(1)
              + 320 * cache.bytesPerToken(2)
              + (4096 - 448) * cache.bytesPerToken(3);
      assertEquals(want, cache.bytes());
      long live = cpu.memory().liveBytes() - before;
      // Size classes of memory are at most a fifth larger than what is asked for.
      assertTrue(live >= want && live <= want * 1.25 + 8 * 64, want + " bytes, " + live + " live");
    }
  }

  @Test
  void misuseIsRefused() {
    Tokens x = new Tokens(DType.F32, 1, 2, 2, 64, 16);
    Scope model = cpu.scope("model");
    StaircaseCache cache = StaircaseCache.of(model, x.spec(), options(8, 8, 8, 4, 40));
    try (Scope step = cpu.scope("step")) {
      cache.append(x.k(step, 0, 30), x.v(step, 0, 30));
      String full =
          assertThrows(
                  IllegalStateException.class,
                  () -> cache.append(x.k(step, 30, 50), x.v(step, 30, 50)))
              .getMessage();
      assertTrue(String.valueOf(full).contains("30 of 40 tokens are held; got 20 more"), full);
      assertThrows(IllegalArgumentException.class, () -> cache.attend(x.q(step, 0, 9)));
      CacheSpec odd = CacheSpec.of(DType.F32, 1, 2, 12);
      assertThrows(
          IllegalArgumentException.class,
          () -> StaircaseCache.of(model, odd, options(8, 8, 8, 4, 40)));
      assertThrows(IllegalArgumentException.class, () -> options(0, 8, 8, 4, 40));
      assertThrows(IllegalArgumentException.class, () -> cache.bytesPerToken(4));
      model.close();
      String closed =
          assertThrows(IllegalStateException.class, () -> cache.attend(x.q(step, 29, 30)))
              .getMessage();
      assertTrue(String.valueOf(closed).contains("closed"), closed);
    }
  }
}
