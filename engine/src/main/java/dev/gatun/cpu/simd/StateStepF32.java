package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.load;

import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Steps of state space models, F32: features in lanes, modes one after the other, the state in
/// place in the result.
///
/// Operands and rows of the model are those of `dev.gatun.op.sequence.s4.StateStep`. What is left
/// of the features goes by a last vector that starts earlier, after the others: it goes through all
/// steps by itself. Fewer features than lanes go one by one.
public final class StateStepF32 {
  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;

  private StateStepF32() {}

  /// Features `first` to `first + count` of row `row` of the batch.
  ///
  /// @param own byte offset of a vector for each rank in the work memory
  public static void run(
      Call c, int channels, int rank, boolean skip, long row, long first, int count, long own) {
    MemorySegment m = c.in(2);
    MemorySegment z = c.out(1);
    int n = (int) c.inShape(0).dim(2);
    long features = c.inShape(0).dim(3);
    long steps = c.inShape(1).dim(1);
    long step = features * SIZE;
    long state = 2 * row * n * step;
    long out = 4L * n * step;
    boolean whole = count >= LANES;
    for (int i = 0; i < count; i += whole ? LANES : 1) {
      long at = (first + (whole ? Math.min(i, count - LANES) : i)) * SIZE;
      long z0 = state + at;
      start(c.in(0), z, 2 * n, step, z0, whole);
      for (long t = row * steps; t < (row + 1) * steps; t++) {
        for (int r = 0; r < rank; r++) {
          long right = out + (4L * r + 2) * n * step + at;
          long to = own + (long) r * LANES * SIZE;
          dot(m, right, z, z0, n, step, c.scratch(), to, whole);
        }
        advance(m, at, z, z0, n, step, c.in(1), t * step + at, whole);
        for (int r = 0; r < rank; r++) {
          long from = own + (long) r * LANES * SIZE;
          correct(m, out + 4L * r * n * step + at, z, z0, 2 * n, step, c.scratch(), from, whole);
        }
        for (int k = 0; k < channels; k++) {
          long output = out + (4L * rank + 2 * k) * n * step + at;
          long to = (t * channels + k) * step + at;
          dot(m, output, z, z0, n, step, c.out(0), to, whole);
          if (skip) {
            through(c.in(1), t * step + at, c.in(3), k * step + at, c.out(0), to, whole);
          }
        }
      }
    }
  }

  private static float get(MemorySegment x, long at) {
    return x.get(Lanes.FLOAT, at);
  }

  private static void set(MemorySegment x, long at, float v) {
    x.set(Lanes.FLOAT, at, v);
  }

  /// `z = x`
  private static void start(
      MemorySegment x, MemorySegment z, int rows, long step, long at, boolean whole) {
    x = Lanes.offHeap(x);
    z = Lanes.offHeap(z);
    for (int k = 0; k < rows; k++) {
      long o = at + k * step;
      if (whole) {
        load(x, o).intoMemorySegment(z, o, Lanes.ORDER);
      } else {
        set(z, o, get(x, o));
      }
    }
  }

  /// `y = 2 Re(a . z)`
  private static void dot(
      MemorySegment m,
      long a,
      MemorySegment z,
      long at,
      int n,
      long step,
      MemorySegment y,
      long to,
      boolean whole) {
    m = Lanes.offHeap(m);
    z = Lanes.offHeap(z);
    long part = n * step;
    if (whole) {
      FloatVector s = FloatVector.zero(Lanes.F32);
      FloatVector t = FloatVector.zero(Lanes.F32);
      for (int k = 0; k < n; k++) {
        s = load(m, a + k * step).fma(load(z, at + k * step), s);
        t = load(m, a + part + k * step).fma(load(z, at + part + k * step), t);
      }
      s.sub(t).mul(2f).intoMemorySegment(y, to, Lanes.ORDER);
    } else {
      float s = 0;
      float t = 0;
      for (int k = 0; k < n; k++) {
        s += get(m, a + k * step) * get(z, at + k * step);
        t += get(m, a + part + k * step) * get(z, at + part + k * step);
      }
      set(y, to, 2 * (s - t));
    }
  }

  /// `z = F z + B u`
  private static void advance(
      MemorySegment m,
      long f,
      MemorySegment z,
      long at,
      int n,
      long step,
      MemorySegment u,
      long from,
      boolean whole) {
    m = Lanes.offHeap(m);
    z = Lanes.offHeap(z);
    long part = n * step;
    if (whole) {
      FloatVector input = load(u, from);
      for (int k = 0; k < n; k++) {
        long o = at + k * step;
        long i = f + k * step;
        FloatVector re = load(z, o);
        FloatVector im = load(z, o + part);
        FloatVector fr = load(m, i);
        FloatVector fi = load(m, i + part);
        FloatVector a = input.mul(load(m, i + 2 * part)).sub(fi.mul(im));
        FloatVector b = fi.fma(re, input.mul(load(m, i + 3 * part)));
        fr.fma(re, a).intoMemorySegment(z, o, Lanes.ORDER);
        fr.fma(im, b).intoMemorySegment(z, o + part, Lanes.ORDER);
      }
    } else {
      float input = get(u, from);
      for (int k = 0; k < n; k++) {
        long o = at + k * step;
        long i = f + k * step;
        float re = get(z, o);
        float im = get(z, o + part);
        float fr = get(m, i);
        float fi = get(m, i + part);
        set(z, o, fr * re - fi * im + get(m, i + 2 * part) * input);
        set(z, o + part, fr * im + fi * re + get(m, i + 3 * part) * input);
      }
    }
  }

  /// `z = z - L s`
  private static void correct(
      MemorySegment m,
      long left,
      MemorySegment z,
      long at,
      int rows,
      long step,
      MemorySegment s,
      long from,
      boolean whole) {
    m = Lanes.offHeap(m);
    z = Lanes.offHeap(z);
    if (whole) {
      FloatVector dot = load(s, from).neg();
      for (int k = 0; k < rows; k++) {
        long o = at + k * step;
        load(m, left + k * step).fma(dot, load(z, o)).intoMemorySegment(z, o, Lanes.ORDER);
      }
    } else {
      float dot = get(s, from);
      for (int k = 0; k < rows; k++) {
        set(z, at + k * step, get(z, at + k * step) - get(m, left + k * step) * dot);
      }
    }
  }

  /// `y = y + d u`
  private static void through(
      MemorySegment u,
      long from,
      MemorySegment d,
      long at,
      MemorySegment y,
      long to,
      boolean whole) {
    if (whole) {
      load(u, from).fma(load(d, at), load(y, to)).intoMemorySegment(y, to, Lanes.ORDER);
    } else {
      set(y, to, get(y, to) + get(u, from) * get(d, at));
    }
  }
}
