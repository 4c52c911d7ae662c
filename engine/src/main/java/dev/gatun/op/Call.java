package dev.gatun.op;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The operands of one kernel call on the host: contiguous segments that start at element 0, with
/// their types and shapes, and work memory.
public final class Call {
  private static final int REGISTERS = 32;

  private final Spec[] inSpecs;
  private final Spec[] outSpecs;
  private final MemorySegment[] in;
  private final MemorySegment[] out;
  private final Layout[] layouts;
  private final MemorySegment scratch;
  private final long[] registers = new long[REGISTERS];
  private @Nullable Kernel kernel;

  /// Operands in the op's order; `layouts` says where the elements of each input lie in its
  /// segment.
  public Call(
      List<Spec> inSpecs,
      List<MemorySegment> in,
      List<Layout> layouts,
      List<Spec> outSpecs,
      List<MemorySegment> out,
      MemorySegment scratch) {
    this.inSpecs = inSpecs.toArray(Spec[]::new);
    this.outSpecs = outSpecs.toArray(Spec[]::new);
    this.in = in.toArray(MemorySegment[]::new);
    this.out = out.toArray(MemorySegment[]::new);
    this.layouts = layouts.toArray(Layout[]::new);
    this.scratch = scratch;
  }

  /// Number of inputs.
  public int inputs() {
    return in.length;
  }

  /// Number of outputs, extras included.
  public int outputs() {
    return out.length;
  }

  /// Memory of input `i`, at least its elements.
  public MemorySegment in(int i) {
    return in[i];
  }

  /// Memory of output `i`; undefined before the kernel writes it.
  public MemorySegment out(int i) {
    return out[i];
  }

  /// Layout of input `i` in its segment: contiguous from 0 for every op but
  /// [dev.gatun.op.shape.Copy].
  public Layout layout(int i) {
    return layouts[i];
  }

  /// Type and shape of input `i`.
  public Spec inSpec(int i) {
    return inSpecs[i];
  }

  /// Type and shape of output `i`.
  public Spec outSpec(int i) {
    return outSpecs[i];
  }

  /// Shape of input `i`.
  public Shape inShape(int i) {
    return inSpecs[i].shape();
  }

  /// Shape of output `i`.
  public Shape outShape(int i) {
    return outSpecs[i].shape();
  }

  /// Type of the first input, or of the first output where there is no input.
  public DType dtype() {
    return in.length > 0 ? inSpecs[0].dtype() : outSpecs[0].dtype();
  }

  /// Element `index` of input `i`, in row-major order, as a double; for reference kernels.
  public double get(int i, long index) {
    return inSpecs[i].dtype().read(in[i], index);
  }

  /// Sets element `index` of output `i`; for reference kernels.
  public void set(int i, long index, double v) {
    outSpecs[i].dtype().write(out[i], index, v);
  }

  /// Work memory of the size that [Kernel#scratch] asked for, 64-byte aligned, content undefined.
  public MemorySegment scratch() {
    return scratch;
  }

  /// A few numbers that a kernel works out once per call for its blocks to read. Written by the
  /// calling thread before a region starts.
  public long[] registers() {
    return registers;
  }

  /// Names the op that runs, for blocks that need more of it than registers hold. Written by the
  /// calling thread before a region starts.
  public void kernel(Kernel op) {
    kernel = op;
  }

  /// The op named by [#kernel(Kernel)].
  ///
  /// @throws IllegalStateException if none was
  public Kernel kernel() {
    Kernel op = kernel;
    if (op == null) {
      throw new IllegalStateException("Call: no op was named");
    }
    return op;
  }
}
