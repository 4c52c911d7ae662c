package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.reduce.GroupNorm;
import dev.gatun.op.reduce.LayerNorm;
import dev.gatun.op.reduce.LogSoftmax;
import dev.gatun.op.reduce.Max;
import dev.gatun.op.reduce.Mean;
import dev.gatun.op.reduce.RmsNorm;
import dev.gatun.op.reduce.Softmax;
import dev.gatun.op.reduce.Sum;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/// Cases of `dev.gatun.op.reduce`.
final class ReduceCases {
  /// Large against rounding, so that runs of two elements have a gradient worth comparing.
  private static final double EPS = 0.1;

  static final List<OpCase> ALL =
      Stream.of(reductions(), softmaxes(), norms()).flatMap(List::stream).toList();

  private ReduceCases() {}

  private static List<OpCase> reductions() {
    return List.of(
        sum("sum", new Sum(List.of(1), false), d -> List.of(d.normal(3, d.n()))),
        // One result that cancels: the kernel's bound is relative to sum |x|, 5 sqrt(n) times
        // larger.
        sum("sum.all", new Sum(List.of(0, 1, 2), false), d -> List.of(d.normal(2, 3, d.n())))
            .ulpsOfScale(n -> 8 + n / 4.0),
        sum("sum.keep", new Sum(List.of(0), true), d -> List.of(d.normal(11, d.n()))),
        sum("sum.outer", new Sum(List.of(0, 2), false), d -> List.of(d.normal(2, 3, d.n()))),
        sum("sum.long", new Sum(List.of(1), false), d -> List.of(d.normal(2, d.n(), 3))),
        sum("sum.none", new Sum(List.of(), false), d -> List.of(d.normal(3, d.n()))),
        sum("mean", new Mean(List.of(1), false), d -> List.of(d.normal(3, d.n()))),
        sum("mean.columns", new Mean(List.of(0, 1), true), d -> List.of(d.normal(3, 4, d.n()))),
        max("max", new Max(List.of(1), false), d -> List.of(d.normal(3, d.n()))),
        max("max.columns", new Max(List.of(0), false), d -> List.of(d.normal(5, d.n()))),
        max("max.outer", new Max(List.of(0, 2), true), d -> List.of(d.normal(2, 3, d.n()))),
        OpCase.of(
                "max.grad",
                new Max.Grad(),
                d -> List.of(d.normal(3, d.n()), d.normal(3), d.normal(3)))
            .from(1)
            .noGradient()
            .ulps(1)
            .wrong("x must be [m, n]", "F32[3]", "F32[3]", "F32[3]")
            .wrong("must be [m]", "F32[3,2]", "F32[2]", "F32[3]"));
  }

  private static OpCase sum(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs).ulpsOfScale(n -> 16).wrong("F32 or F64", "BOOL[2,2,2]");
  }

  private static OpCase max(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs)
        .from(1)
        .ulps(0)
        .wrong("F32 or F64", "BOOL[2,2,2]")
        .wrong("must have elements", "F32[0,0,0]");
  }

  private static List<OpCase> softmaxes() {
    return List.of(
        softmax("softmax", new Softmax(1), d -> List.of(d.normal(3, d.n()))).ulps(8),
        softmax("softmax.columns", new Softmax(0), d -> List.of(d.normal(5, d.n()))).ulps(8),
        softmax("softmax.middle", new Softmax(1), d -> List.of(d.normal(2, d.n(), 3))).ulps(64),
        softmax("logSoftmax", new LogSoftmax(1), d -> List.of(d.normal(3, d.n())))
            .ulpsOfScale(n -> 4),
        softmax("logSoftmax.columns", new LogSoftmax(0), d -> List.of(d.normal(5, d.n())))
            .ulpsOfScale(n -> 4),
        gradient("softmax.grad", new Softmax.Grad(1), 3),
        gradient("softmax.grad.columns", new Softmax.Grad(0), 5));
  }

  private static OpCase softmax(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs)
        .wrong("F32 or F64", "BOOL[2,2]")
        .wrong("axis must exist", "F32[]");
  }

  private static OpCase gradient(String name, Op op, int rows) {
    return OpCase.of(name, op, d -> List.of(d.uniform(0, 1, rows, d.n()), d.normal(rows, d.n())))
        .ulpsOfScale(n -> 32)
        .wrong("shapes must agree", "F32[2,2]", "F32[2,3]")
        .wrong("dtypes must agree", "F32[2,2]", "F64[2,2]");
  }

  private static List<OpCase> norms() {
    return List.of(
        norm("layerNorm", new LayerNorm(EPS, true, true), false, 2),
        norm("layerNorm.weight", new LayerNorm(EPS, true, false), false, 1),
        norm("layerNorm.plain", new LayerNorm(EPS, false, false), false, 0),
        norm("rmsNorm", new RmsNorm(EPS, 0, false, true, true, false), false, 1),
        norm("rmsNorm.bias", new RmsNorm(EPS, 0, false, true, false, true), false, 1),
        norm("rmsNorm.gate", new RmsNorm(EPS, 0, true, true, true, true), true, 2),
        norm("rmsNorm.gateFirst", new RmsNorm(EPS, 0, true, false, true, true), true, 2),
        norm("rmsNorm.gatePlain", new RmsNorm(EPS, 0, true, true, false, false), true, 0),
        OpCase.of(
                "rmsNorm.groups",
                n -> new RmsNorm(EPS, n, true, false, true, false),
                d -> List.of(d.normal(2, 3 * d.n()), d.normal(2, 3 * d.n()), d.normal(3 * d.n())))
            .from(1)
            .ulpsOfScale(n -> 16)
            .wrong("groupSize must divide", "F32[2,4]", "F32[2,4]", "F32[4]"),
        OpCase.of(
                "groupNorm",
                new GroupNorm(2, EPS, true, true),
                d -> List.of(d.normal(3, 4, d.n()), d.normal(4), d.normal(4)))
            .from(1)
            .ulpsOfScale(n -> 16)
            .wrong("groups must divide", "F32[2,3]", "F32[3]", "F32[3]")
            .wrong("must be [4]", "F32[2,4]", "F32[4]", "F32[3]"),
        OpCase.of(
                "groupNorm.flat",
                n -> new GroupNorm(3, EPS, false, true),
                d -> List.of(d.normal(2, 3 * d.n()), d.normal(3 * d.n())))
            .from(2)
            .ulpsOfScale(n -> 16)
            .wrong("groups must divide", "F32[6]", "F32[6]"));
  }

  private static OpCase norm(String name, Op op, boolean gate, int weights) {
    return OpCase.of(
            name,
            op,
            d ->
                Stream.of(
                        Stream.of(d.normal(3, d.n())),
                        Stream.generate(() -> d.normal(3, d.n())).limit(gate ? 1 : 0),
                        Stream.generate(() -> d.normal(d.n())).limit(weights))
                    .flatMap(s -> s)
                    .toList())
        .from(2)
        .ulpsOfScale(n -> 16)
        .wrong("there must be", "F32[2]", "F32[2]", "F32[2]", "F32[2]", "F32[2]");
  }
}
