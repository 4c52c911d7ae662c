package dev.gatun.op.loss;

import static jdk.incubator.vector.VectorOperators.EQ;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.LogLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.loss.ElementLossSimd.Piece;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [KlDivergence]. The logarithm or exponential of the targets is a step of its own:
/// with it the rest would be more than C2 inlines into one loop.
final class KlDivergenceSimd {
  private static final Loop.Unary LOG_F32 = Loop.f32(LogLanes::f32);
  private static final Loop.Unary LOG_F64 = Loop.f64(LogLanes::f64);
  private static final Loop.Unary EXP_F32 = Loop.f32(ExpLanes::f32);
  private static final Loop.Unary EXP_F64 = Loop.f64(ExpLanes::f64);

  static final Workers.Body BODY =
      new ElementLossSimd(
          after(LOG_F32, Loop.f32(KlDivergenceSimd::loss)),
          after(LOG_F64, Loop.f64(KlDivergenceSimd::loss)));

  static final Workers.Body DX =
      ElementLossSimd.of(
          Loop.f32((FloatVector x, FloatVector t, FloatVector p) -> t.neg()),
          Loop.f64((DoubleVector x, DoubleVector t, DoubleVector p) -> t.neg()));

  static final Workers.Body DT =
      new ElementLossSimd(
          after(
              LOG_F32,
              Loop.f32((FloatVector log, FloatVector x, FloatVector t) -> log.add(1).sub(x))),
          after(
              LOG_F64,
              Loop.f64((DoubleVector log, DoubleVector x, DoubleVector t) -> log.add(1).sub(x))));

  static final Workers.Body LOG_BODY =
      new ElementLossSimd(
          after(EXP_F32, Loop.f32(KlDivergenceSimd::logLoss)),
          after(EXP_F64, Loop.f64(KlDivergenceSimd::logLoss)));

  static final Workers.Body LOG_DX =
      new ElementLossSimd(
          after(EXP_F32, Loop.f32((FloatVector e, FloatVector x, FloatVector t) -> e.neg())),
          after(EXP_F64, Loop.f64((DoubleVector e, DoubleVector x, DoubleVector t) -> e.neg())));

  static final Workers.Body LOG_DT =
      new ElementLossSimd(
          after(
              EXP_F32,
              Loop.f32((FloatVector e, FloatVector x, FloatVector t) -> e.mul(t.sub(x).add(1)))),
          after(
              EXP_F64,
              Loop.f64(
                  (DoubleVector e, DoubleVector x, DoubleVector t) -> e.mul(t.sub(x).add(1)))));

  private KlDivergenceSimd() {}

  /// `f(g(t), x, t)`
  private static Piece after(Loop.Unary g, Loop.Ternary f) {
    return (x, t, at, p, pAt, y, yAt, spare, spareAt, n) -> {
      g.run(t, at, spare, spareAt, n);
      f.run(spare, spareAt, x, at, t, at, y, yAt, n);
    };
  }

  private static FloatVector loss(FloatVector log, FloatVector x, FloatVector t) {
    return t.mul(log.sub(x)).blend(0f, t.compare(EQ, 0f));
  }

  private static DoubleVector loss(DoubleVector log, DoubleVector x, DoubleVector t) {
    return t.mul(log.sub(x)).blend(0.0, t.compare(EQ, 0.0));
  }

  private static FloatVector logLoss(FloatVector e, FloatVector x, FloatVector t) {
    return e.mul(t.sub(x)).blend(0f, t.compare(EQ, Float.NEGATIVE_INFINITY));
  }

  private static DoubleVector logLoss(DoubleVector e, DoubleVector x, DoubleVector t) {
    return e.mul(t.sub(x)).blend(0.0, t.compare(EQ, Double.NEGATIVE_INFINITY));
  }
}
