package dev.gatun.train;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Vector form of [Sgd.Update]. The last elements go one by one, with the same bits: every
/// operation here is rounded to nearest.
final class SgdSimd {
  /// Elements of a block: three streams of 64 KiB of F32 share a second-level cache.
  private static final int BLOCK = 16_384;

  private static final Workers.Body BODY = SgdSimd::block;

  // Registers: the constants of a step, doubles as bits.
  private static final int SCALE = 0;
  private static final int DECAY = 1;
  private static final int MOMENTUM = 2;
  private static final int NESTEROV = 3;
  private static final int RATE = 4;

  private SgdSimd() {}

  static void run(Sgd.Update u, Call c, Workers w) {
    long[] r = c.registers();
    r[SCALE] = Double.doubleToRawLongBits(u.scale());
    r[DECAY] = Double.doubleToRawLongBits(u.options().decay());
    r[MOMENTUM] = Double.doubleToRawLongBits(u.options().momentum());
    r[NESTEROV] = u.options().nesterov() ? 1 : 0;
    r[RATE] = Double.doubleToRawLongBits(-u.rate());
    long blocks = (c.inShape(0).elems() + BLOCK - 1) / BLOCK;
    w.run(BODY, c, 0, Math.toIntExact(blocks));
  }

  private static void block(Call c, long phase, int block, int worker) {
    long from = (long) block * BLOCK * c.dtype().bytes();
    int n = (int) Math.min(BLOCK, c.inShape(0).elems() - (long) block * BLOCK);
    boolean momentum = c.inputs() == 3;
    if (c.dtype() == DType.F32 && momentum) {
      f32(c.in(0), c.in(1), c.in(2), from, n, c.registers());
    } else if (c.dtype() == DType.F32) {
      f32(c.in(0), c.in(1), from, n, c.registers());
    } else if (momentum) {
      f64(c.in(0), c.in(1), c.in(2), from, n, c.registers());
    } else {
      f64(c.in(0), c.in(1), from, n, c.registers());
    }
  }

  private static FloatVector f32(long bits) {
    return FloatVector.broadcast(Lanes.F32, (float) Double.longBitsToDouble(bits));
  }

  private static void f32(
      MemorySegment p, MemorySegment b, MemorySegment g, long from, int n, long[] r) {
    FloatVector scale = f32(r[SCALE]);
    FloatVector decay = f32(r[DECAY]);
    FloatVector momentum = f32(r[MOMENTUM]);
    FloatVector rate = f32(r[RATE]);
    VectorMask<Float> nesterov = Lanes.F32.maskAll(r[NESTEROV] == 1);
    int lanes = Lanes.F32.length();
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      long at = from + (long) i * Float.BYTES;
      FloatVector gi = FloatVector.fromMemorySegment(Lanes.F32, g, at, Lanes.ORDER).mul(scale);
      FloatVector bi = FloatVector.fromMemorySegment(Lanes.F32, b, at, Lanes.ORDER);
      FloatVector pi = FloatVector.fromMemorySegment(Lanes.F32, p, at, Lanes.ORDER);
      FloatVector di = pi.fma(decay, gi);
      bi = bi.fma(momentum, di);
      bi.intoMemorySegment(b, at, Lanes.ORDER);
      bi.blend(bi.fma(momentum, di), nesterov).fma(rate, pi).intoMemorySegment(p, at, Lanes.ORDER);
    }
    if (full < n) {
      f32Tail(p, b, g, from + (long) full * Float.BYTES, n - full, r);
    }
  }

  private static void f32Tail(
      MemorySegment p, MemorySegment b, MemorySegment g, long from, int n, long[] r) {
    float scale = (float) Double.longBitsToDouble(r[SCALE]);
    float decay = (float) Double.longBitsToDouble(r[DECAY]);
    float momentum = (float) Double.longBitsToDouble(r[MOMENTUM]);
    float rate = (float) Double.longBitsToDouble(r[RATE]);
    boolean nesterov = r[NESTEROV] == 1;
    for (int i = 0; i < n; i++) {
      long at = from + (long) i * Float.BYTES;
      float pi = p.get(Lanes.FLOAT, at);
      float di = Math.fma(pi, decay, g.get(Lanes.FLOAT, at) * scale);
      float bi = Math.fma(b.get(Lanes.FLOAT, at), momentum, di);
      b.set(Lanes.FLOAT, at, bi);
      p.set(Lanes.FLOAT, at, Math.fma(nesterov ? Math.fma(bi, momentum, di) : bi, rate, pi));
    }
  }

  private static void f32(MemorySegment p, MemorySegment g, long from, int n, long[] r) {
    FloatVector scale = f32(r[SCALE]);
    FloatVector decay = f32(r[DECAY]);
    FloatVector rate = f32(r[RATE]);
    int lanes = Lanes.F32.length();
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      long at = from + (long) i * Float.BYTES;
      FloatVector gi = FloatVector.fromMemorySegment(Lanes.F32, g, at, Lanes.ORDER).mul(scale);
      FloatVector pi = FloatVector.fromMemorySegment(Lanes.F32, p, at, Lanes.ORDER);
      pi.fma(decay, gi).fma(rate, pi).intoMemorySegment(p, at, Lanes.ORDER);
    }
    if (full < n) {
      f32Tail(p, g, from + (long) full * Float.BYTES, n - full, r);
    }
  }

  private static void f32Tail(MemorySegment p, MemorySegment g, long from, int n, long[] r) {
    float scale = (float) Double.longBitsToDouble(r[SCALE]);
    float decay = (float) Double.longBitsToDouble(r[DECAY]);
    float rate = (float) Double.longBitsToDouble(r[RATE]);
    for (int i = 0; i < n; i++) {
      long at = from + (long) i * Float.BYTES;
      float pi = p.get(Lanes.FLOAT, at);
      p.set(
          Lanes.FLOAT, at, Math.fma(Math.fma(pi, decay, g.get(Lanes.FLOAT, at) * scale), rate, pi));
    }
  }

  private static DoubleVector f64(long bits) {
    return DoubleVector.broadcast(Lanes.F64, Double.longBitsToDouble(bits));
  }

  private static void f64(
      MemorySegment p, MemorySegment b, MemorySegment g, long from, int n, long[] r) {
    DoubleVector scale = f64(r[SCALE]);
    DoubleVector decay = f64(r[DECAY]);
    DoubleVector momentum = f64(r[MOMENTUM]);
    DoubleVector rate = f64(r[RATE]);
    VectorMask<Double> nesterov = Lanes.F64.maskAll(r[NESTEROV] == 1);
    int lanes = Lanes.F64.length();
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      long at = from + (long) i * Double.BYTES;
      DoubleVector gi = DoubleVector.fromMemorySegment(Lanes.F64, g, at, Lanes.ORDER).mul(scale);
      DoubleVector bi = DoubleVector.fromMemorySegment(Lanes.F64, b, at, Lanes.ORDER);
      DoubleVector pi = DoubleVector.fromMemorySegment(Lanes.F64, p, at, Lanes.ORDER);
      DoubleVector di = pi.fma(decay, gi);
      bi = bi.fma(momentum, di);
      bi.intoMemorySegment(b, at, Lanes.ORDER);
      bi.blend(bi.fma(momentum, di), nesterov).fma(rate, pi).intoMemorySegment(p, at, Lanes.ORDER);
    }
    if (full < n) {
      f64Tail(p, b, g, from + (long) full * Double.BYTES, n - full, r);
    }
  }

  private static void f64Tail(
      MemorySegment p, MemorySegment b, MemorySegment g, long from, int n, long[] r) {
    double scale = Double.longBitsToDouble(r[SCALE]);
    double decay = Double.longBitsToDouble(r[DECAY]);
    double momentum = Double.longBitsToDouble(r[MOMENTUM]);
    double rate = Double.longBitsToDouble(r[RATE]);
    boolean nesterov = r[NESTEROV] == 1;
    for (int i = 0; i < n; i++) {
      long at = from + (long) i * Double.BYTES;
      double pi = p.get(Lanes.DOUBLE, at);
      double di = Math.fma(pi, decay, g.get(Lanes.DOUBLE, at) * scale);
      double bi = Math.fma(b.get(Lanes.DOUBLE, at), momentum, di);
      b.set(Lanes.DOUBLE, at, bi);
      p.set(Lanes.DOUBLE, at, Math.fma(nesterov ? Math.fma(bi, momentum, di) : bi, rate, pi));
    }
  }

  private static void f64(MemorySegment p, MemorySegment g, long from, int n, long[] r) {
    DoubleVector scale = f64(r[SCALE]);
    DoubleVector decay = f64(r[DECAY]);
    DoubleVector rate = f64(r[RATE]);
    int lanes = Lanes.F64.length();
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      long at = from + (long) i * Double.BYTES;
      DoubleVector gi = DoubleVector.fromMemorySegment(Lanes.F64, g, at, Lanes.ORDER).mul(scale);
      DoubleVector pi = DoubleVector.fromMemorySegment(Lanes.F64, p, at, Lanes.ORDER);
      pi.fma(decay, gi).fma(rate, pi).intoMemorySegment(p, at, Lanes.ORDER);
    }
    if (full < n) {
      f64Tail(p, g, from + (long) full * Double.BYTES, n - full, r);
    }
  }

  private static void f64Tail(MemorySegment p, MemorySegment g, long from, int n, long[] r) {
    double scale = Double.longBitsToDouble(r[SCALE]);
    double decay = Double.longBitsToDouble(r[DECAY]);
    double rate = Double.longBitsToDouble(r[RATE]);
    for (int i = 0; i < n; i++) {
      long at = from + (long) i * Double.BYTES;
      double pi = p.get(Lanes.DOUBLE, at);
      p.set(
          Lanes.DOUBLE,
          at,
          Math.fma(Math.fma(pi, decay, g.get(Lanes.DOUBLE, at) * scale), rate, pi));
    }
  }
}
