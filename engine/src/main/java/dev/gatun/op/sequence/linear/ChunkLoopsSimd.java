package dev.gatun.op.sequence.linear;

import dev.gatun.cpu.simd.FastChunkF32;
import dev.gatun.cpu.simd.FastChunkF64;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// The loops of chunks of [FastWeights] for one type of elements.
final class ChunkLoopsSimd {
  private static final ChunkLoopsSimd F32 = new ChunkLoopsSimd(true);
  private static final ChunkLoopsSimd F64 = new ChunkLoopsSimd(false);

  private final boolean f32;

  private ChunkLoopsSimd(boolean f32) {
    this.f32 = f32;
  }

  static ChunkLoopsSimd of(DType t) {
    return t == DType.F32 ? F32 : F64;
  }

  boolean finite(MemorySegment w, long x, int n) {
    return f32 ? FastChunkF32.finite(w, x, n) : FastChunkF64.finite(w, x, n);
  }

  void columns(MemorySegment w, long x, int width, long y, int n, int columns) {
    if (f32) {
      FastChunkF32.columns(w, x, width, y, n, columns);
    } else {
      FastChunkF64.columns(w, x, width, y, n, columns);
    }
  }

  void rows(MemorySegment w, long x, long y, int width, int n, int columns) {
    if (f32) {
      FastChunkF32.rows(w, x, y, width, n, columns);
    } else {
      FastChunkF64.rows(w, x, y, width, n, columns);
    }
  }

  void product(
      MemorySegment w,
      long a,
      int aRow,
      long b,
      int bRow,
      long c,
      int cRow,
      int m,
      int k,
      int n,
      boolean add,
      long zeros) {
    if (f32) {
      FastChunkF32.product(w, a, aRow, b, bRow, c, cRow, m, k, n, add, zeros);
    } else {
      FastChunkF64.product(w, a, aRow, b, bRow, c, cRow, m, k, n, add, zeros);
    }
  }

  void dots(MemorySegment w, long l, int width, int m, long x, int k, long y) {
    if (f32) {
      FastChunkF32.dots(w, l, width, m, x, k, y);
    } else {
      FastChunkF64.dots(w, l, width, m, x, k, y);
    }
  }

  void fade(
      MemorySegment w,
      long x,
      long e,
      long first,
      long second,
      long before,
      long after,
      int columns,
      int i,
      boolean early) {
    if (f32) {
      FastChunkF32.fade(w, x, e, first, second, before, after, columns, i, early);
    } else {
      FastChunkF64.fade(w, x, e, first, second, before, after, columns, i, early);
    }
  }

  void lower(MemorySegment w, long y, int n, boolean diagonal) {
    if (f32) {
      FastChunkF32.lower(w, y, n, diagonal);
    } else {
      FastChunkF64.lower(w, y, n, diagonal);
    }
  }

  void combine(
      MemorySegment w,
      long y,
      long f,
      int step,
      long x,
      int width,
      int from,
      int to,
      boolean away) {
    if (f32) {
      FastChunkF32.combine(w, y, f, step, x, width, from, to, away);
    } else {
      FastChunkF64.combine(w, y, f, step, x, width, from, to, away);
    }
  }

  void fadeRows(MemorySegment w, long x, long e, int width, int from, int to) {
    if (f32) {
      FastChunkF32.fadeRows(w, x, e, width, from, to);
    } else {
      FastChunkF64.fadeRows(w, x, e, width, from, to);
    }
  }

  void fromStart(
      MemorySegment w, long e, long x, long y, long whole, int width, int n, boolean early) {
    if (f32) {
      FastChunkF32.fromStart(w, e, x, y, whole, width, n, early);
    } else {
      FastChunkF64.fromStart(w, e, x, y, whole, width, n, early);
    }
  }

  void toEnd(MemorySegment w, long e, long x, long y, int width, int n) {
    if (f32) {
      FastChunkF32.toEnd(w, e, x, y, width, n);
    } else {
      FastChunkF64.toEnd(w, e, x, y, width, n);
    }
  }

  void rates(
      MemorySegment w, long total, long plus, long minus, long later, long y, int width, int n) {
    if (f32) {
      FastChunkF32.rates(w, total, plus, minus, later, y, width, n);
    } else {
      FastChunkF64.rates(w, total, plus, minus, later, y, width, n);
    }
  }
}
