package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.FftPlan.ROW;
import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Stages of a column transform in F32: rows of columns, `re` and `im` apart, each row a line of
/// cache of which the first `width` columns count. A stage of radix `r` on sub-transforms of `sub`
/// rows turns rows `p + j sub / r` into `w^(k p) sum_j e^(-2 pi i j k / r) x_j`, in place.
///
/// The inner loop of a stage goes over whatever is longer, the roots of one sub-transform or the
/// sub-transforms that share a root, so that bounds checks are paid for once.
final class FftRadixF32 {
  private static final int LANES = F32.length();
  private static final int SIZE = Float.BYTES;

  private FftRadixF32() {}

  /// All stages.
  static void run(
      FftPlan.Columns c,
      MemorySegment t,
      MemorySegment x,
      long re,
      long im,
      int width,
      long spare) {
    int rows = c.length();
    int sub = rows;
    for (int s = 0; s < c.radix().length; s++) {
      int radix = c.radix()[s];
      long tAt = c.twiddles()[s];
      if (radix == 4) {
        radix4(x, re, im, rows, sub, width, t, tAt);
      } else if (radix == 2) {
        radix2(x, re, im, rows, sub, width, t, tAt);
      } else {
        odd(x, re, im, rows, sub, radix, width, t, tAt, spare);
      }
      sub /= radix;
    }
  }

  private static void radix4(
      MemorySegment x, long re, long im, int rows, int sub, int width, MemorySegment t, long tAt) {
    if (sub == 4) {
      last4(x, re, im, rows, width);
    } else if (sub / 4 >= rows / sub) {
      long step = (long) sub * ROW;
      for (long base = 0; base < (long) rows * ROW; base += step) {
        for (int v = 0; v < width; v += LANES) {
          long at = base + (long) v * SIZE;
          roots4(x, re + at, im + at, sub / 4, t, tAt);
        }
      }
    } else {
      for (int p = 0; p < sub / 4; p++) {
        for (int v = 0; v < width; v += LANES) {
          long at = (long) p * ROW + (long) v * SIZE;
          bases4(x, re + at, im + at, rows / sub, sub / 4, t, tAt + (long) p * SIZE);
        }
      }
    }
  }

  /// One sub-transform of `4 m` rows, one vector wide.
  private static void roots4(MemorySegment x, long r0, long i0, int m, MemorySegment t, long tAt) {
    x = Lanes.offHeap(x);
    t = Lanes.offHeap(t);
    long step = (long) m * ROW;
    long part = (long) m * SIZE;
    long r1 = r0 + step;
    long r2 = r1 + step;
    long r3 = r2 + step;
    long i1 = i0 + step;
    long i2 = i1 + step;
    long i3 = i2 + step;
    long wr1 = tAt;
    long wr2 = wr1 + part;
    long wr3 = wr2 + part;
    long wi1 = wr3 + part;
    long wi2 = wi1 + part;
    long wi3 = wi2 + part;
    for (int p = 0; p < m; p++) {
      long at = (long) p * ROW;
      long w = (long) p * SIZE;
      FloatVector ar = fromMemorySegment(F32, x, r0 + at, ORDER);
      FloatVector br = fromMemorySegment(F32, x, r1 + at, ORDER);
      FloatVector cr = fromMemorySegment(F32, x, r2 + at, ORDER);
      FloatVector dr = fromMemorySegment(F32, x, r3 + at, ORDER);
      FloatVector ai = fromMemorySegment(F32, x, i0 + at, ORDER);
      FloatVector bi = fromMemorySegment(F32, x, i1 + at, ORDER);
      FloatVector ci = fromMemorySegment(F32, x, i2 + at, ORDER);
      FloatVector di = fromMemorySegment(F32, x, i3 + at, ORDER);
      FloatVector sr = ar.add(cr);
      FloatVector si = ai.add(ci);
      FloatVector ur = br.add(dr);
      FloatVector ui = bi.add(di);
      ar = ar.sub(cr);
      ai = ai.sub(ci);
      br = br.sub(dr);
      bi = bi.sub(di);
      sr.add(ur).intoMemorySegment(x, r0 + at, ORDER);
      si.add(ui).intoMemorySegment(x, i0 + at, ORDER);
      sr = sr.sub(ur);
      si = si.sub(ui);
      FloatVector wr = broadcast(F32, t.get(FLOAT, wr2 + w));
      FloatVector wi = broadcast(F32, t.get(FLOAT, wi2 + w));
      sr.mul(wr).sub(si.mul(wi)).intoMemorySegment(x, r2 + at, ORDER);
      sr.fma(wi, si.mul(wr)).intoMemorySegment(x, i2 + at, ORDER);
      cr = ar.add(bi);
      ci = ai.sub(br);
      wr = broadcast(F32, t.get(FLOAT, wr1 + w));
      wi = broadcast(F32, t.get(FLOAT, wi1 + w));
      cr.mul(wr).sub(ci.mul(wi)).intoMemorySegment(x, r1 + at, ORDER);
      cr.fma(wi, ci.mul(wr)).intoMemorySegment(x, i1 + at, ORDER);
      ar = ar.sub(bi);
      ai = ai.add(br);
      wr = broadcast(F32, t.get(FLOAT, wr3 + w));
      wi = broadcast(F32, t.get(FLOAT, wi3 + w));
      ar.mul(wr).sub(ai.mul(wi)).intoMemorySegment(x, r3 + at, ORDER);
      ar.fma(wi, ai.mul(wr)).intoMemorySegment(x, i3 + at, ORDER);
    }
  }

  /// One root of all sub-transforms of `4 m` rows, one vector wide.
  private static void bases4(
      MemorySegment x, long r0, long i0, int bases, int m, MemorySegment t, long tAt) {
    x = Lanes.offHeap(x);
    t = Lanes.offHeap(t);
    long step = (long) m * ROW;
    long part = (long) m * SIZE;
    long r1 = r0 + step;
    long r2 = r1 + step;
    long r3 = r2 + step;
    long i1 = i0 + step;
    long i2 = i1 + step;
    long i3 = i2 + step;
    FloatVector wr1 = broadcast(F32, t.get(FLOAT, tAt));
    FloatVector wr2 = broadcast(F32, t.get(FLOAT, tAt + part));
    FloatVector wr3 = broadcast(F32, t.get(FLOAT, tAt + 2 * part));
    FloatVector wi1 = broadcast(F32, t.get(FLOAT, tAt + 3 * part));
    FloatVector wi2 = broadcast(F32, t.get(FLOAT, tAt + 4 * part));
    FloatVector wi3 = broadcast(F32, t.get(FLOAT, tAt + 5 * part));
    for (int b = 0; b < bases; b++) {
      long at = 4 * step * b;
      FloatVector ar = fromMemorySegment(F32, x, r0 + at, ORDER);
      FloatVector br = fromMemorySegment(F32, x, r1 + at, ORDER);
      FloatVector cr = fromMemorySegment(F32, x, r2 + at, ORDER);
      FloatVector dr = fromMemorySegment(F32, x, r3 + at, ORDER);
      FloatVector ai = fromMemorySegment(F32, x, i0 + at, ORDER);
      FloatVector bi = fromMemorySegment(F32, x, i1 + at, ORDER);
      FloatVector ci = fromMemorySegment(F32, x, i2 + at, ORDER);
      FloatVector di = fromMemorySegment(F32, x, i3 + at, ORDER);
      FloatVector sr = ar.add(cr);
      FloatVector si = ai.add(ci);
      FloatVector ur = br.add(dr);
      FloatVector ui = bi.add(di);
      ar = ar.sub(cr);
      ai = ai.sub(ci);
      br = br.sub(dr);
      bi = bi.sub(di);
      sr.add(ur).intoMemorySegment(x, r0 + at, ORDER);
      si.add(ui).intoMemorySegment(x, i0 + at, ORDER);
      sr = sr.sub(ur);
      si = si.sub(ui);
      sr.mul(wr2).sub(si.mul(wi2)).intoMemorySegment(x, r2 + at, ORDER);
      sr.fma(wi2, si.mul(wr2)).intoMemorySegment(x, i2 + at, ORDER);
      cr = ar.add(bi);
      ci = ai.sub(br);
      cr.mul(wr1).sub(ci.mul(wi1)).intoMemorySegment(x, r1 + at, ORDER);
      cr.fma(wi1, ci.mul(wr1)).intoMemorySegment(x, i1 + at, ORDER);
      ar = ar.sub(bi);
      ai = ai.add(br);
      ar.mul(wr3).sub(ai.mul(wi3)).intoMemorySegment(x, r3 + at, ORDER);
      ar.fma(wi3, ai.mul(wr3)).intoMemorySegment(x, i3 + at, ORDER);
    }
  }

  /// The last stage, whose roots are all 1.
  private static void last4(MemorySegment x, long re, long im, int rows, int width) {
    x = Lanes.offHeap(x);
    for (int v = 0; v < width; v += LANES) {
      long r0 = re + (long) v * SIZE;
      long i0 = im + (long) v * SIZE;
      for (int b = 0; b < rows / 4; b++) {
        long r = r0 + 4L * ROW * b;
        long i = i0 + 4L * ROW * b;
        FloatVector ar = fromMemorySegment(F32, x, r, ORDER);
        FloatVector br = fromMemorySegment(F32, x, r + ROW, ORDER);
        FloatVector cr = fromMemorySegment(F32, x, r + 2 * ROW, ORDER);
        FloatVector dr = fromMemorySegment(F32, x, r + 3 * ROW, ORDER);
        FloatVector ai = fromMemorySegment(F32, x, i, ORDER);
        FloatVector bi = fromMemorySegment(F32, x, i + ROW, ORDER);
        FloatVector ci = fromMemorySegment(F32, x, i + 2 * ROW, ORDER);
        FloatVector di = fromMemorySegment(F32, x, i + 3 * ROW, ORDER);
        FloatVector sr = ar.add(cr);
        FloatVector si = ai.add(ci);
        FloatVector ur = br.add(dr);
        FloatVector ui = bi.add(di);
        ar = ar.sub(cr);
        ai = ai.sub(ci);
        br = br.sub(dr);
        bi = bi.sub(di);
        sr.add(ur).intoMemorySegment(x, r, ORDER);
        si.add(ui).intoMemorySegment(x, i, ORDER);
        sr.sub(ur).intoMemorySegment(x, r + 2 * ROW, ORDER);
        si.sub(ui).intoMemorySegment(x, i + 2 * ROW, ORDER);
        ar.add(bi).intoMemorySegment(x, r + ROW, ORDER);
        ai.sub(br).intoMemorySegment(x, i + ROW, ORDER);
        ar.sub(bi).intoMemorySegment(x, r + 3 * ROW, ORDER);
        ai.add(br).intoMemorySegment(x, i + 3 * ROW, ORDER);
      }
    }
  }

  private static void radix2(
      MemorySegment x, long re, long im, int rows, int sub, int width, MemorySegment t, long tAt) {
    x = Lanes.offHeap(x);
    t = Lanes.offHeap(t);
    int m = sub / 2;
    long step = (long) m * ROW;
    for (int base = 0; base < rows; base += sub) {
      for (int v = 0; v < width; v += LANES) {
        long r0 = re + (long) base * ROW + (long) v * SIZE;
        long i0 = im + (long) base * ROW + (long) v * SIZE;
        long r1 = r0 + step;
        long i1 = i0 + step;
        long tr = tAt;
        long ti = tAt + (long) m * SIZE;
        for (int p = 0; p < m; p++) {
          long at = (long) p * ROW;
          FloatVector ar = fromMemorySegment(F32, x, r0 + at, ORDER);
          FloatVector br = fromMemorySegment(F32, x, r1 + at, ORDER);
          FloatVector ai = fromMemorySegment(F32, x, i0 + at, ORDER);
          FloatVector bi = fromMemorySegment(F32, x, i1 + at, ORDER);
          ar.add(br).intoMemorySegment(x, r0 + at, ORDER);
          ai.add(bi).intoMemorySegment(x, i0 + at, ORDER);
          FloatVector wr = broadcast(F32, t.get(FLOAT, tr + (long) p * SIZE));
          FloatVector wi = broadcast(F32, t.get(FLOAT, ti + (long) p * SIZE));
          ar = ar.sub(br);
          ai = ai.sub(bi);
          ar.mul(wr).sub(ai.mul(wi)).intoMemorySegment(x, r1 + at, ORDER);
          ar.fma(wi, ai.mul(wr)).intoMemorySegment(x, i1 + at, ORDER);
        }
      }
    }
  }

  /// An odd prime radix: sums and differences of opposite rows go to `spare`, then every pair of
  /// opposite results is a sum over those.
  private static void odd(
      MemorySegment x,
      long re,
      long im,
      int rows,
      int sub,
      int radix,
      int width,
      MemorySegment t,
      long tAt,
      long spare) {
    int m = sub / radix;
    for (int base = 0; base < rows; base += sub) {
      for (int p = 0; p < m; p++) {
        for (int v = 0; v < width; v += LANES) {
          long at = (long) (base + p) * ROW + (long) v * SIZE;
          fold(x, re + at, im + at, (long) m * ROW, radix, spare);
          unfold(x, re + at, im + at, m, radix, t, tAt, p, spare);
        }
      }
    }
  }

  /// For `j` from 1 to `radix / 2` the four vectors `x_j + x_-j` and `x_j - x_-j`; first of all
  /// `x_0`, whose place gets the sum of all.
  private static void fold(MemorySegment x, long re, long im, long step, int radix, long spare) {
    x = Lanes.offHeap(x);
    FloatVector sr = fromMemorySegment(F32, x, re, ORDER);
    FloatVector si = fromMemorySegment(F32, x, im, ORDER);
    sr.intoMemorySegment(x, spare, ORDER);
    si.intoMemorySegment(x, spare + ROW, ORDER);
    for (int j = 1; j <= radix / 2; j++) {
      long to = spare + 4L * ROW * j;
      FloatVector ar = fromMemorySegment(F32, x, re + step * j, ORDER);
      FloatVector ai = fromMemorySegment(F32, x, im + step * j, ORDER);
      FloatVector br = fromMemorySegment(F32, x, re + step * (radix - j), ORDER);
      FloatVector bi = fromMemorySegment(F32, x, im + step * (radix - j), ORDER);
      FloatVector ur = ar.add(br);
      FloatVector ui = ai.add(bi);
      ur.intoMemorySegment(x, to, ORDER);
      ui.intoMemorySegment(x, to + ROW, ORDER);
      ar.sub(br).intoMemorySegment(x, to + 2 * ROW, ORDER);
      ai.sub(bi).intoMemorySegment(x, to + 3 * ROW, ORDER);
      sr = sr.add(ur);
      si = si.add(ui);
    }
    sr.intoMemorySegment(x, re, ORDER);
    si.intoMemorySegment(x, im, ORDER);
  }

  private static void unfold(
      MemorySegment x,
      long re,
      long im,
      int m,
      int radix,
      MemorySegment t,
      long tAt,
      int p,
      long spare) {
    x = Lanes.offHeap(x);
    t = Lanes.offHeap(t);
    long imag = (long) (radix - 1) * m * SIZE;
    long cosines = tAt + 2 * imag;
    long sines = cosines + (long) radix * SIZE;
    for (int k = 1; k <= radix / 2; k++) {
      FloatVector cr = fromMemorySegment(F32, x, spare, ORDER);
      FloatVector ci = fromMemorySegment(F32, x, spare + ROW, ORDER);
      FloatVector sr = FloatVector.zero(F32);
      FloatVector si = FloatVector.zero(F32);
      for (int j = 1; j <= radix / 2; j++) {
        long from = spare + 4L * ROW * j;
        long root = (long) (j * k % radix) * SIZE;
        FloatVector c = broadcast(F32, t.get(FLOAT, cosines + root));
        FloatVector s = broadcast(F32, t.get(FLOAT, sines + root));
        cr = fromMemorySegment(F32, x, from, ORDER).fma(c, cr);
        ci = fromMemorySegment(F32, x, from + ROW, ORDER).fma(c, ci);
        sr = fromMemorySegment(F32, x, from + 2 * ROW, ORDER).fma(s, sr);
        si = fromMemorySegment(F32, x, from + 3 * ROW, ORDER).fma(s, si);
      }
      long w = tAt + ((long) (k - 1) * m + p) * SIZE;
      FloatVector wr = broadcast(F32, t.get(FLOAT, w));
      FloatVector wi = broadcast(F32, t.get(FLOAT, w + imag));
      FloatVector yr = cr.add(si);
      FloatVector yi = ci.sub(sr);
      long at = (long) k * m * ROW;
      yr.mul(wr).sub(yi.mul(wi)).intoMemorySegment(x, re + at, ORDER);
      yr.fma(wi, yi.mul(wr)).intoMemorySegment(x, im + at, ORDER);
      w = tAt + ((long) (radix - k - 1) * m + p) * SIZE;
      wr = broadcast(F32, t.get(FLOAT, w));
      wi = broadcast(F32, t.get(FLOAT, w + imag));
      yr = cr.sub(si);
      yi = ci.add(sr);
      at = (long) (radix - k) * m * ROW;
      yr.mul(wr).sub(yi.mul(wi)).intoMemorySegment(x, re + at, ORDER);
      yr.fma(wi, yi.mul(wr)).intoMemorySegment(x, im + at, ORDER);
    }
  }
}
