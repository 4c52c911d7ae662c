package dev.gatun.jmh;

import static jdk.incubator.vector.VectorOperators.ADD;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Lanes;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import org.openjdk.jmh.annotations.CompilerControl;

/// The loops behind [Ceiling], as tight as C2 makes them: nothing but the instructions that are
/// measured. Each returns or writes what it computed, so that none of it can be left out.
///
/// None may be inlined: within a caller C2 runs short of registers, spills the accumulators, and
/// the peak reads half of what it is (51 instead of 103 GFLOP/s). JMH passes the annotation to JVMs
/// that it starts; `.ci/bench` says the same to its own.
@CompilerControl(CompilerControl.Mode.DONT_INLINE)
final class CeilingLoops {
  /// Two FMA ports times a latency of four or five cycles want ten chains; with two operands,
  /// twelve still fit sixteen registers.
  private static final int CHAINS = 12;

  private static final int F32_BYTES = Lanes.F32.vectorByteSize();

  private CeilingLoops() {}

  /// Operations of [#fmaF32].
  static double flopsF32(int n) {
    return 2.0 * CHAINS * n * Lanes.F32.length();
  }

  /// Operations of [#fmaF64].
  static double flopsF64(int n) {
    return 2.0 * CHAINS * n * Lanes.F64.length();
  }

  /// `n` FMAs on each of twelve accumulators, which are the addends: the instruction overwrites
  /// that operand, and any other form costs a move and a register more.
  static float fmaF32(int n) {
    FloatVector x = FloatVector.broadcast(Lanes.F32, 0.999f);
    FloatVector y = FloatVector.broadcast(Lanes.F32, 1e-3f);
    FloatVector s0 = FloatVector.zero(Lanes.F32);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    FloatVector s8 = s0;
    FloatVector s9 = s0;
    FloatVector s10 = s0;
    FloatVector s11 = s0;
    for (int i = 0; i < n; i++) {
      s0 = x.fma(y, s0);
      s1 = x.fma(y, s1);
      s2 = x.fma(y, s2);
      s3 = x.fma(y, s3);
      s4 = x.fma(y, s4);
      s5 = x.fma(y, s5);
      s6 = x.fma(y, s6);
      s7 = x.fma(y, s7);
      s8 = x.fma(y, s8);
      s9 = x.fma(y, s9);
      s10 = x.fma(y, s10);
      s11 = x.fma(y, s11);
    }
    FloatVector t = s0.add(s1).add(s2).add(s3).add(s4).add(s5);
    return t.add(s6).add(s7).add(s8).add(s9).add(s10).add(s11).reduceLanes(ADD);
  }

  /// As [#fmaF32] in doubles.
  static double fmaF64(int n) {
    DoubleVector x = DoubleVector.broadcast(Lanes.F64, 0.999);
    DoubleVector y = DoubleVector.broadcast(Lanes.F64, 1e-3);
    DoubleVector s0 = DoubleVector.zero(Lanes.F64);
    DoubleVector s1 = s0;
    DoubleVector s2 = s0;
    DoubleVector s3 = s0;
    DoubleVector s4 = s0;
    DoubleVector s5 = s0;
    DoubleVector s6 = s0;
    DoubleVector s7 = s0;
    DoubleVector s8 = s0;
    DoubleVector s9 = s0;
    DoubleVector s10 = s0;
    DoubleVector s11 = s0;
    for (int i = 0; i < n; i++) {
      s0 = x.fma(y, s0);
      s1 = x.fma(y, s1);
      s2 = x.fma(y, s2);
      s3 = x.fma(y, s3);
      s4 = x.fma(y, s4);
      s5 = x.fma(y, s5);
      s6 = x.fma(y, s6);
      s7 = x.fma(y, s7);
      s8 = x.fma(y, s8);
      s9 = x.fma(y, s9);
      s10 = x.fma(y, s10);
      s11 = x.fma(y, s11);
    }
    DoubleVector t = s0.add(s1).add(s2).add(s3).add(s4).add(s5);
    return t.add(s6).add(s7).add(s8).add(s9).add(s10).add(s11).reduceLanes(ADD);
  }

  /// Sum of `a`, whose bytes are a multiple of four vectors, in four runs at once: the prefetchers
  /// follow several, and one alone reaches four fifths of the rate.
  static float read(MemorySegment a) {
    a = Lanes.offHeap(a);
    int n = (int) a.byteSize() / 4;
    FloatVector s0 = FloatVector.zero(Lanes.F32);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int i = 0; i < n; i += F32_BYTES) {
      s0 = s0.add(FloatVector.fromMemorySegment(Lanes.F32, a, i, Lanes.ORDER));
      s1 = s1.add(FloatVector.fromMemorySegment(Lanes.F32, a, i + n, Lanes.ORDER));
      s2 = s2.add(FloatVector.fromMemorySegment(Lanes.F32, a, i + 2 * n, Lanes.ORDER));
      s3 = s3.add(FloatVector.fromMemorySegment(Lanes.F32, a, i + 3 * n, Lanes.ORDER));
    }
    return s0.add(s1).add(s2.add(s3)).reduceLanes(ADD);
  }

  /// `y = a`, in two runs at once.
  static void copy(MemorySegment a, MemorySegment y) {
    a = Lanes.offHeap(a);
    y = Lanes.offHeap(y);
    int n = (int) a.byteSize() / 2;
    for (int i = 0; i < n; i += F32_BYTES) {
      FloatVector s0 = FloatVector.fromMemorySegment(Lanes.F32, a, i, Lanes.ORDER);
      FloatVector s1 = FloatVector.fromMemorySegment(Lanes.F32, a, i + n, Lanes.ORDER);
      s0.intoMemorySegment(y, i, Lanes.ORDER);
      s1.intoMemorySegment(y, i + n, Lanes.ORDER);
    }
  }

  /// `y = a + 3 b`, in two runs at once.
  static void triad(MemorySegment a, MemorySegment b, MemorySegment y) {
    a = Lanes.offHeap(a);
    y = Lanes.offHeap(y);
    b = Lanes.offHeap(b);
    int n = (int) a.byteSize() / 2;
    FloatVector c = FloatVector.broadcast(Lanes.F32, 3);
    for (int i = 0; i < n; i += F32_BYTES) {
      FloatVector a0 = FloatVector.fromMemorySegment(Lanes.F32, a, i, Lanes.ORDER);
      FloatVector b0 = FloatVector.fromMemorySegment(Lanes.F32, b, i, Lanes.ORDER);
      FloatVector a1 = FloatVector.fromMemorySegment(Lanes.F32, a, i + n, Lanes.ORDER);
      FloatVector b1 = FloatVector.fromMemorySegment(Lanes.F32, b, i + n, Lanes.ORDER);
      b0.fma(c, a0).intoMemorySegment(y, i, Lanes.ORDER);
      b1.fma(c, a1).intoMemorySegment(y, i + n, Lanes.ORDER);
    }
  }

  /// Sum of the exponentials of `a`, whose bytes are a multiple of two vectors: the loads, the
  /// polynomial and no stores.
  static float exp(MemorySegment a) {
    a = Lanes.offHeap(a);
    int n = (int) a.byteSize();
    FloatVector s0 = FloatVector.zero(Lanes.F32);
    FloatVector s1 = s0;
    for (int i = 0; i < n; i += 2 * F32_BYTES) {
      s0 =
          s0.add(ExpLanes.moderateF32(FloatVector.fromMemorySegment(Lanes.F32, a, i, Lanes.ORDER)));
      s1 =
          s1.add(
              ExpLanes.moderateF32(
                  FloatVector.fromMemorySegment(Lanes.F32, a, i + F32_BYTES, Lanes.ORDER)));
    }
    return s0.add(s1).reduceLanes(ADD);
  }
}
