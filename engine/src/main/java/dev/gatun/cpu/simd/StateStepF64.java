package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;

import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Steps of state space models, F64: features in lanes, modes one after the other, the state in
/// place in the result. Operands, panels and rows of the model are those of
/// `dev.gatun.op.sequence.s4.StateStep`.
public final class StateStepF64 {
  private static final int LANES = Lanes.F64.length();
  private static final int PANEL = 16;
  private static final long SIZE = Double.BYTES;
  private static final long STEP = PANEL * SIZE;

  private StateStepF64() {}

  /// Panel `panel` of row `row` of the batch.
  ///
  /// @param own byte offset of the worker's work memory: input, result, and a row for each rank
  public static void run(
      Call c, int channels, int rank, boolean skip, long row, long panel, long own) {
    MemorySegment work = c.scratch();
    MemorySegment z = c.out(1);
    MemorySegment m = c.in(2);
    int n = (int) c.inShape(0).dim(3);
    long part = n * STEP;
    long state = (row * c.inShape(0).dim(1) + panel) * 2 * part;
    long model = panel * (4L + 4 * rank + 2 * channels) * part;
    long features = c.inShape(1).dim(2);
    int count = (int) Math.min(PANEL, features - panel * PANEL);
    long steps = c.inShape(1).dim(1);
    Lanes.clear(work, own, STEP);
    MemorySegment.copy(c.in(0), state, z, state, 2 * part);
    for (long t = row * steps; t < (row + 1) * steps; t++) {
      move(c.in(1), (t * features + panel * PANEL) * SIZE, work, own, count);
      for (int r = 0; r < rank; r++) {
        dot(m, model + (6L + 4 * r) * part, z, state, n, work, own + (2L + r) * STEP);
      }
      advance(m, model, z, state, n, work, own);
      for (int r = 0; r < rank; r++) {
        correct(m, model + (4L + 4 * r) * part, z, state, 2 * n, work, own + (2L + r) * STEP);
      }
      for (int k = 0; k < channels; k++) {
        dot(m, model + (4L + 4 * rank + 2 * k) * part, z, state, n, work, own + STEP);
        if (skip) {
          through(c.in(3), (k * features + panel * PANEL) * SIZE, work, own, count);
        }
        long to = ((t * channels + k) * features + panel * PANEL) * SIZE;
        move(work, own + STEP, c.out(0), to, count);
      }
    }
  }

  private static void move(MemorySegment x, long at, MemorySegment y, long to, int count) {
    if (count == PANEL) {
      for (int i = 0; i < PANEL; i += LANES) {
        load(x, at + i * SIZE).intoMemorySegment(y, to + i * SIZE, Lanes.ORDER);
      }
    } else {
      for (int i = 0; i < count; i++) {
        y.set(Lanes.DOUBLE, to + i * SIZE, x.get(Lanes.DOUBLE, at + i * SIZE));
      }
    }
  }

  /// Adds `d u` to the result.
  private static void through(MemorySegment d, long at, MemorySegment work, long own, int count) {
    for (int i = 0; i < count; i++) {
      long to = own + STEP + i * SIZE;
      double u = work.get(Lanes.DOUBLE, own + i * SIZE);
      double y = work.get(Lanes.DOUBLE, to) + u * d.get(Lanes.DOUBLE, at + i * SIZE);
      work.set(Lanes.DOUBLE, to, y);
    }
  }

  /// `y = 2 Re(a . z)`
  private static void dot(
      MemorySegment m, long a, MemorySegment z, long at, int n, MemorySegment y, long to) {
    m = Lanes.offHeap(m);
    z = Lanes.offHeap(z);
    long part = n * STEP;
    for (int i = 0; i < PANEL; i += LANES) {
      DoubleVector s = DoubleVector.zero(Lanes.F64);
      DoubleVector t = DoubleVector.zero(Lanes.F64);
      for (int k = 0; k < n; k++) {
        long o = k * STEP + i * SIZE;
        s = load(m, a + o).fma(load(z, at + o), s);
        t = load(m, a + part + o).fma(load(z, at + part + o), t);
      }
      s.sub(t).mul(2).intoMemorySegment(y, to + i * SIZE, Lanes.ORDER);
    }
  }

  /// `z = F z + B u`
  private static void advance(
      MemorySegment m, long f, MemorySegment z, long at, int n, MemorySegment u, long from) {
    m = Lanes.offHeap(m);
    z = Lanes.offHeap(z);
    long part = n * STEP;
    for (int i = 0; i < PANEL; i += LANES) {
      DoubleVector input = load(u, from + i * SIZE);
      for (int k = 0; k < n; k++) {
        long o = at + k * STEP + i * SIZE;
        long e = f + k * STEP + i * SIZE;
        DoubleVector re = load(z, o);
        DoubleVector im = load(z, o + part);
        DoubleVector fr = load(m, e);
        DoubleVector fi = load(m, e + part);
        DoubleVector a = input.mul(load(m, e + 2 * part)).sub(fi.mul(im));
        DoubleVector b = fi.fma(re, input.mul(load(m, e + 3 * part)));
        fr.fma(re, a).intoMemorySegment(z, o, Lanes.ORDER);
        fr.fma(im, b).intoMemorySegment(z, o + part, Lanes.ORDER);
      }
    }
  }

  /// `z = z - L s`
  private static void correct(
      MemorySegment m, long left, MemorySegment z, long at, int rows, MemorySegment s, long from) {
    m = Lanes.offHeap(m);
    z = Lanes.offHeap(z);
    for (int i = 0; i < PANEL; i += LANES) {
      DoubleVector dot = load(s, from + i * SIZE).neg();
      for (int k = 0; k < rows; k++) {
        long o = k * STEP + i * SIZE;
        load(m, left + o).fma(dot, load(z, at + o)).intoMemorySegment(z, at + o, Lanes.ORDER);
      }
    }
  }
}
