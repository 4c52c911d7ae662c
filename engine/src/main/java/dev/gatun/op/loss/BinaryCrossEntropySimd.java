package dev.gatun.op.loss;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.LogLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.device.Workers;
import dev.gatun.op.loss.ElementLossSimd.Piece;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [BinaryCrossEntropy], in steps that C2 inlines: `e = exp(-|x|)`, `l = log(1 +
/// e)`, the rest.
final class BinaryCrossEntropySimd {
  /// One type's loops.
  ///
  /// @param exp `e` of `x`
  /// @param log `l` of `e`
  /// @param loss the loss without `p` from `l`, `x` and `t`
  /// @param no `(1 - t) (l + max(x, 0))` from these
  /// @param yes `t (l + max(-x, 0))` from these
  /// @param add `a b + c`
  /// @param sigmoid `q` of `x`
  /// @param slope `(1 - t) q - p t (1 - q)` from `q`, `t` and `p`
  /// @param target slope along `t` from `l`, `x` and `p`
  private record Loops(
      Loop.Unary exp,
      Loop.Unary log,
      Loop.Ternary loss,
      Loop.Ternary no,
      Loop.Ternary yes,
      Loop.Ternary add,
      Loop.Unary sigmoid,
      Loop.Ternary slope,
      Loop.Ternary target) {
    Piece plainLoss() {
      return (x, t, at, p, pAt, y, yAt, spare, spareAt, n) -> {
        exp.run(x, at, spare, spareAt, n);
        log.run(spare, spareAt, spare, spareAt, n);
        loss.run(spare, spareAt, x, at, t, at, y, yAt, n);
      };
    }

    Piece positiveLoss() {
      return (x, t, at, p, pAt, y, yAt, spare, spareAt, n) -> {
        exp.run(x, at, spare, spareAt, n);
        log.run(spare, spareAt, spare, spareAt, n);
        no.run(spare, spareAt, x, at, t, at, y, yAt, n);
        yes.run(spare, spareAt, x, at, t, at, spare, spareAt, n);
        add.run(spare, spareAt, p, pAt, y, yAt, y, yAt, n);
      };
    }

    Piece positiveSlope() {
      return (x, t, at, p, pAt, y, yAt, spare, spareAt, n) -> {
        sigmoid.run(x, at, spare, spareAt, n);
        slope.run(spare, spareAt, t, at, p, pAt, y, yAt, n);
      };
    }

    Piece positiveTarget() {
      return (x, t, at, p, pAt, y, yAt, spare, spareAt, n) -> {
        exp.run(x, at, spare, spareAt, n);
        log.run(spare, spareAt, spare, spareAt, n);
        target.run(spare, spareAt, x, at, p, pAt, y, yAt, n);
      };
    }
  }

  private static final Loops F32 =
      new Loops(
          Loop.f32((FloatVector x) -> ExpLanes.nonPositiveF32(x.abs().neg())),
          Loop.f32(BinaryCrossEntropySimd::log1p),
          Loop.f32(BinaryCrossEntropySimd::loss),
          Loop.f32(BinaryCrossEntropySimd::no),
          Loop.f32(BinaryCrossEntropySimd::yes),
          Loop.f32((FloatVector a, FloatVector b, FloatVector c) -> a.fma(b, c)),
          Loop.f32(SigmoidLanes::f32),
          Loop.f32(BinaryCrossEntropySimd::slope),
          Loop.f32(BinaryCrossEntropySimd::target));
  private static final Loops F64 =
      new Loops(
          Loop.f64((DoubleVector x) -> ExpLanes.nonPositiveF64(x.abs().neg())),
          Loop.f64(BinaryCrossEntropySimd::log1p),
          Loop.f64(BinaryCrossEntropySimd::loss),
          Loop.f64(BinaryCrossEntropySimd::no),
          Loop.f64(BinaryCrossEntropySimd::yes),
          Loop.f64((DoubleVector a, DoubleVector b, DoubleVector c) -> a.fma(b, c)),
          Loop.f64(SigmoidLanes::f64),
          Loop.f64(BinaryCrossEntropySimd::slope),
          Loop.f64(BinaryCrossEntropySimd::target));

  static final Workers.Body BODY = new ElementLossSimd(F32.plainLoss(), F64.plainLoss());
  static final Workers.Body POSITIVE_BODY =
      new ElementLossSimd(F32.positiveLoss(), F64.positiveLoss());

  static final Workers.Body DX =
      ElementLossSimd.of(
          Loop.f32((FloatVector x, FloatVector t, FloatVector p) -> SigmoidLanes.f32(x).sub(t)),
          Loop.f64((DoubleVector x, DoubleVector t, DoubleVector p) -> SigmoidLanes.f64(x).sub(t)));
  static final Workers.Body POSITIVE_DX =
      new ElementLossSimd(F32.positiveSlope(), F64.positiveSlope());

  /// `s(-x) - s(x)` is `-x`.
  static final Workers.Body DT =
      ElementLossSimd.of(
          Loop.f32((FloatVector x, FloatVector t, FloatVector p) -> x.neg()),
          Loop.f64((DoubleVector x, DoubleVector t, DoubleVector p) -> x.neg()));

  static final Workers.Body POSITIVE_DT =
      new ElementLossSimd(F32.positiveTarget(), F64.positiveTarget());

  private BinaryCrossEntropySimd() {}

  /// `log(1 + e)` for `e` in [0, 1]: what the sum loses is put back to first order.
  private static FloatVector log1p(FloatVector e) {
    FloatVector u = e.add(1);
    FloatVector lost = e.sub(u.sub(1));
    return LogLanes.normalF32(u).add(lost.div(u));
  }

  private static FloatVector loss(FloatVector l, FloatVector x, FloatVector t) {
    FloatVector no = t.neg().add(1).mul(x.max(0));
    return no.add(t.mul(x.neg().max(0))).add(l);
  }

  private static FloatVector no(FloatVector l, FloatVector x, FloatVector t) {
    return t.neg().add(1).mul(x.max(0).add(l));
  }

  private static FloatVector yes(FloatVector l, FloatVector x, FloatVector t) {
    return t.mul(x.neg().max(0).add(l));
  }

  private static FloatVector slope(FloatVector q, FloatVector t, FloatVector p) {
    FloatVector yes = t.mul(p);
    return q.mul(yes.sub(t).add(1)).sub(yes);
  }

  private static FloatVector target(FloatVector l, FloatVector x, FloatVector p) {
    return p.mul(x.neg().max(0).add(l)).sub(x.max(0).add(l));
  }

  /// `log(1 + e)` for `e` in [0, 1]: what the sum loses is put back to first order.
  private static DoubleVector log1p(DoubleVector e) {
    DoubleVector u = e.add(1);
    DoubleVector lost = e.sub(u.sub(1));
    return LogLanes.f64(u).add(lost.div(u));
  }

  private static DoubleVector loss(DoubleVector l, DoubleVector x, DoubleVector t) {
    DoubleVector no = t.neg().add(1).mul(x.max(0));
    return no.add(t.mul(x.neg().max(0))).add(l);
  }

  private static DoubleVector no(DoubleVector l, DoubleVector x, DoubleVector t) {
    return t.neg().add(1).mul(x.max(0).add(l));
  }

  private static DoubleVector yes(DoubleVector l, DoubleVector x, DoubleVector t) {
    return t.mul(x.neg().max(0).add(l));
  }

  private static DoubleVector slope(DoubleVector q, DoubleVector t, DoubleVector p) {
    DoubleVector yes = t.mul(p);
    return q.mul(yes.sub(t).add(1)).sub(yes);
  }

  private static DoubleVector target(DoubleVector l, DoubleVector x, DoubleVector p) {
    return p.mul(x.neg().max(0).add(l)).sub(x.max(0).add(l));
  }
}
