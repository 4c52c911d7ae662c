package dev.gatun.op.shape;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.Scattering;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Fast forms of [Scatter], its gradients, and the gradient of [IndexSelect]. With shapes seen as
/// `[outer, n, inner]` a block owns some of `outer`, or some columns of `inner`, and goes through
/// its indices in their order; so no two blocks write one element, and results repeat.
///
/// Elements that an index of their own sends anywhere go one by one; rows that share an index are
/// added as vectors. A sum or product of two floats as doubles, rounded once, is that of floats.
final class ScatterSimd {
  private static final int BLOCK = 16_384;
  private static final int TILE = 128;

  /// Indices of a call of an innermost loop: compiled code is entered with the next one.
  private static final int PIECE = 4096;

  // Registers. `MODE` is the number of the mode. Indices are gone through in two loops: `LOOPS` = m
  // rows, each over the columns of the block, which lie side by side; but where the axis is the
  // last, one row of `LENGTH` = m. `SHIFT` is what a step of the inner loop adds to the target.
  private static final int OUTER = 0;
  private static final int N = 1;
  private static final int M = 2;
  private static final int INNER = 3;
  private static final int CHUNK = 4;
  private static final int CHUNKS = 5;
  private static final int GROUP = 6;
  private static final int MODE = 7;
  private static final int LOOPS = 8;
  private static final int LENGTH = 9;
  private static final int SHIFT = 10;

  private static final List<Scatter.Mode> MODES = List.of(Scatter.Mode.values());
  private static final Loop.Binary ADD_F32 = Loop.f32((FloatVector x, FloatVector y) -> x.add(y));
  private static final Loop.Binary ADD_F64 = Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y));

  private static final List<Scattering> JOIN_F32 = joins(true);
  private static final List<Scattering> JOIN_F64 = joins(false);

  private static final Workers.Body FORWARD = ScatterSimd::forward;
  private static final Workers.Body ADD_ROWS = ScatterSimd::addRows;
  private static final Workers.Body SET_GRAD = ScatterSimd::setGradient;
  private static final Workers.Body MUL_GRAD = ScatterSimd::mulGradient;
  private static final Workers.Body PEAK_GRAD = ScatterSimd::peakGradient;

  private ScatterSimd() {}

  /// By number of the mode. The functions are those of [Scatter.Mode#join], written out, since a
  /// loop takes only what is constant into itself.
  private static List<Scattering> joins(boolean f32) {
    return MODES.stream()
        .map(mode ->
            Scattering.of(
                f32,
                switch (mode) {
                  case SET -> (a, b) -> b;
                  case ADD -> (a, b) -> a + b;
                  case MUL -> (a, b) -> a * b;
                  case MAX -> (a, b) -> Math.max(a, b);
                  case MIN -> (a, b) -> Math.min(a, b);
                }))
        .toList();
  }

  static void forward(Call c, Workers w, int axis, Scatter.Mode mode) {
    run(FORWARD, c, w, axis, c.inShape(1).dim(axis), mode);
  }

  static void addRows(Call c, Workers w, int axis) {
    run(ADD_ROWS, c, w, axis, c.inShape(1).dim(0), Scatter.Mode.ADD);
  }

  static void gradient(Call c, Workers w, int axis, Scatter.Mode mode) {
    Workers.Body body =
        switch (mode) {
          case SET, ADD -> SET_GRAD;
          case MUL -> MUL_GRAD;
          case MAX, MIN -> PEAK_GRAD;
        };
    run(body, c, w, axis, c.inShape(1).dim(axis), mode);
  }

  private static void run(
      Workers.Body body, Call c, Workers w, int axis, long m, Scatter.Mode mode) {
    Shape y = c.outShape(0);
    long[] r = c.registers();
    r[OUTER] = y.elems(0, axis);
    r[N] = y.dim(axis);
    r[M] = m;
    r[INNER] = y.elems(axis + 1, y.rank());
    r[MODE] = MODES.indexOf(mode);
    if (r[OUTER] * r[INNER] == 0) {
      return;
    }
    boolean last = r[INNER] == 1 && m <= Integer.MAX_VALUE;
    r[LOOPS] = last ? 1 : m;
    r[LENGTH] = last ? m : 0;
    r[SHIFT] = last ? 0 : 1;
    long rows = Math.max(1, r[N] + r[M]);
    r[CHUNK] = r[INNER] * rows <= BLOCK ? r[INNER] : Math.min(r[INNER], TILE);
    r[CHUNKS] = (r[INNER] + r[CHUNK] - 1) / r[CHUNK];
    r[GROUP] = Math.max(1, BLOCK / (rows * r[CHUNK]));
    long groups = (r[OUTER] + r[GROUP] - 1) / r[GROUP];
    w.run(body, c, 0, Math.toIntExact(groups * r[CHUNKS]));
  }

  private static long column(long[] r, int block) {
    return block % r[CHUNKS] * r[CHUNK];
  }

  private static int width(long[] r, int block) {
    return (int) Math.min(r[CHUNK], r[INNER] - column(r, block));
  }

  private static long first(long[] r, int block) {
    return block / r[CHUNKS] * r[GROUP];
  }

  private static long end(long[] r, int block) {
    return Math.min(r[OUTER], first(r, block) + r[GROUP]);
  }

  /// Copies the columns of a block, `n` elements from element `at` of each row on, from `x` to
  /// output 0.
  private static void copy(Call c, MemorySegment x, long at, int n) {
    long[] r = c.registers();
    long bytes = c.dtype().bytes();
    boolean whole = n == r[INNER];
    long rows = whole ? 1 : r[N];
    long length = whole ? r[N] * n * bytes : n * bytes;
    for (long k = 0; k < rows; k++) {
      long byteAt = (at + k * r[INNER]) * bytes;
      BytesSimd.copy(x, byteAt, c.out(0), byteAt, length);
    }
  }

  private static void clear(Call c, long at, int n) {
    long[] r = c.registers();
    long bytes = c.dtype().bytes();
    boolean whole = n == r[INNER];
    long rows = whole ? 1 : r[N];
    long length = whole ? r[N] * n * bytes : n * bytes;
    for (long k = 0; k < rows; k++) {
      BytesSimd.fill(c.out(0), (at + k * r[INNER]) * bytes, length, 0);
    }
  }

  private static void forward(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int n = width(r, block);
    for (long o = first(r, block); o < end(r, block); o++) {
      long x = o * r[N] * r[INNER] + column(r, block);
      long s = o * r[M] * r[INNER] + column(r, block);
      copy(c, c.in(0), x, n);
      if (MODES.get((int) r[MODE]) == Scatter.Mode.SET) {
        set(c, s, x, n);
      } else {
        join(c, c.in(2), s, x, n, s, r[INNER], 1);
      }
    }
  }

  private static void set(Call c, long s, long x, int n) {
    long[] r = c.registers();
    boolean wide = c.inSpec(1).dtype() == DType.I64;
    int bytes = c.dtype().bytes();
    MemorySegment indices = Lanes.offHeap(c.in(1));
    MemorySegment source = Lanes.offHeap(c.in(2));
    MemorySegment y = Lanes.offHeap(c.out(0));
    long inner = r[INNER];
    long shift = r[SHIFT];
    int length = r[SHIFT] == 0 ? (int) r[LENGTH] : n;
    for (long j = 0; j < r[LOOPS]; j++) {
      long from = s + j * inner;
      for (int i = 0; i < length; i++) {
        long at = x + IndicesSimd.get(indices, wide, from + i) * inner + i * shift;
        switch (bytes) {
          case 4 -> y.set(BytesSimd.INT, at * 4, source.get(BytesSimd.INT, (from + i) * 4));
          case 8 -> y.set(BytesSimd.LONG, at * 8, source.get(BytesSimd.LONG, (from + i) * 8));
          case 2 -> y.set(BytesSimd.SHORT, at * 2, source.get(BytesSimd.SHORT, (from + i) * 2));
          default -> y.set(BytesSimd.BYTE, at, source.get(BytesSimd.BYTE, from + i));
        }
      }
    }
  }

  /// Joins `source` from element `s` on to output 0 from `x` on; indices from `index` on follow in
  /// steps of `step` along the axis and `unit` along `inner`.
  private static void join(
      Call c, MemorySegment source, long s, long x, int n, long index, long step, long unit) {
    long[] r = c.registers();
    boolean wide = c.inSpec(1).dtype() == DType.I64;
    Scattering join = (c.dtype() == DType.F32 ? JOIN_F32 : JOIN_F64).get((int) r[MODE]);
    long inner = r[INNER];
    long shift = r[SHIFT];
    int length = r[SHIFT] == 0 ? (int) r[LENGTH] : n;
    for (long j = 0; j < r[LOOPS]; j++) {
      for (int i = 0; i < length; i += PIECE) {
        long from = s + j * inner + i;
        long first = index + j * step + i * unit;
        int part = Math.min(PIECE, length - i);
        long to = x + i * shift;
        join.run(source, from, c.in(1), wide, first, unit, c.out(0), to, inner, shift, part);
      }
    }
  }

  private static double get(MemorySegment x, boolean f32, long i) {
    return f32 ? x.get(Lanes.FLOAT, i * 4) : x.get(Lanes.DOUBLE, i * 8);
  }

  private static void put(MemorySegment x, boolean f32, long i, double v) {
    if (f32) {
      x.set(Lanes.FLOAT, i * 4, (float) v);
    } else {
      x.set(Lanes.DOUBLE, i * 8, v);
    }
  }

  private static void addRows(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int n = width(r, block);
    boolean wide = c.inSpec(1).dtype() == DType.I64;
    Loop.Binary add = c.dtype() == DType.F32 ? ADD_F32 : ADD_F64;
    for (long o = first(r, block); o < end(r, block); o++) {
      long x = o * r[N] * r[INNER] + column(r, block);
      long s = o * r[M] * r[INNER] + column(r, block);
      clear(c, x, n);
      if (n < Lanes.F64.length()) {
        join(c, c.in(0), s, x, n, 0, 1, 1 - r[SHIFT]);
        continue;
      }
      for (long j = 0; j < r[M]; j++) {
        long at = x + IndicesSimd.get(c.in(1), wide, j) * r[INNER];
        add.run(c.out(0), at, 0, c.in(0), s + j * r[INNER], 0, c.out(0), at, 1, n);
      }
    }
  }

  private static void setGradient(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int n = width(r, block);
    boolean take = MODES.get((int) r[MODE]) == Scatter.Mode.SET;
    for (long o = first(r, block); o < end(r, block); o++) {
      long x = o * r[N] * r[INNER] + column(r, block);
      copy(c, c.in(0), x, n);
      last(c, o * r[M] * r[INNER] + column(r, block), x, n, take);
    }
  }

  private static void last(Call c, long s, long x, int n, boolean take) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    boolean wide = c.inSpec(1).dtype() == DType.I64;
    MemorySegment indices = Lanes.offHeap(c.in(1));
    MemorySegment dx = Lanes.offHeap(c.out(0));
    MemorySegment ds = Lanes.offHeap(c.out(1));
    long inner = r[INNER];
    long shift = r[SHIFT];
    int length = r[SHIFT] == 0 ? (int) r[LENGTH] : n;
    for (long j = r[LOOPS] - 1; j >= 0; j--) {
      long from = s + j * inner;
      for (int i = length - 1; i >= 0; i--) {
        long at = x + IndicesSimd.get(indices, wide, from + i) * inner + i * shift;
        double d = get(dx, f32, at);
        put(ds, f32, from + i, d);
        put(dx, f32, at, take ? 0 : d);
      }
    }
  }

  private static void mulGradient(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int n = width(r, block);
    for (long o = first(r, block); o < end(r, block); o++) {
      long x = o * r[N] * r[INNER] + column(r, block);
      long s = o * r[M] * r[INNER] + column(r, block);
      copy(c, c.in(2), x, n);
      before(c, s, x, n);
      copy(c, c.in(0), x, n);
      after(c, s, x, n);
    }
  }

  private static void before(Call c, long s, long x, int n) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    boolean wide = c.inSpec(1).dtype() == DType.I64;
    MemorySegment indices = Lanes.offHeap(c.in(1));
    MemorySegment source = Lanes.offHeap(c.in(3));
    MemorySegment product = Lanes.offHeap(c.out(0));
    MemorySegment ds = Lanes.offHeap(c.out(1));
    long inner = r[INNER];
    long shift = r[SHIFT];
    int length = r[SHIFT] == 0 ? (int) r[LENGTH] : n;
    for (long j = 0; j < r[LOOPS]; j++) {
      long from = s + j * inner;
      for (int i = 0; i < length; i++) {
        long at = x + IndicesSimd.get(indices, wide, from + i) * inner + i * shift;
        double p = get(product, f32, at);
        put(ds, f32, from + i, p);
        put(product, f32, at, p * get(source, f32, from + i));
      }
    }
  }

  private static void after(Call c, long s, long x, int n) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    boolean wide = c.inSpec(1).dtype() == DType.I64;
    MemorySegment indices = Lanes.offHeap(c.in(1));
    MemorySegment source = Lanes.offHeap(c.in(3));
    MemorySegment dx = Lanes.offHeap(c.out(0));
    MemorySegment ds = Lanes.offHeap(c.out(1));
    long inner = r[INNER];
    long shift = r[SHIFT];
    int length = r[SHIFT] == 0 ? (int) r[LENGTH] : n;
    for (long j = r[LOOPS] - 1; j >= 0; j--) {
      long from = s + j * inner;
      for (int i = length - 1; i >= 0; i--) {
        long at = x + IndicesSimd.get(indices, wide, from + i) * inner + i * shift;
        double p = get(dx, f32, at);
        put(ds, f32, from + i, p * get(ds, f32, from + i));
        put(dx, f32, at, p * get(source, f32, from + i));
      }
    }
  }

  /// Counts in `dx` who equals the result; floats count to 2^24 without error.
  private static void peakGradient(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int n = width(r, block);
    for (long o = first(r, block); o < end(r, block); o++) {
      long x = o * r[N] * r[INNER] + column(r, block);
      long s = o * r[M] * r[INNER] + column(r, block);
      for (long k = 0; k < r[N]; k++) {
        for (long at = x + k * r[INNER], to = at + n; at < to; at++) {
          boolean tie = Scatter.Grad.same(get(c.in(2), f32, at), get(c.in(4), f32, at));
          put(c.out(0), f32, at, tie ? 1 : 0);
        }
      }
      shares(c, s, x, n, true);
      shares(c, s, x, n, false);
      for (long k = 0; k < r[N]; k++) {
        for (long at = x + k * r[INNER], to = at + n; at < to; at++) {
          boolean tie = Scatter.Grad.same(get(c.in(2), f32, at), get(c.in(4), f32, at));
          double d = get(c.in(0), f32, at);
          put(c.out(0), f32, at, tie ? d / get(c.out(0), f32, at) : 0);
        }
      }
    }
  }

  private static void shares(Call c, long s, long x, int n, boolean count) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    boolean wide = c.inSpec(1).dtype() == DType.I64;
    MemorySegment indices = Lanes.offHeap(c.in(1));
    MemorySegment source = Lanes.offHeap(c.in(3));
    MemorySegment y = Lanes.offHeap(c.in(4));
    MemorySegment dy = Lanes.offHeap(c.in(0));
    MemorySegment ties = Lanes.offHeap(c.out(0));
    MemorySegment ds = Lanes.offHeap(c.out(1));
    long inner = r[INNER];
    long shift = r[SHIFT];
    int length = r[SHIFT] == 0 ? (int) r[LENGTH] : n;
    for (long j = 0; j < r[LOOPS]; j++) {
      long from = s + j * inner;
      for (int i = 0; i < length; i++) {
        long at = x + IndicesSimd.get(indices, wide, from + i) * inner + i * shift;
        boolean tie = Scatter.Grad.same(get(source, f32, from + i), get(y, f32, at));
        double t = get(ties, f32, at);
        if (count) {
          put(ties, f32, at, tie ? t + 1 : t);
        } else {
          put(ds, f32, from + i, tie ? get(dy, f32, at) / t : 0);
        }
      }
    }
  }
}
