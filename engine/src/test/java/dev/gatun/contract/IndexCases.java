package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.shape.Arange;
import dev.gatun.op.shape.Concat;
import dev.gatun.op.shape.Diag;
import dev.gatun.op.shape.Flip;
import dev.gatun.op.shape.Gather;
import dev.gatun.op.shape.IndexSelect;
import dev.gatun.op.shape.Linspace;
import dev.gatun.op.shape.MaskedFill;
import dev.gatun.op.shape.OneHot;
import dev.gatun.op.shape.Pad;
import dev.gatun.op.shape.Repeat;
import dev.gatun.op.shape.Roll;
import dev.gatun.op.shape.Scatter;
import dev.gatun.op.shape.Tile;
import dev.gatun.op.shape.Triangle;
import dev.gatun.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/// Cases of operators of `dev.gatun.op.shape` that choose or place elements.
final class IndexCases {
  static final List<OpCase> ALL =
      Stream.of(joins(), moves(), padded(), indexed(), scattered(), placed())
          .flatMap(List::stream)
          .toList();

  private IndexCases() {}

  private static OpCase exact(String name, IntFunction<Op> op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs).ulps(0);
  }

  private static OpCase exact(String name, Op op, Function<Draw, List<Input>> inputs) {
    return exact(name, n -> op, inputs);
  }

  /// An exact op of one input without gradient, in every type but those that [OpCase] goes through.
  private static List<OpCase> typed(String name, Op op, IntFunction<long[]> shape) {
    List<OpCase> cases = new ArrayList<>();
    for (DType t : DType.values()) {
      if (!t.computes()) {
        cases.add(
            exact(name + "." + t, op, d -> List.of(d.typed(t, shape.apply(d.n())))).noGradient());
      }
    }
    return cases;
  }

  private static List<OpCase> joins() {
    return List.of(
        exact(
                "concat",
                new Concat(1),
                d -> List.of(d.normal(3, d.n()), d.normal(3, 2), d.normal(3, d.n())))
            .wrong("dtypes must agree", "F32[2,3]", "F64[2,3]")
            .wrong("but for the axis", "F32[2,3]", "F32[4,3]")
            .wrong("but for the axis", "F32[2,3]", "F32[3]")
            .wrong("axis must exist", "F32[2]"),
        exact("concat.rows", new Concat(0), d -> List.of(d.normal(2, d.n()), d.normal(1, d.n()))),
        exact(
            "concat.columns", new Concat(1), d -> List.of(d.normal(d.n(), 1), d.normal(d.n(), 2))),
        exact("concat.one", new Concat(0), d -> List.of(d.normal(d.n()))),
        exact(
                "concat.U8",
                new Concat(2),
                d -> List.of(d.typed(DType.U8, 2, 3, d.n()), d.typed(DType.U8, 2, 3, 1)))
            .noGradient());
  }

  private static List<OpCase> moves() {
    List<OpCase> cases = new ArrayList<>();
    cases.addAll(typed("flip.last", new Flip(List.of(1)), n -> new long[] {2, n}));
    cases.addAll(typed("pad.constant", pad(1, 2, 3, Pad.Mode.CONSTANT, 7), n -> new long[] {2, n}));
    cases.addAll(typed("triangle", new Triangle(true, 1), n -> new long[] {2, 4, n}));
    cases.addAll(
        List.of(
            exact("flip", new Flip(List.of(0, 2)), d -> List.of(d.normal(3, 2, d.n())))
                .wrong("axes must exist", "F32[2,3]"),
            exact("flip.rows", new Flip(List.of(0)), d -> List.of(d.normal(5, d.n()))),
            exact("flip.middle", new Flip(List.of(1)), d -> List.of(d.normal(2, d.n(), 3))),
            exact("roll", new Roll(1, 5), d -> List.of(d.normal(3, d.n())))
                .wrong("axis must exist", "F32[2]"),
            exact("roll.back", n -> new Roll(0, -n / 3), d -> List.of(d.normal(d.n(), 2))),
            exact("tile", new Tile(List.of(2L, 3L)), d -> List.of(d.normal(3, d.n())))
                .wrong("repeats must name every axis", "F32[2]"),
            exact("tile.once", new Tile(List.of(1L)), d -> List.of(d.normal(d.n()))),
            exact("repeat", new Repeat(1, 3), d -> List.of(d.normal(2, d.n())))
                .wrong("axis must exist", "F32[2]"),
            exact("repeat.many", new Repeat(1, 9), d -> List.of(d.normal(2, d.n()))),
            exact("repeat.rows", new Repeat(0, 2), d -> List.of(d.normal(3, d.n()))),
            exact(
                    "triangle.lower",
                    n -> new Triangle(true, -n / 3),
                    d -> List.of(d.normal(5, d.n())))
                .wrong("x must be [.., m, n]", "F32[2]"),
            exact("triangle.upper", new Triangle(false, 2), d -> List.of(d.normal(2, 3, d.n())))));
    return cases;
  }

  private static Pad pad(int axis, long before, long after, Pad.Mode mode, double value) {
    return Pad.axis(2, axis, before, after, mode, value);
  }

  private static List<OpCase> padded() {
    Pad both = new Pad(List.of(1L, 2L), List.of(2L, 1L), Pad.Mode.REFLECT, 0);
    return List.of(
        exact(
                "pad",
                new Pad(List.of(1L, 0L, 2L), List.of(0L, 2L, 1L), Pad.Mode.CONSTANT, -1.5),
                d -> List.of(d.normal(2, 3, d.n())))
            .wrong("must name every axis", "F32[2]"),
        exact("pad.rows", pad(0, 3, 1, Pad.Mode.CONSTANT, 0), d -> List.of(d.normal(2, d.n()))),
        OpCase.of("pad.reflect", both, d -> List.of(d.normal(4, d.n())))
            .from(3)
            .wrong("must have enough to copy", "F32[4,2]"),
        OpCase.of(
            "pad.reflect.rows",
            pad(0, 1, 2, Pad.Mode.REFLECT, 0),
            d -> List.of(d.normal(3, d.n()))),
        OpCase.of(
                "pad.replicate",
                n -> pad(1, 2, n / 2, Pad.Mode.REPLICATE, 0),
                d -> List.of(d.normal(3, d.n())))
            .from(1)
            .ulpsOfScale(n -> 2 + n / 32.0)
            .wrong("must have enough to copy", "F32[4,0]"),
        OpCase.of(
                "pad.circular",
                n -> pad(1, n, n / 2, Pad.Mode.CIRCULAR, 0),
                d -> List.of(d.normal(3, d.n())))
            .wrong("must have enough to copy", "F32[4,1]"),
        OpCase.of(
                "pad.grad",
                new Pad.Grad(1, 2, 1, Pad.Mode.REFLECT),
                d -> List.of(d.normal(2, 6, d.n())))
            .ulpsOfScale(n -> 2)
            .wrong("size of a padded axis", "F32[2,2]"),
        OpCase.of(
                "pad.grad.last",
                n -> new Pad.Grad(1, n, n / 2, Pad.Mode.REPLICATE),
                d -> List.of(d.normal(2, 2 * d.n() + d.n() / 2)))
            .from(1)
            .ulpsOfScale(n -> 2 + n / 16.0)
            .wrong("size of a padded axis", "F32[2,2]"));
  }

  private static List<OpCase> indexed() {
    return List.of(
        gather("gather", d -> List.of(d.normal(3, 5), ids(d, DType.I64, 3, d.n())))
            .wrong("but for the axis", "F32[2,3]", "I64[3,3]")
            .wrong("indices must be I32 or I64", "F32[2,3]", "F32[2,3]"),
        exact(
                "gather.rows",
                new Gather(0),
                d -> List.of(d.normal(5, d.n()), ids(d, DType.I32, 4, d.n())))
            .ulpsOfScale(n -> 4),
        exact(
                "gather.U8",
                new Gather(0),
                d -> List.of(d.typed(DType.U8, 5, d.n()), ids(d, DType.I32, 4, d.n())))
            .noGradient(),
        exact(
                "gather.F16",
                new Gather(1),
                d -> List.of(d.typed(DType.F16, 2, 5), ids(d, DType.I64, 2, d.n())))
            .noGradient(),
        select("index.select", 0, d -> List.of(d.normal(5, d.n()), ids(d, DType.I32, 4)))
            .wrong("indices must be [m]", "F32[2,3]", "I64[3,3]"),
        select("index.select.last", 1, d -> List.of(d.normal(3, 5), ids(d, DType.I64, d.n()))),
        select("index.select.middle", 1, d -> List.of(d.normal(2, 5, 3), ids(d, DType.I64, d.n()))),
        OpCase.of(
                "index.select.grad",
                new IndexSelect.Grad(1, 5),
                d -> List.of(d.normal(2, d.n()), ids(d, DType.I32, d.n())))
            .ulpsOfScale(n -> 2 + n / 16.0)
            .wrong("an index for each element", "F32[2,3]", "I64[4]"),
        OpCase.of(
                "index.select.grad.rows",
                new IndexSelect.Grad(0, 5),
                d -> List.of(d.normal(7, d.n()), ids(d, DType.I64, 7)))
            .ulpsOfScale(n -> 2),
        masked("masked.fill", d -> List.of(d.normal(3, d.n()), bits(d, 3, d.n())))
            .wrong("mask must be BOOL", "F32[2]", "U8[2]")
            .wrong("last axes of x", "F32[2]", "BOOL[3]"),
        masked("masked.fill.rows", d -> List.of(d.normal(3, d.n()), bits(d, d.n()))),
        masked("masked.fill.U8", d -> List.of(d.typed(DType.U8, 3, d.n()), bits(d, d.n())))
            .noGradient(),
        masked("masked.fill.F16", d -> List.of(d.typed(DType.F16, 3, d.n()), bits(d, d.n())))
            .noGradient());
  }

  private static OpCase gather(String name, Function<Draw, List<Input>> inputs) {
    return exact(name, new Gather(1), inputs).ulpsOfScale(n -> 2 + n / 16.0);
  }

  private static OpCase select(String name, int axis, Function<Draw, List<Input>> inputs) {
    return exact(name, new IndexSelect(axis), inputs).ulpsOfScale(n -> 2 + n / 16.0);
  }

  private static OpCase masked(String name, Function<Draw, List<Input>> inputs) {
    return exact(name, new MaskedFill(2.5), inputs);
  }

  private static Input ids(Draw d, DType t, long... dims) {
    return d.indices(t, 5, dims);
  }

  private static Input bits(Draw d, long... dims) {
    return d.indices(DType.BOOL, 2, dims);
  }

  private static List<OpCase> scattered() {
    List<OpCase> cases = new ArrayList<>();
    for (Scatter.Mode mode : Scatter.Mode.values()) {
      cases.add(scatter("scatter", mode, 1, d -> d.normal(2, 5), new long[] {2, -1}));
      cases.add(scatter("scatter.rows", mode, 0, d -> d.normal(5, d.n()), new long[] {4, -1}));
    }
    cases.add(
        exact(
                "scatter.set.U8",
                new Scatter(0, Scatter.Mode.SET),
                d ->
                    List.of(
                        d.typed(DType.U8, 5, d.n()),
                        ids(d, DType.I32, 4, d.n()),
                        d.typed(DType.U8, 4, d.n())))
            .noGradient());
    return cases;
  }

  private static OpCase scatter(
      String name, Scatter.Mode mode, int axis, Function<Draw, Input> x, long[] shape) {
    DType t = axis == 0 ? DType.I32 : DType.I64;
    return OpCase.of(
            name + "." + mode,
            new Scatter(axis, mode),
            d -> {
              long[] dims = {shape[0], d.n()};
              // Near 1, so that a product of all does not leave the range of floats.
              Input source =
                  mode == Scatter.Mode.MUL ? d.uniform(0.999, 1.001, dims) : d.normal(dims);
              return List.of(x.apply(d), ids(d, t, dims), source);
            })
        .ulpsOfScale(n -> mode == Scatter.Mode.SET ? 0 : 2 + n / 16.0)
        .wrong("source must have the type", "F32[2,3]", "I64[2,3]", "F64[2,3]")
        .wrong("indices must be I32 or I64", "F32[2,3]", "F32[2,3]", "F32[2,3]");
  }

  private static List<OpCase> placed() {
    return List.of(
        exact("one.hot", new OneHot(5, DType.F32), d -> List.of(ids(d, DType.I64, 3, d.n())))
            .wrong("indices must be I32 or I64", "F32[2]"),
        exact("one.hot.U8", new OneHot(5, DType.U8), d -> List.of(ids(d, DType.I32, d.n()))),
        exact("diag", n -> new Diag(1, n + 1, n + 1), d -> List.of(d.normal(d.n())))
            .big(500)
            .wrong("elements of the diagonal", "F32[2]"),
        exact("diag.below", n -> new Diag(-2, n + 2, n + 3), d -> List.of(d.normal(2, d.n())))
            .big(500),
        exact("arange.F32", n -> new Arange(DType.F32, -3, 0.7, n), d -> List.of()),
        exact("arange.F64", n -> new Arange(DType.F64, -3, 0.7, n), d -> List.of()),
        exact("arange.I64", n -> new Arange(DType.I64, 5, -2, n), d -> List.of()),
        exact("linspace.F32", n -> new Linspace(DType.F32, -1, 2, n), d -> List.of()),
        exact("linspace.F64", n -> new Linspace(DType.F64, -1, 2, n), d -> List.of()));
  }
}
