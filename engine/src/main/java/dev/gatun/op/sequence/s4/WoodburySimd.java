package dev.gatun.op.sequence.s4;

import dev.gatun.cpu.simd.ComplexPlanesF32;
import dev.gatun.cpu.simd.ComplexPlanesF64;
import dev.gatun.cpu.simd.FftPlan;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// Vector form of [Woodbury] and its gradient. A block is some nodes of a group, the entries of
/// their matrices in planes: the elimination goes through planes instead of numbers. An instance is
/// the table of one length, which the device's workers keep.
final class WoodburySimd implements Workers.Body {
  private static final int WIDTH = ComplexPlanesF32.WIDTH;
  private static final int FORWARD = 0;

  private final boolean f32;
  private final int size;
  private final long nodes;

  /// `cos(pi k / L)`, then `-sin(pi k / L)`.
  private final MemorySegment roots;

  private WoodburySimd(long key) {
    f32 = key % 2 == 0;
    size = f32 ? Float.BYTES : Double.BYTES;
    nodes = key / 4 + 1;
    roots = FftPlan.roots(Math.toIntExact(nodes), key / 2 * 2, !f32);
  }

  /// Planes: the matrix, `h`, the inverse and what it is made from, `X`, `Y`, their gradient's
  /// matrix, and four more.
  private static long planes(Woodbury op) {
    long square = (long) op.rank() * op.rank();
    return 2 * op.rows() + 2 * square + op.rank() + (long) op.rank() * op.channels() + 7;
  }

  static long scratch(Woodbury op, DType type) {
    return planes(op) * 2 * WIDTH * type.bytes();
  }

  private static void run(Woodbury op, Call c, Workers w, int first) {
    long key = 2 * op.length() + (c.dtype() == DType.F32 ? 0 : 1);
    WoodburySimd body = w.tables().get(WoodburySimd.class, key, WoodburySimd::new);
    c.kernel(op);
    Shape r = c.inShape(first);
    long blocks = r.elems(0, r.rank() - 2) * Math.ceilDiv(body.nodes, WIDTH);
    w.run(body, c, first, Math.toIntExact(blocks));
  }

  static void forward(Woodbury op, Call c, Workers w) {
    run(op, c, w, FORWARD);
  }

  static void backward(Woodbury op, Call c, Workers w) {
    run(op, c, w, 2);
  }

  @Override
  public void run(Call c, long phase, int block, int worker) {
    Woodbury op = (Woodbury) c.kernel();
    Block b = new Block(op, c.scratch(), worker * scratch(op, c.dtype()) / size);
    long blocks = Math.ceilDiv(nodes, WIDTH);
    long group = block / blocks;
    long first = block % blocks * WIDTH;
    int count = (int) Math.min(WIDTH, nodes - first);
    long rows = op.rows();
    b.angles(first, count);
    for (int i = 0; i < rows; i++) {
      long from = (group * rows + i) * nodes + first;
      b.copyIn(c, (int) phase, from, count, b.matrix(i));
      b.spoil(b.zero, b.matrix(i));
    }
    b.solve();
    if (phase == FORWARD) {
      for (int ch = 0; ch < op.channels(); ch++) {
        long y = b.forward(ch);
        b.copyOut(c, y, (group * op.channels() + ch) * nodes + first, count);
      }
      return;
    }
    for (int i = 0; i < rows; i++) {
      b.fill(b.gradient(i), 0);
    }
    for (int ch = 0; ch < op.channels(); ch++) {
      long from = (group * op.channels() + ch) * nodes + first;
      b.copyIn(c, 0, from, count, b.upstream);
      b.spoil(b.zero, b.upstream);
      b.backward(ch, count);
    }
    for (int i = 0; i < rows; i++) {
      b.spoil(b.gradient(i), b.zero);
      b.conjugate(b.gradient(i), count);
      b.copyOut(c, b.gradient(i), (group * rows + i) * nodes + first, count);
    }
  }

  /// The planes of a block; places are element numbers in the work memory.
  private final class Block {
    private final int channels;
    private final int rank;
    private final MemorySegment s;
    private final long at;
    private final long h;
    private final long a;
    private final long inverse;
    private final long x;
    private final long y;
    private final long gradients;
    private final long spare;
    private final long other;
    private final long upstream;
    private final long zero;

    Block(Woodbury op, MemorySegment s, long at) {
      this.s = s;
      this.at = at;
      channels = op.channels();
      rank = op.rank();
      long rows = op.rows();
      long square = (long) rank * rank;
      h = plane(rows);
      a = plane(rows + 1);
      inverse = plane(rows + 1 + square);
      x = plane(rows + 1 + 2 * square);
      y = plane(rows + 1 + 2 * square + rank);
      long used = rows + 1 + 2 * square + rank + (long) rank * channels;
      gradients = plane(used);
      spare = plane(used + rows);
      other = plane(used + rows + 1);
      upstream = plane(used + rows + 2);
      zero = plane(used + rows + 3);
    }

    private long plane(long number) {
      return at + number * 2 * WIDTH;
    }

    private static long plane(long first, long number) {
      return first + number * 2 * WIDTH;
    }

    long matrix(int i) {
      return plane(i);
    }

    private long matrix(int row, int column) {
      return plane((long) row * (1 + rank) + column);
    }

    long gradient(int i) {
      return plane(gradients, i);
    }

    private long gradient(int row, int column) {
      return plane(gradients, (long) row * (1 + rank) + column);
    }

    private double get(MemorySegment m, long i) {
      return f32 ? m.get(Lanes.FLOAT, i * 4) : m.get(Lanes.DOUBLE, i * 8);
    }

    private void set(long i, double v) {
      if (f32) {
        s.set(Lanes.FLOAT, i * 4, (float) v);
      } else {
        s.set(Lanes.DOUBLE, i * 8, v);
      }
    }

    void fill(long p, double re) {
      if (f32) {
        ComplexPlanesF32.fill(s, p, (float) re, 0);
      } else {
        ComplexPlanesF64.fill(s, p, re, 0);
      }
    }

    void spoil(long p, long by) {
      if (f32) {
        ComplexPlanesF32.spoil(s, p, by);
      } else {
        ComplexPlanesF64.spoil(s, p, by);
      }
    }

    private void multiply(long to, long p, long q, int sign) {
      if (f32) {
        ComplexPlanesF32.multiply(s, to, p, q, sign);
      } else {
        ComplexPlanesF64.multiply(s, to, p, q, sign);
      }
    }

    /// `h`, and nothing spoiled yet.
    void angles(long first, int count) {
      fill(h, 0);
      fill(zero, 0);
      for (int k = 0; k < count; k++) {
        double cos = get(roots, first + k);
        set(h + k, cos * cos);
        set(h + WIDTH + k, cos * get(roots, nodes + first + k));
      }
    }

    void copyIn(Call c, int input, long from, int count, long to) {
      fill(to, 0);
      for (int part = 0; part < 2; part++) {
        long target = (to + (long) part * WIDTH) * size;
        MemorySegment.copy(c.in(input + part), from * size, s, target, (long) count * size);
      }
    }

    void copyOut(Call c, long from, long to, int count) {
      for (int part = 0; part < 2; part++) {
        long source = (from + (long) part * WIDTH) * size;
        MemorySegment.copy(s, source, c.out(part), to * size, (long) count * size);
      }
    }

    void conjugate(long p, int count) {
      for (int k = 0; k < count; k++) {
        set(p + WIDTH + k, -get(s, p + WIDTH + k));
      }
    }

    /// The inverse, `X` and `Y`.
    void solve() {
      invert();
      for (int i = 0; i < rank; i++) {
        fill(plane(x, i), 0);
        for (int j = 0; j < rank; j++) {
          multiply(plane(x, i), plane(inverse, (long) i * rank + j), matrix(channels + j, 0), 1);
        }
        for (int ch = 0; ch < channels; ch++) {
          long to = plane(y, (long) ch * rank + i);
          fill(to, 0);
          for (int j = 0; j < rank; j++) {
            multiply(to, matrix(ch, 1 + j), plane(inverse, (long) j * rank + i), 1);
          }
        }
      }
    }

    private void invert() {
      for (int i = 0; i < rank; i++) {
        for (int j = 0; j < rank; j++) {
          long cell = (long) i * rank + j;
          fill(plane(a, cell), i == j ? 1 : 0);
          fill(plane(inverse, cell), i == j ? 1 : 0);
          multiply(plane(a, cell), h, matrix(channels + i, 1 + j), 1);
        }
      }
      for (int p = 0; p < rank; p++) {
        if (f32) {
          ComplexPlanesF32.reciprocal(s, spare, plane(a, (long) p * rank + p));
        } else {
          ComplexPlanesF64.reciprocal(s, spare, plane(a, (long) p * rank + p));
        }
        for (int j = 0; j < rank; j++) {
          long cell = (long) p * rank + j;
          multiply(plane(a, cell), plane(a, cell), spare, 0);
          multiply(plane(inverse, cell), plane(inverse, cell), spare, 0);
        }
        for (int i = 0; i < rank; i++) {
          if (i != p) {
            eliminate(p, i);
          }
        }
      }
    }

    /// Takes row `p` times its factor out of row `i`.
    private void eliminate(int p, int i) {
      MemorySegment.copy(
          s, plane(a, (long) i * rank + p) * size, s, other * size, 2L * WIDTH * size);
      for (int j = 0; j < rank; j++) {
        long to = (long) i * rank + j;
        long from = (long) p * rank + j;
        multiply(plane(a, to), other, plane(a, from), -1);
        multiply(plane(inverse, to), other, plane(inverse, from), -1);
      }
    }

    /// The results of a channel; returns their plane.
    long forward(int ch) {
      fill(spare, 0);
      for (int j = 0; j < rank; j++) {
        multiply(spare, matrix(ch, 1 + j), plane(x, j), 1);
      }
      long to = matrix(ch, 0);
      multiply(to, h, spare, -1);
      spoil(to, zero);
      return to;
    }

    /// Adds the conjugated gradients of a channel.
    void backward(int ch, int count) {
      conjugate(upstream, count);
      for (int k = 0; k < count; k++) {
        for (int part = 0; part < 2; part++) {
          long i = gradient(ch, 0) + (long) part * WIDTH + k;
          set(i, get(s, i) + get(s, upstream + (long) part * WIDTH + k));
        }
      }
      multiply(spare, h, upstream, 0);
      multiply(other, h, spare, 0);
      for (int i = 0; i < rank; i++) {
        multiply(gradient(ch, 1 + i), spare, plane(x, i), -1);
        multiply(gradient(channels + i, 0), spare, plane(y, (long) ch * rank + i), -1);
        multiply(upstream, other, plane(y, (long) ch * rank + i), 0);
        for (int j = 0; j < rank; j++) {
          multiply(gradient(channels + i, 1 + j), upstream, plane(x, j), 1);
        }
      }
    }
  }
}
