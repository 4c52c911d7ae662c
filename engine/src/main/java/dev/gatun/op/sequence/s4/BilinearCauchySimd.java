package dev.gatun.op.sequence.s4;

import dev.gatun.cpu.simd.CauchyF32;
import dev.gatun.cpu.simd.CauchyF64;
import dev.gatun.cpu.simd.FftPlan;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;

/// Vector form of [BilinearCauchy] and its gradient: nodes along the lanes. A block is some nodes
/// of a group; of the gradient, some modes of a group. An instance is the table of one length,
/// which the device's workers keep.
final class BilinearCauchySimd implements Workers.Body {
  /// Nodes of a block.
  private static final int NODES = 256;

  private static final int FORWARD = 0;
  private static final int BACKWARD = 1;

  // Registers.
  private static final int N = 0;
  private static final int M = 1;
  private static final int BLOCKS = 2;

  private final boolean f32;
  private final int size;
  private final int nodes;

  /// `cos(pi k / L)`, then `-sin(pi k / L)`, in double.
  private final MemorySegment roots;

  private BilinearCauchySimd(long key) {
    f32 = key % 2 == 0;
    size = f32 ? Float.BYTES : Double.BYTES;
    long length = key / 2;
    nodes = Math.toIntExact(length / 2 + 1);
    roots = FftPlan.roots(nodes, 2 * length, true);
  }

  /// Angles, three numbers a mode and two a product, results.
  static long scratch(Spec v) {
    long n = v.shape().dim(-1);
    long m = v.shape().dim(-2);
    return (4 * NODES + n * (3 + 2 * m) + 2 * m * NODES) * v.dtype().bytes() + 63 & -64;
  }

  /// Angles, both parts of `h` for each product, four sums.
  static long scratchOfGradient(Spec dy) {
    long m = dy.shape().dim(-2);
    return ((4 + 2 * m) * padded(dy.shape().dim(-1)) + 4) * dy.dtype().bytes() + 63 & -64;
  }

  private static long padded(long nodes) {
    return (nodes + 15) / 16 * 16;
  }

  private static BilinearCauchySimd of(BilinearCauchy op, DType type, Workers w) {
    long key = 2 * op.length() + (type == DType.F32 ? 0 : 1);
    return w.tables().get(BilinearCauchySimd.class, key, BilinearCauchySimd::new);
  }

  static void forward(BilinearCauchy op, Call c, Workers w) {
    BilinearCauchySimd body = of(op, c.dtype(), w);
    long[] r = c.registers();
    Shape v = c.inShape(0);
    r[N] = v.dim(-1);
    r[M] = v.dim(-2);
    r[BLOCKS] = Math.ceilDiv(body.nodes, NODES);
    w.run(body, c, FORWARD, Math.toIntExact(v.elems(0, v.rank() - 2) * r[BLOCKS]));
  }

  static void backward(BilinearCauchy op, Call c, Workers w) {
    BilinearCauchySimd body = of(op, c.dtype(), w);
    long[] r = c.registers();
    Shape v = c.inShape(2);
    r[N] = v.dim(-1);
    r[M] = v.dim(-2);
    w.run(body, c, BACKWARD, Math.toIntExact(v.elems(0, v.rank() - 2)));
  }

  @Override
  public void run(Call c, long phase, int block, int worker) {
    if (phase == FORWARD) {
      forward(c, block, worker);
    } else {
      backward(c, block, worker);
    }
  }

  private double get(MemorySegment x, long i) {
    return f32 ? x.get(Lanes.FLOAT, i * 4) : x.get(Lanes.DOUBLE, i * 8);
  }

  private void set(MemorySegment x, long i, double v) {
    if (f32) {
      x.set(Lanes.FLOAT, i * 4, (float) v);
    } else {
      x.set(Lanes.DOUBLE, i * 8, v);
    }
  }

  /// Cosines of `count` nodes from `first` on, sines `apart` elements further on, then what both
  /// lose by being of the call's type; behind them those of node 0, up to whole vectors.
  private void angles(MemorySegment s, long at, long apart, int first, int count) {
    for (int k = 0; k < padded(count); k++) {
      double cos = k < count ? roots.get(Lanes.DOUBLE, (first + k) * 8L) : 1;
      double sin = k < count ? -roots.get(Lanes.DOUBLE, ((long) nodes + first + k) * 8) : 0;
      set(s, at + k, cos);
      set(s, at + apart + k, sin);
      set(s, at + 2 * apart + k, cos - get(s, at + k));
      set(s, at + 3 * apart + k, sin - get(s, at + apart + k));
    }
  }

  private void forward(Call c, int block, int worker) {
    int n = (int) c.registers()[N];
    int m = (int) c.registers()[M];
    long blocks = c.registers()[BLOCKS];
    long group = block / blocks;
    int first = (int) (block % blocks) * NODES;
    int count = Math.min(NODES, nodes - first);
    MemorySegment s = c.scratch();
    long angles = worker * scratch(new Spec(c.dtype(), c.inShape(0))) / size;
    long modes = angles + 4 * NODES;
    long y = modes + (long) n * (3 + 2 * m);
    angles(s, angles, NODES, first, count);
    double zero = modes(c, group, modes);
    if (f32) {
      CauchyF32.bilinear(s, angles, NODES, count, modes, n, m, y);
    } else {
      CauchyF64.bilinear(s, angles, NODES, count, modes, n, m, y);
    }
    for (int p = 0; p < m; p++) {
      long to = ((group * m + p) * nodes + first) * size;
      for (int part = 0; part < 2; part++) {
        long from = y + (2L * p + part) * NODES;
        for (int k = 0; zero != 0 && k < count; k++) {
          set(s, from + k, zero);
        }
        MemorySegment.copy(s, from * size, c.out(part), to, (long) count * size);
      }
    }
  }

  /// The numbers of each mode that do not depend on the node; returns 0, or NaN if one is not
  /// finite.
  private double modes(Call c, long group, long to) {
    int n = (int) c.registers()[N];
    int m = (int) c.registers()[M];
    MemorySegment s = c.scratch();
    double dt = get(c.in(4), group);
    double zero = 0 * dt;
    for (int j = 0; j < n; j++) {
      double wr = dt * get(c.in(2), group * n + j);
      double wi = dt * get(c.in(3), group * n + j);
      double length = Math.sqrt(wr * wr + wi * wi);
      long at = to + (long) j * (3 + 2 * m);
      set(s, at, length);
      set(s, at + 1, length - get(s, at));
      set(s, at + 2, wr);
      zero += length < BilinearCauchy.least(c.dtype()) ? Double.NaN : 0 * length;
      for (int p = 0; p < m; p++) {
        double vr = get(c.in(0), (group * m + p) * n + j);
        double vi = get(c.in(1), (group * m + p) * n + j);
        zero += 0 * vr + 0 * vi;
        set(s, at + 3 + 2L * p, vr);
        set(s, at + 4 + 2L * p, vr * wr + vi * wi);
      }
    }
    return zero;
  }

  private void backward(Call c, int group, int worker) {
    int n = (int) c.registers()[N];
    MemorySegment s = c.scratch();
    long apart = padded(nodes);
    long angles = worker * scratchOfGradient(new Spec(c.dtype(), c.inShape(0))) / size;
    angles(s, angles, apart, 0, nodes);
    double zero = zeros(c, group) + rotated(c, group, angles, angles + 4 * apart);
    double dt = zero;
    for (int j = 0; j < n; j++) {
      dt += gradient(c, group, j, angles, zero);
    }
    set(c.out(4), group, dt);
  }

  private double zeros(Call c, long group) {
    int n = (int) c.registers()[N];
    long products = n * c.registers()[M];
    double zero = 0 * get(c.in(6), group);
    for (long i = group * products; i < (group + 1) * products; i++) {
      zero += 0 * get(c.in(2), i) + 0 * get(c.in(3), i);
    }
    for (long i = group * n; i < (group + 1) * n; i++) {
      double length = get(c.in(6), group) * Math.hypot(get(c.in(4), i), get(c.in(5), i));
      zero += Math.abs(length) < BilinearCauchy.least(c.dtype()) ? Double.NaN : 0 * length;
    }
    return zero;
  }

  /// `conj(dR) 2 exp(i theta)` of all products, 0 behind the nodes; returns 0 or NaN.
  private double rotated(Call c, long group, long angles, long h) {
    MemorySegment s = c.scratch();
    int m = (int) c.registers()[M];
    long apart = padded(nodes);
    double zero = 0;
    for (int p = 0; p < m; p++) {
      long to = h + 2L * p * apart;
      long from = (group * m + p) * nodes;
      for (int k = 0; k < apart; k++) {
        double cos = get(s, angles + k);
        double sin = get(s, angles + apart + k);
        double gr = k < nodes ? get(c.in(0), from + k) : 0;
        double gi = k < nodes ? get(c.in(1), from + k) : 0;
        zero += 0 * gr + 0 * gi;
        set(s, to + k, 2 * (gr * cos + gi * sin));
        set(s, to + apart + k, 2 * (gr * sin - gi * cos));
      }
    }
    return zero;
  }

  /// Returns what the mode adds to the gradient of `dt`.
  private double gradient(Call c, long group, int j, long angles, double zero) {
    int n = (int) c.registers()[N];
    int m = (int) c.registers()[M];
    MemorySegment s = c.scratch();
    int apart = (int) padded(nodes);
    long sums = angles + (4 + 2L * m) * apart;
    double dt = get(c.in(6), group);
    double wr = dt * get(c.in(4), group * n + j);
    double wi = dt * get(c.in(5), group * n + j);
    double length = Math.sqrt(wr * wr + wi * wi);
    double dwr = zero;
    double dwi = zero;
    for (int p = 0; p < m; p++) {
      long at = (group * m + p) * n + j;
      double vr = get(c.in(2), at);
      double vi = get(c.in(3), at);
      double dot = vr * wr + vi * wi;
      long h = angles + (4 + 2L * p) * apart;
      if (f32) {
        float low = (float) (length - (float) length);
        CauchyF32.bilinearSums(
            s, angles, apart, h, (float) length, low, (float) wr, (float) vr, (float) dot, sums);
      } else {
        CauchyF64.bilinearSums(s, angles, apart, h, length, wr, vr, dot, sums);
      }
      double dDot = get(s, sums + 1);
      set(c.out(0), at, zero + get(s, sums) + wr * dDot);
      set(c.out(1), at, zero + wi * dDot);
      dwr += vr * dDot + 2 * wr * get(s, sums + 2) + get(s, sums + 3);
      dwi += vi * dDot + 2 * wi * get(s, sums + 2);
    }
    set(c.out(2), group * n + j, dt * dwr);
    set(c.out(3), group * n + j, dt * dwi);
    return get(c.in(4), group * n + j) * dwr + get(c.in(5), group * n + j) * dwi;
  }
}
