package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static dev.gatun.cpu.simd.ReduceF64.load;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;

/// [ScoreTile] of F64. Scores are natural.
abstract class ScoreTileF64 extends ElementsF64 implements ScoreTile {
  static final double UNIT = 1;
  static final double NONE = Double.NEGATIVE_INFINITY;

  private static final int LANES = F64.length();
  private static final long SIZE = Double.BYTES;
  private static final long ROW = QUERIES * SIZE;

  @Override
  public void softcap(MemorySegment s, long at, int k, int columns, double cap, long slopeAt) {
    s = Lanes.offHeap(s);
    double inverse = (1 / cap);
    double scaled = (cap * UNIT);
    for (int j = 0; j < k; j++) {
      for (int i = 0; i < columns; i += LANES) {
        long from = at + j * ROW + i * SIZE;
        DoubleVector t = TanhLanes.f64(load(s, from).mul(inverse));
        t.mul(scaled).intoMemorySegment(s, from, ORDER);
        if (slopeAt >= 0) {
          DoubleVector one = DoubleVector.broadcast(F64, 1.0);
          t.neg().fma(t, one).intoMemorySegment(s, slopeAt + j * ROW + i * SIZE, ORDER);
        }
      }
    }
  }

  @Override
  public void alibi(
      MemorySegment s,
      long at,
      int k,
      int columns,
      MemorySegment lanes,
      long slopesAt,
      long positionsAt) {
    s = Lanes.offHeap(s);
    lanes = Lanes.offHeap(lanes);
    for (int i = 0; i < columns; i += LANES) {
      DoubleVector slope = load(lanes, slopesAt + i * SIZE).mul(-UNIT);
      DoubleVector position = load(lanes, positionsAt + i * SIZE);
      for (int j = 0; j < k; j++) {
        long from = at + j * ROW + i * SIZE;
        position.sub(j).abs().fma(slope, load(s, from)).intoMemorySegment(s, from, ORDER);
      }
    }
  }

  @Override
  public void add(
      MemorySegment s,
      long at,
      int k,
      int columns,
      MemorySegment lanes,
      long columnAt,
      MemorySegment x,
      long xAt,
      double factor) {
    s = Lanes.offHeap(s);
    lanes = Lanes.offHeap(lanes);
    x = Lanes.offHeap(x);
    double f = factor;
    for (int i = 0; i < columns; i += LANES) {
      DoubleVector column = load(lanes, columnAt + i * SIZE);
      for (int j = 0; j < k; j++) {
        long from = at + j * ROW + i * SIZE;
        // The two may be large and nearly equal: they meet before the score does.
        DoubleVector more = column.add(f * x.get(DOUBLE, xAt + j * SIZE)).mul(UNIT);
        load(s, from).add(more).intoMemorySegment(s, from, ORDER);
      }
    }
  }

  @Override
  public void addDiagonals(
      MemorySegment s, long at, int k, int columns, MemorySegment table, long tableAt) {
    s = Lanes.offHeap(s);
    table = Lanes.offHeap(table);
    DoubleVector unit = DoubleVector.broadcast(F64, UNIT);
    for (int j = 0; j < k; j++) {
      for (int i = 0; i < columns; i += LANES) {
        long from = at + j * ROW + i * SIZE;
        DoubleVector t = load(table, tableAt + (i - j) * SIZE);
        t.fma(unit, load(s, from)).intoMemorySegment(s, from, ORDER);
      }
    }
  }

  @Override
  public void multiplyDiagonals(
      MemorySegment s, long at, int k, int columns, MemorySegment table, long tableAt) {
    s = Lanes.offHeap(s);
    table = Lanes.offHeap(table);
    for (int j = 0; j < k; j++) {
      for (int i = 0; i < columns; i += LANES) {
        long from = at + j * ROW + i * SIZE;
        load(table, tableAt + (i - j) * SIZE).mul(load(s, from)).intoMemorySegment(s, from, ORDER);
      }
    }
  }

  @Override
  public void sumDiagonals(
      MemorySegment s, long at, int k, int m, MemorySegment table, long tableAt) {
    s = Lanes.offHeap(s);
    table = Lanes.offHeap(table);
    int full = F64.loopBound(m);
    for (int j = 0; j < k; j++) {
      for (int i = 0; i < full; i += LANES) {
        long to = tableAt + (i - j) * SIZE;
        load(s, at + j * ROW + i * SIZE).add(load(table, to)).intoMemorySegment(table, to, ORDER);
      }
      for (int i = full; i < m; i++) {
        long to = tableAt + (i - j) * SIZE;
        table.set(DOUBLE, to, table.get(DOUBLE, to) + s.get(DOUBLE, at + j * ROW + i * SIZE));
      }
    }
  }

  @Override
  public void multiply(
      MemorySegment a, long at, long bAt, long yAt, int k, int columns, double factor) {
    a = Lanes.offHeap(a);
    DoubleVector f = DoubleVector.broadcast(F64, factor);
    for (int j = 0; j < k; j++) {
      for (int i = 0; i < columns; i += LANES) {
        long x = j * ROW + i * SIZE;
        load(a, at + x).mul(load(a, bAt + x)).mul(f).intoMemorySegment(a, yAt + x, ORDER);
      }
    }
  }

  @Override
  public void hide(MemorySegment s, long at, int k, int columns, MemorySegment runs, long runsAt) {
    s = Lanes.offHeap(s);
    runs = Lanes.offHeap(runs);
    for (int i = 0; i < columns; i += LANES) {
      DoubleVector a = load(runs, runsAt + i * SIZE);
      DoubleVector b = load(runs, runsAt + ROW + i * SIZE);
      DoubleVector c = load(runs, runsAt + 2 * ROW + i * SIZE);
      DoubleVector d = load(runs, runsAt + 3 * ROW + i * SIZE);
      DoubleVector row = DoubleVector.zero(F64);
      for (int j = 0; j < k; j++) {
        long from = at + j * ROW + i * SIZE;
        VectorMask<Double> first = row.compare(GE, a).and(row.compare(LT, b));
        VectorMask<Double> second = row.compare(GE, c).and(row.compare(LT, d));
        DoubleVector none = DoubleVector.broadcast(F64, NONE);
        none.blend(load(s, from), first.or(second)).intoMemorySegment(s, from, ORDER);
        row = row.add(1.0);
      }
    }
  }

  @Override
  public void sumColumns(MemorySegment s, long at, int k, int columns, MemorySegment y, long yAt) {
    s = Lanes.offHeap(s);
    y = Lanes.offHeap(y);
    for (int i = 0; i < columns; i += LANES) {
      DoubleVector sum = DoubleVector.zero(F64);
      for (int j = 0; j < k; j++) {
        sum = sum.add(load(s, at + j * ROW + i * SIZE));
      }
      load(y, yAt + i * SIZE).add(sum).intoMemorySegment(y, yAt + i * SIZE, ORDER);
    }
  }

  @Override
  public double sumRow(MemorySegment s, long at, int m) {
    return ReduceF64.sum(s, at, m);
  }

  @Override
  public void addTransposed(
      MemorySegment s, long at, int k, int m, MemorySegment x, long xAt, long row) {
    s = Lanes.offHeap(s);
    x = Lanes.offHeap(x);
    for (int i = 0; i < m; i++) {
      long from = xAt + i * row;
      long to = at + i * SIZE;
      for (int j = 0; j < k; j++) {
        double v = s.get(DOUBLE, to + j * ROW) + UNIT * x.get(DOUBLE, from + j * SIZE);
        s.set(DOUBLE, to + j * ROW, v);
      }
    }
  }

  @Override
  public void sumTransposed(
      MemorySegment s, long at, int k, int m, MemorySegment x, long xAt, long row) {
    s = Lanes.offHeap(s);
    x = Lanes.offHeap(x);
    for (int i = 0; i < m; i++) {
      long to = xAt + i * row;
      long from = at + i * SIZE;
      for (int j = 0; j < k; j++) {
        x.set(DOUBLE, to + j * SIZE, x.get(DOUBLE, to + j * SIZE) + s.get(DOUBLE, from + j * ROW));
      }
    }
  }

  @Override
  public void hideTransposed(
      MemorySegment s, long at, int k, int m, MemorySegment x, long xAt, long row, long step) {
    s = Lanes.offHeap(s);
    x = Lanes.offHeap(x);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < k; j++) {
        if (x.get(ValueLayout.JAVA_BYTE, xAt + i * row + j * step) == 0) {
          s.set(DOUBLE, at + i * SIZE + j * ROW, NONE);
        }
      }
    }
  }

  @Override
  public void drop(
      MemorySegment words, long wordsAt, MemorySegment y, long yAt, long threshold, double above) {
    Threshold.f64(words, wordsAt, y, yAt, QUERIES, threshold, 0, above);
  }

  @Override
  public void greatest(
      MemorySegment s,
      long at,
      int k,
      int columns,
      MemorySegment less,
      long lessAt,
      double first,
      long bestAt) {
    s = Lanes.offHeap(s);
    less = Lanes.offHeap(less);
    for (int i = 0; i < columns; i += LANES) {
      long to = bestAt + i * SIZE;
      DoubleVector best = load(s, to);
      DoubleVector row = load(s, to + ROW);
      DoubleVector number = DoubleVector.broadcast(F64, first);
      for (int j = 0; j < k; j++) {
        DoubleVector x = load(s, at + j * ROW + i * SIZE).sub(less.get(DOUBLE, lessAt + j * SIZE));
        VectorMask<Double> greater = x.compare(GT, best);
        best = best.blend(x, greater);
        row = row.blend(number, greater);
        number = number.add(1.0);
      }
      best.intoMemorySegment(s, to, ORDER);
      row.intoMemorySegment(s, to + ROW, ORDER);
    }
  }
}
