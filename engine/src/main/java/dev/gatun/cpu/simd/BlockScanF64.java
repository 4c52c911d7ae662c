package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// The recurrence `h = A h + b` with a matrix of `k` rows for each channel, F64. Channels lie in
/// the lanes, numbers of a matrix `aHop` elements apart, of a state `hop`. States are carried in
/// `w`, `slot` apart; there is room for another strip at `spare`.
public final class BlockScanF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  private BlockScanF64() {}

  /// A step of `n` channels. Elements of row `i`, column `j` lie `i * rowHop + j * columnHop` from
  /// `aAt`, which says too whether matrices are transposed; `own` is 0 where channels share one.
  public static void step(
      MemorySegment a,
      long aAt,
      long rowHop,
      long columnHop,
      int own,
      int k,
      MemorySegment b,
      long bAt,
      long bHop,
      MemorySegment h,
      long hAt,
      long hHop,
      int n,
      MemorySegment w,
      long wAt,
      long slot,
      long spare) {
    int full = own == 1 ? Lanes.F64.loopBound(n) : 0;
    for (int i = 0; i < k; i++) {
      long ao = (aAt + i * rowHop) * SIZE;
      long bo = (bAt + i * bHop) * SIZE;
      long to = (spare + i * slot) * SIZE;
      rows(a, ao, columnHop * SIZE, k, b, bo, full, w, wAt * SIZE, slot * SIZE, to);
      one(a, ao, columnHop * SIZE, own, k, b, bo, full, n, w, wAt * SIZE, slot * SIZE, to);
    }
    for (int i = 0; i < k; i++) {
      long from = (spare + i * slot) * SIZE;
      settle(w, from, (wAt + i * slot) * SIZE, h, (hAt + i * hHop) * SIZE, n);
    }
  }

  private static void rows(
      MemorySegment a,
      long ao,
      long apart,
      int k,
      MemorySegment b,
      long bo,
      int n,
      MemorySegment w,
      long wo,
      long slot,
      long to) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      long o = i * SIZE;
      DoubleVector sum = load(b, bo + o);
      for (int j = 0; j < k; j++) {
        sum = load(a, ao + j * apart + o).fma(load(w, wo + j * slot + o), sum);
      }
      sum.intoMemorySegment(w, to + o, Lanes.ORDER);
    }
  }

  private static void one(
      MemorySegment a,
      long ao,
      long apart,
      int own,
      int k,
      MemorySegment b,
      long bo,
      int from,
      int n,
      MemorySegment w,
      long wo,
      long slot,
      long to) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    w = Lanes.offHeap(w);
    for (int i = from; i < n; i++) {
      long o = i * SIZE;
      double sum = b.get(Lanes.DOUBLE, bo + o);
      for (int j = 0; j < k; j++) {
        double gate = a.get(Lanes.DOUBLE, ao + j * apart + o * own);
        sum = Math.fma(gate, w.get(Lanes.DOUBLE, wo + j * slot + o), sum);
      }
      w.set(Lanes.DOUBLE, to + o, sum);
    }
  }

  /// From the spare strip to the results, and to the states without what is below the least normal
  /// number.
  private static void settle(MemorySegment w, long from, long to, MemorySegment h, long ho, int n) {
    w = Lanes.offHeap(w);
    h = Lanes.offHeap(h);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      DoubleVector s = load(w, from + i * SIZE);
      s.intoMemorySegment(h, ho + i * SIZE, Lanes.ORDER);
      s.blend(0, s.abs().compare(LT, Double.MIN_NORMAL))
          .intoMemorySegment(w, to + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      double s = w.get(Lanes.DOUBLE, from + i * SIZE);
      h.set(Lanes.DOUBLE, ho + i * SIZE, s);
      w.set(Lanes.DOUBLE, to + i * SIZE, Math.abs(s) < Double.MIN_NORMAL ? 0 : s);
    }
  }
}
