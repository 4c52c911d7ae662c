package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Rounding to integers, which the Vector API lacks: a magnitude below 2^23 (2^52 in F64) loses its
/// fraction when that number is added, rounded to nearest even, and keeps the rest when it is taken
/// off again; larger ones are integers. The sign goes back on last, so zeros keep theirs.
public final class RoundLanes {
  private RoundLanes() {}

  /// To nearest, ties to even.
  public static FloatVector nearestF32(FloatVector x) {
    FloatVector a = x.abs();
    FloatVector r = a.blend(a.add(0x1p23f).sub(0x1p23f), a.compare(LT, 0x1p23f));
    return r.reinterpretAsInts().or(x.reinterpretAsInts().and(0x8000_0000)).reinterpretAsFloats();
  }

  /// Towards minus infinity.
  public static FloatVector floorF32(FloatVector x) {
    FloatVector a = x.abs();
    FloatVector n = a.blend(a.add(0x1p23f).sub(0x1p23f), a.compare(LT, 0x1p23f));
    FloatVector r =
        n.reinterpretAsInts().or(x.reinterpretAsInts().and(0x8000_0000)).reinterpretAsFloats();
    FloatVector y = r.blend(r.sub(1), r.compare(GT, x));
    return y.reinterpretAsInts().or(x.reinterpretAsInts().and(0x8000_0000)).reinterpretAsFloats();
  }

  /// Towards infinity.
  public static FloatVector ceilF32(FloatVector x) {
    FloatVector a = x.abs();
    FloatVector n = a.blend(a.add(0x1p23f).sub(0x1p23f), a.compare(LT, 0x1p23f));
    FloatVector r =
        n.reinterpretAsInts().or(x.reinterpretAsInts().and(0x8000_0000)).reinterpretAsFloats();
    FloatVector y = r.blend(r.add(1), r.compare(LT, x));
    return y.reinterpretAsInts().or(x.reinterpretAsInts().and(0x8000_0000)).reinterpretAsFloats();
  }

  /// Towards zero.
  public static FloatVector truncateF32(FloatVector x) {
    FloatVector a = x.abs();
    FloatVector n = a.blend(a.add(0x1p23f).sub(0x1p23f), a.compare(LT, 0x1p23f));
    FloatVector r = n.blend(n.sub(1), n.compare(GT, a));
    return r.reinterpretAsInts().or(x.reinterpretAsInts().and(0x8000_0000)).reinterpretAsFloats();
  }

  /// To nearest, ties to even.
  public static DoubleVector nearestF64(DoubleVector x) {
    DoubleVector a = x.abs();
    DoubleVector r = a.blend(a.add(0x1p52).sub(0x1p52), a.compare(LT, 0x1p52));
    return r.reinterpretAsLongs()
        .or(x.reinterpretAsLongs().and(0x8000_0000_0000_0000L))
        .reinterpretAsDoubles();
  }

  /// Towards minus infinity.
  public static DoubleVector floorF64(DoubleVector x) {
    DoubleVector a = x.abs();
    DoubleVector n = a.blend(a.add(0x1p52).sub(0x1p52), a.compare(LT, 0x1p52));
    DoubleVector r =
        n.reinterpretAsLongs()
            .or(x.reinterpretAsLongs().and(0x8000_0000_0000_0000L))
            .reinterpretAsDoubles();
    DoubleVector y = r.blend(r.sub(1), r.compare(GT, x));
    return y.reinterpretAsLongs()
        .or(x.reinterpretAsLongs().and(0x8000_0000_0000_0000L))
        .reinterpretAsDoubles();
  }

  /// Towards infinity.
  public static DoubleVector ceilF64(DoubleVector x) {
    DoubleVector a = x.abs();
    DoubleVector n = a.blend(a.add(0x1p52).sub(0x1p52), a.compare(LT, 0x1p52));
    DoubleVector r =
        n.reinterpretAsLongs()
            .or(x.reinterpretAsLongs().and(0x8000_0000_0000_0000L))
            .reinterpretAsDoubles();
    DoubleVector y = r.blend(r.add(1), r.compare(LT, x));
    return y.reinterpretAsLongs()
        .or(x.reinterpretAsLongs().and(0x8000_0000_0000_0000L))
        .reinterpretAsDoubles();
  }

  /// Towards zero.
  public static DoubleVector truncateF64(DoubleVector x) {
    DoubleVector a = x.abs();
    DoubleVector n = a.blend(a.add(0x1p52).sub(0x1p52), a.compare(LT, 0x1p52));
    DoubleVector r = n.blend(n.sub(1), n.compare(GT, a));
    return r.reinterpretAsLongs()
        .or(x.reinterpretAsLongs().and(0x8000_0000_0000_0000L))
        .reinterpretAsDoubles();
  }
}
