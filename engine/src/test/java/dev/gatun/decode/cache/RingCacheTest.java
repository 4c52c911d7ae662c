package dev.gatun.decode.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Rotary;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RingCacheTest {
  private Device cpu;

  @BeforeAll
  void open() {
    cpu = CpuDevice.open();
  }

  @AfterAll
  void close() {
    cpu.close();
  }

  /// The definition: keys are turned to their index in the cache of query `t`.
  private static Tokens.Score streaming(int sinks, int window, boolean rotary) {
    return (q, k, t, j) -> {
      boolean seen = j <= t && (j < sinks || j > t - window);
      if (!seen) {
        return Double.NEGATIVE_INFINITY;
      }
      int dropped = Math.max(0, t + 1 - sinks - window);
      int index = j < sinks ? j : j - dropped;
      return rotary
          ? Tokens.dot(Tokens.turned(q, t - dropped), Tokens.turned(k, index))
          : Tokens.dot(q, k);
    };
  }

  private void run(Tokens x, RingCache.Options o, int chunk, Tokens.Score score) {
    try (Scope model = cpu.scope("model")) {
      KeyValueCache cache = RingCache.of(model, x.spec(), o);
      for (int t = 0; t < x.length; t += chunk) {
        int to = Math.min(x.length, t + chunk);
        try (Scope step = cpu.scope("step")) {
          cache.append(x.k(step, t, to), x.v(step, t, to));
          x.check(o + " token " + t, cache.attend(x.q(step, t, to)), t, to, score, 1e-12);
        }
      }
    }
  }

  @Test
  void positionsAreThoseInTheCache() {
    Rotary rotary = Rotary.of(8);
    Tokens x = new Tokens(DType.F64, 2, 6, 2, 61, 8);
    for (int[] size : new int[][] {{4, 9}, {0, 7}, {1, 1}, {5, 16}, {3, 80}}) {
      RingCache.Options o = RingCache.Options.of(size[0], size[1]);
      run(x, o, 1, streaming(size[0], size[1], false));
      run(x, o.withRotary(rotary), 1, streaming(size[0], size[1], true));
    }
  }

  @Test
  void chunksGiveWhatTokensGive() {
    Tokens x = new Tokens(DType.F64, 2, 4, 2, 61, 8);
    for (int chunk : new int[] {2, 5, 13, 30, 61}) {
      RingCache.Options o = RingCache.Options.of(4, 9).withChunk(chunk).withRotary(Rotary.of(8));
      run(x, o, chunk, streaming(4, 9, true));
    }
  }

  /// A prompt longer than the ring, of which only the last token attends.
  @Test
  void aLongPromptMayBeAppendedAtOnce() {
    Tokens x = new Tokens(DType.F64, 1, 4, 2, 61, 8);
    try (Scope model = cpu.scope("model");
        Scope step = cpu.scope("step")) {
      RingCache cache =
          RingCache.of(
              model, x.spec(), RingCache.Options.of(4, 9).withChunk(2).withRotary(Rotary.of(8)));
      cache.append(x.k(step, 0, 50), x.v(step, 0, 50));
      cache.append(x.k(step, 50, 61), x.v(step, 50, 61));
      Attention.Result got = cache.attend(x.q(step, 59, 61));
      x.check("prompt", got, 59, 61, streaming(4, 9, true), 1e-12);
    }
  }

  /// The scores near token 4,000,000 are those near token 100, to what angles in double allow.
  @Test
  void fourMillionTokensFlow() {
    int dim = 16;
    CacheSpec spec = CacheSpec.of(DType.F32, 1, 1, dim);
    RingCache.Options o = RingCache.Options.of(4, 32).withRotary(Rotary.of(dim));
    double[][] seen = new double[2][];
    for (int far = 0; far < 2; far++) {
      try (Scope model = cpu.scope("model")) {
        RingCache cache = RingCache.of(model, spec, o);
        long live = cpu.memory().liveBytes();
        try (Scope step = cpu.scope("start")) {
          Tensor k = step.normal(DType.F32, Shape.of(1, 1, 4, dim), 1);
          cache.append(k, k);
        }
        long pieces = far == 0 ? 1 : 1000;
        for (int i = 0; i < pieces; i++) {
          try (Scope step = cpu.scope("text")) {
            Tensor k = step.zeros(DType.F32, Shape.of(1, 1, 4000, dim));
            cache.append(k, k);
          }
          assertEquals(live, cpu.memory().liveBytes());
        }
        assertEquals(4 + 4000 * pieces, cache.length());
        try (Scope step = cpu.scope("end")) {
          Tensor k = step.normal(DType.F32, Shape.of(1, 1, 32, dim), 2);
          cache.append(k, k);
          Tensor q = step.normal(DType.F32, Shape.of(1, 1, 1, dim), 3);
          seen[far] = cache.attend(q).o().toDoubleArray();
        }
      }
    }
    for (int i = 0; i < dim; i++) {
      assertEquals(seen[0][i], seen[1][i], 1e-5);
    }
  }

  @Test
  void memoryIsConstant() {
    Tokens x = new Tokens(DType.F32, 1, 4, 2, 200, 16);
    try (Scope model = cpu.scope("model")) {
      long before = cpu.memory().liveBytes();
      RingCache cache = RingCache.of(model, x.spec(), RingCache.Options.of(4, 64));
      assertEquals(68 * cache.bytesPerToken(), cache.bytes());
      assertEquals(cache.bytes(), cpu.memory().liveBytes() - before);
      long live = cpu.memory().liveBytes();
      for (int t = 0; t < 200; t++) {
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
    Tokens x = new Tokens(DType.F32, 1, 4, 2, 9, 8);
    Scope model = cpu.scope("model");
    RingCache cache = RingCache.of(model, x.spec(), RingCache.Options.of(2, 4));
    try (Scope step = cpu.scope("step")) {
      String none =
          assertThrows(IllegalArgumentException.class, () -> cache.attend(x.q(step, 0, 1)))
              .getMessage();
      assertTrue(String.valueOf(none).contains("queries must be among the 0 tokens held"), none);
      cache.append(x.k(step, 0, 3), x.v(step, 0, 3));
      String many =
          assertThrows(IllegalArgumentException.class, () -> cache.attend(x.q(step, 0, 3)))
              .getMessage();
      assertTrue(String.valueOf(many).contains("at most 1; got 3"), many);
      String mask =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> cache.attend(x.q(step, 2, 3), AttentionOptions.of(Mask.none())))
              .getMessage();
      assertTrue(String.valueOf(mask).contains("options must be causal"), mask);
      assertThrows(IllegalArgumentException.class, () -> RingCache.Options.of(2, 0));
      Rotary xpos = Rotary.of(8).withXPos(new Rotary.XPos(512, 0));
      assertThrows(
          IllegalArgumentException.class, () -> RingCache.Options.of(2, 4).withRotary(xpos));
      model.close();
      String closed =
          assertThrows(
                  IllegalStateException.class, () -> cache.append(x.k(step, 0, 1), x.v(step, 0, 1)))
              .getMessage();
      assertTrue(String.valueOf(closed).contains("closed"), closed);
    }
  }
}
