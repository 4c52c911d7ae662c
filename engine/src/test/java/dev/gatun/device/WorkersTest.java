package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
final class WorkersTest {
  private static final Workers.Body COUNT =
      (call, phase, block, worker) -> {
        // Its own cache line for each worker: what a worker owns no other touches.
        call.registers()[worker * 8] += block + phase;
      };

  private static Call call() {
    return new Call(List.of(), List.of(), List.of(), List.of(), List.of(), MemorySegment.NULL);
  }

  private static long sum(Call c) {
    return c.registers()[0] + c.registers()[8] + c.registers()[16] + c.registers()[24];
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void everyBlockRunsOnce(int threads) {
    try (Workers workers = new Workers(threads)) {
      assertEquals(threads, workers.count());
      for (int blocks : new int[] {0, 1, 2, 3, 17, 1000}) {
        AtomicIntegerArray runs = new AtomicIntegerArray(blocks);
        workers.run((c, phase, block, worker) -> runs.incrementAndGet(block), call(), 0, blocks);
        IntStream.range(0, blocks).forEach(b -> assertEquals(1, runs.get(b)));
      }
    }
  }

  @Test
  void manyCallersGetTheirOwnRegionsWhole() throws Exception {
    try (Workers workers = new Workers(4);
        ExecutorService callers = Executors.newFixedThreadPool(8)) {
      List<Future<?>> done = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        done.add(
            callers.submit(() -> {
              for (int i = 0; i < 5_000; i++) {
                Call c = call();
                int blocks = 1 + i % 37;
                workers.run(COUNT, c, i, blocks);
                assertEquals((long) blocks * (blocks - 1) / 2 + (long) i * blocks, sum(c));
              }
            }));
      }
      for (Future<?> f : done) {
        f.get();
      }
    }
  }

  @Test
  void parkedWorkersWakeAgain() throws Exception {
    try (Workers workers = new Workers(2)) {
      for (int i = 0; i < 20; i++) {
        CountDownLatch both = new CountDownLatch(2);
        workers.run(
            (c, phase, block, worker) -> {
              both.countDown();
              await(both);
            },
            call(),
            0,
            2);
        Thread.sleep(5);
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void whatABlockThrowsIsThrownHereAndTheNextRegionRuns(int threads) {
    try (Workers workers = new Workers(threads)) {
      for (int i = 0; i < 500; i++) {
        int bad = i % 9;
        RuntimeException broken = new IllegalArgumentException("block " + bad);
        Workers.Body body =
            (c, phase, block, worker) -> {
              if (block == bad) {
                throw broken;
              }
            };
        assertSame(
            broken, assertThrows(RuntimeException.class, () -> workers.run(body, call(), 0, 9)));
        Error error = new StackOverflowError();
        Workers.Body fatal =
            (c, phase, block, worker) -> {
              throw error;
            };
        assertSame(error, assertThrows(Error.class, () -> workers.run(fatal, call(), 0, 9)));
        Call c = call();
        workers.run(COUNT, c, 0, 9);
        assertEquals(36, sum(c));
      }
    }
  }

  @Test
  void aRegionWithinARegionRunsOnItsCaller() {
    try (Workers workers = new Workers(3)) {
      AtomicInteger runs = new AtomicInteger();
      workers.run(
          (c, phase, block, worker) ->
              workers.run((d, p, b, w) -> runs.incrementAndGet(), call(), 0, 10),
          call(),
          0,
          10);
      assertEquals(100, runs.get());
    }
  }

  @Test
  void aRegionAllocatesNothing() {
    var bean = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Workers workers = new Workers(2)) {
      Call c = call();
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 50; round++) {
        long before = bean.getThreadAllocatedBytes(Thread.currentThread().threadId());
        for (int i = 0; i < 1_000; i++) {
          workers.run(COUNT, c, 0, 4);
        }
        long bytes = bean.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
        least = Math.min(least, bytes);
      }
      assertTrue(least < 1_000, "1,000 regions allocated " + least + " bytes");
    }
  }

  @Test
  void threadsAreDaemonsAndGoneAfterClose() throws Exception {
    List<Thread> mine = new ArrayList<>();
    Workers workers = new Workers(4);
    try (workers) {
      CountDownLatch all = new CountDownLatch(4);
      workers.run(
          (c, phase, block, worker) -> {
            synchronized (mine) {
              mine.add(Thread.currentThread());
            }
            all.countDown();
            await(all);
          },
          call(),
          0,
          4);
    }
    mine.remove(Thread.currentThread());
    assertEquals(3, mine.size());
    for (Thread t : mine) {
      assertTrue(t.isDaemon());
      assertFalse(t.isAlive());
    }
    workers.close();
    Call c = call();
    workers.run(COUNT, c, 0, 5);
    assertEquals(10, sum(c), "after close a region runs on its caller");
  }

  @Test
  void thereMustBeAWorker() {
    Exception e = assertThrows(IllegalArgumentException.class, () -> new Workers(0));
    assertEquals("Workers: count must be at least 1; got 0", e.getMessage());
  }
}
