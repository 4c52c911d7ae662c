package dev.gatun.op.sequence.s4;

import dev.gatun.cpu.simd.CauchyNodesF32;
import dev.gatun.cpu.simd.CauchyNodesF64;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;

/// Vector form of [Cauchy] and its gradient: nodes along the lanes. A block of the sum is some
/// nodes of a row; of the gradient of poles, a row; of nodes, some of them over all rows.
final class CauchySimd {
  /// Nodes of a block.
  private static final int NODES = 256;

  /// Numbers of a mode: `Re w`, `Im w`, `Re v`, `Im v`, `Re(v conj w)`.
  private static final int MODE = 5;

  private static final int POLES = 0;
  private static final int TO_NODES = 1;

  // Registers.
  private static final int N = 0;
  private static final int L = 1;
  private static final int BLOCKS = 2;
  private static final int ROWS = 3;
  private static final int ZERO = 4;

  private static final Workers.Body FORWARD = CauchySimd::forward;
  private static final Workers.Body BACKWARD =
      (c, phase, block, worker) -> {
        if (phase == POLES) {
          poles(c, block, worker);
        } else {
          nodes(c, block, worker);
        }
      };

  private CauchySimd() {}

  private static long padded(long nodes) {
    return (nodes + 15) / 16 * 16;
  }

  /// Nodes, modes, results.
  static long scratch(Spec v) {
    return (4 * NODES + MODE * v.shape().dim(-1)) * v.dtype().bytes() + 63 & -64;
  }

  /// Nodes and what comes from above, all of a row, modes, results.
  static long scratchOfGradient(Spec v, Spec z) {
    long nodes = Math.max(NODES, padded(z.shape().dim(0)));
    return (6 * nodes + MODE * v.shape().dim(-1)) * v.dtype().bytes() + 63 & -64;
  }

  private static void registers(Call c, int first) {
    long[] r = c.registers();
    r[N] = c.inShape(first).dim(-1);
    r[L] = c.inShape(first + 4).dim(0);
    r[BLOCKS] = Math.ceilDiv(r[L], NODES);
    r[ROWS] = c.inShape(first).without(-1).elems();
  }

  static void forward(Call c, Workers w) {
    registers(c, 0);
    w.run(FORWARD, c, 0, Math.toIntExact(c.registers()[ROWS] * c.registers()[BLOCKS]));
  }

  static void backward(Call c, Workers w) {
    registers(c, 2);
    boolean f32 = c.dtype() == DType.F32;
    double zero = 0;
    for (int i = 0; i < 8; i++) {
      zero += zero(c.in(i), 0, c.inShape(i).elems(), f32);
    }
    c.registers()[ZERO] = zero == 0 ? 0 : 1;
    w.run(BACKWARD, c, POLES, Math.toIntExact(c.registers()[ROWS]));
    w.run(BACKWARD, c, TO_NODES, Math.toIntExact(c.registers()[BLOCKS]));
  }

  private static double get(MemorySegment x, long i, boolean f32) {
    return f32 ? x.get(Lanes.FLOAT, i * 4) : x.get(Lanes.DOUBLE, i * 8);
  }

  private static void set(MemorySegment x, long i, boolean f32, double v) {
    if (f32) {
      x.set(Lanes.FLOAT, i * 4, (float) v);
    } else {
      x.set(Lanes.DOUBLE, i * 8, v);
    }
  }

  private static double zero(MemorySegment x, long from, long count, boolean f32) {
    double zero = 0;
    for (long i = from; i < from + count; i++) {
      zero += 0 * get(x, i, f32);
    }
    return zero;
  }

  /// Copies `count` elements and fills up to a whole vector with the last one.
  private static void copy(
      MemorySegment x, long from, MemorySegment s, long to, int count, boolean f32) {
    int size = f32 ? 4 : 8;
    MemorySegment.copy(x, from * size, s, to * size, (long) count * size);
    for (int k = count; k < padded(count); k++) {
      set(s, to + k, f32, get(s, to + count - 1, f32));
    }
  }

  /// Writes the modes of a row; inputs are counted from `first`.
  private static void modes(Call c, int first, long row, MemorySegment s, long to, boolean f32) {
    int n = (int) c.registers()[N];
    for (int j = 0; j < n; j++) {
      long at = row * n + j;
      double vr = get(c.in(first), at, f32);
      double vi = get(c.in(first + 1), at, f32);
      double wr = get(c.in(first + 2), at, f32);
      double wi = get(c.in(first + 3), at, f32);
      long mode = to + (long) MODE * j;
      set(s, mode, f32, wr);
      set(s, mode + 1, f32, wi);
      set(s, mode + 2, f32, vr);
      set(s, mode + 3, f32, vi);
      set(s, mode + 4, f32, vr * wr + vi * wi);
    }
  }

  private static void forward(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int size = f32 ? 4 : 8;
    int n = (int) r[N];
    long row = block / r[BLOCKS];
    long first = block % r[BLOCKS] * NODES;
    int count = (int) Math.min(NODES, r[L] - first);
    MemorySegment s = c.scratch();
    long z = worker * scratch(new Spec(c.dtype(), c.inShape(0))) / size;
    long y = z + 2 * NODES;
    long modes = y + 2 * NODES;
    copy(c.in(4), first, s, z, count, f32);
    copy(c.in(5), first, s, z + NODES, count, f32);
    modes(c, 0, row, s, modes, f32);
    double zero = zero(c.in(4), 0, r[L], f32) + zero(c.in(5), 0, r[L], f32);
    for (int i = 0; i < 4; i++) {
      zero += zero(c.in(i), row * n, n, f32);
    }
    if (f32) {
      CauchyNodesF32.sums(s, z, NODES, count, modes, n, y);
    } else {
      CauchyNodesF64.sums(s, z, NODES, count, modes, n, y);
    }
    for (int part = 0; part < 2; part++) {
      long from = y + (long) part * NODES;
      for (int k = 0; zero != 0 && k < count; k++) {
        set(s, from + k, f32, zero);
      }
      MemorySegment.copy(
          s, from * size, c.out(part), (row * r[L] + first) * size, (long) count * size);
    }
  }

  private static void poles(Call c, int row, int worker) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int size = f32 ? 4 : 8;
    int n = (int) r[N];
    int count = (int) r[L];
    MemorySegment s = c.scratch();
    int apart = Math.max(NODES, (int) padded(r[L]));
    long z = worker * scratchOfGradient(c.inSpec(2), c.inSpec(6)) / size;
    long g = z + 2L * apart;
    long sums = g + 2L * apart;
    long modes = sums + 2L * apart;
    double nan = r[ZERO] == 0 ? 0 : Double.NaN;
    if (count > 0) {
      copy(c.in(6), 0, s, z, count, f32);
      copy(c.in(7), 0, s, z + apart, count, f32);
    }
    for (int part = 0; part < 2; part++) {
      long to = g + (long) part * apart;
      Lanes.clear(s, to * size, (long) apart * size);
      MemorySegment.copy(c.in(part), row * r[L] * size, s, to * size, (long) count * size);
    }
    modes(c, 2, row, s, modes, f32);
    for (int j = 0; j < n; j++) {
      long at = row * (long) n + j;
      if (f32) {
        CauchyNodesF32.poles(s, z, apart, count, modes + (long) MODE * j, g, sums);
      } else {
        CauchyNodesF64.poles(s, z, apart, count, modes + (long) MODE * j, g, sums);
      }
      double wi = get(c.in(5), at, f32);
      set(c.out(0), at, f32, nan + 2 * get(s, sums, f32));
      set(c.out(1), at, f32, nan - 2 * wi * get(s, sums + 1, f32));
      set(c.out(2), at, f32, nan + 2 * get(s, sums + 2, f32));
      set(c.out(3), at, f32, nan - 2 * get(s, sums + 3, f32));
    }
  }

  private static void nodes(Call c, int block, int worker) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int size = f32 ? 4 : 8;
    int n = (int) r[N];
    MemorySegment s = c.scratch();
    int apart = Math.max(NODES, (int) padded(r[L]));
    long z = worker * scratchOfGradient(c.inSpec(2), c.inSpec(6)) / size;
    long g = z + 2L * apart;
    long sums = g + 2L * apart;
    long modes = sums + 2L * apart;
    long first = (long) block * NODES;
    int count = (int) Math.min(NODES, r[L] - first);
    copy(c.in(6), first, s, z, count, f32);
    copy(c.in(7), first, s, z + apart, count, f32);
    Lanes.clear(s, sums * size, 2L * apart * size);
    for (long row = 0; row < r[ROWS]; row++) {
      modes(c, 2, row, s, modes, f32);
      copy(c.in(0), row * r[L] + first, s, g, count, f32);
      copy(c.in(1), row * r[L] + first, s, g + apart, count, f32);
      if (f32) {
        CauchyNodesF32.nodes(s, z, apart, count, modes, n, g, sums);
      } else {
        CauchyNodesF64.nodes(s, z, apart, count, modes, n, g, sums);
      }
    }
    double nan = r[ZERO] == 0 ? 0 : Double.NaN;
    for (int k = 0; k < count; k++) {
      set(c.out(4), first + k, f32, nan - 2 * get(s, sums + k, f32));
      set(c.out(5), first + k, f32, nan + 2 * get(s, sums + apart + k, f32));
    }
  }
}
