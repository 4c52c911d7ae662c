package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static dev.gatun.cpu.simd.ReduceF64.load;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// [AttentionTile] of F64. Scores are natural.
final class AttentionTileF64 extends ScoreTileF64 implements AttentionTile {
  private static final int LANES = F64.length();
  private static final long SIZE = Double.BYTES;
  private static final long W = LANES * SIZE;
  private static final long ROW = QUERIES * SIZE;

  static final AttentionTileF64 ONLY = new AttentionTileF64();

  private AttentionTileF64() {}

  @Override
  public int panel() {
    return 2 * LANES;
  }

  @Override
  public double unit() {
    return UNIT;
  }

  private static DoubleVector boundedPower(DoubleVector x) {
    return ExpLanes.nonPositiveF64(x);
  }

  private static DoubleVector power(DoubleVector x) {
    return ExpLanes.nonPositiveF64(x);
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
    double f = factor;
    for (int i = 0; i < columns; i++) {
      long to = yAt + (i / (2 * LANES) * (long) d * 2 * LANES + i % (2 * LANES)) * SIZE;
      if (i < rows) {
        packRow(x, at + (long) i * d * SIZE, d, f, y, to);
      } else {
        packZeros(d, y, to);
      }
    }
  }

  private static void packRow(MemorySegment x, long at, int d, double f, MemorySegment y, long to) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int e = 0; e < d; e++) {
      y.set(DOUBLE, to + e * 2L * W, f * x.get(DOUBLE, at + e * SIZE));
    }
  }

  private static void packZeros(int d, MemorySegment y, long to) {
    y = Lanes.offHeap(y);
    for (int e = 0; e < d; e++) {
      y.set(DOUBLE, to + e * 2L * W, 0.0);
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
        y.set(DOUBLE, to + e * SIZE, x.get(DOUBLE, from + e * SIZE));
      }
      for (int e = d; e < wide; e++) {
        y.set(DOUBLE, to + e * SIZE, 0.0);
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
    ScoreProductF64.rows(a, at, row, m, panels, panelsAt, 2 * W, d * 2 * W, d, tiles, c, cAt, ROW);
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
      GemmTileF64.rows6(
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
      GemmTileF64.rows4(
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
      GemmTileF64.rows2(
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
      GemmTileF64.rows1(
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
    WeightedSumF64.rows(p, pAt, m, b, bAt, bRow, 2 * W, k, wide / (2 * LANES), c, cAt, cRow);
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
    DoubleVector a = load(state, stateAt);
    DoubleVector b = load(state, stateAt + W);
    DoubleVector m0 = a;
    DoubleVector m1 = b;
    DoubleVector n0 = a;
    DoubleVector n1 = b;
    int j = 0;
    for (; j < k - 1; j += 2) {
      long from = at + j * ROW;
      DoubleVector x = load(s, from);
      m0 = m0.blend(x, x.compare(GT, m0));
      x = load(s, from + W);
      m1 = m1.blend(x, x.compare(GT, m1));
      x = load(s, from + ROW);
      n0 = n0.blend(x, x.compare(GT, n0));
      x = load(s, from + ROW + W);
      n1 = n1.blend(x, x.compare(GT, n1));
    }
    for (; j < k; j++) {
      DoubleVector x = load(s, at + j * ROW);
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
  private static DoubleVector base(DoubleVector max) {
    return max.blend(0.0, max.compare(LT, -Double.MAX_VALUE));
  }

  private static void exp(MemorySegment s, long at, int k, MemorySegment state, long stateAt) {
    s = Lanes.offHeap(s);
    state = Lanes.offHeap(state);
    DoubleVector m0 = base(load(state, stateAt));
    DoubleVector m1 = base(load(state, stateAt + W));
    DoubleVector l0 = DoubleVector.zero(F64);
    DoubleVector l1 = DoubleVector.zero(F64);
    for (int j = 0; j < k; j++) {
      long from = at + j * ROW;
      DoubleVector x = power(load(s, from).sub(m0));
      DoubleVector y = power(load(s, from + W).sub(m1));
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
    DoubleVector m0 = load(state, stateAt);
    DoubleVector m1 = load(state, stateAt + W);
    DoubleVector l0 = DoubleVector.zero(F64);
    DoubleVector l1 = DoubleVector.zero(F64);
    for (int j = 0; j < k; j++) {
      long from = at + j * ROW;
      DoubleVector x = boundedPower(load(s, from).sub(m0));
      DoubleVector y = boundedPower(load(s, from + W).sub(m1));
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
    double most = 0;
    int full = F64.loopBound(d);
    for (long r = 0; r < rows; r++) {
      long from = at + r * d * SIZE;
      DoubleVector sum = DoubleVector.zero(F64);
      for (int i = 0; i < full; i += LANES) {
        DoubleVector v = load(x, from + i * SIZE);
        sum = v.fma(v, sum);
      }
      double total = Fold.sum(sum);
      for (int i = full; i < d; i++) {
        double v = x.get(DOUBLE, from + i * SIZE);
        total += v * v;
      }
      most = Math.max(most, total);
      y.set(DOUBLE, yAt + r * SIZE, most);
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
    DoubleVector m0 = load(lanes, topAt);
    DoubleVector m1 = load(lanes, topAt + W);
    DoubleVector f0 = load(lanes, shareAt);
    DoubleVector f1 = load(lanes, shareAt + W);
    for (int j = 0; j < k; j++) {
      long from = at + j * ROW;
      DoubleVector x = power(load(s, from).sub(m0)).mul(f0);
      DoubleVector y = power(load(s, from + W).sub(m1)).mul(f1);
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
    DoubleVector d = load(Lanes.offHeap(delta), deltaAt);
    for (int j = 0; j < k; j++) {
      DoubleVector x = load(p, pAt + j * ROW);
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
    DoubleVector d = load(Lanes.offHeap(delta), deltaAt);
    for (int j = 0; j < k; j++) {
      DoubleVector x = load(p, pAt + j * ROW);
      DoubleVector w = load(p, wAt + j * ROW);
      DoubleVector y = load(dp, dpAt + j * ROW);
      x.mul(y.mul(w).sub(d)).intoMemorySegment(dp, dpAt + j * ROW, ORDER);
      x.mul(w).intoMemorySegment(p, pAt + j * ROW, ORDER);
    }
  }
}
