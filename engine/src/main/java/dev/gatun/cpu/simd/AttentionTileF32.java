package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static dev.gatun.cpu.simd.ReduceF32.load;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// [AttentionTile] of F32. Scores are in powers of two.
final class AttentionTileF32 extends ScoreTileF32 implements AttentionTile {
  private static final int LANES = F32.length();
  private static final long SIZE = Float.BYTES;
  private static final long W = LANES * SIZE;
  private static final long ROW = QUERIES * SIZE;

  static final AttentionTileF32 ONLY = new AttentionTileF32();

  private AttentionTileF32() {}

  @Override
  public int panel() {
    return 2 * LANES;
  }

  @Override
  public double unit() {
    return UNIT;
  }

  /// `2^x` for `x` that is not above 0 nor below -126; 0.6 ulp and that of the last product. The
  /// polynomial of `(2^f - 1) / f` interpolates at Chebyshev nodes of `[-1/2, 1/2]`, to 2^-26.7.
  private static FloatVector boundedPower(FloatVector x) {
    FloatVector t = x.add(0x1.8p23f + 127);
    FloatVector f = x.sub(t.sub(0x1.8p23f + 127));
    FloatVector p =
        FloatVector.broadcast(F32, 0x1.44138ap-13f)
            .fma(f, FloatVector.broadcast(F32, 0x1.5f0890p-10f))
            .fma(f, FloatVector.broadcast(F32, 0x1.3b2a54p-7f))
            .fma(f, FloatVector.broadcast(F32, 0x1.c6af6cp-5f))
            .fma(f, FloatVector.broadcast(F32, 0x1.ebfbe0p-3f))
            .fma(f, FloatVector.broadcast(F32, 0x1.62e430p-1f))
            .fma(f, FloatVector.broadcast(F32, 1f));
    FloatVector power =
        t.reinterpretAsInts()
            .lanewise(jdk.incubator.vector.VectorOperators.LSHL, 23)
            .reinterpretAsFloats();
    return p.mul(power);
  }

  /// `2^x` for `x` that is not above 0, 0 below -126.
  private static FloatVector power(FloatVector x) {
    return boundedPower(x).blend(0f, x.compare(LT, -126f));
  }

  @Override
  public void pack(
      MemorySegment x,
      long at,
      int rows,
      int d,
      double factor,
      MemorySegment y,
      long yAt,
      int columns) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    float f = (float) factor;
    for (int i = 0; i < columns; i++) {
      long to = yAt + (i / (2 * LANES) * (long) d * 2 * LANES + i % (2 * LANES)) * SIZE;
      if (i < rows) {
        packRow(x, at + (long) i * d * SIZE, d, f, y, to);
      } else {
        packZeros(d, y, to);
      }
    }
  }

  private static void packRow(MemorySegment x, long at, int d, float f, MemorySegment y, long to) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int e = 0; e < d; e++) {
      y.set(FLOAT, to + e * 2L * W, f * x.get(FLOAT, at + e * SIZE));
    }
  }

  private static void packZeros(int d, MemorySegment y, long to) {
    y = Lanes.offHeap(y);
    for (int e = 0; e < d; e++) {
      y.set(FLOAT, to + e * 2L * W, 0f);
    }
  }

  @Override
  public void widen(
      MemorySegment x, long at, int rows, int d, MemorySegment y, long yAt, int wide) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int r = 0; r < rows; r++) {
      long from = at + (long) r * d * SIZE;
      long to = yAt + (long) r * wide * SIZE;
      for (int e = 0; e < d; e++) {
        y.set(FLOAT, to + e * SIZE, x.get(FLOAT, from + e * SIZE));
      }
      for (int e = d; e < wide; e++) {
        y.set(FLOAT, to + e * SIZE, 0f);
      }
    }
  }

  @Override
  public void scores(
      MemorySegment a,
      long at,
      long row,
      int m,
      MemorySegment panels,
      long panelsAt,
      int d,
      int columns,
      MemorySegment c,
      long cAt) {
    int tiles = columns / (2 * LANES);
    ScoreProductF32.rows(a, at, row, m, panels, panelsAt, 2 * W, d * 2 * W, d, tiles, c, cAt, ROW);
  }

  @Override
  public void addRows(
      MemorySegment p,
      long pAt,
      int m,
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int wide,
      MemorySegment c,
      long cAt,
      long cRow) {
    products(
        p,
        pAt,
        ROW,
        m,
        b,
        bAt,
        bRow,
        2 * W,
        k,
        wide / (2 * LANES),
        c,
        cAt,
        cRow,
        2 * W,
        c,
        cAt,
        cRow);
  }

  @SuppressWarnings("TooManyParameters")
  private static void products(
      MemorySegment a,
      long aAt,
      long aRow,
      int m,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment in,
      long inAt,
      long inRow,
      long inStep,
      MemorySegment c,
      long cAt,
      long cRow) {
    int r = 0;
    for (; r + 6 <= m; r += 6) {
      GemmTileF32.rows6(
          a,
          aAt + r * aRow,
          aRow,
          b,
          bAt,
          bRow,
          bStep,
          k,
          tiles,
          in,
          inAt + r * inRow,
          inRow,
          inStep,
          c,
          cAt + r * cRow,
          cRow);
    }
    if (r + 4 <= m) {
      GemmTileF32.rows4(
          a,
          aAt + r * aRow,
          aRow,
          b,
          bAt,
          bRow,
          bStep,
          k,
          tiles,
          in,
          inAt + r * inRow,
          inRow,
          inStep,
          c,
          cAt + r * cRow,
          cRow);
      r += 4;
    }
    if (r + 2 <= m) {
      GemmTileF32.rows2(
          a,
          aAt + r * aRow,
          aRow,
          b,
          bAt,
          bRow,
          bStep,
          k,
          tiles,
          in,
          inAt + r * inRow,
          inRow,
          inStep,
          c,
          cAt + r * cRow,
          cRow);
      r += 2;
    }
    if (r < m) {
      GemmTileF32.rows1(
          a,
          aAt + r * aRow,
          aRow,
          b,
          bAt,
          bRow,
          bStep,
          k,
          tiles,
          in,
          inAt + r * inRow,
          inRow,
          inStep,
          c,
          cAt + r * cRow,
          cRow);
    }
  }

  @Override
  public void addColumns(
      MemorySegment p,
      long pAt,
      int m,
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int wide,
      MemorySegment c,
      long cAt,
      long cRow) {
    WeightedSumF32.rows(p, pAt, m, b, bAt, bRow, 2 * W, k, wide / (2 * LANES), c, cAt, cRow);
  }

  @Override
  public void softmax(
      MemorySegment s, long at, int k, int columns, MemorySegment state, long stateAt) {
    for (int i = 0; i < columns; i += 2 * LANES) {
      max(s, at + i * SIZE, k, state, stateAt + i * SIZE);
      exp(s, at + i * SIZE, k, state, stateAt + i * SIZE);
    }
  }

  /// New maxima of two vectors of columns, and the factors for what was summed before.
  private static void max(MemorySegment s, long at, int k, MemorySegment state, long stateAt) {
    s = Lanes.offHeap(s);
    state = Lanes.offHeap(state);
    FloatVector a = load(state, stateAt);
    FloatVector b = load(state, stateAt + W);
    FloatVector m0 = a;
    FloatVector m1 = b;
    FloatVector n0 = a;
    FloatVector n1 = b;
    int j = 0;
    for (; j < k - 1; j += 2) {
      long from = at + j * ROW;
      FloatVector x = load(s, from);
      m0 = m0.blend(x, x.compare(GT, m0));
      x = load(s, from + W);
      m1 = m1.blend(x, x.compare(GT, m1));
      x = load(s, from + ROW);
      n0 = n0.blend(x, x.compare(GT, n0));
      x = load(s, from + ROW + W);
      n1 = n1.blend(x, x.compare(GT, n1));
    }
    for (; j < k; j++) {
      FloatVector x = load(s, at + j * ROW);
      m0 = m0.blend(x, x.compare(GT, m0));
      x = load(s, at + j * ROW + W);
      m1 = m1.blend(x, x.compare(GT, m1));
    }
    m0 = m0.blend(n0, n0.compare(GT, m0));
    m1 = m1.blend(n1, n1.compare(GT, m1));
    m0.intoMemorySegment(state, stateAt, ORDER);
    m1.intoMemorySegment(state, stateAt + W, ORDER);
    power(a.sub(base(m0))).intoMemorySegment(state, stateAt + ROW, ORDER);
    power(b.sub(base(m1))).intoMemorySegment(state, stateAt + ROW + W, ORDER);
  }

  /// What is subtracted from scores: their maximum, or 0 where there is none.
  private static FloatVector base(FloatVector max) {
    return max.blend(0f, max.compare(LT, -Float.MAX_VALUE));
  }

  private static void exp(MemorySegment s, long at, int k, MemorySegment state, long stateAt) {
    s = Lanes.offHeap(s);
    state = Lanes.offHeap(state);
    FloatVector m0 = base(load(state, stateAt));
    FloatVector m1 = base(load(state, stateAt + W));
    FloatVector l0 = FloatVector.zero(F32);
    FloatVector l1 = FloatVector.zero(F32);
    for (int j = 0; j < k; j++) {
      long from = at + j * ROW;
      FloatVector x = power(load(s, from).sub(m0));
      FloatVector y = power(load(s, from + W).sub(m1));
      x.intoMemorySegment(s, from, ORDER);
      y.intoMemorySegment(s, from + W, ORDER);
      l0 = l0.add(x);
      l1 = l1.add(y);
    }
    long sums = stateAt + 2 * ROW;
    load(state, sums).fma(load(state, stateAt + ROW), l0).intoMemorySegment(state, sums, ORDER);
    load(state, sums + W)
        .fma(load(state, stateAt + ROW + W), l1)
        .intoMemorySegment(state, sums + W, ORDER);
  }

  @Override
  public void boundedSoftmax(
      MemorySegment s,
      long at,
      int k,
      int columns,
      boolean hidden,
      MemorySegment state,
      long stateAt) {
    for (int i = 0; i < columns; i += 2 * LANES) {
      if (hidden) {
        exp(s, at + i * SIZE, k, state, stateAt + i * SIZE);
      } else {
        boundedExp(s, at + i * SIZE, k, state, stateAt + i * SIZE);
      }
    }
  }

  private static void boundedExp(
      MemorySegment s, long at, int k, MemorySegment state, long stateAt) {
    s = Lanes.offHeap(s);
    state = Lanes.offHeap(state);
    FloatVector m0 = load(state, stateAt);
    FloatVector m1 = load(state, stateAt + W);
    FloatVector l0 = FloatVector.zero(F32);
    FloatVector l1 = FloatVector.zero(F32);
    for (int j = 0; j < k; j++) {
      long from = at + j * ROW;
      FloatVector x = boundedPower(load(s, from).sub(m0));
      FloatVector y = boundedPower(load(s, from + W).sub(m1));
      x.intoMemorySegment(s, from, ORDER);
      y.intoMemorySegment(s, from + W, ORDER);
      l0 = l0.add(x);
      l1 = l1.add(y);
    }
    long sums = stateAt + 2 * ROW;
    load(state, sums).add(l0).intoMemorySegment(state, sums, ORDER);
    load(state, sums + W).add(l1).intoMemorySegment(state, sums + W, ORDER);
  }

  @Override
  public void greatestSquares(
      MemorySegment x, long at, long rows, int d, MemorySegment y, long yAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    float most = 0;
    int full = F32.loopBound(d);
    for (long r = 0; r < rows; r++) {
      long from = at + r * d * SIZE;
      FloatVector sum = FloatVector.zero(F32);
      for (int i = 0; i < full; i += LANES) {
        FloatVector v = load(x, from + i * SIZE);
        sum = v.fma(v, sum);
      }
      float total = Fold.sum(sum);
      for (int i = full; i < d; i++) {
        float v = x.get(FLOAT, from + i * SIZE);
        total += v * v;
      }
      most = Math.max(most, total);
      y.set(FLOAT, yAt + r * SIZE, most);
    }
  }

  @Override
  public void weights(
      MemorySegment s, long at, int k, int columns, MemorySegment lanes, long topAt, long shareAt) {
    for (int i = 0; i < columns; i += 2 * LANES) {
      weights(s, at + i * SIZE, k, lanes, topAt + i * SIZE, shareAt + i * SIZE);
    }
  }

  private static void weights(
      MemorySegment s, long at, int k, MemorySegment lanes, long topAt, long shareAt) {
    s = Lanes.offHeap(s);
    lanes = Lanes.offHeap(lanes);
    FloatVector m0 = load(lanes, topAt);
    FloatVector m1 = load(lanes, topAt + W);
    FloatVector f0 = load(lanes, shareAt);
    FloatVector f1 = load(lanes, shareAt + W);
    for (int j = 0; j < k; j++) {
      long from = at + j * ROW;
      FloatVector x = power(load(s, from).sub(m0)).mul(f0);
      FloatVector y = power(load(s, from + W).sub(m1)).mul(f1);
      x.intoMemorySegment(s, from, ORDER);
      y.intoMemorySegment(s, from + W, ORDER);
    }
  }

  @Override
  public void gradient(
      MemorySegment p,
      long pAt,
      MemorySegment dp,
      long dpAt,
      boolean weighted,
      long wAt,
      int k,
      int columns,
      MemorySegment delta,
      long deltaAt) {
    for (int i = 0; i < columns; i += LANES) {
      if (weighted) {
        weighted(
            p, pAt + i * SIZE, dp, dpAt + i * SIZE, wAt + i * SIZE, k, delta, deltaAt + i * SIZE);
      } else {
        plain(p, pAt + i * SIZE, dp, dpAt + i * SIZE, k, delta, deltaAt + i * SIZE);
      }
    }
  }

  private static void plain(
      MemorySegment p,
      long pAt,
      MemorySegment dp,
      long dpAt,
      int k,
      MemorySegment delta,
      long deltaAt) {
    p = Lanes.offHeap(p);
    dp = Lanes.offHeap(dp);
    FloatVector d = load(Lanes.offHeap(delta), deltaAt);
    for (int j = 0; j < k; j++) {
      FloatVector x = load(p, pAt + j * ROW);
      x.mul(load(dp, dpAt + j * ROW).sub(d)).intoMemorySegment(dp, dpAt + j * ROW, ORDER);
    }
  }

  private static void weighted(
      MemorySegment p,
      long pAt,
      MemorySegment dp,
      long dpAt,
      long wAt,
      int k,
      MemorySegment delta,
      long deltaAt) {
    p = Lanes.offHeap(p);
    dp = Lanes.offHeap(dp);
    FloatVector d = load(Lanes.offHeap(delta), deltaAt);
    for (int j = 0; j < k; j++) {
      FloatVector x = load(p, pAt + j * ROW);
      FloatVector w = load(p, wAt + j * ROW);
      FloatVector y = load(dp, dpAt + j * ROW);
      x.mul(y.mul(w).sub(d)).intoMemorySegment(dp, dpAt + j * ROW, ORDER);
      x.mul(w).intoMemorySegment(p, pAt + j * ROW, ORDER);
    }
  }
}
