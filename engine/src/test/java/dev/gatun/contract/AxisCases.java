package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.reduce.All;
import dev.gatun.op.reduce.Any;
import dev.gatun.op.reduce.ArgMax;
import dev.gatun.op.reduce.ArgMin;
import dev.gatun.op.reduce.CountNonzero;
import dev.gatun.op.reduce.CumMax;
import dev.gatun.op.reduce.CumProd;
import dev.gatun.op.reduce.CumSum;
import dev.gatun.op.reduce.IntegerReduction;
import dev.gatun.op.reduce.IntegerReduction.Kind;
import dev.gatun.op.reduce.LogSumExp;
import dev.gatun.op.reduce.Min;
import dev.gatun.op.reduce.Norm;
import dev.gatun.op.reduce.Prod;
import dev.gatun.op.reduce.Quotient;
import dev.gatun.op.reduce.Std;
import dev.gatun.op.reduce.Variance;
import dev.gatun.op.shape.SearchSorted;
import dev.gatun.op.shape.Sort;
import dev.gatun.op.shape.TopK;
import dev.gatun.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;

/// Cases of further operators of `dev.gatun.op.reduce`: statistics, extremes, running sums; and of
/// sorting.
final class AxisCases {
  static final List<OpCase> ALL =
      Stream.of(products(), statistics(), places(), counts(), integers(), running(), sorts())
          .flatMap(List::stream)
          .toList();

  private AxisCases() {}

  /// The paths of a reduction: rows, columns, and two passes with both.
  private static List<OpCase> paths(
      String name,
      BiFunction<List<Integer>, Boolean, Op> op,
      int least,
      Function<OpCase, OpCase> of) {
    return paths(name, op, least, Draw::normal, of);
  }

  private static List<OpCase> paths(
      String name,
      BiFunction<List<Integer>, Boolean, Op> op,
      int least,
      BiFunction<Draw, long[], Input> x,
      Function<OpCase, OpCase> of) {
    return Stream.of(
            OpCase.of(
                name, op.apply(List.of(1), false), d -> List.of(x.apply(d, new long[] {3, d.n()}))),
            OpCase.of(
                name + ".columns",
                op.apply(List.of(0), false),
                d -> List.of(x.apply(d, new long[] {5, d.n()}))),
            OpCase.of(
                    name + ".outer",
                    op.apply(List.of(0, 2), true),
                    d -> List.of(x.apply(d, new long[] {2, 3, d.n()})))
                .from(least))
        .map(c -> of.apply(c.name().equals(name) ? c.from(least) : c))
        .map(c -> c.wrong("axis must exist", "F32[]"))
        .toList();
  }

  private static List<OpCase> products() {
    List<OpCase> cases = new ArrayList<>();
    // Factors in double: F32 rounds once, F64 as often as there are factors.
    cases.addAll(paths("prod", Prod::new, 0, AxisCases::factors, c -> c.ulpsOfScale(n -> 2 + n)));
    cases.add(
        OpCase.of(
                "prod.long",
                new Prod(List.of(0), false),
                d -> List.of(d.uniform(0.9, 1.1, d.n(), 3)))
            .ulpsOfScale(n -> 2 + n)
            .wrong("F32 or F64", "I32[2,2]"));
    cases.add(
        OpCase.of(
                "prod.grad",
                new Prod.Grad(),
                d -> List.of(d.uniform(0.5, 1.5, 3, d.n()), d.normal(3)))
            .noGradient()
            .ulpsOfScale(n -> 4 + n)
            .wrong("x must be [m, n]", "F32[3]", "F32[3]")
            .wrong("dy must be [m]", "F32[3,2]", "F32[2]"));
    cases.addAll(
        paths("min", Min::new, 1, c -> c.ulps(0).wrong("must have elements", "F32[0,0,0]")));
    return cases;
  }

  /// Numbers of either sign whose products stay in range.
  private static Input factors(Draw d, long... dims) {
    Input x = d.normal(dims);
    double[] values = x.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (Math.copySign(0.8, values[i]) + values[i] / 4);
    }
    return new Input(x.spec(), values, true);
  }

  private static List<OpCase> statistics() {
    List<OpCase> cases = new ArrayList<>();
    cases.addAll(
        paths(
            "variance",
            (a, k) -> new Variance(a, k, 1),
            2,
            c -> c.ulpsOfScale(n -> 16 + n / 16.0)));
    cases.add(
        OpCase.of(
                "variance.biased",
                new Variance(List.of(1), true, 0),
                d -> List.of(d.uniform(1000, 1001, 3, d.n())))
            .from(1)
            // A mean of 2000 deviations costs as many roundings of the mean.
            .ulpsOfScale(n -> 4096)
            .wrong("F32 or F64", "I32[2,2]"));
    cases.addAll(
        paths("std", (a, k) -> new Std(a, k, 1), 2, c -> c.ulpsOfScale(n -> 16 + n / 16.0)));
    for (double p : new double[] {1, 2, 3.5, Double.POSITIVE_INFINITY}) {
      cases.addAll(
          paths(
              "norm." + p,
              (a, k) -> new Norm(a, k, p),
              0,
              c -> c.ulpsOfScale(n -> 8).wrong("F32 or F64", "I32[2,2,2]")));
      cases.add(
          OpCase.of(
                  "norm.grad." + p,
                  new Norm.Grad(p),
                  d -> List.of(d.normal(3, d.n()), d.uniform(1, 2, 3), d.normal(3)))
              .noGradient()
              .ulpsOfScale(n -> 8)
              .wrong("x must be [m, n]", "F32[3]", "F32[3]", "F32[3]"));
    }
    cases.addAll(paths("logSumExp", LogSumExp::new, 0, c -> c.ulpsOfScale(n -> 16)));
    cases.add(
        OpCase.of(
                "quotient",
                new Quotient(),
                d -> List.of(d.normal(3, d.n()), d.uniform(1, 2, 3, d.n())))
            .ulps(0.5)
            .wrong("shapes must agree", "F32[2]", "F32[3]"));
    return cases;
  }

  private static List<OpCase> places() {
    List<OpCase> cases = new ArrayList<>();
    for (boolean max : new boolean[] {true, false}) {
      String name = max ? "argMax" : "argMin";
      BiFunction<Integer, Boolean, Op> op =
          (a, k) -> max ? new ArgMax(List.of(a), k) : new ArgMin(List.of(a), k);
      cases.add(
          exact(name, op.apply(1, false), d -> List.of(d.normal(3, d.n())))
              .from(1)
              .wrong("must exist", "F32[]"));
      cases.add(exact(name + ".columns", op.apply(0, true), d -> List.of(d.normal(5, d.n()))));
      cases.add(
          exact(name + ".long", op.apply(1, false), d -> List.of(d.normal(2, d.n(), 3)))
              .from(1)
              .wrong("must have elements", "F32[2,0]"));
    }
    return cases;
  }

  private static OpCase exact(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs).ulps(0).noGradient();
  }

  private static List<OpCase> counts() {
    List<OpCase> cases = new ArrayList<>();
    cases.add(exact("any", new Any(List.of(1), false), d -> List.of(d.normal(3, d.n()))));
    cases.add(exact("all.columns", new All(List.of(0), false), d -> List.of(d.normal(3, d.n()))));
    cases.add(
        exact(
            "all.ints",
            new All(List.of(1), true),
            d -> List.of(d.indices(DType.I32, 9, 3, d.n()))));
    cases.add(
        exact(
            "countNonzero.columns",
            new CountNonzero(List.of(0), false),
            d -> List.of(d.indices(DType.I64, 2, 3, d.n()))));
    for (DType t : List.of(DType.BOOL, DType.I32, DType.I64, DType.U8)) {
      cases.add(
          exact(
                  "countNonzero." + t,
                  new CountNonzero(List.of(0, 2), false),
                  d -> List.of(d.indices(t, 2, 2, 3, d.n())))
              .wrong("x must be", "BF16[2,2,2]"));
    }
    cases.add(
        exact(
            "countNonzero", new CountNonzero(List.of(1), false), d -> List.of(d.normal(3, d.n()))));
    return cases;
  }

  private static List<OpCase> integers() {
    List<OpCase> cases = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      boolean extreme = kind == Kind.MIN || kind == Kind.MAX;
      for (DType t : List.of(DType.I32, DType.I64, DType.BOOL)) {
        cases.add(
            exact(
                    "integer." + kind + "." + t,
                    new IntegerReduction(kind, List.of(1), false),
                    d -> List.of(d.indices(t, 2, 3, d.n(), 2)))
                .from(extreme ? 1 : 0)
                .wrong("must exist", "I32[]")
                .wrong("integer or BOOL", "F32[2,2]"));
      }
    }
    cases.add(
        exact(
            "integer.sum.rows",
            new IntegerReduction(Kind.SUM, List.of(0, 2), true),
            d -> List.of(d.indices(DType.I32, 99, 2, 3, d.n()))));
    return cases;
  }

  private static List<OpCase> running() {
    List<OpCase> cases = new ArrayList<>();
    for (boolean reverse : new boolean[] {false, true}) {
      for (boolean exclusive : new boolean[] {false, true}) {
        String name = "cumSum" + (reverse ? ".reverse" : "") + (exclusive ? ".exclusive" : "");
        cases.add(run(name, new CumSum(1, reverse, exclusive), d -> List.of(d.normal(3, d.n()))));
        cases.add(
            run(
                name + ".columns",
                new CumSum(0, reverse, exclusive),
                d -> List.of(d.normal(7, d.n()))));
      }
    }
    cases.add(run("cumSum.long", new CumSum(1, false, false), d -> List.of(d.normal(2, d.n(), 3))));
    cases.add(run("cumProd", new CumProd(1), d -> List.of(d.uniform(0.5, 1.5, 3, d.n()))));
    cases.add(run("cumProd.columns", new CumProd(0), d -> List.of(d.uniform(0.5, 1.5, 7, d.n()))));
    cases.add(
        run(
                "cumProd.grad",
                new CumProd.Grad(1),
                d -> List.of(d.uniform(0.5, 1.5, 3, d.n()), d.normal(3, d.n())))
            .noGradient()
            .wrong("shapes must agree", "F32[2,2]", "F32[2,3]"));
    cases.add(run("cumMax", new CumMax(1), d -> List.of(d.normal(3, d.n()))).ulps(0));
    cases.add(run("cumMax.columns", new CumMax(0), d -> List.of(d.normal(7, d.n()))).ulps(0));
    return cases;
  }

  private static OpCase run(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs).ulpsOfScale(n -> 4 + n / 16.0);
  }

  private static List<OpCase> sorts() {
    List<OpCase> cases = new ArrayList<>();
    for (boolean descending : new boolean[] {false, true}) {
      String name = descending ? "sort.descending" : "sort";
      cases.add(
          OpCase.of(name, new Sort(1, descending), d -> List.of(d.normal(3, d.n())))
              .ulps(0)
              .wrong("axis must exist", "F32[2]"));
      for (DType t : List.of(DType.I32, DType.I64, DType.BOOL, DType.I8)) {
        cases.add(
            OpCase.of(
                    name + "." + t,
                    new Sort(1, descending),
                    d -> List.of(d.indices(t, 99, 3, d.n(), 2)))
                .ulps(0)
                .noGradient()
                .wrong("x must be", "F16[2,2]"));
      }
    }
    cases.add(
        OpCase.of("topK", n -> new TopK(1, n / 2, true), d -> List.of(d.normal(3, d.n())))
            .ulps(0)
            .wrong("as many elements", "F32[2,0]"));
    cases.add(
        OpCase.of("topK.least", new TopK(0, 2, false), d -> List.of(d.normal(5, d.n())))
            .ulps(0)
            .wrong("as many elements", "F32[1,2]"));
    cases.add(
        OpCase.of(
                "sort.grad",
                n -> new Sort.Grad(1, n),
                d ->
                    List.of(d.normal(3, d.n()), d.indices(DType.I64, Math.max(1, d.n()), 3, d.n())))
            .ulpsOfScale(n -> 8)
            .noGradient()
            .wrong("shapes must agree", "F32[3,3]", "I64[3,2]"));
    for (boolean right : new boolean[] {false, true}) {
      cases.add(
          OpCase.of(
                  "searchSorted" + (right ? ".right" : ""),
                  new SearchSorted(right),
                  d -> List.of(ascending(d), d.indices(DType.I32, 99, 2, d.n())))
              .big(4000)
              .ulps(0)
              .noGradient()
              .wrong("sorted must be", "F32[2,2]", "F32[2]"));
    }
    return cases;
  }

  /// Integers: special values would not be in order.
  private static Input ascending(Draw d) {
    Input x = d.indices(DType.I32, 99, d.n());
    double[] values = x.values().clone();
    java.util.Arrays.sort(values);
    return new Input(x.spec(), values, false);
  }
}
