package dev.gatun.opencl;

import dev.gatun.bindings.opencl.CL;
import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Memory objects of a context by size class. One that comes back is handed out again at once: the
/// queue runs in order, so whoever writes it next comes after whoever still reads it.
final class ClBuffers {
  private static final Set<Integer> REFUSALS =
      Set.of(
          CL.CL_MEM_OBJECT_ALLOCATION_FAILURE(),
          CL.CL_OUT_OF_RESOURCES(),
          CL.CL_OUT_OF_HOST_MEMORY(),
          CL.CL_INVALID_BUFFER_SIZE());

  private final MemorySegment context;
  private final Runnable settle;
  private final long limit;
  private final long largest;
  private final boolean exact;
  private final Map<Long, Deque<MemorySegment>> free = new HashMap<>();
  private final List<MemorySegment> pinned = new ArrayList<>();
  private long live;
  private long peak;
  private long reserved;
  private long made;
  private boolean closed;

  /// @param limit bytes taken at most
  /// @param largest bytes of one object at most
  /// @param exact whether objects have the size asked for, not that of their class
  /// @param settle waits until what is enqueued no longer holds memory that was released
  ClBuffers(MemorySegment context, long limit, long largest, boolean exact, Runnable settle) {
    this.context = context;
    this.settle = settle;
    this.limit = limit;
    this.largest = largest;
    this.exact = exact;
  }

  /// Memory of one tensor on the device.
  static final class ClBuffer extends Buffer {
    private final MemorySegment memory;
    private final long bytes;
    private final boolean wrapped;

    ClBuffer(MemorySegment memory, long bytes, boolean wrapped) {
      this.memory = memory;
      this.bytes = bytes;
      this.wrapped = wrapped;
    }

    /// The `cl_mem`.
    MemorySegment memory() {
      return memory;
    }

    boolean isWrapped() {
      return wrapped;
    }

    @Override
    public long bytes() {
      return bytes;
    }

    @Override
    public MemorySegment segment() {
      throw new IllegalStateException(
          "OpenClDevice: the host does not see memory of this device; read the tensor with"
              + " readInto or toFloatArray");
    }
  }

  synchronized ClBuffer take(long bytes) {
    if (closed) {
      throw new IllegalStateException("OpenClDevice is closed; got a call that needs it open");
    }
    long size = exact ? Math.max(1, bytes) : Buffer.sizeClass(bytes);
    if (bytes < 0 || size < bytes) {
      throw new IllegalArgumentException(
          "OpenClDevice: a size in bytes must lie in [0, 2^63 - 2^60); got " + bytes);
    }
    Deque<MemorySegment> ready = free.get(size);
    MemorySegment memory = ready == null ? null : ready.poll();
    if (memory == null) {
      memory = create(size);
    }
    live += size;
    peak = Math.max(peak, live);
    return new ClBuffer(memory, size, false);
  }

  private MemorySegment create(long size) {
    if (size > limit - reserved) {
      trim();
    }
    if (size > limit - reserved || size > largest) {
      throw full(size, null);
    }
    MemorySegment memory;
    try {
      memory = allocate(size);
    } catch (ClException e) {
      if (!REFUSALS.contains(e.status())) {
        throw e;
      }
      // Others use the device too: what lies ready here may be what is missing.
      trim();
      settle.run();
      memory = allocateAgain(size);
    }
    reserved += size;
    made++;
    return memory;
  }

  private MemorySegment allocateAgain(long size) {
    try {
      return allocate(size);
    } catch (ClException e) {
      throw REFUSALS.contains(e.status()) ? full(size, e) : e;
    }
  }

  private MemorySegment allocate(long size) {
    return Native.create(
        "clCreateBuffer",
        status ->
            CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE(), size, MemorySegment.NULL, status));
  }

  private IllegalStateException full(long size, @Nullable ClException cause) {
    return new IllegalStateException(
        ("OpenClDevice: out of memory; got a request for %,d bytes with %,d live, %,d reserved, a"
                + " limit of %,d and %,d for one tensor%s; close scopes or raise the limit")
            .formatted(
                size,
                live,
                reserved,
                limit,
                largest,
                cause == null ? "" : ", refused by the driver (" + cause.getMessage() + ")"),
        cause);
  }

  private void trim() {
    free.forEach((size, ready) -> {
      ready.forEach(ClBuffers::release);
      reserved -= size * ready.size();
      ready.clear();
    });
  }

  private static void release(MemorySegment memory) {
    Native.check(CL.clReleaseMemObject(memory), "clReleaseMemObject");
  }

  synchronized void give(ClBuffer b) {
    if (b.isWrapped()) {
      release(b.memory());
    } else if (!closed) {
      live -= b.bytes();
      if (b.isPinned()) {
        pinned.add(b.memory());
      } else {
        free.computeIfAbsent(b.bytes(), size -> new ArrayDeque<>()).push(b.memory());
      }
    } else {
      release(b.memory());
    }
  }

  synchronized Device.Memory memory() {
    return new Device.Memory(live, peak, reserved, made);
  }

  synchronized void close() {
    closed = true;
    trim();
    pinned.forEach(ClBuffers::release);
  }
}
