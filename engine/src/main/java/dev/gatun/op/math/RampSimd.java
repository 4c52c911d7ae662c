package dev.gatun.op.math;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Vector forms of the activations that are straight above 0, and of others without transcendental
/// functions.
final class RampSimd {
  static final Workers.Body ELU =
      new TunedSimd(
          Loop.f32((FloatVector x, FloatVector a) ->
              ExpLanes.expm1F32(x).mul(a).blend(x, x.compare(VectorOperators.GT, 0f))),
          Loop.f64((DoubleVector x, DoubleVector a) ->
              ExpLanes.expm1F64(x).mul(a).blend(x, x.compare(VectorOperators.GT, 0))));

  static final Workers.Body ELU_SLOPE =
      new TunedSlopeSimd(
          Loop.f32((FloatVector y, FloatVector a) ->
              y.add(a).blend(1f, y.compare(VectorOperators.GT, 0f))),
          Loop.f64((DoubleVector y, DoubleVector a) ->
              y.add(a).blend(1, y.compare(VectorOperators.GT, 0))));

  static final Workers.Body SELU =
      new UnarySimd(
          Loop.f32((FloatVector x) ->
              ExpLanes.expm1F32(x)
                  .mul((float) (Selu.S * Selu.A))
                  .blend(x.mul((float) Selu.S), x.compare(VectorOperators.GT, 0f))),
          Loop.f64((DoubleVector x) ->
              ExpLanes.expm1F64(x)
                  .mul(Selu.S * Selu.A)
                  .blend(x.mul(Selu.S), x.compare(VectorOperators.GT, 0))));

  static final Workers.Body SELU_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector y) ->
              dy.mul(
                  y.add((float) (Selu.S * Selu.A))
                      .blend((float) Selu.S, y.compare(VectorOperators.GT, 0f)))),
          Loop.f64((DoubleVector dy, DoubleVector y) ->
              dy.mul(y.add(Selu.S * Selu.A).blend(Selu.S, y.compare(VectorOperators.GT, 0)))));

  static final Workers.Body HARD_SWISH =
      new UnarySimd(
          Loop.f32((FloatVector x) -> clamped(x).mul(x).div(6f)),
          Loop.f64((DoubleVector x) -> clamped(x).mul(x).div(6)));

  static final Workers.Body HARD_SWISH_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) ->
              dy.mul(
                  x.add(x)
                      .add(3f)
                      .div(6f)
                      .blend(0f, x.compare(VectorOperators.LE, -3f))
                      .blend(1f, x.compare(VectorOperators.GE, 3f)))),
          Loop.f64((DoubleVector dy, DoubleVector x) ->
              dy.mul(
                  x.add(x)
                      .add(3)
                      .div(6)
                      .blend(0, x.compare(VectorOperators.LE, -3))
                      .blend(1, x.compare(VectorOperators.GE, 3)))));

  static final Workers.Body HARD_SIGMOID =
      new UnarySimd(
          Loop.f32((FloatVector x) -> clamped(x).div(6f)),
          Loop.f64((DoubleVector x) -> clamped(x).div(6)));

  static final Workers.Body HARD_SIGMOID_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) ->
              FloatVector.zero(Lanes.F32)
                  .blend(dy.div(6f), x.abs().compare(VectorOperators.LT, 3f))),
          Loop.f64((DoubleVector dy, DoubleVector x) ->
              DoubleVector.zero(Lanes.F64)
                  .blend(dy.div(6), x.abs().compare(VectorOperators.LT, 3))));

  static final Workers.Body LEAKY =
      new TunedSimd(
          Loop.f32((FloatVector x, FloatVector a) ->
              x.mul(a).blend(x, x.compare(VectorOperators.GT, 0f))),
          Loop.f64((DoubleVector x, DoubleVector a) ->
              x.mul(a).blend(x, x.compare(VectorOperators.GT, 0))));

  static final Workers.Body LEAKY_SLOPE =
      new TunedSlopeSimd(
          Loop.f32(
              (FloatVector x, FloatVector a) -> a.blend(1f, x.compare(VectorOperators.GT, 0f))),
          Loop.f64(
              (DoubleVector x, DoubleVector a) -> a.blend(1, x.compare(VectorOperators.GT, 0))));

  static final Workers.Body SOFTSIGN =
      new UnarySimd(
          Loop.f32((FloatVector x) -> x.div(x.abs().add(1f))),
          Loop.f64((DoubleVector x) -> x.div(x.abs().add(1))));

  static final Workers.Body SOFTSIGN_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) -> dy.div(x.abs().add(1f).mul(x.abs().add(1f)))),
          Loop.f64(
              (DoubleVector dy, DoubleVector x) -> dy.div(x.abs().add(1).mul(x.abs().add(1)))));

  private RampSimd() {}

  /// `min(max(x + 3, 0), 6)`
  private static FloatVector clamped(FloatVector x) {
    FloatVector y = x.add(3f);
    y = y.blend(0f, y.compare(VectorOperators.LT, 0f));
    return y.blend(6f, y.compare(VectorOperators.GT, 6f));
  }

  /// `min(max(x + 3, 0), 6)`
  private static DoubleVector clamped(DoubleVector x) {
    DoubleVector y = x.add(3);
    y = y.blend(0, y.compare(VectorOperators.LT, 0));
    return y.blend(6, y.compare(VectorOperators.GT, 6));
  }
}
