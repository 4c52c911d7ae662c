package dev.gatun.op.sequence.scan;

import static dev.gatun.op.sequence.scan.ScanLayout.GATE_HOP;
import static dev.gatun.op.sequence.scan.ScanLayout.GATE_STEP;
import static dev.gatun.op.sequence.scan.ScanLayout.HOP;
import static dev.gatun.op.sequence.scan.ScanLayout.INNER;
import static dev.gatun.op.sequence.scan.ScanLayout.SHARED;
import static dev.gatun.op.sequence.scan.ScanLayout.STEP;
import static dev.gatun.op.sequence.scan.ScanSimd.COMPLEX;
import static dev.gatun.op.sequence.scan.ScanSimd.GATES;
import static dev.gatun.op.sequence.scan.ScanSimd.GRAD;
import static dev.gatun.op.sequence.scan.ScanSimd.REVERSE;
import static dev.gatun.op.sequence.scan.ScanSimd.SIZE;
import static dev.gatun.op.sequence.scan.ScanSimd.SLOT;

import dev.gatun.cpu.simd.AffineRowF32;
import dev.gatun.cpu.simd.AffineRowF64;
import dev.gatun.cpu.simd.AffineScanF32;
import dev.gatun.cpu.simd.AffineScanF64;
import dev.gatun.cpu.simd.BlockScanF32;
import dev.gatun.cpu.simd.BlockScanF64;
import dev.gatun.cpu.simd.ComplexScanF32;
import dev.gatun.cpu.simd.ComplexScanF64;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// A few rows of a strip by the loop for its gates, its type and its width.
final class RowsSimd {
  private RowsSimd() {}

  /// Steps of a strip: gates at `a` of input 0, addends at `b` of input `in`, states to `h`, of
  /// which rows are `hStep` apart, and in work memory at `w`.
  static void steps(
      Call c,
      long run,
      long a,
      long b,
      int in,
      MemorySegment h,
      MemorySegment hi,
      long hAt,
      long hStep,
      int rows,
      long w,
      long spare) {
    long[] r = c.registers();
    int width = StripSimd.width(r, run);
    int lanes = StripSimd.lanes(c);
    if (rows <= 0) {
      return;
    }
    if (r[HOP] > 0) {
      blocks(c, run, a, b, r[HOP], c.in(in), h, hAt, hStep, rows, w, spare);
      return;
    }
    if (isRow(r) && rows >= lanes && hStep != 0) {
      row(c, a, b, in, h, hAt, hStep, rows, w);
      return;
    }
    int full = width < lanes ? width : width / lanes * lanes;
    part(c, a, b, in, h, hi, hAt, hStep, rows, full, width < lanes, w);
    if (full < width) {
      int o = width - lanes;
      long gate = r[SHARED] == 1 ? a : a + o;
      part(c, gate, b + o, in, h, hi, hAt + o, hStep, rows, lanes, false, w + full);
    }
  }

  /// Whether the steps of a single channel lie side by side.
  private static boolean isRow(long[] r) {
    return r[INNER] == 1 && r[STEP] == 1 && r[GATE_STEP] == 1 && r[COMPLEX] == 0;
  }

  private static void row(
      Call c, long a, long b, int in, MemorySegment h, long hAt, long hStep, int rows, long w) {
    boolean reverse = c.registers()[REVERSE] == 1;
    int lanes = StripSimd.lanes(c);
    int full = rows / lanes * lanes;
    long down = reverse ? full - 1 : 0;
    boolean done =
        c.dtype() == DType.F32
            ? AffineRowF32.row(
                c.in(0), a - down, c.in(in), b - down, h, hAt - down, full, reverse, c.scratch(), w)
            : AffineRowF64.row(
                c.in(0),
                a - down,
                c.in(in),
                b - down,
                h,
                hAt - down,
                full,
                reverse,
                c.scratch(),
                w);
    int from = done ? full : 0;
    long o = reverse ? -from : from;
    part(c, a + o, b + o, in, h, h, hAt + o, hStep, rows - from, 1, true, w);
  }

  private static void part(
      Call c,
      long a,
      long b,
      int in,
      MemorySegment h,
      MemorySegment hi,
      long hAt,
      long hStep,
      int rows,
      int n,
      boolean narrow,
      long w) {
    long[] r = c.registers();
    long s = r[REVERSE] == 1 ? -1 : 1;
    long as = s * r[GATE_STEP];
    long bs = s * r[STEP];
    boolean shared = r[SHARED] == 1;
    MemorySegment x = c.in(0);
    MemorySegment y = c.in(in);
    MemorySegment m = c.scratch();
    if (r[COMPLEX] == 1) {
      complex(c, a, as, b, bs, in, h, hi, hAt, hStep, rows, n, narrow, w);
    } else if (c.dtype() == DType.F32) {
      if (narrow) {
        AffineScanF32.narrow(x, a, as, shared, y, b, bs, h, hAt, hStep, rows, n, m, w);
      } else {
        AffineScanF32.columns(x, a, as, shared, y, b, bs, h, hAt, hStep, rows, n, m, w);
      }
    } else if (narrow) {
      AffineScanF64.narrow(x, a, as, shared, y, b, bs, h, hAt, hStep, rows, n, m, w);
    } else {
      AffineScanF64.columns(x, a, as, shared, y, b, bs, h, hAt, hStep, rows, n, m, w);
    }
  }

  /// Steps with matrices. States that nobody reads go to one row.
  private static void blocks(
      Call c,
      long run,
      long a,
      long b,
      long bHop,
      MemorySegment y,
      MemorySegment h,
      long hAt,
      long hStep,
      int rows,
      long w,
      long spare) {
    long[] r = c.registers();
    int width = StripSimd.width(r, run);
    int lanes = StripSimd.lanes(c);
    int full = width < lanes ? width : width / lanes * lanes;
    long s = r[REVERSE] == 1 ? -1 : 1;
    long hHop = hStep == 0 ? 0 : r[HOP];
    for (int t = 0; t < rows; t++) {
      long gate = a + s * t * r[GATE_STEP];
      long bAt = bHop == 0 ? b : b + s * t * r[STEP];
      long to = hAt + t * hStep;
      block(c, gate, y, bAt, bHop, h, to, hHop, full, w, spare);
      if (full < width) {
        int o = width - lanes;
        long own = r[SHARED] == 1 ? gate : gate + o;
        block(c, own, y, bHop == 0 ? bAt : bAt + o, bHop, h, to + o, hHop, lanes, w + full, spare);
      }
    }
  }

  private static void block(
      Call c,
      long a,
      MemorySegment y,
      long b,
      long bHop,
      MemorySegment h,
      long hAt,
      long hHop,
      int n,
      long w,
      long spare) {
    long[] r = c.registers();
    int k = (int) r[SIZE];
    long row = r[GRAD] == 1 ? r[GATE_HOP] : k * r[GATE_HOP];
    long column = r[GRAD] == 1 ? k * r[GATE_HOP] : r[GATE_HOP];
    int own = r[SHARED] == 1 ? 0 : 1;
    long slot = r[SLOT];
    long room = spare + k * slot;
    MemorySegment x = c.in(0);
    MemorySegment m = c.scratch();
    if (c.dtype() == DType.F32) {
      BlockScanF32.step(x, a, row, column, own, k, y, b, bHop, h, hAt, hHop, n, m, w, slot, room);
    } else {
      BlockScanF64.step(x, a, row, column, own, k, y, b, bHop, h, hAt, hHop, n, m, w, slot, room);
    }
  }

  /// What the steps make of each unit vector, and of nothing.
  private static void foldBlocks(
      Call c, long run, long a, long b, int in, int rows, long w, long spare) {
    long[] r = c.registers();
    int k = (int) r[SIZE];
    long column = k * r[SLOT];
    MemorySegment dump = c.scratch();
    long zeros = spare + 2 * column;
    long bytes = c.dtype().bytes();
    Lanes.clear(dump, zeros * bytes, r[SLOT] * bytes);
    for (int j = 0; j < k; j++) {
      blocks(c, run, a, zeros, 0, dump, dump, spare, 0, rows, w + j * column, spare);
    }
    blocks(c, run, a, b, r[HOP], c.in(in), dump, spare, 0, rows, w + k * column, spare);
  }

  private static void complex(
      Call c,
      long a,
      long as,
      long b,
      long bs,
      int in,
      MemorySegment h,
      MemorySegment hi,
      long hAt,
      long hStep,
      int rows,
      int n,
      boolean narrow,
      long w) {
    long[] r = c.registers();
    boolean one = r[SHARED] == 1;
    long slot = r[SLOT];
    int sign = r[GRAD] == 1 ? -1 : 1;
    MemorySegment x = c.in(0);
    MemorySegment xi = c.in(1);
    MemorySegment y = c.in(in);
    MemorySegment yi = c.in(in + 1);
    MemorySegment m = c.scratch();
    if (c.dtype() == DType.F32) {
      if (narrow) {
        ComplexScanF32.narrow(
            x, xi, a, as, one, sign, y, yi, b, bs, h, hi, hAt, hStep, rows, n, m, w, slot);
      } else {
        ComplexScanF32.columns(
            x, xi, a, as, one, sign, y, yi, b, bs, h, hi, hAt, hStep, rows, n, m, w, slot);
      }
    } else if (narrow) {
      ComplexScanF64.narrow(
          x, xi, a, as, one, sign, y, yi, b, bs, h, hi, hAt, hStep, rows, n, m, w, slot);
    } else {
      ComplexScanF64.columns(
          x, xi, a, as, one, sign, y, yi, b, bs, h, hi, hAt, hStep, rows, n, m, w, slot);
    }
  }

  /// What steps make of a state, onto what is at `w`.
  static void fold(Call c, long run, long a, long b, int in, int rows, long w, long spare) {
    long[] r = c.registers();
    int width = StripSimd.width(r, run);
    int lanes = StripSimd.lanes(c);
    if (rows <= 0) {
      return;
    }
    if (r[HOP] > 0) {
      foldBlocks(c, run, a, b, in, rows, w, spare);
      return;
    }
    if (isRow(r)) {
      foldRow(c, a, b, in, rows, w);
      return;
    }
    int full = width < lanes ? width : width / lanes * lanes;
    foldPart(c, a, b, in, rows, full, w);
    if (full < width) {
      int o = width - lanes;
      foldPart(c, r[SHARED] == 1 ? a : a + o, b + o, in, rows, lanes, w + full);
    }
  }

  private static void foldRow(Call c, long a, long b, int in, int rows, long w) {
    long[] r = c.registers();
    boolean reverse = r[REVERSE] == 1;
    int lanes = StripSimd.lanes(c);
    int full = rows / lanes * lanes;
    long down = reverse ? full - 1 : 0;
    if (full > 0 && c.dtype() == DType.F32) {
      AffineRowF32.foldRow(
          c.in(0), a - down, c.in(in), b - down, full, reverse, c.scratch(), w, r[SLOT]);
    } else if (full > 0) {
      AffineRowF64.foldRow(
          c.in(0), a - down, c.in(in), b - down, full, reverse, c.scratch(), w, r[SLOT]);
    }
    long o = reverse ? -full : full;
    foldPart(c, a + o, b + o, in, rows - full, 1, w);
  }

  private static void foldPart(Call c, long a, long b, int in, int rows, int n, long w) {
    long[] r = c.registers();
    long s = r[REVERSE] == 1 ? -1 : 1;
    long as = s * r[GATE_STEP];
    long bs = s * r[STEP];
    boolean one = r[SHARED] == 1;
    int sign = r[GRAD] == 1 ? -1 : 1;
    long slot = r[SLOT];
    MemorySegment x = c.in(0);
    MemorySegment y = c.in(in);
    MemorySegment m = c.scratch();
    boolean f32 = c.dtype() == DType.F32;
    if (r[COMPLEX] == 0) {
      if (f32) {
        AffineScanF32.fold(x, a, as, one, y, b, bs, rows, n, m, w, slot);
      } else {
        AffineScanF64.fold(x, a, as, one, y, b, bs, rows, n, m, w, slot);
      }
      return;
    }
    MemorySegment xi = c.in(1);
    MemorySegment yi = c.in(in + 1);
    if (f32) {
      ComplexScanF32.fold(x, xi, a, as, one, sign, y, yi, b, bs, rows, n, m, w, slot);
    } else {
      ComplexScanF64.fold(x, xi, a, as, one, sign, y, yi, b, bs, rows, n, m, w, slot);
    }
  }

  /// Gradients of gates: those of states at `at` times the states before at `before`.
  static void products(Call c, long run, long at, long before, long step, int rows) {
    long[] r = c.registers();
    int n = StripSimd.width(r, run);
    MemorySegment da = c.out(0);
    boolean f32 = c.dtype() == DType.F32;
    if (r[COMPLEX] == 0) {
      MemorySegment g = c.out(1);
      MemorySegment h = c.in(1);
      if (r[HOP] > 0) {
        products(c, at, before, step, rows, n);
      } else if (n == 1 && Math.abs(step) == 1) {
        long down = step < 0 ? rows - 1 : 0;
        row(f32, g, at - down, h, before - down, da, rows);
      } else if (f32) {
        AffineScanF32.product(g, at, step, h, before, step, da, at, step, rows, n);
      } else {
        AffineScanF64.product(g, at, step, h, before, step, da, at, step, rows, n);
      }
      return;
    }
    MemorySegment g = c.out(2);
    MemorySegment gi = c.out(3);
    MemorySegment h = c.in(2);
    MemorySegment hi = c.in(3);
    MemorySegment di = c.out(1);
    if (f32) {
      ComplexScanF32.product(g, gi, at, step, h, hi, before, step, da, di, at, step, rows, n);
    } else {
      ComplexScanF64.product(g, gi, at, step, h, hi, before, step, da, di, at, step, rows, n);
    }
  }

  /// Gradients of matrices, number by number.
  private static void products(Call c, long at, long before, long step, int rows, int n) {
    long[] r = c.registers();
    MemorySegment g = c.out(1);
    MemorySegment h = c.in(1);
    MemorySegment da = c.out(0);
    int k = (int) r[SIZE];
    for (int p = 0; p < r[GATES]; p++) {
      long x = at + p / k * r[HOP];
      long z = before + p % k * r[HOP];
      long y = StripSimd.wholeAt(r, at) + p * r[HOP];
      if (c.dtype() == DType.F32) {
        AffineScanF32.product(g, x, step, h, z, step, da, y, step * k, rows, n);
      } else {
        AffineScanF64.product(g, x, step, h, z, step, da, y, step * k, rows, n);
      }
    }
  }

  private static void row(
      boolean f32,
      MemorySegment g,
      long at,
      MemorySegment h,
      long before,
      MemorySegment da,
      int n) {
    if (f32) {
      AffineScanF32.product(g, at, 0, h, before, 0, da, at, 0, 1, n);
    } else {
      AffineScanF64.product(g, at, 0, h, before, 0, da, at, 0, 1, n);
    }
  }
}
