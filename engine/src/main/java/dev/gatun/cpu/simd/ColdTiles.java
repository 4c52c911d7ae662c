package dev.gatun.cpu.simd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// What stands in for the F32 register tiles of [Gemm] until the JVM has compiled them.
///
/// Code with vectors makes an object of each vector until C2 has compiled it, which takes some
/// 5,000 calls and a second: hundreds of times slower, at a moment when a short program does all
/// its work. Plain loops over arrays are fast a hundred milliseconds after the start. [#rows] has
/// them, with the same chain of FMAs for each element, so the same bits; meanwhile a thread of its
/// own calls the tiles until they are quick.
///
/// One instance a device, in its [dev.gatun.device.Tables].
public final class ColdTiles {
  private static final int[] HEIGHTS = {6, 4, 2, 1};
  private static final int DEPTH = 32;
  private static final int COLUMNS = 32;

  /// A call of this length is 0.1 us compiled and some 100 us before.
  private static final long QUICK_NANOS = 4_000;

  /// After so long whoever still waits for the compiler stops waiting.
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private volatile boolean compiled;

  /// Finds out whether the tiles are compiled, and if not begins to make the JVM compile them.
  public ColdTiles() {
    compiled = areQuick(3);
    if (!compiled) {
      Thread.ofPlatform().daemon().name("gatun-compile").start(this::warm);
    }
  }

  /// True as long as [#rows] is the faster way.
  public boolean areCold() {
    return !compiled;
  }

  private void warm() {
    long end = System.nanoTime() + PATIENCE_NANOS;
    // 5,000 calls make C2 start; more of them only take its processor away.
    for (int calls = 0; !compiled && System.nanoTime() < end; calls++) {
      compiled = areQuick(200);
      if (calls > 30) {
        sleep();
      }
    }
    compiled = true;
  }

  private static void sleep() {
    try {
      Thread.sleep(2);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Calls each tile `times` times.
  private static boolean areQuick(int times) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment work = arena.allocate(1 << 14, 64);
      boolean quick = true;
      for (int height : HEIGHTS) {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < times; i++) {
          long start = System.nanoTime();
          Gemm.tiles(
              GemmPlan.F32,
              height,
              work,
              0,
              DEPTH * 4L,
              work,
              1 << 12,
              COLUMNS * 4L,
              0,
              DEPTH,
              1,
              work,
              1 << 13,
              0,
              0,
              work,
              3 << 12,
              256);
          best = Math.min(best, System.nanoTime() - start);
        }
        quick &= best < QUICK_NANOS;
      }
      return quick;
    }
  }

  /// `m` rows of `C` by `columns` of one panel, one run of `k`, each sum in the order of
  /// [GemmTileF32]. Allocates its copies: compiled quickly, arrays are far faster than memory
  /// segments.
  @SuppressWarnings("TooManyParameters")
  static void rows(
      MemorySegment a,
      long aAt,
      long aRow,
      int m,
      MemorySegment b,
      long bAt,
      int k,
      int columns,
      MemorySegment in,
      long inAt,
      long inRow,
      boolean zero,
      MemorySegment c,
      long cAt,
      long cRow) {
    float[] panel = new float[k * COLUMNS];
    MemorySegment.copy(b, ValueLayout.JAVA_FLOAT_UNALIGNED, bAt, panel, 0, panel.length);
    float[] two = new float[2 * k];
    float[] sums = new float[2 * COLUMNS];
    float[] out = new float[columns];
    for (int i = 0; i < m; i += 2) {
      int height = Math.min(2, m - i);
      for (int r = 0; r < height; r++) {
        long from = aAt + (i + r) * aRow;
        MemorySegment.copy(a, ValueLayout.JAVA_FLOAT_UNALIGNED, from, two, r * k, k);
      }
      for (int j = 0; j < columns; j += 4) {
        sums(two, k, panel, j, sums);
      }
      for (int r = 0; r < height; r++) {
        if (zero) {
          Arrays.fill(out, 0);
        } else {
          long from = inAt + (i + r) * inRow;
          MemorySegment.copy(in, ValueLayout.JAVA_FLOAT_UNALIGNED, from, out, 0, columns);
        }
        for (int j = 0; j < columns; j++) {
          out[j] = sums[r * COLUMNS + j] + out[j];
        }
        MemorySegment.copy(
            out, 0, c, ValueLayout.JAVA_FLOAT_UNALIGNED, cAt + (i + r) * cRow, columns);
      }
    }
  }

  /// Two rows by four columns.
  private static void sums(float[] a, int k, float[] b, int j, float[] sums) {
    float s00 = 0;
    float s01 = 0;
    float s02 = 0;
    float s03 = 0;
    float s10 = 0;
    float s11 = 0;
    float s12 = 0;
    float s13 = 0;
    int at = j;
    for (int i = 0; i < k; i++) {
      float x = a[i];
      float y = a[k + i];
      float b0 = b[at];
      float b1 = b[at + 1];
      float b2 = b[at + 2];
      float b3 = b[at + 3];
      s00 = Math.fma(x, b0, s00);
      s01 = Math.fma(x, b1, s01);
      s02 = Math.fma(x, b2, s02);
      s03 = Math.fma(x, b3, s03);
      s10 = Math.fma(y, b0, s10);
      s11 = Math.fma(y, b1, s11);
      s12 = Math.fma(y, b2, s12);
      s13 = Math.fma(y, b3, s13);
      at += COLUMNS;
    }
    sums[j] = s00;
    sums[j + 1] = s01;
    sums[j + 2] = s02;
    sums[j + 3] = s03;
    sums[COLUMNS + j] = s10;
    sums[COLUMNS + j + 1] = s11;
    sums[COLUMNS + j + 2] = s12;
    sums[COLUMNS + j + 3] = s13;
  }
}
