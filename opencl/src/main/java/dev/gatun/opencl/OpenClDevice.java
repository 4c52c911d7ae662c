package dev.gatun.opencl;

import dev.gatun.bindings.opencl.CL;
import dev.gatun.bindings.opencl.OpenClLibrary;
import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Trace;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.opencl.ClBuffers.ClBuffer;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// A device of an OpenCL driver, 1.2 or later: kernels of the engine's ops on one queue that runs
/// in order; calls return before their results are there, and only reading waits.
///
/// Values of inputs that an op refuses while it runs, such as indices out of range, count as
/// nothing there; the [IllegalArgumentException] that names them comes from the next reading of
/// results, whichever thread reads.
///
/// Any number of threads may use it, each with scopes of its own. Devices without F64 refuse it.
public final class OpenClDevice implements Device {
  private final ClSession session;
  private final Found found;
  private final String name;
  private final ClQueue queue;
  private final ClBuffers buffers;
  private final ClPrograms programs;
  private final Fusion fusion;

  /// An application may enqueue work of its own behind ours: nothing is held back from it.
  private final boolean holdsBack;

  private final DeviceInfo info;
  private final boolean unified;
  private final Trace trace = new Trace();
  private final AtomicLong births = new AtomicLong();
  private final AtomicLong openScopes = new AtomicLong();
  private boolean closed;

  /// Which device, and how to use it.
  ///
  /// @param device its number, GPUs first; `gpu` or `cpu` for the first of that type; or a part of
  ///   its or its driver's name
  /// @param computeUnits cores of it to use, as a sub-device; 0 for all
  /// @param gpuKernels whether kernels are shaped for a GPU; empty to go by the device's type
  /// @param cache folder for built programs; empty to keep none
  /// @param memoryLimit bytes taken at most
  /// @param exactBuffers whether every buffer has the size asked for, not that of its class
  public record Options(
      String device,
      int computeUnits,
      Optional<Boolean> gpuKernels,
      Optional<Path> cache,
      long memoryLimit,
      boolean exactBuffers) {
    /// The first device, whole, with a cache in the user's folder for caches.
    public static Options standard() {
      String set = System.getenv("XDG_CACHE_HOME");
      Path caches =
          set == null || set.isEmpty()
              ? Path.of(System.getProperty("user.home"), ".cache")
              : Path.of(set);
      return new Options(
          "0",
          0,
          Optional.empty(),
          Optional.of(caches.resolve("gatun").resolve("opencl")),
          Long.MAX_VALUE,
          false);
    }

    /// The same for another device.
    public Options withDevice(String which) {
      return new Options(which, computeUnits, gpuKernels, cache, memoryLimit, exactBuffers);
    }

    /// The same on `n` compute units.
    public Options withComputeUnits(int n) {
      return new Options(device, n, gpuKernels, cache, memoryLimit, exactBuffers);
    }

    /// The same with kernels shaped for a GPU, or not, whatever the device is.
    public Options withGpuKernels(boolean gpu) {
      return new Options(device, computeUnits, Optional.of(gpu), cache, memoryLimit, exactBuffers);
    }

    /// The same with built programs kept in `folder`.
    public Options withCache(Optional<Path> folder) {
      return new Options(device, computeUnits, gpuKernels, folder, memoryLimit, exactBuffers);
    }

    /// The same with at most `bytes` taken.
    public Options withMemoryLimit(long bytes) {
      return new Options(device, computeUnits, gpuKernels, cache, bytes, exactBuffers);
    }

    /// The same with buffers as large as asked for: more of them are made, and tools then see each
    /// access beyond one.
    public Options withExactBuffers() {
      return new Options(device, computeUnits, gpuKernels, cache, memoryLimit, true);
    }
  }

  private OpenClDevice(ClSession session, String name, Options options, boolean holdsBack) {
    this.session = session;
    this.found = session.found();
    this.name = name;
    this.queue = new ClQueue(session.context(), session.queue(), session.profiles());
    long memory = number(CL.CL_DEVICE_GLOBAL_MEM_SIZE()) / 10 * 9;
    this.buffers =
        new ClBuffers(
            session.context(),
            Math.min(options.memoryLimit(), memory),
            number(CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE()),
            options.exactBuffers(),
            queue::finish);
    this.programs = new ClPrograms(session.context(), found, options.cache());
    this.holdsBack = holdsBack;
    this.fusion =
        new Fusion((l, in, out) ->
            queue.enqueue(l, programs.kernel(l), in, out, MemorySegment.NULL, false));
    this.unified = number(CL.CL_DEVICE_HOST_UNIFIED_MEMORY()) != 0;
    this.info =
        new DeviceInfo(
            name,
            options.gpuKernels().orElse(found.gpu()),
            Math.toIntExact(number(CL.CL_DEVICE_MAX_COMPUTE_UNITS())),
            number(CL.CL_DEVICE_MAX_WORK_GROUP_SIZE()),
            number(CL.CL_DEVICE_LOCAL_MEM_SIZE()),
            number(CL.CL_DEVICE_DOUBLE_FP_CONFIG()) != 0,
            Math.toIntExact(number(CL.CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT()) * Float.BYTES));
  }

  private long number(int what) {
    return Found.number(found.id(), what);
  }

  /// Why this machine has no OpenCL device, or empty if it has one.
  public static Optional<String> missing() {
    try (Arena arena = Arena.ofConfined()) {
      if (OpenClLibrary.find(arena).isEmpty()) {
        return Optional.of("no OpenCL loader: none of " + OpenClLibrary.candidates() + " is there");
      }
    }
    return Found.all().isEmpty()
        ? Optional.of(
            "an OpenCL loader, but no driver with a device: install pocl-opencl-icd or a driver for"
                + " the GPU")
        : Optional.empty();
  }

  /// Name, driver and version of each device of this machine, in the order of their numbers.
  public static List<String> descriptions() {
    return Found.all().stream().map(Found::toString).toList();
  }

  /// The first device of this machine.
  ///
  /// @throws IllegalArgumentException if there is none; the message says what is missing
  public static OpenClDevice open() {
    return open(Options.standard());
  }

  /// The device that `options` describes.
  ///
  /// @throws IllegalArgumentException if there is no such device
  /// @throws ClException if the driver fails
  public static OpenClDevice open(Options options) {
    Optional<String> missing = missing();
    if (missing.isPresent()) {
      throw new IllegalArgumentException("OpenClDevice: " + missing.get());
    }
    List<Found> all = Found.all();
    String which = options.device();
    int index = -1;
    for (int i = 0; i < all.size() && index < 0; i++) {
      index = which.equals(Integer.toString(i)) || all.get(i).matches(which) ? i : -1;
    }
    if (index < 0) {
      throw new IllegalArgumentException(
          "OpenClDevice: the device must be a number, gpu, cpu or part of a name of %s; got %s"
              .formatted(all, which));
    }
    return of(
        ClSession.open(all.get(index), options.computeUnits()), "opencl:" + index, options, true);
  }

  private static OpenClDevice of(
      ClSession session, String name, Options options, boolean holdsBack) {
    try {
      return new OpenClDevice(session, name, options, holdsBack);
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /// An application's own device, context and queue, as LWJGL or any other binding holds them. They
  /// are retained until [#close]. The queue must run in order and belong to the context.
  ///
  /// @throws IllegalArgumentException if the queue runs out of order, or is of another device or
  ///   context
  /// @throws ClException if a handle is none
  public static OpenClDevice wrap(long platform, long device, long context, long queue) {
    return of(
        ClSession.retain(platform, device, context, queue),
        "opencl:wrapped",
        Options.standard(),
        false);
  }

  /// A tensor over an application's own memory object, which is retained until `scope` is closed.
  ///
  /// @param memory a `cl_mem` of this device's context
  /// @throws IllegalArgumentException if it has fewer bytes than the tensor, or `scope` is of
  ///   another device
  /// @throws ClException if it is none
  public Tensor wrapBuffer(Scope scope, DType dtype, Shape shape, long memory) {
    MemorySegment id = MemorySegment.ofAddress(memory);
    long bytes =
        Native.number(
            "clGetMemObjectInfo",
            CL.CL_MEM_SIZE(),
            (p, size, v, ret) -> CL.clGetMemObjectInfo(id, p, size, v, ret));
    Spec spec = new Spec(dtype, shape);
    if (bytes < spec.bytes()) {
      throw new IllegalArgumentException(
          "OpenClDevice: a memory object must hold the tensor, %d bytes; got %d"
              .formatted(spec.bytes(), bytes));
    }
    if (scope.device() != this) {
      throw new IllegalArgumentException(
          "OpenClDevice: the scope must be of %s; got one of %s"
              .formatted(name, scope.device().name()));
    }
    Native.check(CL.clRetainMemObject(id), "clRetainMemObject");
    return scope.adopt(spec, new ClBuffer(id, bytes, true));
  }

  @Override
  public String name() {
    return name;
  }

  /// What kernels may ask of this device.
  public DeviceInfo info() {
    return info;
  }

  @Override
  public Scope scope() {
    return scope("step " + (births.get() + 1));
  }

  @Override
  public Scope scope(String scopeName) {
    requireOpen();
    openScopes.incrementAndGet();
    return new Scope(this, scopeName, births.incrementAndGet(), openScopes::decrementAndGet);
  }

  @Override
  public Memory memory() {
    return buffers.memory();
  }

  @Override
  public Trace trace() {
    return trace;
  }

  @Override
  public boolean doubles() {
    return info.doubles();
  }

  @Override
  public Buffer allocate(long bytes) {
    return buffers.take(bytes);
  }

  @Override
  public Buffer wrap(MemorySegment memory) {
    requireOpen();
    if (!unified || memory.byteSize() == 0) {
      Buffer copy = allocate(memory.byteSize());
      write(copy, 0, memory);
      return copy;
    }
    MemorySegment id =
        Native.create(
            "clCreateBuffer",
            status ->
                CL.clCreateBuffer(
                    session.context(),
                    CL.CL_MEM_READ_WRITE() | CL.CL_MEM_USE_HOST_PTR(),
                    memory.byteSize(),
                    memory,
                    status));
    return new ClBuffer(id, memory.byteSize(), true);
  }

  @Override
  public void release(Buffer buffer) {
    ClBuffer b = (ClBuffer) buffer;
    synchronized (this) {
      if (b.isWrapped() && !closed) {
        // The caller may free the memory next.
        fusion.flush();
        queue.finish();
      } else {
        fusion.release(b);
      }
    }
    buffers.give(b);
  }

  @Override
  public void run(Kernel op, List<Tensor> in, List<Tensor> out) {
    List<Spec> specs = in.stream().map(Tensor::spec).toList();
    requireTypes(op, specs, out);
    List<Launch> launches = op.openCl(info, specs);
    launches.forEach(l -> requireLocal(op, l));
    long bytes = scratch(launches);
    ClBuffer scratch = bytes == 0 ? null : buffers.take(bytes);
    long start = trace.isOn() ? System.nanoTime() : 0;
    long nanos = 0;
    synchronized (this) {
      try {
        requireOpen();
        if (holdsBack && start == 0 && fusion.takes(op, launches, in, out)) {
          return;
        }
        fusion.before(in, out, Optional.ofNullable(scratch));
        for (Launch l : launches) {
          if (l.global().stream().allMatch(n -> n > 0)) {
            MemorySegment work = scratch == null ? MemorySegment.NULL : scratch.memory();
            nanos += queue.enqueue(l, programs.kernel(l), in, out, work, start != 0);
          }
        }
      } catch (ClException e) {
        throw new IllegalStateException(op + " on " + name + ": " + e.getMessage(), e);
      } finally {
        if (scratch != null) {
          buffers.give(scratch);
        }
      }
    }
    if (start != 0) {
      List<Spec> results = out.stream().map(Tensor::spec).toList();
      String thread = Thread.currentThread().getName();
      trace.record(
          new Trace.Event(
              op, specs, results, name, "opencl", start, nanos, op.cost(specs), thread));
    }
  }

  /// Bytes of work memory.
  private static long scratch(List<Launch> launches) {
    long bytes = 0;
    for (Launch l : launches) {
      for (Launch.Argument a : l.arguments()) {
        bytes = a instanceof Launch.Scratch s ? Math.max(bytes, s.offset() + s.bytes()) : bytes;
      }
    }
    return bytes;
  }

  /// Drivers may take a launch with more than the device has, and write where they should not.
  private void requireLocal(Kernel op, Launch l) {
    long bytes = 0;
    for (Launch.Argument a : l.arguments()) {
      bytes += a instanceof Launch.Local m ? m.bytes() : 0;
    }
    if (bytes > info.localBytes()) {
      throw new IllegalStateException(
          "%s on %s: %s must fit into the local memory of a group, %d bytes; got %d"
              .formatted(op, name, l.entry(), info.localBytes(), bytes));
    }
  }

  private void requireTypes(Kernel op, List<Spec> in, List<Tensor> out) {
    boolean doubles =
        in.stream().anyMatch(s -> s.dtype() == DType.F64)
            || out.stream().anyMatch(t -> t.dtype() == DType.F64);
    if (doubles && !info.doubles()) {
      throw new IllegalStateException(
          "%s: F64 must be supported by the device; %s (%s) has none; compute in F32"
              .formatted(Rules.name(op), name, found));
    }
  }

  @Override
  public void write(Buffer target, long offset, MemorySegment source) {
    if (source.byteSize() == 0) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = source;
      if (!source.isNative()) {
        host = arena.allocate(source.byteSize(), 64).copyFrom(source);
      }
      synchronized (this) {
        requireOpen();
        fusion.flush();
        queue.write((ClBuffer) target, offset, host);
      }
    }
  }

  @Override
  public void read(Buffer source, long offset, MemorySegment target) {
    if (target.byteSize() == 0) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = target.isNative() ? target : arena.allocate(target.byteSize(), 64);
      synchronized (this) {
        requireOpen();
        fusion.flush();
        queue.read((ClBuffer) source, offset, host);
      }
      if (!target.isNative()) {
        target.copyFrom(host);
      }
    }
  }

  /// Waits until all that was called so far is computed; for measuring.
  public synchronized void finish() {
    requireOpen();
    fusion.flush();
    queue.finish();
  }

  /// Chains of elementwise calls that went as one kernel, for tests.
  synchronized long fusedChains() {
    return fusion.fused();
  }

  private synchronized void requireOpen() {
    if (closed) {
      throw new IllegalStateException("OpenClDevice is closed; got a call that needs it open");
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    fusion.drop();
    // A lost device fails here, and what it held is given back all the same.
    try {
      queue.close();
    } finally {
      programs.close();
      buffers.close();
      session.close();
    }
  }

  @Override
  public String toString() {
    return "OpenClDevice[%s, %s, open scopes=%d]".formatted(name, found, openScopes.get());
  }
}
