package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.sequence.attention.Alibi;
import dev.gatun.op.sequence.attention.AttentionScan;
import dev.gatun.op.sequence.attention.Combine;
import dev.gatun.op.sequence.attention.Rope;
import dev.gatun.op.sequence.attention.Rotary;
import dev.gatun.op.sequence.attention.RotaryTable;
import dev.gatun.op.sequence.attention.SigSoftmax;
import dev.gatun.tensor.DType;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/// Cases of the small ops of `dev.gatun.op.sequence.attention`.
final class RotaryCases {
  static final List<OpCase> ALL =
      Stream.of(combine(), tables(), rope(), weights(), scan()).flatMap(List::stream).toList();

  private RotaryCases() {}

  private static List<OpCase> combine() {
    return List.of(
        OpCase.of("combine", new Combine(), d -> List.of(d.normal(3, 5, d.n()), d.normal(3, 5)))
            .ulpsOfScale(n -> 8)
            .wrong("o must be [P, .., D] and lse [P, ..]", "F32[2,3,4]", "F32[3,2]")
            .wrong("with P > 0", "F32[0,3]", "F32[0]")
            .wrong("dtypes must agree", "F32[2,3,4]", "F64[2,3]"),
        OpCase.of(
                "combine.rows",
                new Combine(),
                d -> List.of(d.normal(4, d.n(), 3), d.normal(4, d.n())))
            .ulpsOfScale(n -> 8),
        OpCase.of(
                "combine.grad",
                new Combine.Grad(),
                d ->
                    List.of(d.normal(3, 2, d.n()), d.normal(3, 2), d.normal(2, d.n()), d.normal(2)))
            .ulpsOfScale(n -> 16 + n / 16.0)
            .noGradient()
            .wrong("do must be", "F32[2,3,4]", "F32[2,3]", "F32[3,4]", "F32[4]"));
  }

  private static List<OpCase> tables() {
    Rotary plain = Rotary.of(6).withBase(50);
    Rotary yarn = Rotary.of(10).withScaling(Rotary.Scaling.Yarn.of(4, 64));
    Rotary xpos = plain.withXPos(new Rotary.XPos(512, 20));
    return List.of(
        table("rotaryTable.f32", n -> new RotaryTable(DType.F32, plain, false, 7, n)).ulps(0.51),
        table("rotaryTable.f64", n -> new RotaryTable(DType.F64, plain, false, -3, n)).ulps(1.5),
        table(
                "rotaryTable.wide",
                n -> new RotaryTable(DType.F64, Rotary.of(2 * n), false, 900_000, 20))
            .from(1)
            .ulps(1.5),
        table("rotaryTable.yarn", n -> new RotaryTable(DType.F64, yarn, false, 1, n)).ulps(3),
        table("rotaryTable.xpos", n -> new RotaryTable(DType.F64, xpos, true, 0, n)).ulps(8),
        table("rotaryTable.xpos.f32", n -> new RotaryTable(DType.F32, xpos, false, 0, n))
            .ulps(0.51),
        OpCase.of(
                "rotaryTable.at",
                new RotaryTable.At(DType.F32, xpos, false),
                d -> List.of(d.indices(DType.I64, 100_000, 2, d.n())))
            .ulps(0.51)
            .noGradient()
            .wrong("positions must be I32 or I64", "F32[3]"),
        OpCase.of(
                "rotaryTable.at.f64",
                new RotaryTable.At(DType.F64, plain, true),
                d -> List.of(d.indices(DType.I32, 100_000, d.n())))
            .ulps(1.5)
            .noGradient());
  }

  private static OpCase table(String name, IntFunction<Op> op) {
    return OpCase.of(name, op, d -> List.of());
  }

  private static List<OpCase> rope() {
    return List.of(
        rope("rope", new Rope(false, false), 0),
        rope("rope.partial", new Rope(false, false), 3),
        rope("rope.pairs", new Rope(true, false), 0),
        rope("rope.pairs.partial", new Rope(true, false), 19),
        rope("rope.inverse", new Rope(true, true), 1),
        OpCase.of(
                "rope.rows",
                new Rope(false, false),
                d ->
                    List.of(
                        d.normal(2, 3, d.n(), 7),
                        d.normal(2, 1, d.n(), 3).constant(),
                        d.normal(2, 1, d.n(), 3).constant()))
            .ulpsOfScale(n -> 4)
            .big(3000)
            .wrong("x must be [.., S, D]", "F32[4]", "F32[4,1]", "F32[4,1]")
            .wrong("2 h <= D", "F32[3,5]", "F32[3,3]", "F32[3,3]")
            .wrong("with axes of 1", "F32[2,3,4]", "F32[3,3,2]", "F32[3,3,2]")
            .wrong("with axes of 1", "F32[2,3,4]", "F32[2,2]", "F32[2,2]")
            .wrong("dtypes must agree", "F32[3,4]", "F64[3,2]", "F64[3,2]"));
  }

  private static OpCase rope(String name, Op op, int rest) {
    return OpCase.of(
            name,
            op,
            d ->
                List.of(
                    d.normal(2, 3, 2 * d.n() + rest),
                    d.normal(3, d.n()).constant(),
                    d.normal(3, d.n()).constant()))
        .ulpsOfScale(n -> 4);
  }

  private static List<OpCase> weights() {
    return List.of(
        table("alibi.f32", n -> new Alibi(DType.F32, n)).from(1).ulps(0.51),
        table("alibi.f64", n -> new Alibi(DType.F64, n)).from(1).ulps(1.5),
        sigSoftmax("sigSoftmax", new SigSoftmax(false)).ulps(16),
        sigSoftmax("sigSoftmax.log", new SigSoftmax(true)).ulpsOfScale(n -> 4),
        // The gradient of the logarithm is that of logSoftmax, whose y is never infinite.
        sigSoftmaxGrad("sigSoftmax.grad", new SigSoftmax.Grad(false)));
  }

  private static OpCase sigSoftmax(String name, Op op) {
    return OpCase.of(name, op, d -> List.of(d.normal(3, d.n())))
        .wrong("z must be [.., N]", "F32[]")
        .wrong("F32 or F64", "I64[3]");
  }

  private static OpCase sigSoftmaxGrad(String name, Op op) {
    return OpCase.of(
            name,
            op,
            d -> List.of(d.normal(3, d.n()), d.uniform(-3, 0, 3, d.n()), d.normal(3, d.n())))
        .ulpsOfScale(n -> 32)
        .noGradient()
        .wrong("shapes must agree", "F32[2,2]", "F32[2,3]", "F32[2,2]");
  }

  private static List<OpCase> scan() {
    return List.of(
        OpCase.of(
                "attentionScan",
                new AttentionScan(false, false),
                d -> List.of(d.normal(2, 3), d.normal(2, 3, d.n())))
            .ulpsOfScale(n -> 8)
            .wrong("s must be [.., T] and v [.., T, D]", "F32[2,3]", "F32[2,4,5]")
            .wrong("dtypes must agree", "F32[2,3]", "F64[2,3,4]"),
        OpCase.of(
                "attentionScan.long",
                new AttentionScan(false, false),
                d -> List.of(d.normal(2, d.n()), d.normal(2, d.n(), 3)))
            .ulpsOfScale(n -> 8 + n / 16.0),
        OpCase.of(
                "attentionScan.states",
                new AttentionScan(true, true),
                d ->
                    List.of(
                        d.normal(2, d.n()),
                        d.normal(2, d.n(), 9),
                        d.normal(2),
                        d.uniform(1, 5, 2),
                        d.normal(2, 9)))
            .ulpsOfScale(n -> 8 + n / 16.0)
            .noGradient()
            .wrong(
                "m and u must be [..]", "F32[2,3]", "F32[2,3,4]", "F32[2]", "F32[3]", "F32[2,4]"),
        scanGrad("attentionScan.grad", d -> scanned(d, 3, d.n())),
        scanGrad("attentionScan.grad.long", d -> scanned(d, d.n(), 3)));
  }

  /// Five sums over `D` that partly cancel, and weights well below 1 on them.
  private static OpCase scanGrad(String name, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, new AttentionScan.Grad(), inputs)
        .ulpsOfScale(n -> 32 + n / 8.0)
        .noGradient()
        .wrong(
            "o and do must have the shape of v",
            "F32[2,3]",
            "F32[2,3,4]",
            "F32[2,3,5]",
            "F32[2,3]",
            "F32[2,3]",
            "F32[2,3,4]");
  }

  /// Sums grow with time, as those of a scan do.
  private static List<Input> scanned(Draw d, int t, int n) {
    Input u = d.uniform(1, 2, 2, t);
    for (int i = 0; i < u.values().length; i++) {
      u.values()[i] += i;
    }
    return List.of(
        d.normal(2, t),
        d.normal(2, t, n),
        d.normal(2, t, n),
        d.uniform(2, 2.5, 2, t),
        u,
        d.normal(2, t, n));
  }
}
