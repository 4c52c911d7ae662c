package dev.gatun.cpu;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.Trace;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Kernel;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// The host's processor: vector kernels on a pool of its own threads, tensors in slabs of native
/// memory. Where the JVM cannot compile vector code it says so once, in one line on standard error,
/// and runs the reference kernels.
public final class CpuDevice implements Device {
  /// What [#running] starts from once the device is closed: one word holds both, so that no kernel
  /// starts while the device closes.
  private static final long CLOSED = Long.MIN_VALUE / 2;

  private final Slabs slabs;
  private final Workers workers;
  private final boolean simd;
  private final Trace trace = new Trace();
  private final AtomicLong births = new AtomicLong();
  private final AtomicLong openScopes = new AtomicLong();
  private final AtomicLong running = new AtomicLong();

  /// How to open a device.
  ///
  /// @param threads workers, the caller included; at least 1
  /// @param memoryLimit bytes taken from the system at most
  /// @param simd whether vector kernels run where the JVM compiles them
  /// @param hugePages whether blocks are mapped on huge pages where native access is granted
  public record Options(int threads, long memoryLimit, boolean simd, boolean hugePages) {
    /// All processors of the process' quota, nine tenths of its memory.
    public static Options standard() {
      return new Options(
          Runtime.getRuntime().availableProcessors(), HostMemory.bytes() / 10 * 9, true, true);
    }

    /// The same with `n` threads.
    public Options withThreads(int n) {
      return new Options(n, memoryLimit, simd, hugePages);
    }

    /// The same with reference kernels only.
    public Options withReferenceKernels() {
      return new Options(threads, memoryLimit, false, hugePages);
    }

    /// The same with at most `bytes` taken from the system.
    public Options withMemoryLimit(long bytes) {
      return new Options(threads, bytes, simd, hugePages);
    }
  }

  private CpuDevice(Options options, boolean simd) {
    this.slabs =
        new Slabs(options.hugePages() ? Blocks.best() : Blocks.PLAIN, options.memoryLimit());
    this.workers = new Workers(options.threads());
    this.simd = simd;
  }

  /// Opens the processor with [Options#standard].
  public static CpuDevice open() {
    return open(Options.standard());
  }

  /// Opens the processor.
  ///
  /// @throws IllegalArgumentException if `options` has no thread
  public static CpuDevice open(Options options) {
    Optional<String> missing = Vectors.missing();
    if (options.simd() && missing.isPresent()) {
      System.err.println("gatun: reference kernels only, " + missing.get());
    }
    return new CpuDevice(options, options.simd() && missing.isEmpty());
  }

  /// Why vector kernels do not run on this JVM, or empty if they do.
  public static Optional<String> missingVectors() {
    return Vectors.missing();
  }

  /// Whether blocks of memory are asked for on huge pages.
  public static boolean hasHugePages() {
    return Blocks.best() == Blocks.HUGE_PAGES;
  }

  @Override
  public String name() {
    return "cpu";
  }

  /// True if vector kernels run.
  public boolean simd() {
    return simd;
  }

  /// Worker threads, the caller included.
  public int threads() {
    return workers.count();
  }

  @Override
  public Scope scope() {
    return scope("step " + (births.get() + 1));
  }

  @Override
  public Scope scope(String name) {
    requireOpen();
    openScopes.incrementAndGet();
    return new Scope(this, name, births.incrementAndGet(), openScopes::decrementAndGet);
  }

  @Override
  public Memory memory() {
    return slabs.memory();
  }

  @Override
  public Trace trace() {
    return trace;
  }

  @Override
  public Buffer allocate(long bytes) {
    return slabs.take(bytes);
  }

  @Override
  public Buffer wrap(MemorySegment memory) {
    if (memory.isMapped()) {
      // Kernels that have seen a mapped segment run 4-5 times slower ever after.
      Buffer copy = allocate(memory.byteSize());
      write(copy, 0, memory);
      return copy;
    }
    return new Wrapped(memory);
  }

  private static final class Wrapped extends Buffer {
    private final MemorySegment segment;

    Wrapped(MemorySegment segment) {
      this.segment = segment;
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

  @Override
  public void release(Buffer buffer) {
    if (buffer instanceof Slabs.Slab slab) {
      slabs.give(slab);
    }
  }

  @Override
  public void write(Buffer target, long offset, MemorySegment source) {
    enter();
    try {
      MemorySegment.copy(source, 0, target.segment(), offset, source.byteSize());
    } finally {
      running.decrementAndGet();
    }
  }

  @Override
  public void read(Buffer source, long offset, MemorySegment target) {
    enter();
    try {
      MemorySegment.copy(source.segment(), offset, target, 0, target.byteSize());
    } finally {
      running.decrementAndGet();
    }
  }

  @Override
  public void run(Kernel op, List<Tensor> in, List<Tensor> out) {
    enter();
    try {
      List<Spec> inSpecs = specs(in);
      long bytes = simd ? op.scratch(inSpecs, workers.count()) : 0;
      if (bytes == 0) {
        run(op, call(inSpecs, in, out, MemorySegment.NULL));
        return;
      }
      Slabs.Slab scratch = slabs.take(bytes);
      try {
        run(op, call(inSpecs, in, out, scratch.segment()));
      } finally {
        slabs.give(scratch);
      }
    } finally {
      running.decrementAndGet();
    }
  }

  @Override
  public Prepared prepare(List<Task> tasks) {
    long bytes = 0;
    for (Task t : tasks) {
      bytes = Math.max(bytes, simd ? t.op().scratch(specs(t.in()), workers.count()) : 0);
    }
    return new Ready(tasks, slabs.take(bytes));
  }

  /// Tasks with their operands; all use one piece of work memory, as they run in turn.
  private final class Ready implements Prepared {
    private final Slabs.Slab scratch;
    private final Kernel[] ops;
    private final Call[] calls;

    Ready(List<Task> tasks, Slabs.Slab scratch) {
      this.scratch = scratch;
      ops = tasks.stream().map(Task::op).toArray(Kernel[]::new);
      calls =
          tasks.stream()
              .map(t -> call(specs(t.in()), t.in(), t.out(), scratch.segment()))
              .toArray(Call[]::new);
    }

    @Override
    public void run() {
      enter();
      try {
        for (int i = 0; i < ops.length; i++) {
          CpuDevice.this.run(ops[i], calls[i]);
        }
      } finally {
        running.decrementAndGet();
      }
    }

    @Override
    public void close() {
      slabs.give(scratch);
    }
  }

  /// The call that [#run] would make, for tests and benchmarks of the kernel alone.
  public static Call call(
      List<Spec> inSpecs, List<Tensor> in, List<Tensor> out, MemorySegment scratch) {
    Layout[] layouts = new Layout[in.size()];
    for (int i = 0; i < layouts.length; i++) {
      Tensor t = in.get(i);
      layouts[i] = isContiguous(t) ? Layout.contiguous(t.shape(), 0) : t.layout();
    }
    return new Call(inSpecs, elements(in), List.of(layouts), specs(out), elements(out), scratch);
  }

  private static List<Spec> specs(List<Tensor> tensors) {
    Spec[] specs = new Spec[tensors.size()];
    for (int i = 0; i < specs.length; i++) {
      specs[i] = tensors.get(i).spec();
    }
    return List.of(specs);
  }

  private static List<MemorySegment> elements(List<Tensor> tensors) {
    MemorySegment[] segments = new MemorySegment[tensors.size()];
    for (int i = 0; i < segments.length; i++) {
      segments[i] = elements(tensors.get(i));
    }
    return List.of(segments);
  }

  private static MemorySegment elements(Tensor t) {
    MemorySegment s = t.buffer().segment();
    // A view without elements may start behind the end.
    return isContiguous(t) && t.spec().bytes() > 0
        ? s.asSlice(t.layout().offset() * t.dtype().bytes(), t.spec().bytes())
        : s;
  }

  private static boolean isContiguous(Tensor t) {
    return t.layout().isContiguous(t.shape());
  }

  private void run(Kernel op, Call call) {
    long start = trace.isOn() ? System.nanoTime() : 0;
    if (simd) {
      op.simd(call, workers);
    } else {
      op.reference(call);
    }
    if (start != 0) {
      record(op, call, start, System.nanoTime() - start);
    }
  }

  private void record(Kernel op, Call c, long start, long nanos) {
    List<Spec> in = java.util.stream.IntStream.range(0, c.inputs()).mapToObj(c::inSpec).toList();
    List<Spec> out = java.util.stream.IntStream.range(0, c.outputs()).mapToObj(c::outSpec).toList();
    String form = simd ? "simd" : "reference";
    String thread = Thread.currentThread().getName();
    trace.record(new Trace.Event(op, in, out, name(), form, start, nanos, op.cost(in), thread));
  }

  /// Runs `work` in scopes of its own until its time has settled, so that what follows runs
  /// compiled: C2 needs some thousands of calls, a quarter to half a second for a small kernel.
  ///
  /// @param work the calls to come, with tensors of their usual sizes made in the scope it is given
  /// @param atMost time after which it returns, settled or not
  /// @return whether five rounds in a row stayed within 10 % of the fastest
  public boolean warmUp(Consumer<Scope> work, Duration atMost) {
    long end = System.nanoTime() + atMost.toNanos();
    long best = Long.MAX_VALUE;
    int settled = 0;
    while (System.nanoTime() < end && settled < 5) {
      long start = System.nanoTime();
      for (long now = start; now - start < 20_000_000; now = System.nanoTime()) {
        try (Scope scope = scope("warm-up")) {
          long before = System.nanoTime();
          work.accept(scope);
          long nanos = System.nanoTime() - before;
          settled = nanos < best * 0.9 ? 0 : settled;
          best = Math.min(best, nanos);
        }
      }
      settled++;
    }
    return settled >= 5;
  }

  private void enter() {
    if (running.incrementAndGet() < 0) {
      running.decrementAndGet();
      throw closed();
    }
  }

  private void requireOpen() {
    if (running.get() < 0) {
      throw closed();
    }
  }

  private static IllegalStateException closed() {
    return new IllegalStateException("CpuDevice is closed; got a call that needs it open");
  }

  @Override
  public void close() {
    if (running.compareAndSet(0, CLOSED)) {
      workers.close();
      slabs.close();
    } else if (running.get() > 0) {
      throw new IllegalStateException(
          "CpuDevice must not be closed while a kernel runs; got " + running.get() + " running");
    }
  }

  @Override
  public String toString() {
    return "CpuDevice[threads=%d, simd=%s, open scopes=%d]"
        .formatted(threads(), simd, openScopes.get());
  }
}
