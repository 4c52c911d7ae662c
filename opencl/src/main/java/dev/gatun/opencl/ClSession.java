package dev.gatun.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gatun.bindings.opencl.CL;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// What a device holds of its driver: a context, a queue that runs in order, and the sub-device
/// where only a part of a device is used. Each is retained once and released by [#close], whatever
/// fails on the way.
///
/// @param part whether `found` is a sub-device, which is released too
record ClSession(Found found, MemorySegment context, MemorySegment queue, boolean part) {
  /// Opens `units` compute units of `whole`, all of them where `units` is 0.
  ///
  /// @throws ClException if the driver fails
  static ClSession open(Found whole, int units) {
    boolean part = units > 0 && units < Found.number(whole.id(), CL.CL_DEVICE_MAX_COMPUTE_UNITS());
    Found device = part ? part(whole, units) : whole;
    try {
      MemorySegment context = context(device);
      try {
        MemorySegment queue =
            Native.create(
                "clCreateCommandQueue",
                status ->
                    CL.clCreateCommandQueue(
                        context, device.id(), CL.CL_QUEUE_PROFILING_ENABLE(), status));
        return new ClSession(device, context, queue, part);
      } catch (ClException e) {
        CL.clReleaseContext(context);
        throw e;
      }
    } catch (ClException e) {
      if (part) {
        CL.clReleaseDevice(device.id());
      }
      throw e;
    }
  }

  private static MemorySegment context(Found device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment devices = arena.allocateFrom(ADDRESS, device.id());
      return Native.create(
          "clCreateContext",
          status ->
              CL.clCreateContext(
                  MemorySegment.NULL, 1, devices, MemorySegment.NULL, MemorySegment.NULL, status));
    }
  }

  /// `units` compute units of `device` as a device of their own.
  private static Found part(Found device, int units) {
    // Asked first, as rusticl has no function for it and calls address 0.
    if (Found.number(device.id(), CL.CL_DEVICE_PARTITION_MAX_SUB_DEVICES()) < 2) {
      throw new IllegalArgumentException(
          "OpenClDevice: computeUnits must be 0 for a device that cannot be divided, as %s; got %d"
              .formatted(device, units));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment properties =
          arena.allocateFrom(JAVA_LONG, CL.CL_DEVICE_PARTITION_BY_COUNTS(), units, 0, 0);
      MemorySegment id = arena.allocate(ADDRESS);
      Native.check(
          CL.clCreateSubDevices(device.id(), properties, 1, id, MemorySegment.NULL),
          "clCreateSubDevices");
      return Found.of(device.platformId(), id.get(ADDRESS, 0), device.platform());
    }
  }

  /// Retains handles of an application.
  ///
  /// @throws IllegalArgumentException if the queue runs out of order or is not of this device and
  ///   context
  /// @throws ClException if a handle is none
  static ClSession retain(long platform, long device, long context, long queue) {
    MemorySegment platformId = MemorySegment.ofAddress(platform);
    MemorySegment deviceId = MemorySegment.ofAddress(device);
    MemorySegment contextId = MemorySegment.ofAddress(context);
    MemorySegment queueId = MemorySegment.ofAddress(queue);
    require(
        "run in order", (properties(queueId) & CL.CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE()) == 0);
    require("belong to the context", pointer(queueId, CL.CL_QUEUE_CONTEXT()) == context);
    require("belong to the device", pointer(queueId, CL.CL_QUEUE_DEVICE()) == device);
    Found found =
        Found.of(
            platformId,
            deviceId,
            Native.text(
                "clGetPlatformInfo",
                CL.CL_PLATFORM_NAME(),
                (p, size, v, ret) -> CL.clGetPlatformInfo(platformId, p, size, v, ret)));
    Native.check(CL.clRetainContext(contextId), "clRetainContext");
    int status = CL.clRetainCommandQueue(queueId);
    if (status != 0) {
      CL.clReleaseContext(contextId);
      throw new ClException("clRetainCommandQueue", status, "");
    }
    return new ClSession(found, contextId, queueId, false);
  }

  private static void require(String what, boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException(
          "OpenClDevice: the queue must " + what + "; got one that does not");
    }
  }

  private static long properties(MemorySegment queue) {
    return Native.number(
        "clGetCommandQueueInfo",
        CL.CL_QUEUE_PROPERTIES(),
        (p, size, v, ret) -> CL.clGetCommandQueueInfo(queue, p, size, v, ret));
  }

  private static long pointer(MemorySegment queue, int what) {
    return Native.pointer(
            "clGetCommandQueueInfo",
            what,
            (p, size, v, ret) -> CL.clGetCommandQueueInfo(queue, p, size, v, ret))
        .address();
  }

  /// Whether the queue takes the times of what it runs; an application's own need not.
  boolean profiles() {
    return (properties(queue) & CL.CL_QUEUE_PROFILING_ENABLE()) != 0;
  }

  /// Releases all; then throws if the driver refused one of them.
  void close() {
    int ofQueue = CL.clReleaseCommandQueue(queue);
    int ofContext = CL.clReleaseContext(context);
    int ofDevice = part ? CL.clReleaseDevice(found.id()) : 0;
    Native.check(ofQueue, "clReleaseCommandQueue");
    Native.check(ofContext, "clReleaseContext");
    Native.check(ofDevice, "clReleaseDevice");
  }
}
