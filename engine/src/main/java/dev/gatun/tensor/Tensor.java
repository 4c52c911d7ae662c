package dev.gatun.tensor;

import dev.gatun.autograd.Gradients;
import dev.gatun.autograd.Node;
import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.op.shape.Broadcast;
import dev.gatun.op.shape.Copy;
import dev.gatun.op.shape.Permute;
import dev.gatun.op.shape.Reshape;
import dev.gatun.op.shape.Slice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// An immutable handle on numbers of one type: a shape, a layout, and memory that a [Scope] owns.
/// Views (slice, transpose, reshape, broadcast, select) share that memory. Operators with one or
/// two tensors are methods here, thin names for the ops in `dev.gatun.op`, where the formula,
/// gradient and error bound of each are stated; shapes broadcast by NumPy's rule and axes count
/// from the end when negative. They are grouped by family: [TensorMath], [TensorFunctions],
/// [TensorReductions], [TensorIndexing], [TensorLinear].
///
/// Every method throws [IllegalStateException] once the tensor's scope is closed, and
/// [IllegalArgumentException] where shapes, types or devices do not fit.
public final class Tensor
    implements TensorMath, TensorFunctions, TensorReductions, TensorIndexing, TensorLinear {
  private final Spec spec;
  private final Layout layout;
  private final Buffer buffer;
  private final Scope owner;
  private final Scope scope;
  private final Source source;

  /// Where a gradient goes: to a node's output, to a leaf, or nowhere (both empty).
  private record Source(Optional<Node> node, int output, Optional<Tensor> leaf, boolean wantsGrad) {
    static final Source NONE = new Source(Optional.empty(), 0, Optional.empty(), false);
    static final Source LEAF = new Source(Optional.empty(), 0, Optional.empty(), true);
  }

  private Tensor(Spec spec, Layout layout, Buffer buffer, Scope owner, Scope scope, Source source) {
    this.spec = spec;
    this.layout = layout;
    this.buffer = buffer;
    this.owner = owner;
    this.scope = scope;
    this.source = source;
  }

  static Tensor fresh(Spec spec, Buffer buffer, Scope scope) {
    Layout layout = Layout.contiguous(spec.shape(), 0);
    return new Tensor(spec, layout, buffer, scope, scope, Source.NONE);
  }

  /// Element type.
  public DType dtype() {
    return spec.dtype();
  }

  /// Sizes of the axes.
  public Shape shape() {
    return spec.shape();
  }

  /// Type and shape.
  public Spec spec() {
    return spec;
  }

  /// Where the elements lie in [#buffer].
  public Layout layout() {
    return layout;
  }

  /// The memory; for devices.
  public Buffer buffer() {
    return buffer;
  }

  /// The scope that results computed from this tensor live in.
  public Scope scope() {
    return scope;
  }

  /// The device whose memory this is.
  public Device device() {
    return scope.device();
  }

  /// Writes in place to the memory so far.
  public long version() {
    return buffer.version();
  }

  /// Size of `axis`.
  public long dim(int axis) {
    return shape().dim(axis);
  }

  /// The scope that the memory belongs to.
  Scope owner() {
    return owner;
  }

  /// The same tensor under the scope that the memory belongs to, without gradient.
  Tensor home() {
    return place(spec, layout);
  }

  /// Another tensor in this one's memory.
  Tensor place(Spec spec, Layout layout) {
    return new Tensor(spec, layout, buffer, owner, owner, Source.NONE);
  }

  Tensor alias(Scope other) {
    requireAlive();
    Source s =
        wantsGrad() && source.node().isEmpty()
            ? new Source(Optional.empty(), 0, Optional.of(origin()), true)
            : source;
    return new Tensor(spec, layout, buffer, owner, other, s);
  }

  Tensor recorded(Node node, int output) {
    Source s = new Source(Optional.of(node), output, Optional.empty(), true);
    return new Tensor(spec, layout, buffer, owner, scope, s);
  }

  void enter() {
    owner.enter(this);
    if (scope != owner) {
      try {
        scope.enter(this);
      } catch (IllegalStateException e) {
        owner.exit();
        throw e;
      }
    }
  }

  void exit() {
    if (scope != owner) {
      scope.exit();
    }
    owner.exit();
  }

  void requireAlive() {
    enter();
    exit();
  }

  /// A copy in `target`, a scope of the same device, without gradient: for results that must
  /// outlive their scope. [#to(Scope)] moves between devices.
  public Tensor in(Scope target) {
    return target.borrow(detach()).copy();
  }

  /// A copy in `target`, a scope of this device or of another, without gradient. Between devices it
  /// goes through the host's memory and waits for the values.
  public Tensor to(Scope target) {
    if (target.device() == device()) {
      return in(target);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(spec.bytes(), 64);
      readInto(host);
      return target.copyOf(dtype(), shape(), host);
    }
  }

  /// A contiguous copy in the same scope.
  public Tensor copy() {
    return new Copy().of(this);
  }

  /// The same tensor as a leaf whose gradient [#backward] computes.
  ///
  /// @throws IllegalArgumentException unless the type is F32 or F64
  public Tensor requiresGrad() {
    if (!dtype().computes()) {
      throw new IllegalArgumentException(
          "requiresGrad: the dtype must be F32 or F64; got " + this + "; cast it with to(F32)");
    }
    return new Tensor(spec, layout, buffer, owner, scope, Source.LEAF);
  }

  /// The same tensor without gradient.
  public Tensor detach() {
    return wantsGrad() ? new Tensor(spec, layout, buffer, owner, scope, Source.NONE) : this;
  }

  /// True for a leaf with [#requiresGrad] and for what was computed from one.
  public boolean wantsGrad() {
    return source.wantsGrad();
  }

  /// The call that made this tensor, if it is recorded.
  public Optional<Node> node() {
    return source.node();
  }

  /// Which output of [#node] this is.
  public int outputIndex() {
    return source.output();
  }

  /// The leaf that an alias stands for; this tensor itself otherwise.
  public Tensor origin() {
    return source.leaf().orElse(this);
  }

  /// Gradients of the sum of this tensor, by [Gradients#backward].
  public Gradients backward() {
    return backward(scope.full(dtype(), shape(), 1));
  }

  /// Gradients of `sum(dy * this)`.
  public Gradients backward(Tensor dy) {
    return Gradients.backward(this, dy);
  }

  /// The elements as floats, rounded from wider types.
  public float[] toFloatArray() {
    float[] a = new float[arrayLength()];
    if (dtype() == DType.F32) {
      readInto(MemorySegment.ofArray(a));
    } else {
      read((s, i) -> a[i] = (float) dtype().read(s, i));
    }
    return a;
  }

  /// The elements as doubles.
  public double[] toDoubleArray() {
    double[] a = new double[arrayLength()];
    read((s, i) -> a[i] = dtype().read(s, i));
    return a;
  }

  /// The elements as longs.
  ///
  /// @throws IllegalArgumentException unless the type is an integer
  public long[] toLongArray() {
    long[] a = new long[arrayLength()];
    read((s, i) -> a[i] = dtype().readLong(s, i));
    return a;
  }

  private int arrayLength() {
    requireAlive();
    if (shape().elems() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "toArray: an array holds fewer than 2^31 elements; got " + this + "; slice it");
    }
    return (int) shape().elems();
  }

  private void read(ObjIntConsumer<MemorySegment> element) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment s = arena.allocate(spec.bytes());
      readInto(s);
      for (int i = 0; i < shape().elems(); i++) {
        element.accept(s, i);
      }
    }
  }

  /// The only element.
  ///
  /// @throws IllegalArgumentException unless there is just one
  public double item() {
    if (shape().elems() != 1) {
      throw new IllegalArgumentException("item: the tensor must have one element; got " + this);
    }
    return toDoubleArray()[0];
  }

  /// Copies the elements in row-major order to `target`, heap or off-heap, native byte order.
  ///
  /// @throws IllegalArgumentException unless `target` has just the bytes of this tensor
  public void readInto(MemorySegment target) {
    if (target.byteSize() != spec.bytes()) {
      throw new IllegalArgumentException(
          "readInto: the segment must have %d bytes; got %d for %s"
              .formatted(spec.bytes(), target.byteSize(), this));
    }
    if (!layout.isContiguous(shape())) {
      try (Scope copies = device().scope("read")) {
        copies.borrow(detach()).copy().readInto(target);
      }
      return;
    }
    owner.unrepeatable("it reads a result back to the host");
    enter();
    try {
      device().read(buffer, layout.offset() * dtype().bytes(), target);
    } finally {
      exit();
    }
  }

  /// The memory itself, without a copy, readable until the device closes even after the scope is:
  /// it is never handed to another user.
  ///
  /// @throws IllegalArgumentException unless the tensor is contiguous
  public MemorySegment segment() {
    if (!layout.isContiguous(shape())) {
      throw new IllegalArgumentException(
          "segment: the tensor must be contiguous; got "
              + this
              + " "
              + layout
              + "; copy() it first");
    }
    owner.unrepeatable("it reads a result back to the host");
    enter();
    try {
      buffer.pin();
      return buffer.segment().asSlice(layout.offset() * dtype().bytes(), spec.bytes()).asReadOnly();
    } finally {
      exit();
    }
  }

  /// For ops: the same memory under another shape and layout, without gradient.
  public Tensor view(Shape shape, Layout layout) {
    return new Tensor(spec.withShape(shape), layout, buffer, owner, scope, Source.NONE);
  }

  /// The axes in the order `axes`.
  public Tensor permute(int... axes) {
    return new Permute(Arrays.stream(axes).map(a -> shape().axis(a)).boxed().toList()).of(this);
  }

  /// Two axes exchanged.
  public Tensor transpose(int a, int b) {
    int[] axes = IntStream.range(0, shape().rank()).toArray();
    axes[shape().axis(a)] = shape().axis(b);
    axes[shape().axis(b)] = shape().axis(a);
    return permute(axes);
  }

  /// The last two axes exchanged.
  public Tensor transpose() {
    return transpose(-2, -1);
  }

  /// The same elements under another shape, one of whose sizes may be -1. Copies only where the
  /// layout leaves no choice.
  public Tensor reshape(long... dims) {
    return Reshape.to(shape(), dims).of(this);
  }

  /// Elements `from` (inclusive) to `to` (exclusive) of `axis`; negative ends count from the end.
  public Tensor slice(int axis, long from, long to) {
    return slice(axis, from, to, 1);
  }

  /// Every `step`-th element from `from` on, up to `to` (exclusive); `step` may be negative.
  public Tensor slice(int axis, long from, long to, long step) {
    return Slice.range(shape(), axis, from, to, step).of(this);
  }

  /// Element `index` of `axis`, which goes away.
  public Tensor select(int axis, long index) {
    long i = index < 0 ? index + dim(axis) : index;
    if (i < 0 || i >= dim(axis)) {
      throw new IllegalArgumentException(
          "select: index must lie in [-%d, %d); got %d for %s"
              .formatted(dim(axis), dim(axis), index, this));
    }
    return slice(axis, i, i + 1).reshape(shape().without(axis).dims());
  }

  /// The axis goes away.
  ///
  /// @throws IllegalArgumentException unless its size is 1
  public Tensor squeeze(int axis) {
    if (dim(axis) != 1) {
      throw new IllegalArgumentException(
          "squeeze: the axis must have size 1; got axis %d of %s".formatted(axis, this));
    }
    return reshape(shape().without(axis).dims());
  }

  /// A new axis of size 1, number `axis` of the result.
  public Tensor unsqueeze(int axis) {
    return reshape(shape().insert(axis, 1).dims());
  }

  /// Axes `from` to `to`, both included, as one.
  public Tensor flatten(int from, int to) {
    int first = shape().axis(from);
    int last = shape().axis(to);
    if (first > last) {
      throw new IllegalArgumentException(
          "flatten: axes must be in order; got %d, %d for %s".formatted(from, to, this));
    }
    long[] dims = shape().dims();
    long[] flat = Arrays.copyOf(dims, dims.length - (last - first));
    flat[first] = shape().elems(first, last + 1);
    System.arraycopy(dims, last + 1, flat, first + 1, dims.length - last - 1);
    return reshape(flat);
  }

  /// All axes as one.
  public Tensor flatten() {
    return reshape(shape().elems());
  }

  /// Axis `from` as number `to`, the others in their order.
  public Tensor moveAxis(int from, int to) {
    int f = shape().axis(from);
    int t = shape().axis(to);
    int[] others = IntStream.range(0, shape().rank()).filter(a -> a != f).toArray();
    return permute(
        IntStream.range(0, shape().rank())
            .map(i -> i == t ? f : others[i < t ? i : i - 1])
            .toArray());
  }

  /// Views of `sizes` elements of `axis` each, one after the other.
  ///
  /// @throws IllegalArgumentException unless the sizes are not negative and add up to the axis
  public List<Tensor> split(int axis, long... sizes) {
    long d = dim(axis);
    if (Arrays.stream(sizes).anyMatch(n -> n < 0 || n > d) || Arrays.stream(sizes).sum() != d) {
      throw new IllegalArgumentException(
          "split: sizes must add up to the axis; got %s for axis %d of %s"
              .formatted(Arrays.toString(sizes), axis, this));
    }
    List<Tensor> parts = new ArrayList<>();
    long at = 0;
    for (long n : sizes) {
      parts.add(slice(axis, at, at + n));
      at += n;
    }
    return List.copyOf(parts);
  }

  /// At most `count` views of equal size along `axis`, the last of which may be shorter.
  ///
  /// @throws IllegalArgumentException unless `count` is positive
  public List<Tensor> chunk(int axis, int count) {
    if (count <= 0) {
      throw new IllegalArgumentException(
          "chunk: there must be a chunk; got %d for %s".formatted(count, this));
    }
    long d = dim(axis);
    long size = Math.max(1, (d + count - 1) / count);
    long chunks = Math.max(1, (d + size - 1) / size);
    return split(
        axis, LongStream.range(0, chunks).map(i -> Math.min(size, d - i * size)).toArray());
  }

  /// Repeated to `shape` by NumPy's rule, without a copy.
  public Tensor broadcastTo(Shape shape) {
    return new Broadcast(shape).of(this);
  }

  /// `tensor F32 [2,3]`, with what made it.
  @Override
  public String toString() {
    String made = node().map(n -> " from " + n.op()).orElse("");
    return "tensor " + spec + made;
  }
}
