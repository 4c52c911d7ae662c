package dev.gatun.decode.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.attention.Rotary;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LambdaCacheTest {
  private Device cpu;

  @BeforeAll
  void open() {
    cpu = CpuDevice.open();
  }

  @AfterAll
  void close() {
    cpu.close();
  }

  /// The definition, by distances.
  private static Tokens.Score lambda(int global, int local, int limit) {
    return (q, k, t, j) -> {
      if (j > t || t - j >= local && j >= global) {
        return Double.NEGATIVE_INFINITY;
      }
      return Tokens.dot(Tokens.turned(q, t - j < local ? t - j : limit), k);
    };
  }

  @Test
  void distancesAreLimited() {
    Tokens x = new Tokens(DType.F64, 2, 6, 2, 61, 8);
    for (int[] o : new int[][] {{4, 9, 9, 1}, {4, 9, 5, 7}, {1, 1, 3, 1}, {6, 3, 0, 61}}) {
      try (Scope model = cpu.scope("model")) {
        LambdaCache.Options options =
            LambdaCache.Options.of(o[0], o[1], Rotary.of(8)).withLimit(o[2]).withChunk(o[3]);
        KeyValueCache cache = LambdaCache.of(model, x.spec(), options);
        long live = cpu.memory().liveBytes();
        for (int t = 0; t < 61; t += o[3]) {
          int to = Math.min(61, t + o[3]);
          try (Scope step = cpu.scope("step")) {
            cache.append(x.k(step, t, to), x.v(step, t, to));
            x.check(
                "token " + t,
                cache.attend(x.q(step, t, to)),
                t,
                to,
                lambda(o[0], o[1], o[2]),
                1e-12);
          }
          assertEquals(live, cpu.memory().liveBytes());
        }
      }
    }
  }

  @Test
  void memoryIsThatOfItsTokens() {
    Tokens x = new Tokens(DType.F32, 1, 2, 2, 8, 16);
    try (Scope model = cpu.scope("model")) {
      long before = cpu.memory().liveBytes();
      KeyValueCache cache =
          LambdaCache.of(model, x.spec(), LambdaCache.Options.of(4, 64, Rotary.of(16)));
      assertEquals(68 * cache.bytesPerToken(), cache.bytes());
      assertEquals(cache.bytes(), cpu.memory().liveBytes() - before);
    }
  }

  @Test
  void misuseIsRefused() {
    Tokens x = new Tokens(DType.F32, 1, 2, 2, 8, 8);
    Scope model = cpu.scope("model");
    LambdaCache cache = LambdaCache.of(model, x.spec(), LambdaCache.Options.of(2, 4, Rotary.of(8)));
    assertThrows(IllegalArgumentException.class, () -> LambdaCache.Options.of(0, 4, Rotary.of(8)));
    try (Scope step = cpu.scope("step")) {
      cache.append(x.k(step, 0, 4), x.v(step, 0, 4));
      assertThrows(IllegalArgumentException.class, () -> cache.attend(x.q(step, 0, 2)));
      model.close();
      assertThrows(IllegalStateException.class, () -> cache.attend(x.q(step, 3, 4)));
    }
  }
}
