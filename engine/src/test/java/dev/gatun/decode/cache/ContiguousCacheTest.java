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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ContiguousCacheTest {
  private Device cpu;

  @BeforeAll
  void open() {
    cpu = CpuDevice.open();
  }

  @AfterAll
  void close() {
    cpu.close();
  }

  private void attend(KeyValueCache cache, Tokens x, int from, int to, double bound) {
    try (Scope step = cpu.scope("step")) {
      cache.append(x.k(step, from, to), x.v(step, from, to));
      Attention.Result got = cache.attend(x.q(step, from, to));
      x.check("tokens " + from + " to " + to, got, from, to, Tokens::causal, bound);
    }
  }

  @Test
  void everyStepSeesAllBeforeIt() {
    for (DType type : new DType[] {DType.F64, DType.F32}) {
      Tokens x = new Tokens(type, 2, 6, 2, 70, 8);
      try (Scope model = cpu.scope("model")) {
        KeyValueCache cache = ContiguousCache.of(model, x.spec(), 70);
        for (int t = 0; t < 70; t++) {
          attend(cache, x, t, t + 1, type == DType.F64 ? 1e-12 : 1e-5);
          assertEquals(t + 1, cache.length());
        }
      }
    }
  }

  @Test
  void anyCuttingGivesWhatOneCallGives() {
    Tokens x = new Tokens(DType.F64, 1, 4, 2, 90, 8);
    for (int chunk : new int[] {1, 7, 16, 64, 90}) {
      try (Scope model = cpu.scope("model")) {
        KeyValueCache cache = ContiguousCache.of(model, x.spec(), 128);
        for (int t = 0; t < 90; t += chunk) {
          attend(cache, x, t, Math.min(90, t + chunk), 1e-12);
        }
      }
    }
  }

  @Test
  void sequencesMayDiffer() {
    Tokens x = new Tokens(DType.F64, 2, 2, 2, 12, 4);
    try (Scope model = cpu.scope("model");
        Scope step = cpu.scope("step")) {
      ContiguousCache cache = ContiguousCache.of(model, x.spec(), 16);
      cache.append(x.k(step, 0, 8), x.v(step, 0, 8), 8, 3);
      assertEquals(8, cache.length(0));
      assertEquals(3, cache.length(1));
      Tensor counts = step.tensor(Shape.of(2), 8L, 3L);
      Attention.Result got =
          cache.attend(
              x.q(step, 0, 8),
              AttentionOptions.of(Mask.causal()).with(Operand.QUERY_LENGTHS, counts));
      Tensor want = Attention.of(x.q(step, 0, 8), x.k(step, 0, 8), x.v(step, 0, 8), Mask.causal());
      for (int t = 0; t < 3; t++) {
        assertArrayEquals(
            want.select(2, t).toDoubleArray(), got.o().select(2, t).toDoubleArray(), 1e-12);
      }
      assertEquals(0, got.o().select(0, 1).slice(1, 3, 8).abs().sum(0, 1, 2).item());
      cache.rollback(3);
      assertEquals(5, cache.length(0));
      assertEquals(0, cache.length(1));
    }
  }

  @Test
  void aTokenTakesTheBytesItSays() {
    Tokens x = new Tokens(DType.F32, 2, 4, 4, 4, 16);
    try (Scope model = cpu.scope("model")) {
      long before = cpu.memory().liveBytes();
      KeyValueCache cache = ContiguousCache.of(model, x.spec(), 1024);
      assertEquals(4 * 2 * 16 * 4, cache.bytesPerToken());
      assertEquals(2 * 1024 * cache.bytesPerToken(), cache.bytes());
      assertEquals(cache.bytes(), cpu.memory().liveBytes() - before);
    }
  }

  /// Neither making a cache nor a step takes a second buffer of its size, not for a moment.
  @Test
  void theBufferIsNeverCopied() {
    Tokens x = new Tokens(DType.F32, 1, 4, 2, 4, 16);
    try (Device own = CpuDevice.open();
        Scope model = own.scope("model")) {
      KeyValueCache cache = ContiguousCache.of(model, x.spec(), 8192);
      for (int t = 0; t < 4; t++) {
        try (Scope step = own.scope("step")) {
          cache.append(x.k(step, t, t + 1), x.v(step, t, t + 1));
          cache.attend(x.q(step, t, t + 1));
        }
      }
      assertTrue(own.memory().peakBytes() < cache.bytes() * 5 / 4, own.memory().toString());
    }
  }

  @Test
  void stepsKeepNoMemory() {
    Tokens x = new Tokens(DType.F32, 1, 4, 2, 64, 8);
    try (Scope model = cpu.scope("model")) {
      KeyValueCache cache = ContiguousCache.of(model, x.spec(), 64);
      attend(cache, x, 0, 1, 1e-5);
      Device.Memory first = cpu.memory();
      for (int t = 1; t < 64; t++) {
        attend(cache, x, t, t + 1, 1e-5);
        assertEquals(first.liveBytes(), cpu.memory().liveBytes());
      }
      assertEquals(first.slabs(), cpu.memory().slabs());
    }
  }

  @Test
  void misuseIsRefused() {
    Tokens x = new Tokens(DType.F32, 1, 4, 2, 8, 8);
    Scope model = cpu.scope("model");
    ContiguousCache cache = ContiguousCache.of(model, x.spec(), 6);
    try (Scope step = cpu.scope("step")) {
      Tensor k = x.k(step, 0, 4);
      cache.append(k, k);
      IllegalStateException full =
          assertThrows(IllegalStateException.class, () -> cache.append(k, k));
      assertTrue(
          String.valueOf(full.getMessage()).contains("holds 4 of 6 tokens; got 4 more"),
          full.getMessage());
      assertEquals(4, cache.length());
      String shape =
          assertThrows(IllegalArgumentException.class, () -> cache.append(x.q(step, 0, 1), k))
              .getMessage();
      assertTrue(String.valueOf(shape).contains("k must be F32 [1,2,n,8]"), shape);
      String q =
          assertThrows(IllegalArgumentException.class, () -> cache.attend(k.to(DType.F64)))
              .getMessage();
      assertTrue(String.valueOf(q).contains("q must be F32 [1,H,n,8]"), q);
      assertThrows(IllegalArgumentException.class, () -> cache.rollback(5));
      assertThrows(IllegalArgumentException.class, () -> ContiguousCache.of(model, x.spec(), 0));
      model.close();
      String closed = assertThrows(IllegalStateException.class, () -> cache.attend(k)).getMessage();
      assertTrue(String.valueOf(closed).contains("closed"), closed);
      assertThrows(
          IllegalStateException.class, () -> cache.append(x.k(step, 0, 1), x.v(step, 0, 1)));
    }
  }
}
