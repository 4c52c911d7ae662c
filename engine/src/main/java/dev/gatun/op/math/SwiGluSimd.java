package dev.gatun.op.math;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [SwiGlu] and its gradient, whose loop writes two results from one sigmoid.
final class SwiGluSimd {
  private static final Loop.Binary F32 =
      Loop.f32((FloatVector g, FloatVector x) -> x.mul(g.mul(SigmoidLanes.f32(g))));
  private static final Loop.Binary F64 =
      Loop.f64((DoubleVector g, DoubleVector x) -> x.mul(g.mul(SigmoidLanes.f64(g))));

  static final Workers.Body BODY = SwiGluSimd::forward;
  static final Workers.Body GRAD = SwiGluSimd::gradient;

  private SwiGluSimd() {}

  private static void forward(Call c, long phase, int block, int worker) {
    long at = (long) block * Elementwise.BLOCK;
    int n = (int) Math.min(Elementwise.BLOCK, c.outShape(0).elems() - at);
    Loop.Binary loop = c.dtype() == DType.F32 ? F32 : F64;
    loop.run(c.in(0), at, 0, c.in(1), at, 0, c.out(0), at, 1, n);
  }

  private static void gradient(Call c, long phase, int block, int worker) {
    long at = (long) block * Elementwise.BLOCK;
    int n = (int) Math.min(Elementwise.BLOCK, c.outShape(0).elems() - at);
    if (c.dtype() == DType.F32) {
      gradF32(c.in(0), c.in(1), c.in(2), c.out(0), c.out(1), at * Float.BYTES, n);
    } else {
      gradF64(c.in(0), c.in(1), c.in(2), c.out(0), c.out(1), at * Double.BYTES, n);
    }
  }

  private static void gradF32(
      MemorySegment dy,
      MemorySegment gate,
      MemorySegment x,
      MemorySegment dgate,
      MemorySegment dx,
      long from,
      int n) {
    dy = Lanes.offHeap(dy);
    gate = Lanes.offHeap(gate);
    x = Lanes.offHeap(x);
    dgate = Lanes.offHeap(dgate);
    dx = Lanes.offHeap(dx);
    int lanes = Lanes.F32.length();
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      long at = from + (long) i * Float.BYTES;
      FloatVector g = FloatVector.fromMemorySegment(Lanes.F32, gate, at, Lanes.ORDER);
      FloatVector s = SigmoidLanes.f32(g);
      FloatVector d = FloatVector.fromMemorySegment(Lanes.F32, dy, at, Lanes.ORDER);
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, at, Lanes.ORDER);
      FloatVector y = g.mul(s);
      d.mul(y).intoMemorySegment(dx, at, Lanes.ORDER);
      // s (1 + g (1 - s)) = s + y (1 - s)
      y.mul(s.neg().add(1)).add(s).mul(d.mul(v)).intoMemorySegment(dgate, at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = from + (long) i * Float.BYTES;
      float g = gate.get(Lanes.FLOAT, at);
      float s = (float) (1 / (1 + Math.exp(-g)));
      float d = dy.get(Lanes.FLOAT, at);
      float v = x.get(Lanes.FLOAT, at);
      dx.set(Lanes.FLOAT, at, d * (g * s));
      dgate.set(Lanes.FLOAT, at, (g * s * (1 - s) + s) * (d * v));
    }
  }

  private static void gradF64(
      MemorySegment dy,
      MemorySegment gate,
      MemorySegment x,
      MemorySegment dgate,
      MemorySegment dx,
      long from,
      int n) {
    dy = Lanes.offHeap(dy);
    gate = Lanes.offHeap(gate);
    x = Lanes.offHeap(x);
    dgate = Lanes.offHeap(dgate);
    dx = Lanes.offHeap(dx);
    int lanes = Lanes.F64.length();
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      long at = from + (long) i * Double.BYTES;
      DoubleVector g = DoubleVector.fromMemorySegment(Lanes.F64, gate, at, Lanes.ORDER);
      DoubleVector s = SigmoidLanes.f64(g);
      DoubleVector d = DoubleVector.fromMemorySegment(Lanes.F64, dy, at, Lanes.ORDER);
      DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, x, at, Lanes.ORDER);
      DoubleVector y = g.mul(s);
      d.mul(y).intoMemorySegment(dx, at, Lanes.ORDER);
      // s (1 + g (1 - s)) = s + y (1 - s)
      y.mul(s.neg().add(1)).add(s).mul(d.mul(v)).intoMemorySegment(dgate, at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = from + (long) i * Double.BYTES;
      double g = gate.get(Lanes.DOUBLE, at);
      double s = (1 / (1 + Math.exp(-g)));
      double d = dy.get(Lanes.DOUBLE, at);
      double v = x.get(Lanes.DOUBLE, at);
      dx.set(Lanes.DOUBLE, at, d * (g * s));
      dgate.set(Lanes.DOUBLE, at, (g * s * (1 - s) + s) * (d * v));
    }
  }
}
