package dev.gatun.op.sequence.rnn;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.cpu.simd.TanhLanes;
import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// What cells are made of, as loops over a row of hidden units: a step is a dozen passes over rows
/// that stay in L1, some 30 ns each, beside the product with the state's weights, which takes
/// microseconds. Offsets and lengths are in elements; a result may lie over an operand.
final class CellLoopsSimd {
  private static final CellLoopsSimd F32 =
      new CellLoopsSimd(
          4,
          new Loop.Unary[] {
            Loop.f32((FloatVector x) -> x),
            Loop.f32((FloatVector x) -> x.max(0)),
            Loop.f32(SigmoidLanes::f32),
            Loop.f32(TanhLanes::f32),
          },
          new Loop.Binary[] {
            Loop.f32((FloatVector x, FloatVector y) -> x.add(y)),
            Loop.f32((FloatVector x, FloatVector y) -> x.add(y).max(0)),
            Loop.f32((FloatVector x, FloatVector y) -> SigmoidLanes.f32(x.add(y))),
            Loop.f32((FloatVector x, FloatVector y) -> TanhLanes.f32(x.add(y))),
          },
          new Loop.Binary[] {
            Loop.f32((FloatVector d, FloatVector y) -> d),
            Loop.f32((FloatVector d, FloatVector y) ->
                FloatVector.zero(Lanes.F32).blend(d, y.compare(VectorOperators.GT, 0))),
            Loop.f32((FloatVector d, FloatVector y) -> d.mul(y.mul(y.neg().add(1f)))),
            Loop.f32((FloatVector d, FloatVector y) ->
                d.mul(y.neg().fma(y, FloatVector.broadcast(Lanes.F32, 1)))),
          },
          Loop.f32((FloatVector x, FloatVector y) -> x.add(y)),
          Loop.f32((FloatVector x, FloatVector y) -> x.sub(y)),
          Loop.f32((FloatVector x, FloatVector y) -> x.mul(y)),
          Loop.f32((FloatVector x, FloatVector limit) -> x.min(limit).max(limit.neg())),
          Loop.f32((FloatVector d, FloatVector x, FloatVector clipped) ->
              FloatVector.zero(Lanes.F32).blend(d, x.compare(VectorOperators.EQ, clipped))),
          Loop.f32((FloatVector x, FloatVector y, FloatVector z) -> x.fma(y, z)),
          Loop.f32((FloatVector z, FloatVector n, FloatVector h) ->
              z.neg().add(1f).mul(n).add(z.mul(h))),
          Loop.f32((FloatVector x) -> x.neg().add(1f)));

  private static final CellLoopsSimd F64 =
      new CellLoopsSimd(
          8,
          new Loop.Unary[] {
            Loop.f64((DoubleVector x) -> x),
            Loop.f64((DoubleVector x) -> x.max(0)),
            Loop.f64(SigmoidLanes::f64),
            Loop.f64(TanhLanes::f64),
          },
          new Loop.Binary[] {
            Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y)),
            Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y).max(0)),
            Loop.f64((DoubleVector x, DoubleVector y) -> SigmoidLanes.f64(x.add(y))),
            Loop.f64((DoubleVector x, DoubleVector y) -> TanhLanes.f64(x.add(y))),
          },
          new Loop.Binary[] {
            Loop.f64((DoubleVector d, DoubleVector y) -> d),
            Loop.f64((DoubleVector d, DoubleVector y) ->
                DoubleVector.zero(Lanes.F64).blend(d, y.compare(VectorOperators.GT, 0))),
            Loop.f64((DoubleVector d, DoubleVector y) -> d.mul(y.mul(y.neg().add(1)))),
            Loop.f64((DoubleVector d, DoubleVector y) ->
                d.mul(y.neg().fma(y, DoubleVector.broadcast(Lanes.F64, 1)))),
          },
          Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y)),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.sub(y)),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.mul(y)),
          Loop.f64((DoubleVector x, DoubleVector limit) -> x.min(limit).max(limit.neg())),
          Loop.f64((DoubleVector d, DoubleVector x, DoubleVector clipped) ->
              DoubleVector.zero(Lanes.F64).blend(d, x.compare(VectorOperators.EQ, clipped))),
          Loop.f64((DoubleVector x, DoubleVector y, DoubleVector z) -> x.fma(y, z)),
          Loop.f64((DoubleVector z, DoubleVector n, DoubleVector h) ->
              z.neg().add(1).mul(n).add(z.mul(h))),
          Loop.f64((DoubleVector x) -> x.neg().add(1)));

  private final int wide;
  private final Loop.Unary[] activations;
  private final Loop.Binary[] ofSums;
  private final Loop.Binary[] slopes;
  private final Loop.Binary sum;
  private final Loop.Binary difference;
  private final Loop.Binary product;
  private final Loop.Binary clip;
  private final Loop.Ternary inside;
  private final Loop.Ternary fma;
  private final Loop.Ternary mix;
  private final Loop.Unary rest;

  private CellLoopsSimd(
      int wide,
      Loop.Unary[] activations,
      Loop.Binary[] ofSums,
      Loop.Binary[] slopes,
      Loop.Binary sum,
      Loop.Binary difference,
      Loop.Binary product,
      Loop.Binary clip,
      Loop.Ternary inside,
      Loop.Ternary fma,
      Loop.Ternary mix,
      Loop.Unary rest) {
    this.wide = wide;
    this.activations = activations;
    this.ofSums = ofSums;
    this.slopes = slopes;
    this.sum = sum;
    this.difference = difference;
    this.product = product;
    this.clip = clip;
    this.inside = inside;
    this.fma = fma;
    this.mix = mix;
    this.rest = rest;
  }

  static CellLoopsSimd of(DType t) {
    return t == DType.F32 ? F32 : F64;
  }

  private static int number(Activation a) {
    return switch (a) {
      case RELU -> 1;
      case SIGMOID -> 2;
      case TANH -> 3;
      default -> 0;
    };
  }

  /// `y = activation(min(max(x, -limit), limit))`
  void activate(
      Activation a, double limit, MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    Loop.Unary f = activations[number(a)];
    if (limit < Double.POSITIVE_INFINITY) {
      clip.runScalar(x, xAt, limit, y, yAt, n);
      f.run(y, yAt, y, yAt, n);
    } else {
      f.run(x, xAt, y, yAt, n);
    }
  }

  /// [#activate] of `x + u` in one pass.
  void activateSum(
      Activation a,
      double limit,
      MemorySegment x,
      long xAt,
      MemorySegment u,
      long uAt,
      MemorySegment y,
      long yAt,
      int n) {
    if (limit < Double.POSITIVE_INFINITY) {
      add(x, xAt, u, uAt, y, yAt, n);
      activate(a, limit, y, yAt, y, yAt, n);
    } else {
      ofSums[number(a)].run(x, xAt, n, u, uAt, n, y, yAt, 1, n);
    }
  }

  /// `z = d` times the slope of [#activate] at `x`, where its value is `y`. `d` is spoilt.
  void slope(
      Activation a,
      double limit,
      MemorySegment d,
      long dAt,
      MemorySegment x,
      long xAt,
      MemorySegment y,
      long yAt,
      MemorySegment z,
      long zAt,
      int n) {
    slopes[number(a)].run(d, dAt, n, y, yAt, n, z, zAt, 1, n);
    if (limit < Double.POSITIVE_INFINITY) {
      clip.runScalar(x, xAt, limit, d, dAt, n);
      inside.run(z, zAt, x, xAt, d, dAt, z, zAt, n);
    }
  }

  /// `z = x + y`
  void add(MemorySegment x, long xAt, MemorySegment y, long yAt, MemorySegment z, long zAt, int n) {
    sum.run(x, xAt, n, y, yAt, n, z, zAt, 1, n);
  }

  /// `z = x - y`
  void sub(MemorySegment x, long xAt, MemorySegment y, long yAt, MemorySegment z, long zAt, int n) {
    difference.run(x, xAt, n, y, yAt, n, z, zAt, 1, n);
  }

  /// `z = x y`
  void mul(MemorySegment x, long xAt, MemorySegment y, long yAt, MemorySegment z, long zAt, int n) {
    product.run(x, xAt, n, y, yAt, n, z, zAt, 1, n);
  }

  /// `w = x y + z`
  void mulAdd(
      MemorySegment x,
      long xAt,
      MemorySegment y,
      long yAt,
      MemorySegment z,
      long zAt,
      MemorySegment w,
      long wAt,
      int n) {
    fma.run(x, xAt, y, yAt, z, zAt, w, wAt, n);
  }

  /// `w = (1 - z) n + z h`
  void mix(
      MemorySegment z,
      long zAt,
      MemorySegment n,
      long nAt,
      MemorySegment h,
      long hAt,
      MemorySegment w,
      long wAt,
      int count) {
    mix.run(z, zAt, n, nAt, h, hAt, w, wAt, count);
  }

  /// `y = 1 - x`
  void oneMinus(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    rest.run(x, xAt, y, yAt, n);
  }

  /// `y = x`
  void copy(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    MemorySegment.copy(x, xAt * wide, y, yAt * wide, (long) n * wide);
  }

  /// `y = 0`
  void clear(MemorySegment y, long yAt, int n) {
    Lanes.clear(y, yAt * wide, (long) n * wide);
  }
}
