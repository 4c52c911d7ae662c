package dev.gatun.train;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [AdamW.Update]. The constants of the step stay in ten registers beside four
/// streams, which fits the sixteen of AVX2. The last elements go one by one: every operation here
/// is rounded to nearest, so a scalar gives the same bits as a lane, and a masked copy of the body
/// makes the method too big for the compilers.
final class AdamWSimd {
  /// Elements of a block: four streams of 64 KiB of F32 share a second-level cache.
  private static final int BLOCK = 16_384;

  private static final Workers.Body BODY = AdamWSimd::block;

  // Registers: the constants of a step, doubles as bits.
  private static final int SCALE = 0;
  private static final int BETA1 = 1;
  private static final int REST1 = 2;
  private static final int BETA2 = 3;
  private static final int REST2 = 4;
  private static final int SPREAD = 5;
  private static final int EPSILON = 6;
  private static final int STRIDE = 7;
  private static final int KEPT = 8;
  private static final int PULL = 9;

  private AdamWSimd() {}

  static void run(AdamW.Update u, Call c, Workers w) {
    long[] r = c.registers();
    r[SCALE] = Double.doubleToRawLongBits(u.scale());
    r[BETA1] = Double.doubleToRawLongBits(u.options().beta1());
    // Rounded once: 1 - 0.999f would be off by 1e-5 of itself.
    r[REST1] = Double.doubleToRawLongBits(1 - u.options().beta1());
    r[REST2] = Double.doubleToRawLongBits(1 - u.options().beta2());
    r[BETA2] = Double.doubleToRawLongBits(u.options().beta2());
    r[SPREAD] = Double.doubleToRawLongBits(u.spread());
    r[EPSILON] = Double.doubleToRawLongBits(u.options().epsilon());
    r[STRIDE] = Double.doubleToRawLongBits(-u.stride());
    r[KEPT] = Double.doubleToRawLongBits(u.kept());
    r[PULL] = Double.doubleToRawLongBits(u.pull());
    long blocks = (c.inShape(0).elems() + BLOCK - 1) / BLOCK;
    w.run(BODY, c, 0, Math.toIntExact(blocks));
  }

  private static void block(Call c, long phase, int block, int worker) {
    long from = (long) block * BLOCK;
    int n = (int) Math.min(BLOCK, c.inShape(0).elems() - from);
    if (c.dtype() == DType.F32) {
      f32(c.in(0), c.in(1), c.in(2), c.in(3), from * Float.BYTES, n, c.registers());
    } else {
      f64(c.in(0), c.in(1), c.in(2), c.in(3), from * Double.BYTES, n, c.registers());
    }
  }

  private static FloatVector f32(long bits) {
    return FloatVector.broadcast(Lanes.F32, (float) Double.longBitsToDouble(bits));
  }

  private static void f32(
      MemorySegment p,
      MemorySegment m,
      MemorySegment v,
      MemorySegment g,
      long from,
      int n,
      long[] r) {
    FloatVector scale = f32(r[SCALE]);
    FloatVector beta1 = f32(r[BETA1]);
    FloatVector rest1 = f32(r[REST1]);
    FloatVector beta2 = f32(r[BETA2]);
    FloatVector rest2 = f32(r[REST2]);
    FloatVector spread = f32(r[SPREAD]);
    FloatVector epsilon = f32(r[EPSILON]);
    FloatVector stride = f32(r[STRIDE]);
    FloatVector kept = f32(r[KEPT]);
    FloatVector pull = f32(r[PULL]);
    int lanes = Lanes.F32.length();
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      long at = from + (long) i * Float.BYTES;
      FloatVector gi = FloatVector.fromMemorySegment(Lanes.F32, g, at, Lanes.ORDER).mul(scale);
      FloatVector mi = FloatVector.fromMemorySegment(Lanes.F32, m, at, Lanes.ORDER);
      FloatVector vi = FloatVector.fromMemorySegment(Lanes.F32, v, at, Lanes.ORDER);
      FloatVector pi = FloatVector.fromMemorySegment(Lanes.F32, p, at, Lanes.ORDER);
      gi = pi.fma(pull, gi);
      mi = gi.fma(rest1, mi.mul(beta1));
      vi = gi.mul(gi).fma(rest2, vi.mul(beta2));
      mi.intoMemorySegment(m, at, Lanes.ORDER);
      vi.intoMemorySegment(v, at, Lanes.ORDER);
      pi = pi.fma(kept, mi.mul(stride).div(vi.sqrt().fma(spread, epsilon)));
      pi.intoMemorySegment(p, at, Lanes.ORDER);
    }
    if (full < n) {
      f32Tail(p, m, v, g, from + (long) full * Float.BYTES, n - full, r);
    }
  }

  private static void f32Tail(
      MemorySegment p,
      MemorySegment m,
      MemorySegment v,
      MemorySegment g,
      long from,
      int n,
      long[] r) {
    float scale = (float) Double.longBitsToDouble(r[SCALE]);
    float beta1 = (float) Double.longBitsToDouble(r[BETA1]);
    float rest1 = (float) Double.longBitsToDouble(r[REST1]);
    float beta2 = (float) Double.longBitsToDouble(r[BETA2]);
    float rest2 = (float) Double.longBitsToDouble(r[REST2]);
    float spread = (float) Double.longBitsToDouble(r[SPREAD]);
    float epsilon = (float) Double.longBitsToDouble(r[EPSILON]);
    float stride = (float) Double.longBitsToDouble(r[STRIDE]);
    float kept = (float) Double.longBitsToDouble(r[KEPT]);
    float pull = (float) Double.longBitsToDouble(r[PULL]);
    for (int i = 0; i < n; i++) {
      long at = from + (long) i * Float.BYTES;
      float pi = p.get(Lanes.FLOAT, at);
      float gi = Math.fma(pi, pull, g.get(Lanes.FLOAT, at) * scale);
      float mi = Math.fma(gi, rest1, m.get(Lanes.FLOAT, at) * beta1);
      float vi = Math.fma(gi * gi, rest2, v.get(Lanes.FLOAT, at) * beta2);
      m.set(Lanes.FLOAT, at, mi);
      v.set(Lanes.FLOAT, at, vi);
      float root = Math.fma((float) Math.sqrt(vi), spread, epsilon);
      p.set(Lanes.FLOAT, at, Math.fma(pi, kept, mi * stride / root));
    }
  }

  private static DoubleVector f64(long bits) {
    return DoubleVector.broadcast(Lanes.F64, Double.longBitsToDouble(bits));
  }

  private static void f64(
      MemorySegment p,
      MemorySegment m,
      MemorySegment v,
      MemorySegment g,
      long from,
      int n,
      long[] r) {
    DoubleVector scale = f64(r[SCALE]);
    DoubleVector beta1 = f64(r[BETA1]);
    DoubleVector rest1 = f64(r[REST1]);
    DoubleVector beta2 = f64(r[BETA2]);
    DoubleVector rest2 = f64(r[REST2]);
    DoubleVector spread = f64(r[SPREAD]);
    DoubleVector epsilon = f64(r[EPSILON]);
    DoubleVector stride = f64(r[STRIDE]);
    DoubleVector kept = f64(r[KEPT]);
    DoubleVector pull = f64(r[PULL]);
    int lanes = Lanes.F64.length();
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      long at = from + (long) i * Double.BYTES;
      DoubleVector gi = DoubleVector.fromMemorySegment(Lanes.F64, g, at, Lanes.ORDER).mul(scale);
      DoubleVector mi = DoubleVector.fromMemorySegment(Lanes.F64, m, at, Lanes.ORDER);
      DoubleVector vi = DoubleVector.fromMemorySegment(Lanes.F64, v, at, Lanes.ORDER);
      DoubleVector pi = DoubleVector.fromMemorySegment(Lanes.F64, p, at, Lanes.ORDER);
      gi = pi.fma(pull, gi);
      mi = gi.fma(rest1, mi.mul(beta1));
      vi = gi.mul(gi).fma(rest2, vi.mul(beta2));
      mi.intoMemorySegment(m, at, Lanes.ORDER);
      vi.intoMemorySegment(v, at, Lanes.ORDER);
      pi = pi.fma(kept, mi.mul(stride).div(vi.sqrt().fma(spread, epsilon)));
      pi.intoMemorySegment(p, at, Lanes.ORDER);
    }
    if (full < n) {
      f64Tail(p, m, v, g, from + (long) full * Double.BYTES, n - full, r);
    }
  }

  private static void f64Tail(
      MemorySegment p,
      MemorySegment m,
      MemorySegment v,
      MemorySegment g,
      long from,
      int n,
      long[] r) {
    double scale = Double.longBitsToDouble(r[SCALE]);
    double beta1 = Double.longBitsToDouble(r[BETA1]);
    double rest1 = Double.longBitsToDouble(r[REST1]);
    double beta2 = Double.longBitsToDouble(r[BETA2]);
    double rest2 = Double.longBitsToDouble(r[REST2]);
    double spread = Double.longBitsToDouble(r[SPREAD]);
    double epsilon = Double.longBitsToDouble(r[EPSILON]);
    double stride = Double.longBitsToDouble(r[STRIDE]);
    double kept = Double.longBitsToDouble(r[KEPT]);
    double pull = Double.longBitsToDouble(r[PULL]);
    for (int i = 0; i < n; i++) {
      long at = from + (long) i * Double.BYTES;
      double pi = p.get(Lanes.DOUBLE, at);
      double gi = Math.fma(pi, pull, g.get(Lanes.DOUBLE, at) * scale);
      double mi = Math.fma(gi, rest1, m.get(Lanes.DOUBLE, at) * beta1);
      double vi = Math.fma(gi * gi, rest2, v.get(Lanes.DOUBLE, at) * beta2);
      m.set(Lanes.DOUBLE, at, mi);
      v.set(Lanes.DOUBLE, at, vi);
      double root = Math.fma(Math.sqrt(vi), spread, epsilon);
      p.set(Lanes.DOUBLE, at, Math.fma(pi, kept, mi * stride / root));
    }
  }
}
