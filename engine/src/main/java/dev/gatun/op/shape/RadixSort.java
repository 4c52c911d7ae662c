package dev.gatun.op.shape;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// Stable sorts of runs by the bytes of their keys, the least byte first (Knuth, The Art of
/// Computer Programming 3, 5.2.5). A key is the element as an unsigned integer of the same order;
/// it travels with its place. Bytes that all keys share cost nothing, and short runs are sorted by
/// insertion.
final class RadixSort {
  static final Workers.Body BODY = RadixSort::sort;
  static final Workers.Body SCATTER = RadixSort::scatter;

  static final int N = 0;
  static final int TAKEN = 1;
  static final int INNER = 2;
  static final int RUNS = 3;
  static final int DESCENDING = 4;

  private static final int BLOCK = 4096;
  private static final int SHORT = 40;
  private static final int DIGITS = 256;
  private static final int BYTES = 8;

  /// Bytes of the histograms at the start of a worker's memory.
  private static final long COUNTS = (long) DIGITS * BYTES * Integer.BYTES;

  private RadixSort() {}

  /// Memory of one worker: histograms, then keys and places twice.
  static long bytes(long n) {
    return COUNTS + (2 * n * (Long.BYTES + Integer.BYTES) + 63 & -64);
  }

  static int blocks(long[] r) {
    return Math.toIntExact((r[RUNS] + runsPerBlock(r) - 1) / runsPerBlock(r));
  }

  private static long runsPerBlock(long[] r) {
    return Math.max(1, BLOCK / Math.max(1, r[N]));
  }

  private static void scatter(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long end = Math.min(r[RUNS], (block + 1) * runsPerBlock(r));
    for (long run = block * runsPerBlock(r); run < end; run++) {
      Sort.Grad.run(c, run, r[TAKEN], r[N], r[INNER]);
    }
  }

  private static void sort(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int n = (int) r[N];
    long end = Math.min(r[RUNS], (block + 1) * runsPerBlock(r));
    for (long run = block * runsPerBlock(r); run < end; run++) {
      long from = run / r[INNER] * n * r[INNER] + run % r[INNER];
      long to = run / r[INNER] * r[TAKEN] * r[INNER] + run % r[INNER];
      run(c, from, to, n, worker * bytes(n));
    }
  }

  private static void run(Call c, long from, long to, int n, long base) {
    long[] r = c.registers();
    MemorySegment s = Lanes.offHeap(c.scratch());
    long keys = base + COUNTS;
    long spareKeys = keys + (long) n * Long.BYTES;
    long places = spareKeys + (long) n * Long.BYTES;
    long sparePlaces = places + (long) n * Integer.BYTES;
    int bytes = c.dtype().bytes();
    long turn = r[DESCENDING] == 1 ? (bytes == 8 ? -1L : (1L << 8 * bytes) - 1) : 0;
    for (int i = 0; i < n; i++) {
      s.set(JAVA_LONG_UNALIGNED, keys + i * 8L, key(c, from + i * r[INNER]) ^ turn);
      s.set(JAVA_INT_UNALIGNED, places + i * 4L, i);
    }
    boolean swapped = false;
    if (n <= SHORT) {
      insert(s, keys, places, n);
    } else {
      count(s, base, keys, n, bytes);
      for (int b = 0; b < bytes; b++) {
        if (start(s, base + (long) b * DIGITS * Integer.BYTES, n)) {
          long k = swapped ? spareKeys : keys;
          long p = swapped ? sparePlaces : places;
          move(s, base, b, k, p, keys + spareKeys - k, places + sparePlaces - p, n);
          swapped = !swapped;
        }
      }
    }
    take(c, from, to, swapped ? sparePlaces : places);
  }

  /// Element `at` as an unsigned integer of as many bytes: floats by sign and magnitude, the zeros
  /// as one, all NaN as the greatest.
  private static long key(Call c, long at) {
    MemorySegment x = c.in(0);
    return switch (c.dtype()) {
      case F32 -> {
        int v = Float.floatToIntBits(x.get(JAVA_FLOAT_UNALIGNED, at * 4) + 0f);
        yield (v < 0 ? ~v : v ^ Integer.MIN_VALUE) & 0xffff_ffffL;
      }
      case F64 -> {
        long v = Double.doubleToLongBits(x.get(JAVA_DOUBLE_UNALIGNED, at * 8) + 0.0);
        yield v < 0 ? ~v : v ^ Long.MIN_VALUE;
      }
      case I32 -> (x.get(JAVA_INT_UNALIGNED, at * 4) ^ Integer.MIN_VALUE) & 0xffff_ffffL;
      case I64 -> x.get(JAVA_LONG_UNALIGNED, at * 8) ^ Long.MIN_VALUE;
      case I8 -> (x.get(JAVA_BYTE, at) ^ 0x80) & 0xff;
      default -> c.dtype().readLong(x, at);
    };
  }

  private static void insert(MemorySegment s, long keys, long places, int n) {
    s = Lanes.offHeap(s);
    for (int i = 1; i < n; i++) {
      long key = s.get(JAVA_LONG_UNALIGNED, keys + i * 8L);
      int place = s.get(JAVA_INT_UNALIGNED, places + i * 4L);
      int j = i;
      while (j > 0
          && Long.compareUnsigned(s.get(JAVA_LONG_UNALIGNED, keys + (j - 1) * 8L), key) > 0) {
        s.set(JAVA_LONG_UNALIGNED, keys + j * 8L, s.get(JAVA_LONG_UNALIGNED, keys + (j - 1) * 8L));
        s.set(
            JAVA_INT_UNALIGNED, places + j * 4L, s.get(JAVA_INT_UNALIGNED, places + (j - 1) * 4L));
        j--;
      }
      s.set(JAVA_LONG_UNALIGNED, keys + j * 8L, key);
      s.set(JAVA_INT_UNALIGNED, places + j * 4L, place);
    }
  }

  /// How often each byte has each value.
  private static void count(MemorySegment s, long base, long keys, int n, int bytes) {
    s = Lanes.offHeap(s);
    for (int i = 0; i < DIGITS * bytes; i++) {
      s.set(JAVA_INT_UNALIGNED, base + i * 4L, 0);
    }
    for (int i = 0; i < n; i++) {
      long key = s.get(JAVA_LONG_UNALIGNED, keys + i * 8L);
      for (int b = 0; b < bytes; b++) {
        long at = base + (b * DIGITS + (key >>> 8 * b & 0xff)) * 4L;
        s.set(JAVA_INT_UNALIGNED, at, s.get(JAVA_INT_UNALIGNED, at) + 1);
      }
    }
  }

  /// Turns counts into the places where each value begins.
  ///
  /// @return false if all keys have one value
  private static boolean start(MemorySegment s, long counts, int n) {
    int at = 0;
    for (int d = 0; d < DIGITS; d++) {
      int count = s.get(JAVA_INT_UNALIGNED, counts + d * 4L);
      if (count == n) {
        return false;
      }
      s.set(JAVA_INT_UNALIGNED, counts + d * 4L, at);
      at += count;
    }
    return true;
  }

  private static void move(
      MemorySegment s,
      long base,
      int b,
      long keys,
      long places,
      long toKeys,
      long toPlaces,
      int n) {
    s = Lanes.offHeap(s);
    long counts = base + (long) b * DIGITS * Integer.BYTES;
    for (int i = 0; i < n; i++) {
      long key = s.get(JAVA_LONG_UNALIGNED, keys + i * 8L);
      long slot = counts + (key >>> 8 * b & 0xff) * 4L;
      int to = s.get(JAVA_INT_UNALIGNED, slot);
      s.set(JAVA_INT_UNALIGNED, slot, to + 1);
      s.set(JAVA_LONG_UNALIGNED, toKeys + to * 8L, key);
      s.set(JAVA_INT_UNALIGNED, toPlaces + to * 4L, s.get(JAVA_INT_UNALIGNED, places + i * 4L));
    }
  }

  private static void take(Call c, long from, long to, long places) {
    long[] r = c.registers();
    int bytes = c.dtype().bytes();
    for (int i = 0; i < r[TAKEN]; i++) {
      int place = c.scratch().get(JAVA_INT_UNALIGNED, places + i * 4L);
      long x = (from + place * r[INNER]) * bytes;
      long y = to + i * r[INNER];
      switch (bytes) {
        case 4 -> c.out(0).set(JAVA_INT_UNALIGNED, y * 4, c.in(0).get(JAVA_INT_UNALIGNED, x));
        case 8 -> c.out(0).set(JAVA_LONG_UNALIGNED, y * 8, c.in(0).get(JAVA_LONG_UNALIGNED, x));
        default -> c.out(0).set(JAVA_BYTE, y, c.in(0).get(JAVA_BYTE, x));
      }
      c.out(1).set(JAVA_LONG_UNALIGNED, y * 8, place);
    }
  }
}
