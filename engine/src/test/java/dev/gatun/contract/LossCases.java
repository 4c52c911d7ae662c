package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.loss.BinaryCrossEntropy;
import dev.gatun.op.loss.CosineSimilarity;
import dev.gatun.op.loss.CrossEntropy;
import dev.gatun.op.loss.Ctc;
import dev.gatun.op.loss.Huber;
import dev.gatun.op.loss.KlDivergence;
import dev.gatun.op.loss.MeanAbsolute;
import dev.gatun.op.loss.Mse;
import dev.gatun.op.loss.Nll;
import dev.gatun.op.loss.Reduction;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;

/// Cases of `dev.gatun.op.loss`.
final class LossCases {
  private static final OptionalLong NONE = OptionalLong.empty();
  private static final OptionalLong ZERO = OptionalLong.of(0);

  static final List<OpCase> ALL =
      List.of(
          crossEntropy("crossEntropy", Reduction.MEAN, DType.I64),
          crossEntropy("crossEntropy.sum", Reduction.SUM, DType.I32),
          crossEntropy("crossEntropy.none", Reduction.NONE, DType.I32),
          classes("crossEntropy.smooth", new CrossEntropy(Reduction.MEAN, 0.1, NONE, false)),
          classes("crossEntropy.ignored", new CrossEntropy(Reduction.MEAN, 0, ZERO, false)),
          weighted("crossEntropy.weighted", new CrossEntropy(Reduction.MEAN, 0, NONE, true)),
          weighted("crossEntropy.all", new CrossEntropy(Reduction.NONE, 0.2, ZERO, true)),
          OpCase.of(
                  "crossEntropy.grad",
                  new CrossEntropy.Grad(Reduction.NONE, 0, NONE, false),
                  d ->
                      List.of(
                          d.normal(3, d.n()),
                          d.indices(DType.I64, Math.max(1, d.n()), 3),
                          d.uniform(5, 9, 3),
                          d.normal(3)))
              .from(1)
              .noGradient()
              .ulpsOfScale(n -> 16)
              .wrong("lse must be", "F32[3,5]", "I64[3]", "F32[2]", "F32[3]"),
          classes("nll", new Nll(Reduction.MEAN)),
          classes("nll.ignored", new Nll(Reduction.SUM, ZERO, false)),
          weighted("nll.weighted", new Nll(Reduction.NONE, ZERO, true)),
          elements("mse", new Mse(Reduction.MEAN)),
          elements("mse.sum", new Mse(Reduction.SUM)),
          elements("mse.none", new Mse(Reduction.NONE)),
          elements("meanAbsolute", new MeanAbsolute(Reduction.MEAN)),
          elements("meanAbsolute.none", new MeanAbsolute(Reduction.NONE)),
          elements("huber", new Huber(0.7, Reduction.SUM)),
          elements("huber.none", new Huber(2, Reduction.NONE)),
          OpCase.of(
                  "kl",
                  new KlDivergence(false, Reduction.SUM),
                  d -> List.of(d.normal(3, d.n()), d.uniform(0.2, 1, 3, d.n())))
              .ulpsOfScale(n -> 16 + n / 16.0)
              .wrong("x and t must agree", "F32[2]", "F32[3]"),
          elements("kl.log", new KlDivergence(true, Reduction.NONE)),
          binary("bce", new BinaryCrossEntropy(false, false, Reduction.MEAN), d -> two(d)),
          binary(
              "bce.weighted",
              new BinaryCrossEntropy(true, false, Reduction.NONE),
              d -> List.of(two(d).get(0), two(d).get(1), d.uniform(0.5, 2, d.n()).constant())),
          binary(
                  "bce.positive",
                  new BinaryCrossEntropy(true, true, Reduction.SUM),
                  d ->
                      List.of(
                          two(d).get(0),
                          two(d).get(1),
                          d.uniform(0.5, 2, d.n()).constant(),
                          d.uniform(0.5, 2).constant()))
              .wrong("last axes", "F32[3,5]", "F32[3,5]", "F32[3]", "F32[]"),
          OpCase.of(
                  "cosine",
                  CosineSimilarity.standard(),
                  d -> List.of(d.normal(3, d.n()), d.normal(3, d.n())))
              .from(2) // of one element the gradient is a rounding error
              .ulpsOfScale(n -> 8 + n / 64.0)
              .wrong("x and y must agree", "F32[3,4]", "F32[3,5]"),
          ctc("ctc", new Ctc(0, false, Reduction.MEAN)),
          ctc("ctc.none", new Ctc(4, true, Reduction.NONE)));

  private LossCases() {}

  private static OpCase crossEntropy(String name, Reduction reduction, DType index) {
    return OpCase.of(
            name,
            new CrossEntropy(reduction),
            d -> List.of(d.normal(3, d.n()), d.indices(index, Math.max(1, d.n()), 3)))
        .from(1)
        .ulpsOfScale(n -> 8)
        .wrong("targets [..]", "F32[3,5]", "I64[4]")
        .wrong("I32 or I64", "F32[3,5]", "F32[3]")
        .wrong("F32 or F64", "BOOL[3,5]", "I32[3]");
  }

  /// Targets so low that some are the ignored 0.
  private static OpCase classes(String name, Op op) {
    return OpCase.of(
            name, op, d -> List.of(d.normal(6, d.n()), d.indices(DType.I64, Math.min(3, d.n()), 6)))
        .from(2)
        .ulpsOfScale(n -> 16)
        .wrong("targets [..]", "F32[3,5]", "I64[4]")
        .wrong("I32 or I64", "F32[3,5]", "F32[3]");
  }

  private static OpCase weighted(String name, Op op) {
    return OpCase.of(
            name,
            op,
            d ->
                List.of(
                    d.normal(6, d.n()),
                    d.indices(DType.I32, Math.min(3, d.n()), 6),
                    d.uniform(0.5, 2, d.n()).constant()))
        .from(2)
        .ulpsOfScale(n -> 16)
        .wrong("weights must be [C]", "F32[3,5]", "I64[3]", "F32[3]");
  }

  /// The plain sum of the reference in doubles is the less exact one in F64.
  private static OpCase elements(String name, Op op) {
    return OpCase.of(name, op, d -> List.of(d.normal(3, d.n()), d.normal(3, d.n())))
        .ulpsOfScale(n -> 8 + n / 16.0)
        .wrong("x and t must agree", "F32[2]", "F32[3]")
        .wrong("dtypes must agree", "F32[2]", "F64[2]");
  }

  /// Two rows of half as many labels as frames, which leaves room for the blanks between labels
  /// that repeat, one of them shorter. Labels 1 to 3 are neither of the blanks. A size is that of
  /// the states, along which the loops run.
  private static OpCase ctc(String name, Op op) {
    return OpCase.of(
            name,
            op,
            d -> {
              int n = d.n();
              double[] labels = d.indices(DType.I32, 3, 2, n / 2).values();
              Arrays.setAll(labels, i -> labels[i] + 1);
              return List.of(
                  d.normal(2, n, 5),
                  constant(DType.I32, labels, 2, n / 2),
                  constant(DType.I64, new double[] {n, n - n / 4}, 2),
                  constant(DType.I32, new double[] {n / 2, n / 3}, 2));
            })
        .from(1)
        .big(207)
        .ulpsOfScale(n -> 16 + n / 8.0)
        .wrong("targets [B, S]", "F32[2,3,5]", "I32[3,1]", "I32[2]", "I32[2]")
        .wrong("must be I32 or I64", "F32[2,3,5]", "I32[2,1]", "F32[2]", "I32[2]")
        .wrong("blank must lie", "F32[2,3,0]", "I32[2,1]", "I32[2]", "I32[2]");
  }

  private static Input constant(DType t, double[] values, long... dims) {
    return new Input(new Spec(t, Shape.of(dims)), values, false);
  }

  private static List<Input> two(Draw d) {
    return List.of(d.normal(3, d.n()), d.uniform(0, 1, 3, d.n()));
  }

  private static OpCase binary(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs).ulpsOfScale(n -> 16 + n / 16.0);
  }
}
