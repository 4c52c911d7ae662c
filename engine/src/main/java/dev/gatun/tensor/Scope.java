package dev.gatun.tensor;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.op.Kernel;
import dev.gatun.op.Op;
import dev.gatun.op.random.Bernoulli;
import dev.gatun.op.random.Normal;
import dev.gatun.op.random.Permutation;
import dev.gatun.op.random.RandomInt;
import dev.gatun.op.random.TruncatedNormal;
import dev.gatun.op.random.Uniform;
import dev.gatun.op.shape.Arange;
import dev.gatun.op.shape.Diag;
import dev.gatun.op.shape.Full;
import dev.gatun.op.shape.Linspace;
import dev.gatun.op.shape.Triangle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Owns memory. A result lives in the youngest scope among its inputs, the one born last; closing a
/// scope returns its memory to the device's pool, and its tensors throw from then on.
///
/// ```java
/// try (Device cpu = CpuDevice.open(); Scope scope = cpu.scope()) {
///   Tensor x = scope.tensor(Shape.of(2), 1f, 2f).requiresGrad();
///   float[] dx = x.mul(x).sum().backward().of(x).toFloatArray();   // {2, 4}
/// }
/// ```
///
/// One thread at a time makes tensors in a scope; any number may read them.
public final class Scope implements AutoCloseable {
  private final Device device;
  private final String name;
  private final long birth;
  private final Runnable onClose;
  private final List<Buffer> owned = new ArrayList<>();
  private @Nullable Recorder recorder;
  private int running;

  /// Written under the lock, and read without it where a kernel is not counted in.
  private volatile boolean closed;

  /// For devices, which number their scopes: `birth` grows from scope to scope.
  public Scope(Device device, String name, long birth, Runnable onClose) {
    this.device = device;
    this.name = name;
    this.birth = birth;
    this.onClose = onClose;
  }

  /// The device whose memory this is.
  public Device device() {
    return device;
  }

  /// A scope of the same device, younger than this one, with memory of its own. Where this scope is
  /// recorded, so is the child.
  public Scope child(String name) {
    Scope child = device.scope(name);
    child.recorder = recorder;
    return child;
  }

  /// Has `recorder` told of what happens here and in children to come.
  void watch(Recorder recorder) {
    this.recorder = recorder;
  }

  @Nullable Recorder recorder() {
    return recorder;
  }

  /// Says that `what` is being done which a [Recording] of this scope cannot repeat; of no effect
  /// where there is none.
  public void unrepeatable(String what) {
    if (recorder != null) {
      recorder.refuse(what);
    }
  }

  /// The scope born last among those of `tensors`.
  ///
  /// @throws IllegalArgumentException if `tensors` is empty
  public static Scope youngest(List<Tensor> tensors) {
    if (tensors.isEmpty()) {
      throw new IllegalArgumentException("Scope: there must be a tensor; got none");
    }
    Scope youngest = tensors.get(0).scope();
    for (Tensor t : tensors) {
      youngest = t.scope().birth > youngest.birth ? t.scope() : youngest;
    }
    return youngest;
  }

  /// An F32 tensor with these values in row-major order.
  ///
  /// @throws IllegalArgumentException unless there is one value per element
  public Tensor tensor(Shape shape, float... values) {
    return copyOf(DType.F32, shape, MemorySegment.ofArray(values));
  }

  /// An F64 tensor with these values in row-major order.
  ///
  /// @throws IllegalArgumentException unless there is one value per element
  public Tensor tensor(Shape shape, double... values) {
    return copyOf(DType.F64, shape, MemorySegment.ofArray(values));
  }

  /// An I32 tensor with these values in row-major order.
  ///
  /// @throws IllegalArgumentException unless there is one value per element
  public Tensor tensor(Shape shape, int... values) {
    return copyOf(DType.I32, shape, MemorySegment.ofArray(values));
  }

  /// An I64 tensor with these values in row-major order.
  ///
  /// @throws IllegalArgumentException unless there is one value per element
  public Tensor tensor(Shape shape, long... values) {
    return copyOf(DType.I64, shape, MemorySegment.ofArray(values));
  }

  /// A tensor of any type from doubles, rounded as [DType#write] says.
  ///
  /// @throws IllegalArgumentException unless there is one value per element
  public Tensor tensor(DType dtype, Shape shape, double... values) {
    requireElems(shape, values.length);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment s = arena.allocate(new Spec(dtype, shape).bytes());
      for (int i = 0; i < values.length; i++) {
        dtype.write(s, i, values[i]);
      }
      return copyOf(dtype, shape, s);
    }
  }

  /// A tensor with a copy of `source`, native byte order, heap or off-heap.
  ///
  /// @throws IllegalArgumentException unless `source` has just the bytes of the tensor
  public Tensor copyOf(DType dtype, Shape shape, MemorySegment source) {
    Spec spec = new Spec(dtype, shape);
    if (source.byteSize() != spec.bytes()) {
      throw new IllegalArgumentException(
          "Scope: a tensor needs one value per element; got %d bytes for %s"
              .formatted(source.byteSize(), spec));
    }
    Tensor t = allocate(spec);
    t.enter();
    try {
      device.write(t.buffer(), 0, source);
    } finally {
      t.exit();
    }
    if (recorder != null) {
      recorder.wrote(t);
    }
    return t;
  }

  private static void requireElems(Shape shape, long values) {
    if (shape.elems() != values) {
      throw new IllegalArgumentException(
          "Scope: a tensor needs one value per element; got %d values for %s"
              .formatted(values, shape));
    }
  }

  /// A tensor over memory of the caller's, without a copy: what is written there later is seen. A
  /// mapped file is copied.
  ///
  /// @throws IllegalArgumentException if `source` lies on the heap, is confined to a thread, or has
  ///   fewer bytes than the tensor
  public Tensor wrap(DType dtype, Shape shape, MemorySegment source) {
    Spec spec = new Spec(dtype, shape);
    if (!source.isNative() || source.byteSize() < spec.bytes()) {
      throw new IllegalArgumentException(
          "Scope: only off-heap memory of at least %d bytes is wrapped; got %s; copy it with copyOf"
              .formatted(spec.bytes(), source));
    }
    if (!source.isAccessibleBy(Thread.ofPlatform().unstarted(() -> {}))) {
      throw new IllegalArgumentException(
          "Scope: wrapped memory must be open to every thread; got a segment of a confined arena;"
              + " allocate it from Arena.ofShared()");
    }
    requireOpen();
    unrepeatable("it wraps memory of the caller's");
    return own(spec, device.wrap(source.asSlice(0, spec.bytes())));
  }

  /// Zeros.
  public Tensor zeros(DType dtype, Shape shape) {
    return full(dtype, shape, 0);
  }

  /// `value` everywhere.
  public Tensor full(DType dtype, Shape shape, double value) {
    return run(new Full(dtype, shape, value), List.of()).get(0);
  }

  /// `start`, `start + step`, ... up to but without `end`.
  ///
  /// @throws IllegalArgumentException unless a finite number of steps leads from `start` past `end`
  public Tensor arange(DType dtype, double start, double end, double step) {
    return run(Arange.between(dtype, start, end, step), List.of()).get(0);
  }

  /// `size` numbers at equal distances from `start` to `end`, both included.
  public Tensor linspace(DType dtype, double start, double end, long size) {
    return run(new Linspace(dtype, start, end, size), List.of()).get(0);
  }

  /// The matrix with 1 on its main diagonal and 0 elsewhere.
  public Tensor eye(DType dtype, long rows, long columns) {
    Shape diagonal = Shape.of(Math.min(rows, columns));
    return new Diag(0, rows, columns).of(full(dtype, diagonal, 1));
  }

  /// A BOOL mask that is set where `j - i <= diagonal`: with 0, what position `i` may see of itself
  /// and those before it.
  public Tensor triangle(long rows, long columns, long diagonal) {
    return new Triangle(true, diagonal).of(full(DType.BOOL, Shape.of(rows, columns), 1));
  }

  /// Uniform numbers in [0, 1), the same for the same `seed` on every device.
  ///
  /// @throws IllegalArgumentException unless `dtype` is F32 or F64
  public Tensor uniform(DType dtype, Shape shape, long seed) {
    return run(new Uniform(dtype, shape, seed), List.of()).get(0);
  }

  /// Standard normal numbers, the same for the same `seed` on every CPU, and on other devices
  /// within the last ulps.
  ///
  /// @throws IllegalArgumentException unless `dtype` is F32 or F64
  public Tensor normal(DType dtype, Shape shape, long seed) {
    return run(new Normal(dtype, shape, seed), List.of()).get(0);
  }

  /// 1 with probability `p`, else 0, the same for the same `seed` on every device.
  ///
  /// @throws IllegalArgumentException unless `dtype` is F32 or F64 and `p` lies in [0, 1]
  public Tensor bernoulli(DType dtype, Shape shape, double p, long seed) {
    return run(new Bernoulli(dtype, shape, p, seed), List.of()).get(0);
  }

  /// Normal numbers that lie in `[low, high]`, the same for the same `seed` on every CPU, and on
  /// other devices within the last ulps.
  ///
  /// @throws IllegalArgumentException unless `dtype` is F32 or F64, `std > 0` and `low < high`
  public Tensor truncatedNormal(
      DType dtype, Shape shape, double mean, double std, double low, double high, long seed) {
    return run(new TruncatedNormal(dtype, shape, mean, std, low, high, seed), List.of()).get(0);
  }

  /// Integers in `[low, high)`, the same for the same `seed` on every device.
  ///
  /// @throws IllegalArgumentException unless `dtype` is I32 or I64 and `low < high`
  public Tensor randomInt(DType dtype, Shape shape, long low, long high, long seed) {
    return run(new RandomInt(dtype, shape, low, high, seed), List.of()).get(0);
  }

  /// The numbers `0 .. n - 1` in random order, I64, the same for the same `seed` on every device.
  ///
  /// @throws IllegalArgumentException if `n` is negative
  public Tensor permutation(long n, long seed) {
    return run(new Permutation(n, seed), List.of()).get(0);
  }

  /// A cell that starts as a copy of `initial` and changes in place, with gradient.
  public Variable variable(Tensor initial) {
    return new Variable(initial.in(this).requiresGrad());
  }

  /// As [#variable], without gradient: moments, accumulators, caches.
  public Variable state(Tensor initial) {
    return new Variable(initial.in(this));
  }

  /// `t` under another scope, without a copy: what is computed from the alias lives here, and its
  /// gradient goes to `t`. The alias throws once either scope is closed.
  ///
  /// @throws IllegalArgumentException if `t` is on another device
  public Tensor borrow(Tensor t) {
    requireOpen();
    if (!t.device().equals(device)) {
      throw new IllegalArgumentException(
          "Scope: a tensor is borrowed on its own device; got %s on %s for %s"
              .formatted(t, t.device().name(), device.name()));
    }
    return t.alias(this);
  }

  /// The value of `v` under this scope; see [#borrow(Tensor)].
  public Tensor borrow(Variable v) {
    return borrow(v.value());
  }

  /// Runs `op` on `in`; its results live in this scope.
  ///
  /// @throws IllegalArgumentException if an input is on another device or breaks a rule of the op
  /// @throws IllegalStateException if this scope or that of an input is closed
  public List<Tensor> run(Op op, List<Tensor> in) {
    return Dispatch.run(this, op, in);
  }

  /// Runs `op`, which writes `targets` in place, on them followed by `in`. Nothing is recorded.
  ///
  /// @throws IllegalArgumentException if `op` infers outputs or an input breaks one of its rules
  /// @throws IllegalStateException if a scope is closed
  public void update(Kernel op, List<Variable> targets, List<Tensor> in) {
    unrepeatable("it updates a variable");
    Dispatch.update(op, Stream.concat(targets.stream().map(Variable::value), in.stream()).toList());
    targets.forEach(v -> v.value().buffer().written());
  }

  /// What `work` returns. If it throws, all it made in this scope goes back to the pool, so that of
  /// a file that turns out to be bad nothing stays.
  ///
  /// @throws X what `work` throws; the tensors it made must not be used then
  public <T, X extends Exception> T allOrNothing(Work<T, X> work) throws X {
    int before;
    synchronized (this) {
      before = owned.size();
    }
    boolean done = false;
    try {
      T result = work.run();
      done = true;
      return result;
    } finally {
      if (!done) {
        synchronized (this) {
          List<Buffer> made = owned.subList(Math.min(before, owned.size()), owned.size());
          made.forEach(device::release);
          made.clear();
        }
      }
    }
  }

  /// A task that makes tensors.
  @FunctionalInterface
  public interface Work<T, X extends Exception> {
    /// Does it.
    T run() throws X;
  }

  /// A tensor of undefined content, for what fills it through [Device#write] before anyone reads
  /// it.
  ///
  /// @throws IllegalStateException if the device has no memory left
  public Tensor allocate(Spec spec) {
    requireOpen();
    Buffer b = device.allocate(spec.bytes());
    if (recorder != null) {
      recorder.allocated(b, spec.bytes());
    }
    return own(spec, b);
  }

  /// For devices: a tensor over `b`, which is released with this scope.
  public Tensor adopt(Spec spec, Buffer b) {
    return own(spec, b);
  }

  private Tensor own(Spec spec, Buffer b) {
    synchronized (this) {
      if (closed) {
        device.release(b);
      } else {
        owned.add(b);
      }
    }
    requireOpen();
    return Tensor.fresh(spec, b, this);
  }

  /// True until [#close].
  public boolean isOpen() {
    return !closed;
  }

  void requireOpen() {
    if (!isOpen()) {
      throw new IllegalStateException(this + " is closed; got a call that needs it open");
    }
  }

  synchronized void enter(Tensor t) {
    if (closed) {
      throw new IllegalStateException("%s is used after its %s was closed".formatted(t, this));
    }
    running++;
  }

  synchronized void exit() {
    running--;
  }

  /// Returns the memory to the pool; memory that was exported without a copy stays with its reader.
  /// Closing again does nothing.
  ///
  /// @throws IllegalStateException if a kernel is reading or writing this scope
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      if (running > 0) {
        throw new IllegalStateException(
            this + " must not be closed while a kernel runs on it; got " + running + " running");
      }
      closed = true;
    }
    owned.forEach(device::release);
    owned.clear();
    onClose.run();
  }

  @Override
  public String toString() {
    return "scope '" + name + "'";
  }
}
