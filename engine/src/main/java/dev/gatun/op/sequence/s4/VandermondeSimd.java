package dev.gatun.op.sequence.s4;

import dev.gatun.cpu.simd.GeometricF32;
import dev.gatun.cpu.simd.GeometricF64;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Vector forms of [Vandermonde] and [VandermondeTransposed], by pieces of 64 steps: powers within
/// a piece are a table of each row, and the power at its start goes from piece to piece in double.
///
/// Work memory of a worker, `M` being `N` rounded up to whole vectors: tables of `exp(x r)`, then 4
/// numbers a mode and a piece of the sequence, in the call's type; then 10 doubles a mode.
final class VandermondeSimd {
  private static final int PIECE = GeometricF32.PIECE;

  /// Pieces of a block of [#series].
  private static final int BLOCK = 128;

  /// Doubles of a mode: `exp(64 x)`, the power at the start of the piece, and sums.
  private static final int STATE = 10;

  // Registers.
  private static final int N = 0;
  private static final int L = 1;
  private static final int BLOCKS = 2;

  private static final Workers.Body SERIES = VandermondeSimd::series;
  private static final Workers.Body TRANSPOSED = VandermondeSimd::transposed;

  private VandermondeSimd() {}

  private static long padded(long n) {
    return (n + 15) / 16 * 16;
  }

  private static long state(long n, int size) {
    return (padded(n) * (2 * PIECE + 4) + 2 * PIECE) * size;
  }

  static long scratch(long n, DType type) {
    return state(n, type.bytes()) + padded(n) * STATE * Double.BYTES + 63 & -64;
  }

  static void series(Call c, Workers w) {
    long[] r = c.registers();
    r[N] = c.inShape(0).dim(-1);
    r[L] = c.outShape(0).dim(-1);
    r[BLOCKS] = (r[L] + (long) BLOCK * PIECE - 1) / (BLOCK * PIECE);
    w.run(SERIES, c, 0, Math.toIntExact(c.inShape(0).without(-1).elems() * r[BLOCKS]));
  }

  static void transposed(Call c, Workers w) {
    c.registers()[N] = c.inShape(1).dim(-1);
    c.registers()[L] = c.inShape(0).dim(-1);
    w.run(TRANSPOSED, c, 0, Math.toIntExact(c.inShape(0).without(-1).elems()));
  }

  private static double get(MemorySegment x, long i, boolean f32) {
    return f32 ? x.get(Lanes.FLOAT, i * 4) : x.get(Lanes.DOUBLE, i * 8);
  }

  private static void set(MemorySegment x, long i, boolean f32, double v) {
    if (f32) {
      // Numbers below the normal ones would be slow, and are nothing beside a sum.
      float f = (float) v;
      x.set(Lanes.FLOAT, i * 4, Math.abs(f) < Float.MIN_NORMAL ? 0 : f);
    } else {
      x.set(Lanes.DOUBLE, i * 8, Math.abs(v) < Double.MIN_NORMAL ? 0 : v);
    }
  }

  private static double d(MemorySegment s, long at, long i) {
    return s.get(Lanes.DOUBLE, at + i * 8);
  }

  private static void d(MemorySegment s, long at, long i, double v) {
    s.set(Lanes.DOUBLE, at + i * 8, v);
  }

  /// Powers `exp(x r)` below [#PIECE] of mode `k` into elements `table + r apart` and, for the
  /// imaginary parts, `other` further on; `exp(64 x)` into the mode's state.
  private static void powers(
      MemorySegment s,
      double re,
      double im,
      long table,
      long apart,
      long other,
      long state,
      boolean f32) {
    double size = Math.exp(re);
    double er = size * Math.cos(im);
    double ei = size * Math.sin(im);
    double size8 = Math.exp(8 * re);
    double fr = size8 * Math.cos(8 * im);
    double fi = size8 * Math.sin(8 * im);
    double hr = 1;
    double hi = 0;
    for (int a = 0; a < PIECE; a += 8) {
      double pr = hr;
      double pi = hi;
      for (int r = a; r < a + 8; r++) {
        set(s, table + r * apart, f32, pr);
        set(s, table + r * apart + other, f32, pi);
        double next = pr * er - pi * ei;
        pi = pr * ei + pi * er;
        pr = next;
      }
      double next = hr * fr - hi * fi;
      hi = hr * fi + hi * fr;
      hr = next;
    }
    d(s, state, 0, hr);
    d(s, state, 1, hi);
  }

  private static void series(Call c, long phase, int block, int worker) {
    long[] reg = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int size = f32 ? 4 : 8;
    int n = (int) reg[N];
    long row = block / reg[BLOCKS];
    long first = block % reg[BLOCKS] * BLOCK * PIECE;
    long end = Math.min(reg[L], first + (long) BLOCK * PIECE);
    MemorySegment s = c.scratch();
    long base = worker * scratch(n, c.dtype());
    long table = base / size;
    long factors = table + padded(n) * 2 * PIECE;
    long y = factors + padded(n) * 4;
    long states = base + state(n, size);
    double zero = 0;
    for (int k = 0; k < n; k++) {
      long at = row * n + k;
      double re = get(c.in(2), at, f32);
      double im = get(c.in(3), at, f32);
      double vr = 2 * get(c.in(0), at, f32);
      double vi = 2 * get(c.in(1), at, f32);
      zero += 0 * re + 0 * im + 0 * vr + 0 * vi;
      long state = states + (long) k * STATE * 8;
      powers(s, re, im, table + (long) k * 2 * PIECE, 1, PIECE, state, f32);
      double grown = Math.exp(re * first);
      double er = grown * Math.cos(im * first);
      double ei = grown * Math.sin(im * first);
      d(s, state, 2, vr * er - vi * ei);
      d(s, state, 3, vr * ei + vi * er);
    }
    for (long l = first; l < end; l += PIECE) {
      step(s, states, factors, n, f32);
      int count = (int) Math.min(PIECE, end - l);
      if (f32) {
        GeometricF32.series(s, table, factors, n, y);
      } else {
        GeometricF64.series(s, table, factors, n, y);
      }
      if (zero != 0) {
        for (int i = 0; i < count; i++) {
          set(s, y + i, f32, Double.NaN);
        }
      }
      MemorySegment.copy(s, y * size, c.out(0), (row * reg[L] + l) * size, (long) count * size);
    }
  }

  /// Writes the factors of a piece and takes them to the next.
  private static void step(MemorySegment s, long states, long factors, int n, boolean f32) {
    for (int k = 0; k < n; k++) {
      long state = states + (long) k * STATE * 8;
      double er = d(s, state, 0);
      double ei = d(s, state, 1);
      double pr = d(s, state, 2);
      double pi = d(s, state, 3);
      set(s, factors + 2L * k, f32, pr);
      set(s, factors + 2L * k + 1, f32, -pi);
      d(s, state, 2, pr * er - pi * ei);
      d(s, state, 3, pr * ei + pi * er);
    }
  }

  private static void transposed(Call c, long phase, int row, int worker) {
    long[] reg = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int size = f32 ? 4 : 8;
    int n = (int) reg[N];
    long width = padded(n);
    MemorySegment s = c.scratch();
    long base = worker * scratch(n, c.dtype());
    long table = base / size;
    long sums = table + width * 2 * PIECE;
    long u = sums + width * 4;
    long states = base + state(n, size);
    Lanes.clear(s, base, scratch(n, c.dtype()));
    double zero = 0;
    for (int k = 0; k < n; k++) {
      double re = get(c.in(1), row * (long) n + k, f32);
      double im = get(c.in(2), row * (long) n + k, f32);
      zero += 0 * re + 0 * im;
      powers(s, re, im, table + k, 2 * width, width, states + (long) k * STATE * 8, f32);
    }
    long pieces = (reg[L] + PIECE - 1) / PIECE;
    for (long p = pieces - 1; p >= 0; p--) {
      int count = (int) Math.min(PIECE, reg[L] - p * PIECE);
      Lanes.clear(s, u * size, (long) PIECE * size);
      MemorySegment.copy(
          c.in(0), (row * reg[L] + p * PIECE) * size, s, u * size, (long) count * size);
      for (int i = 0; i < count; i++) {
        zero += 0 * get(s, u + i, f32);
      }
      if (f32) {
        GeometricF32.moments(s, table, u, (int) width, sums);
      } else {
        GeometricF64.moments(s, table, u, (int) width, sums);
      }
      gather(s, states, sums, n, width, f32);
    }
    results(c, row, states, n, zero, f32);
  }

  /// Adds what is behind a piece, one piece further away now, to the piece's sums: `s` in numbers 2
  /// and 3 of the state, the sum of `q exp(64 x (q - 1))` times piece `q`'s in 4 and 5, moments
  /// within pieces in 6 and 7.
  private static void gather(
      MemorySegment s, long states, long sums, int n, long width, boolean f32) {
    for (int k = 0; k < n; k++) {
      long state = states + (long) k * STATE * 8;
      double er = d(s, state, 0);
      double ei = d(s, state, 1);
      double sr = d(s, state, 2);
      double si = d(s, state, 3);
      double qr = d(s, state, 4);
      double qi = d(s, state, 5);
      double mr = d(s, state, 6);
      double mi = d(s, state, 7);
      d(s, state, 2, sr * er - si * ei + get(s, sums + k, f32));
      d(s, state, 3, sr * ei + si * er + get(s, sums + width + k, f32));
      d(s, state, 4, qr * er - qi * ei + sr);
      d(s, state, 5, qr * ei + qi * er + si);
      d(s, state, 6, mr * er - mi * ei + get(s, sums + 2 * width + k, f32));
      d(s, state, 7, mr * ei + mi * er + get(s, sums + 3 * width + k, f32));
    }
  }

  private static void results(Call c, int row, long states, int n, double zero, boolean f32) {
    MemorySegment s = c.scratch();
    for (int k = 0; k < n; k++) {
      long state = states + (long) k * STATE * 8;
      long at = row * (long) n + k;
      set(c.out(0), at, f32, zero + d(s, state, 2));
      set(c.out(1), at, f32, zero + d(s, state, 3));
      if (c.outputs() == 4) {
        double er = d(s, state, 0);
        double ei = d(s, state, 1);
        double qr = d(s, state, 4);
        double qi = d(s, state, 5);
        set(c.out(2), at, f32, zero + d(s, state, 6) + PIECE * (qr * er - qi * ei));
        set(c.out(3), at, f32, zero + d(s, state, 7) + PIECE * (qr * ei + qi * er));
      }
    }
  }
}
