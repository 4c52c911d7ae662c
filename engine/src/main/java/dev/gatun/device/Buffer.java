package dev.gatun.device;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// Memory of one device that one scope holds. Bytes beyond the tensor's own are padding.
public abstract class Buffer {
  private static final long ALIGN = 64;

  private final AtomicLong version = new AtomicLong();
  private final AtomicBoolean pinned = new AtomicBoolean();

  protected Buffer() {}

  /// The size class of `bytes` in pools: a multiple of 64, and of a quarter of its own power of
  /// two, so that at most a fifth is padding. Negative where `bytes` is beyond any class.
  public static long sizeClass(long bytes) {
    long b = Math.max(ALIGN, (bytes + ALIGN - 1) & -ALIGN);
    long step = Math.max(ALIGN, Long.highestOneBit(b) / 4);
    return (b + step - 1) & -step;
  }

  /// Bytes that may be addressed.
  public abstract long bytes();

  /// The memory as the host sees it.
  ///
  /// @throws IllegalStateException if the host cannot address it
  public abstract MemorySegment segment();

  /// Number of writes in place so far; a gradient that needs an older version refuses to run.
  public final long version() {
    return version.get();
  }

  /// Counts one write in place.
  public final void written() {
    version.incrementAndGet();
  }

  /// Keeps this memory from being handed to another user until the device closes.
  public final void pin() {
    pinned.set(true);
  }

  /// True once [#pin] was called.
  public final boolean isPinned() {
    return pinned.get();
  }
}
