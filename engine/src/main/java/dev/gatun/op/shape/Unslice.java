package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// The transpose of [Slice]: `x` at the places of `slice` in zeros of `shape`. Gradient: the slice.
public record Unslice(Slice slice, Shape shape) implements Kernel {
  private static final long BLOCK = 1 << 16;

  // Registers: bytes under an element of the axis, elements over it, its size, the slice, and rows
  // of the slice in a block.
  private static final int INNER = 0;
  private static final int OUTER = 1;
  private static final int DIM = 2;
  private static final int START = 3;
  private static final int SIZE = 4;
  private static final int STEP = 5;
  private static final int ROWS = 6;

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.require(
        in.get(0).shape().equals(shape.with(slice.axis(), slice.size())),
        this,
        "x must have the slice's shape",
        "x",
        in);
    return List.of(in.get(0).withShape(shape));
  }

  @Override
  public void reference(Call c) {
    int bytes = c.dtype().bytes();
    long inner = shape.elems(slice.axis() + 1, shape.rank()) * bytes;
    long outer = shape.elems(0, slice.axis());
    long dim = shape.dim(slice.axis());
    c.out(0).fill((byte) 0);
    for (long o = 0; o < outer; o++) {
      for (long i = 0; i < slice.size(); i++) {
        long to = o * dim + slice.start() + i * slice.step();
        MemorySegment.copy(c.in(0), (o * slice.size() + i) * inner, c.out(0), to * inner, inner);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    long[] r = c.registers();
    r[0] = Double.doubleToRawLongBits(0);
    w.run(Bytes::fill, c, 0, Bytes.blocks(c.outSpec(0).bytes()));
    r[INNER] = shape.elems(slice.axis() + 1, shape.rank()) * c.dtype().bytes();
    r[OUTER] = shape.elems(0, slice.axis());
    r[DIM] = shape.dim(slice.axis());
    r[START] = slice.start();
    r[SIZE] = slice.size();
    r[STEP] = slice.step();
    long rows = r[OUTER] * r[SIZE];
    r[ROWS] = Math.max(1, BLOCK / Math.max(1, r[INNER]));
    w.run(Unslice::rows, c, 1, Math.toIntExact((rows + r[ROWS] - 1) / r[ROWS]));
  }

  /// Copies rows of the slice to their places; neighbours in one go where the step is 1.
  private static void rows(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long end = Math.min(r[OUTER] * r[SIZE], (block + 1L) * r[ROWS]);
    for (long row = block * r[ROWS]; row < end; ) {
      long i = row % r[SIZE];
      long n = r[STEP] == 1 ? Math.min(end - row, r[SIZE] - i) : 1;
      long to = row / r[SIZE] * r[DIM] + r[START] + i * r[STEP];
      MemorySegment.copy(c.in(0), row * r[INNER], c.out(0), to * r[INNER], n * r[INNER]);
      row += n;
    }
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    long inner = shape.elems(slice.axis() + 1, shape.rank());
    return List.of(
        ClMoves.fill(d, infer(in).get(0), 0).get(0),
        ClMoves.spread(
            d,
            0,
            in.get(0),
            inner,
            slice.size(),
            slice.start() * inner,
            shape.dim(slice.axis()) * inner,
            slice.step() * inner));
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(slice::of));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }
}
