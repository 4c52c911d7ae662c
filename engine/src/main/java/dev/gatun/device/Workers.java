package dev.gatun.device;

import dev.gatun.op.Call;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The threads of one device. Work comes as numbered blocks whose borders never depend on the
/// number of threads, so neither do results. The caller takes part; between regions threads wait
/// awake for a millisecond, then park. Waking a parked thread costs more than a small kernel, and
/// on a virtual machine far more: a processor that was let go comes back late, at times as the
/// other half of a busy core. While one region runs, other callers run theirs alone: with as many
/// callers as cores that is the faster schedule anyway.
///
/// Running a region allocates nothing.
public final class Workers implements AutoCloseable {
  /// How long a worker waits awake for the next region before it parks.
  private static final long AWAKE_NANOS = 1_000_000;

  /// The first 20 us a waiting thread only looks. From then on it offers its processor to other
  /// threads, such as the compiler's, every 64 looks: about a microsecond.
  private static final long ALONE_LOOKS = 1024;

  private static final long LOOKS = 64;

  /// One block of work. Keep it in a `static final` field and capture nothing: all it needs is in
  /// the call.
  @FunctionalInterface
  public interface Body {
    /// Runs block `block` of phase `phase` of `call` as worker `worker`, which owns scratch of that
    /// number while the region lasts.
    void run(Call call, long phase, int block, int worker);
  }

  private final Thread[] threads;
  private final AtomicBoolean[] parked;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final AtomicInteger active = new AtomicInteger();

  /// The next block of each worker's own share.
  private final AtomicInteger[] next;

  private volatile boolean open;
  private final AtomicInteger epoch = new AtomicInteger();
  private volatile boolean closed;
  private volatile @Nullable Throwable failure;
  private @Nullable Body body;
  private @Nullable Call call;
  private long phase;
  private int blocks;
  private final Tables tables = new Tables();

  /// A pool of `count` workers, the caller included.
  ///
  /// @throws IllegalArgumentException unless `count >= 1`
  public Workers(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("Workers: count must be at least 1; got " + count);
    }
    next = new AtomicInteger[count];
    Arrays.setAll(next, i -> new AtomicInteger());
    threads = new Thread[count - 1];
    parked = new AtomicBoolean[count - 1];
    for (int i = 0; i < threads.length; i++) {
      int worker = i + 1;
      parked[i] = new AtomicBoolean();
      threads[i] =
          Thread.ofPlatform().daemon().name("gatun-" + worker).unstarted(() -> loop(worker));
    }
    for (Thread t : threads) {
      t.start();
    }
  }

  /// Workers that may run at once, the caller included.
  public int count() {
    return threads.length + 1;
  }

  /// What the kernels that run here keep from call to call.
  public Tables tables() {
    return tables;
  }

  /// Runs `body` for every block in `[0, blocks)` and returns when all are done. What a block
  /// throws is thrown here; the remaining blocks may then not have run.
  public void run(Body body, Call call, long phase, int blocks) {
    if (blocks <= 1 || threads.length == 0 || closed || !busy.compareAndSet(false, true)) {
      for (int i = 0; i < blocks; i++) {
        body.run(call, phase, i, 0);
      }
      return;
    }
    try {
      this.body = body;
      this.call = call;
      this.phase = phase;
      this.blocks = blocks;
      failure = null;
      for (int i = 0; i < next.length; i++) {
        next[i].set(share(i));
      }
      open = true;
      epoch.incrementAndGet();
      for (int i = 0; i < threads.length; i++) {
        if (parked[i].get() && parked[i].compareAndSet(true, false)) {
          LockSupport.unpark(threads[i]);
        }
      }
      take(body, call, 0);
      // A late worker either sees the region closed or has counted itself in before this line.
      open = false;
      awaitIdle();
      this.body = null;
      this.call = null;
      rethrow(failure);
    } finally {
      busy.set(false);
    }
  }

  private void awaitIdle() {
    for (long look = 0; active.get() != 0; look++) {
      linger(look);
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // where threads outnumber processors, it frees one
  private static void linger(long look) {
    if (look < ALONE_LOOKS || look % LOOKS != 0) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }

  /// First block of worker `worker`'s share, of which each has one contiguous run.
  private int share(int worker) {
    return (int) ((long) blocks * worker / next.length);
  }

  /// Runs the worker's own share, so that it finds in its caches what it wrote there in the region
  /// before, then what is left of the others'.
  private void take(Body body, Call call, int worker) {
    try {
      for (int i = 0; i < next.length; i++) {
        int from = (worker + i) % next.length;
        int end = share(from + 1);
        for (int b = next[from].getAndIncrement(); b < end; b = next[from].getAndIncrement()) {
          body.run(call, phase, b, worker);
        }
      }
    } catch (Throwable t) {
      failure = t;
      for (AtomicInteger n : next) {
        n.set(blocks);
      }
    }
  }

  private static void rethrow(@Nullable Throwable t) {
    switch (t) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException("Workers: a block failed", t);
    }
  }

  private void loop(int worker) {
    int seen = 0;
    while (!closed) {
      seen = await(seen, worker);
      active.incrementAndGet();
      // Once counted in, an open region stays open: only then are its fields safe to read.
      if (open && body != null && call != null) {
        take(body, call, worker);
      }
      active.decrementAndGet();
    }
  }

  /// Returns the first epoch after `seen`.
  private int await(int seen, int worker) {
    long start = System.nanoTime();
    for (long look = 0; look % LOOKS != 0 || System.nanoTime() - start < AWAKE_NANOS; look++) {
      if (epoch.get() != seen || closed) {
        return epoch.get();
      }
      linger(look);
    }
    AtomicBoolean mine = parked[worker - 1];
    while (epoch.get() == seen && !closed) {
      mine.set(true);
      if (epoch.get() == seen && !closed) {
        LockSupport.park(this);
      }
    }
    mine.set(false);
    return epoch.get();
  }

  /// Ends the threads and waits for them. Regions started later run on their caller alone.
  @Override
  public void close() {
    closed = true;
    for (Thread t : threads) {
      LockSupport.unpark(t);
    }
    for (Thread t : threads) {
      while (t.isAlive() && !t.equals(Thread.currentThread())) {
        try {
          t.join();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }
}
