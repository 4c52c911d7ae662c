package dev.gatun.op.sequence.linear;

import dev.gatun.cpu.simd.FastRowsF32;
import dev.gatun.cpu.simd.FastRowsF64;
import dev.gatun.cpu.simd.FastWeightsF32;
import dev.gatun.cpu.simd.FastWeightsF64;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// The loops of [FastWeights] for one type of elements.
final class FastLoopsSimd {
  private static final FastLoopsSimd F32 = new FastLoopsSimd(true);
  private static final FastLoopsSimd F64 = new FastLoopsSimd(false);

  private final boolean f32;

  private FastLoopsSimd(boolean f32) {
    this.f32 = f32;
  }

  static FastLoopsSimd of(DType t) {
    return t == DType.F32 ? F32 : F64;
  }

  /// Elements of a vector.
  int lanes() {
    return f32 ? Lanes.F32.length() : Lanes.F64.length();
  }

  void gather(
      MemorySegment x,
      long from,
      long stride,
      double factor,
      MemorySegment w,
      long to,
      int rows,
      int n,
      int width) {
    if (f32) {
      FastWeightsF32.gather(x, from, stride, (float) factor, w, to, rows, n, width);
    } else {
      FastWeightsF64.gather(x, from, stride, factor, w, to, rows, n, width);
    }
  }

  void spread(
      MemorySegment x, long from, long stride, MemorySegment w, long to, int rows, int width) {
    if (f32) {
      FastWeightsF32.spread(x, from, stride, w, to, rows, width);
    } else {
      FastWeightsF64.spread(x, from, stride, w, to, rows, width);
    }
  }

  void scatter(
      MemorySegment w,
      long from,
      int width,
      double factor,
      MemorySegment y,
      long to,
      long stride,
      int rows,
      int n,
      boolean add) {
    if (f32) {
      FastWeightsF32.scatter(w, from, width, (float) factor, y, to, stride, rows, n, add);
    } else {
      FastWeightsF64.scatter(w, from, width, factor, y, to, stride, rows, n, add);
    }
  }

  void fill(MemorySegment w, long x, double v, int n) {
    if (f32) {
      FastRowsF32.fill(w, x, (float) v, n);
    } else {
      FastRowsF64.fill(w, x, v, n);
    }
  }

  void exp(MemorySegment w, long x, int n) {
    if (f32) {
      FastRowsF32.exp(w, x, n);
    } else {
      FastRowsF64.exp(w, x, n);
    }
  }

  void flush(MemorySegment w, long x, int n) {
    if (f32) {
      FastRowsF32.flush(w, x, n);
    } else {
      FastRowsF64.flush(w, x, n);
    }
  }

  void mul(MemorySegment w, long a, long b, long y, int n) {
    if (f32) {
      FastRowsF32.mul(w, a, b, y, n);
    } else {
      FastRowsF64.mul(w, a, b, y, n);
    }
  }

  void addMul(MemorySegment w, long a, long b, long y, int n) {
    if (f32) {
      FastRowsF32.addMul(w, a, b, y, n);
    } else {
      FastRowsF64.addMul(w, a, b, y, n);
    }
  }

  void addScaled(MemorySegment w, long a, double c, long y, int n) {
    if (f32) {
      FastRowsF32.addScaled(w, a, (float) c, y, n);
    } else {
      FastRowsF64.addScaled(w, a, c, y, n);
    }
  }

  void sub(MemorySegment w, long a, long b, long y, int n) {
    if (f32) {
      FastRowsF32.sub(w, a, b, y, n);
    } else {
      FastRowsF64.sub(w, a, b, y, n);
    }
  }

  void mulNegated(MemorySegment w, long a, long b, long y, int n) {
    if (f32) {
      FastRowsF32.mulNegated(w, a, b, y, n);
    } else {
      FastRowsF64.mulNegated(w, a, b, y, n);
    }
  }

  void sums(
      MemorySegment w, long x, int width, MemorySegment y, long to, long stride, int rows, int n) {
    if (f32) {
      FastRowsF32.sums(w, x, width, y, to, stride, rows, n);
    } else {
      FastRowsF64.sums(w, x, width, y, to, stride, rows, n);
    }
  }

  double sum3(MemorySegment w, long a, long b, long c, int n) {
    return f32 ? FastRowsF32.sum3(w, a, b, c, n) : FastRowsF64.sum3(w, a, b, c, n);
  }

  double sum2(MemorySegment w, long a, long b, int n) {
    return f32 ? FastRowsF32.sum2(w, a, b, n) : FastRowsF64.sum2(w, a, b, n);
  }

  void dot(MemorySegment w, long x, long s, long y, int rows, int width) {
    if (f32) {
      FastWeightsF32.dot(w, x, s, y, rows, width);
    } else {
      FastWeightsF64.dot(w, x, s, y, rows, width);
    }
  }

  void advance(
      MemorySegment w,
      long s,
      long to,
      long e,
      long k,
      long v,
      long q,
      long o,
      int rows,
      int width,
      boolean before) {
    if (f32) {
      FastWeightsF32.advance(w, s, to, e, k, v, q, o, rows, width, before);
    } else {
      FastWeightsF64.advance(w, s, to, e, k, v, q, o, rows, width, before);
    }
  }

  void advance(
      MemorySegment w,
      long s,
      long to,
      long e,
      long k,
      long v,
      long b,
      long p,
      long q,
      long o,
      int rows,
      int width) {
    if (f32) {
      FastWeightsF32.advance(w, s, to, e, k, v, b, p, q, o, rows, width);
    } else {
      FastWeightsF64.advance(w, s, to, e, k, v, b, p, q, o, rows, width);
    }
  }

  void fade(MemorySegment w, long s, long e, int rows, int width) {
    if (f32) {
      FastWeightsF32.fade(w, s, e, rows, width);
    } else {
      FastWeightsF64.fade(w, s, e, rows, width);
    }
  }

  void outer(MemorySegment w, long s, long x, long y, int rows, int width) {
    if (f32) {
      FastWeightsF32.outer(w, s, x, y, rows, width);
    } else {
      FastWeightsF64.outer(w, s, x, y, rows, width);
    }
  }

  void read(MemorySegment w, long s, long x, long y, int rows, int width, int n, boolean add) {
    if (f32) {
      FastWeightsF32.read(w, s, x, y, rows, width, n, add);
    } else {
      FastWeightsF64.read(w, s, x, y, rows, width, n, add);
    }
  }

  void rates(MemorySegment w, long d, long s, long e, long y, int rows, int width, int n) {
    if (f32) {
      FastWeightsF32.rates(w, d, s, e, y, rows, width, n);
    } else {
      FastWeightsF64.rates(w, d, s, e, y, rows, width, n);
    }
  }
}
