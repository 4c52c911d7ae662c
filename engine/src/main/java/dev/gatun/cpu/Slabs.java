package dev.gatun.cpu;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Native memory by size class: four classes an octave, so that at most a fifth is padding. Small
/// slabs are cut from large blocks, large ones have a block of their own, which goes back to the
/// system when memory runs short. A slab is 64-byte aligned and never zeroed.
final class Slabs implements AutoCloseable {
  private static final long ALIGN = 64;
  private static final long BLOCK = 32L << 20;

  private final Blocks source;
  private final long limit;
  private final Map<Long, Deque<Slab>> free = new HashMap<>();
  private final Set<Arena> arenas = new HashSet<>();
  private Optional<MemorySegment> open = Optional.empty();
  private long used;
  private long live;
  private long peak;
  private long reserved;
  private long slabs;
  private boolean closed;

  /// @param limit bytes taken from the system at most
  Slabs(Blocks source, long limit) {
    this.source = source;
    this.limit = limit;
  }

  /// Memory for one tensor.
  static final class Slab extends Buffer {
    private final MemorySegment segment;
    private final Optional<Arena> own;
    private boolean taken = true;

    private Slab(MemorySegment segment, Optional<Arena> own) {
      this.segment = segment;
      this.own = own;
    }

    @Override
    public long bytes() {
      return segment.byteSize();
    }

    @Override
    public MemorySegment segment() {
      return segment;
    }
  }

  /// @throws IllegalStateException if closed or out of memory
  synchronized Slab take(long bytes) {
    if (closed) {
      throw new IllegalStateException("CpuDevice is closed; got a call that needs it open");
    }
    long size = Buffer.sizeClass(bytes);
    if (bytes < 0 || size < bytes) {
      throw new IllegalArgumentException(
          "CpuDevice: a size in bytes must lie in [0, 2^63 - 2^60); got " + bytes);
    }
    Deque<Slab> ready = free.get(size);
    Slab slab;
    if (ready != null && !ready.isEmpty()) {
      Slab old = ready.pop();
      slab = new Slab(old.segment, old.own);
    } else {
      slab = size > BLOCK / 2 ? own(size) : cut(size);
      slabs++;
    }
    live += size;
    peak = Math.max(peak, live);
    return slab;
  }

  private Slab own(long size) {
    Arena arena = Arena.ofShared();
    return new Slab(block(arena, size), Optional.of(arena));
  }

  private Slab cut(long size) {
    MemorySegment block = open.filter(b -> used + size <= b.byteSize()).orElseGet(() -> next(size));
    Slab slab = new Slab(block.asSlice(used, size), Optional.empty());
    used += size;
    return slab;
  }

  private MemorySegment next(long size) {
    long rest = limit - reserved & -ALIGN;
    MemorySegment block = block(Arena.ofShared(), Math.max(size, Math.min(BLOCK, rest)));
    open = Optional.of(block);
    used = 0;
    return block;
  }

  /// A block counted as reserved, or nothing changed.
  private MemorySegment block(Arena arena, long bytes) {
    if (bytes > limit - reserved) {
      trim();
    }
    if (bytes > limit - reserved) {
      throw new IllegalStateException(
          ("CpuDevice: out of memory; got a request for %,d bytes with %,d live, %,d reserved and a"
                  + " limit of %,d; close scopes or raise the limit")
              .formatted(bytes, live, reserved, limit));
    }
    MemorySegment block = sourced(arena, bytes);
    arenas.add(arena);
    reserved += bytes;
    return block;
  }

  private MemorySegment sourced(Arena arena, long bytes) {
    try {
      return source.block(arena, bytes);
    } catch (IllegalStateException refused) {
      // What lies ready in other size classes may be what the system lacks.
      trim();
      return source.block(arena, bytes);
    }
  }

  private void trim() {
    for (Deque<Slab> ready : free.values()) {
      ready.removeIf(s -> {
        s.own.ifPresent(arena -> {
          arenas.remove(arena);
          arena.close();
          reserved -= s.bytes();
        });
        return s.own.isPresent();
      });
    }
  }

  /// Takes a slab back; only the first time counts, or two users would share it later.
  synchronized void give(Slab slab) {
    if (!slab.taken) {
      return;
    }
    slab.taken = false;
    live -= slab.bytes();
    if (closed || slab.isPinned()) {
      return;
    }
    free.computeIfAbsent(slab.bytes(), k -> new ArrayDeque<>()).push(slab);
  }

  synchronized Device.Memory memory() {
    return new Device.Memory(live, peak, reserved, slabs);
  }

  /// Gives everything back, live and pinned slabs too: their readers throw from then on.
  @Override
  public synchronized void close() {
    closed = true;
    free.clear();
    open = Optional.empty();
    arenas.forEach(Arena::close);
    arenas.clear();
    reserved = 0;
  }
}
