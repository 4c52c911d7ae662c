package dev.gatun.decode.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PagedCacheTest {
  private Device cpu;

  @BeforeAll
  void open() {
    cpu = CpuDevice.open();
  }

  @AfterAll
  void close() {
    cpu.close();
  }

  private void append(KeyValueCache cache, Tokens x, int from, int to) {
    try (Scope step = cpu.scope("step")) {
      cache.append(x.k(step, from, to), x.v(step, from, to));
    }
  }

  private double[] attend(KeyValueCache cache, Tokens x, int from, int to) {
    try (Scope step = cpu.scope("step")) {
      return cache.attend(x.q(step, from, to)).o().toDoubleArray();
    }
  }

  @Test
  void equalsTheContiguousCacheBitForBit() {
    for (int page : new int[] {16, 32}) {
      Tokens x = new Tokens(DType.F32, 2, 4, 2, 80, 8);
      try (Scope model = cpu.scope("model")) {
        PagedCache pool = PagedCache.of(model, x.spec(), 12, page);
        KeyValueCache flat = ContiguousCache.of(model, x.spec(), 96);
        KeyValueCache paged = pool.batch(pool.open(), pool.open());
        for (int t = 0; t < 80; ) {
          int to = Math.min(80, t + (t % 3 == 0 ? 1 : 9));
          append(flat, x, t, to);
          append(paged, x, t, to);
          assertArrayEquals(attend(flat, x, t, to), attend(paged, x, t, to));
          t = to;
        }
        assertEquals(80, paged.length());
      }
    }
  }

  @Test
  void sequencesOfABatchMayDiffer() {
    Tokens x = new Tokens(DType.F64, 1, 4, 2, 40, 8);
    try (Scope model = cpu.scope("model");
        Scope step = cpu.scope("step")) {
      PagedCache pool = PagedCache.of(model, x.spec(), 8, 16);
      int a = pool.open();
      int b = pool.open();
      append(pool.batch(a), x, 0, 35);
      append(pool.batch(b), x, 0, 5);
      Tensor q = x.q(step, 34, 35).concat(0, x.q(step, 4, 5));
      Attention.Result both = pool.batch(a, b).attend(q);
      Attention.Result first =
          new Attention.Result(
              both.o().slice(0, 0, 1), both.lse().slice(0, 0, 1), both.maxLogits());
      x.check("long", first, 34, 35, Tokens::causal, 1e-12);
      Attention.Result second =
          new Attention.Result(
              both.o().slice(0, 1, 2), both.lse().slice(0, 1, 2), both.maxLogits());
      x.check("short", second, 4, 5, Tokens::causal, 1e-12);
    }
  }

  /// Two ways on from a common beginning, neither of which sees the other.
  @Test
  void forksShareTheirBeginning() {
    Tokens x = new Tokens(DType.F64, 1, 4, 2, 60, 8);
    Tokens y = new Tokens(DType.F64, 1, 4, 2, 61, 8);
    try (Scope model = cpu.scope("model")) {
      PagedCache pool = PagedCache.of(model, x.spec(), 8, 16);
      int a = pool.open();
      append(pool.batch(a), x, 0, 40);
      assertEquals(3 * pool.pageBytes(), pool.usedBytes());
      double[] before = attend(pool.batch(a), x, 39, 40);
      int b = pool.fork(a);
      assertEquals(3 * pool.pageBytes(), pool.usedBytes());
      assertEquals(3 * pool.pageBytes(), pool.sharedBytes());
      assertArrayEquals(before, attend(pool.batch(b), x, 39, 40));
      append(pool.batch(b), y, 40, 50);
      assertEquals(5 * pool.pageBytes(), pool.usedBytes());
      assertEquals(2 * pool.pageBytes(), pool.sharedBytes());
      append(pool.batch(a), x, 40, 60);
      try (Scope step = cpu.scope("step")) {
        Attention.Result got = pool.batch(a).attend(x.q(step, 40, 60));
        x.check("original", got, 40, 60, Tokens::causal, 1e-12);
        Tensor k = x.k(step, 0, 40).concat(2, y.k(step, 40, 50));
        Tensor v = x.v(step, 0, 40).concat(2, y.v(step, 40, 50));
        Tensor q = y.q(step, 49, 50);
        double[] want =
            Attention.of(q, k, v, dev.gatun.op.sequence.attention.Mask.causal()).toDoubleArray();
        assertArrayEquals(want, pool.batch(b).attend(q).o().toDoubleArray(), 1e-12);
      }
      pool.close(a);
      assertEquals(4 * pool.pageBytes(), pool.usedBytes());
      assertEquals(0, pool.sharedBytes());
      pool.close(b);
      assertEquals(8, pool.freePages());
    }
  }

  /// Drafted tokens that are dropped leave nothing behind, in forks that share the page neither.
  @Test
  void rollbackDropsTheLastTokens() {
    Tokens x = new Tokens(DType.F64, 1, 4, 2, 64, 8);
    Tokens draft = new Tokens(DType.F64, 1, 4, 2, 65, 8);
    try (Scope model = cpu.scope("model")) {
      PagedCache pool = PagedCache.of(model, x.spec(), 9, 16);
      int a = pool.open();
      append(pool.batch(a), x, 0, 30);
      int b = pool.fork(a);
      append(pool.batch(a), draft, 30, 52);
      assertEquals(4, pool.usedBytes() / pool.pageBytes() - 1);
      pool.rollback(a, 22);
      assertEquals(30, pool.length(a));
      pool.rollback(b, 3);
      append(pool.batch(b), x, 27, 33);
      append(pool.batch(a), x, 30, 64);
      try (Scope step = cpu.scope("step")) {
        x.check("a", pool.batch(a).attend(x.q(step, 30, 64)), 30, 64, Tokens::causal, 1e-12);
        x.check("b", pool.batch(b).attend(x.q(step, 27, 33)), 27, 33, Tokens::causal, 1e-12);
      }
      pool.rollback(a, 64);
      assertEquals(0, pool.length(a));
      assertEquals(9 - 3, pool.freePages());
    }
  }

  /// Two of a batch share their last page, and there is one free page: one copies it, one keeps it.
  @Test
  void theLastReaderKeepsThePage() {
    Tokens x = new Tokens(DType.F64, 1, 2, 2, 20, 4);
    try (Scope model = cpu.scope("model");
        Scope step = cpu.scope("step")) {
      PagedCache pool = PagedCache.of(model, x.spec(), 2, 16);
      int a = pool.open();
      append(pool.batch(a), x, 0, 5);
      int b = pool.fork(a);
      Tensor k = x.k(step, 5, 6);
      Tensor v = x.v(step, 5, 6);
      pool.batch(a, b).append(k.concat(0, k), v.concat(0, v));
      assertEquals(0, pool.freePages());
      x.check("a", pool.batch(a).attend(x.q(step, 5, 6)), 5, 6, Tokens::causal, 1e-12);
      x.check("b", pool.batch(b).attend(x.q(step, 5, 6)), 5, 6, Tokens::causal, 1e-12);
    }
  }

  @Test
  void memoryIsThatOfThePool() {
    Tokens x = new Tokens(DType.F32, 1, 4, 4, 64, 16);
    try (Scope model = cpu.scope("model")) {
      long before = cpu.memory().liveBytes();
      PagedCache pool = PagedCache.of(model, x.spec(), 64, 16);
      assertEquals(64 * 16 * pool.bytesPerToken(), pool.bytes());
      assertEquals(pool.bytes(), cpu.memory().liveBytes() - before);
      long live = cpu.memory().liveBytes();
      for (int i = 0; i < 20; i++) {
        int a = pool.open();
        append(pool.batch(a), x, 0, 50);
        attend(pool.batch(a), x, 49, 50);
        int b = pool.fork(a);
        append(pool.batch(b), x, 50, 51);
        pool.close(a);
        pool.close(b);
        assertEquals(live, cpu.memory().liveBytes());
      }
      assertEquals(64, pool.freePages());
    }
  }

  @Test
  void misuseIsRefused() {
    Tokens x = new Tokens(DType.F32, 1, 2, 2, 64, 4);
    Scope model = cpu.scope("model");
    PagedCache pool = PagedCache.of(model, x.spec(), 2, 16);
    int a = pool.open();
    IllegalStateException full =
        assertThrows(IllegalStateException.class, () -> append(pool.batch(a), x, 0, 40));
    assertTrue(
        String.valueOf(full.getMessage()).contains("2 of 2 pages are free"), full.getMessage());
    assertEquals(2, pool.freePages());
    assertEquals(0, pool.length(a));
    String none = assertThrows(IllegalArgumentException.class, () -> pool.fork(7)).getMessage();
    assertTrue(String.valueOf(none).contains("the sequence must be open; got 7 of [0]"), none);
    assertThrows(IllegalArgumentException.class, () -> pool.batch(a, a));
    assertThrows(IllegalArgumentException.class, pool::batch);
    assertThrows(IllegalArgumentException.class, () -> pool.rollback(a, 1));
    assertThrows(IllegalArgumentException.class, () -> PagedCache.of(model, x.spec(), 2, 24));
    assertThrows(IllegalArgumentException.class, () -> PagedCache.of(model, x.spec(), 2, 8));
    KeyValueCache batch = pool.batch(a);
    append(batch, x, 0, 3);
    pool.close(a);
    assertThrows(IllegalArgumentException.class, () -> append(batch, x, 3, 4));
    int b = pool.open();
    model.close();
    String closed =
        assertThrows(IllegalStateException.class, () -> append(pool.batch(b), x, 0, 1))
            .getMessage();
    assertTrue(String.valueOf(closed).contains("closed"), closed);
  }
}
