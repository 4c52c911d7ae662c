package dev.gatun.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gatun.bindings.opencl.CL;
import dev.gatun.op.Launch;
import dev.gatun.opencl.ClBuffers.ClBuffer;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Sets arguments and enqueues, in order, without waiting. Native memory for arguments is taken
/// once. Not safe for threads: setting the arguments of a kernel is not.
final class ClQueue {
  private static final int AXES = 16;

  /// The number of a call and, behind it, a value that broke its rule.
  private static final long FAULT_BYTES = 16;

  /// Calls with rules between two looks at what broke them.
  private static final int MOST_RULES = 4096;

  private final MemorySegment queue;
  private final boolean profiles;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment slot = arena.allocate(AXES * 8L, 128);
  private final MemorySegment global = arena.allocate(JAVA_LONG, 3);
  private final MemorySegment local = arena.allocate(JAVA_LONG, 3);
  private final MemorySegment event = arena.allocate(ADDRESS);
  private final ClBuffer faults;
  private final MemorySegment noted = arena.allocate(FAULT_BYTES, 16);
  private final List<String> rules = new ArrayList<>();

  /// @param profiles whether the queue takes times; without, they are the host's
  ClQueue(MemorySegment context, MemorySegment queue, boolean profiles) {
    this.queue = queue;
    this.profiles = profiles;
    MemorySegment memory =
        Native.create(
            "clCreateBuffer",
            status ->
                CL.clCreateBuffer(
                    context, CL.CL_MEM_READ_WRITE(), FAULT_BYTES, MemorySegment.NULL, status));
    faults = new ClBuffer(memory, FAULT_BYTES, true);
    write(faults, 0, noted);
  }

  MemorySegment id() {
    return queue;
  }

  /// Enqueues `launch` of `kernel`.
  ///
  /// @return nanoseconds on the device if `timed`, for which it waits, else 0
  long enqueue(
      Launch launch,
      MemorySegment kernel,
      List<Tensor> in,
      List<Tensor> out,
      MemorySegment scratch,
      boolean timed) {
    int n = 0;
    for (Launch.Argument a : launch.arguments()) {
      n = set(kernel, n, a, in, out, scratch);
    }
    for (int i = 0; i < launch.global().size(); i++) {
      global.setAtIndex(JAVA_LONG, i, launch.global().get(i));
      local.setAtIndex(JAVA_LONG, i, launch.local().get(i));
    }
    Native.check(
        CL.clEnqueueNDRangeKernel(
            queue,
            kernel,
            launch.global().size(),
            MemorySegment.NULL,
            global,
            local,
            0,
            MemorySegment.NULL,
            timed ? event : MemorySegment.NULL),
        "clEnqueueNDRangeKernel");
    return timed ? nanos() : 0;
  }

  private long nanos() {
    MemorySegment e = event.get(ADDRESS, 0);
    try {
      long before = System.nanoTime();
      Native.check(CL.clWaitForEvents(1, event), "clWaitForEvents");
      if (!profiles) {
        return System.nanoTime() - before;
      }
      return profile(e, CL.CL_PROFILING_COMMAND_END())
          - profile(e, CL.CL_PROFILING_COMMAND_START());
    } finally {
      Native.check(CL.clReleaseEvent(e), "clReleaseEvent");
    }
  }

  private long profile(MemorySegment e, int what) {
    Native.check(
        CL.clGetEventProfilingInfo(e, what, 8, slot, MemorySegment.NULL),
        "clGetEventProfilingInfo");
    return slot.get(JAVA_LONG, 0);
  }

  /// Sets the parameters of `a` from number `n` on.
  ///
  /// @return the next number
  private int set(
      MemorySegment kernel,
      int n,
      Launch.Argument a,
      List<Tensor> in,
      List<Tensor> out,
      MemorySegment scratch) {
    switch (a) {
      case Launch.In(int i) -> {
        return tensor(kernel, n, in.get(i));
      }
      case Launch.Out(int i) -> {
        return tensor(kernel, n, out.get(i));
      }
      case Launch.Scratch(long offset, long bytes, long unit) -> {
        return memory(kernel, n, scratch, offset / unit);
      }
      case Launch.Strides(int i) -> argument(kernel, n, AXES * 8L, strides(in.get(i)));
      case Launch.Long16(List<Long> values) -> argument(kernel, n, AXES * 8L, long16(values));
      case Launch.Long1(long value) -> {
        slot.set(JAVA_LONG, 0, value);
        argument(kernel, n, 8, slot);
      }
      case Launch.Real(DType type, double value) ->
          argument(kernel, n, type.bytes(), real(type, value));
      case Launch.Local(long bytes) -> argument(kernel, n, bytes, MemorySegment.NULL);
      case Launch.Faults(String rule) -> {
        return fault(kernel, n, rule);
      }
    }
    return n + 1;
  }

  private MemorySegment strides(Tensor t) {
    slot.fill((byte) 0);
    int rank = t.shape().rank();
    for (int axis = 0; axis < rank; axis++) {
      slot.setAtIndex(JAVA_LONG, rank - 1 - axis, t.layout().stride(axis));
    }
    return slot;
  }

  private MemorySegment long16(List<Long> values) {
    slot.fill((byte) 0);
    for (int i = 0; i < values.size(); i++) {
      slot.setAtIndex(JAVA_LONG, i, values.get(i));
    }
    return slot;
  }

  private MemorySegment real(DType type, double value) {
    if (type == DType.F64) {
      slot.set(JAVA_DOUBLE, 0, value);
    } else {
      slot.set(JAVA_FLOAT, 0, (float) value);
    }
    return slot;
  }

  private int tensor(MemorySegment kernel, int n, Tensor t) {
    return memory(kernel, n, ((ClBuffer) t.buffer()).memory(), t.layout().offset());
  }

  private int memory(MemorySegment kernel, int n, MemorySegment memory, long first) {
    slot.set(ADDRESS, 0, memory);
    argument(kernel, n, 8, slot);
    slot.set(JAVA_LONG, 0, first);
    argument(kernel, n + 1, 8, slot);
    return n + 2;
  }

  private int fault(MemorySegment kernel, int n, String rule) {
    if (rules.size() == MOST_RULES) {
      requireNoFaults();
    }
    rules.add(rule);
    slot.set(ADDRESS, 0, faults.memory());
    argument(kernel, n, 8, slot);
    slot.set(JAVA_INT, 0, rules.size());
    argument(kernel, n + 1, 4, slot);
    return n + 2;
  }

  private static void argument(MemorySegment kernel, int n, long size, MemorySegment value) {
    int status = CL.clSetKernelArg(kernel, n, size, value);
    if (status != 0) {
      throw new ClException("clSetKernelArg", status, "argument " + n + " of " + size + " bytes");
    }
  }

  /// Waits for the calls that have rules, if there are any.
  ///
  /// @throws IllegalArgumentException if a value broke one since the last look
  private void requireNoFaults() {
    if (rules.isEmpty()) {
      return;
    }
    copy(faults, 0, noted);
    int call = noted.get(JAVA_INT, 0);
    if (call == 0) {
      rules.clear();
      return;
    }
    String rule = rules.get(call - 1);
    long got = noted.get(JAVA_LONG, 8);
    rules.clear();
    noted.fill((byte) 0);
    write(faults, 0, noted);
    throw new IllegalArgumentException(rule + "; got " + got);
  }

  /// @throws IllegalArgumentException if a value broke the rule of a call since the last look
  void read(ClBuffer source, long offset, MemorySegment target) {
    requireNoFaults();
    copy(source, offset, target);
  }

  private void copy(ClBuffer source, long offset, MemorySegment target) {
    Native.check(
        CL.clEnqueueReadBuffer(
            queue,
            source.memory(),
            1,
            offset,
            target.byteSize(),
            target,
            0,
            MemorySegment.NULL,
            MemorySegment.NULL),
        "clEnqueueReadBuffer");
  }

  void write(ClBuffer target, long offset, MemorySegment source) {
    Native.check(
        CL.clEnqueueWriteBuffer(
            queue,
            target.memory(),
            1,
            offset,
            source.byteSize(),
            source,
            0,
            MemorySegment.NULL,
            MemorySegment.NULL),
        "clEnqueueWriteBuffer");
  }

  void finish() {
    Native.check(CL.clFinish(queue), "clFinish");
  }

  /// Waits for what is enqueued and frees what this class took; the queue itself is the session's.
  void close() {
    try {
      finish();
    } finally {
      arena.close();
      Native.check(CL.clReleaseMemObject(faults.memory()), "clReleaseMemObject");
    }
  }
}
