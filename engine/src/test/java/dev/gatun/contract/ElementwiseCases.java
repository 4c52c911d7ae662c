package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.math.Abs;
import dev.gatun.op.math.Add;
import dev.gatun.op.math.And;
import dev.gatun.op.math.Ceil;
import dev.gatun.op.math.Clamp;
import dev.gatun.op.math.Equal;
import dev.gatun.op.math.Floor;
import dev.gatun.op.math.FloorDivide;
import dev.gatun.op.math.Fmod;
import dev.gatun.op.math.Greater;
import dev.gatun.op.math.GreaterEqual;
import dev.gatun.op.math.IsFinite;
import dev.gatun.op.math.IsInfinite;
import dev.gatun.op.math.IsNan;
import dev.gatun.op.math.Less;
import dev.gatun.op.math.LessEqual;
import dev.gatun.op.math.Maximum;
import dev.gatun.op.math.Minimum;
import dev.gatun.op.math.Mul;
import dev.gatun.op.math.Neg;
import dev.gatun.op.math.Not;
import dev.gatun.op.math.NotEqual;
import dev.gatun.op.math.Or;
import dev.gatun.op.math.Reciprocal;
import dev.gatun.op.math.Remainder;
import dev.gatun.op.math.Round;
import dev.gatun.op.math.ShiftLeft;
import dev.gatun.op.math.ShiftRight;
import dev.gatun.op.math.Sign;
import dev.gatun.op.math.Square;
import dev.gatun.op.math.Sub;
import dev.gatun.op.math.Truncate;
import dev.gatun.op.math.Where;
import dev.gatun.op.math.Xor;
import dev.gatun.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;

/// Cases of further operators of `dev.gatun.op.math`: arithmetic, comparison, logic, rounding.
final class ElementwiseCases {
  static final List<OpCase> ALL =
      Stream.of(unary(), divisions(), extremes(), comparisons(), logic(), integers(), choices())
          .flatMap(List::stream)
          .toList();

  private ElementwiseCases() {}

  private static List<OpCase> unary() {
    return List.of(
        unary("abs", new Abs()),
        unary("square", new Square()).ulps(0.5),
        OpCase.of("reciprocal", new Reciprocal(), d -> List.of(d.uniform(-3, -0.5, 3, d.n())))
            .ulps(0.5)
            .wrong("F32 or F64", "I32[2]"),
        unary("sign", new Sign()).noGradient(),
        rounding("floor", new Floor()),
        rounding("ceil", new Ceil()),
        rounding("round", new Round()),
        rounding("truncate", new Truncate()),
        gradient("abs.grad", new Abs.Grad()).ulps(0),
        gradient("square.grad", new Square.Grad()),
        gradient("reciprocal.grad", new Reciprocal.Grad()).ulps(2),
        unary("clamp", new Clamp(-0.7, 1.1)),
        unary("clamp.above", new Clamp(0.3, Double.POSITIVE_INFINITY)));
  }

  private static OpCase unary(String name, Op op) {
    return OpCase.of(name, op, d -> List.of(d.normal(3, d.n())))
        .ulps(0)
        .wrong("F32 or F64", "BOOL[2]");
  }

  /// Halves, around zero and beyond the greatest fraction.
  private static OpCase rounding(String name, Op op) {
    return OpCase.of(name, op, d -> List.of(halves(d, 3, d.n())))
        .ulps(0)
        .noGradient()
        .wrong("F32 or F64", "I32[2]");
  }

  private static Input halves(Draw d, long... dims) {
    Input x = d.uniform(-12, 12, dims);
    double[] v = x.values().clone();
    for (int i = 0; i < v.length; i++) {
      v[i] = i % 3 == 0 ? Math.rint(v[i]) / 2 : i % 7 == 0 ? (float) (v[i] * 0x1p21) : v[i];
    }
    return new Input(x.spec(), v, false);
  }

  private static OpCase gradient(String name, Op op) {
    return OpCase.of(name, op, d -> List.of(d.normal(3, d.n()), d.uniform(0.1, 0.9, 3, d.n())))
        .wrong("dtypes must agree", "F32[2]", "F64[2]");
  }

  /// Remainders away from their steps, with quotients around zero, with huge ones, along a repeated
  /// axis, and of whole numbers, zero among them.
  private static List<OpCase> divisions() {
    List<OpCase> cases = new ArrayList<>();
    for (Op op : List.of(new Remainder(), new Fmod(), new FloorDivide())) {
      String name = name(op);
      boolean smooth = !(op instanceof FloorDivide);
      OpCase near =
          pair(name, op, d -> List.of(d.uniform(2.1, 2.9, 3, d.n()), d.uniform(1.5, 2, 3, d.n())));
      cases.add(smooth ? near : near.noGradient());
      cases.add(
          pair(name + ".signs", op, d -> List.of(d.normal(3, d.n()), d.normal(3, d.n())))
              .noGradient());
      cases.add(
          pair(name + ".huge", op, d -> List.of(d.uniform(-1e9, 1e9, 2, d.n()), d.normal(d.n())))
              .noGradient());
      cases.add(
          pair(name + ".column", op, d -> List.of(d.normal(3, d.n()), d.normal(3, 1)))
              .noGradient());
      cases.add(
          pair(name + ".whole", op, d -> List.of(small(d, 3, d.n()), small(d, 3, d.n())))
              .noGradient());
    }
    return cases;
  }

  private static OpCase pair(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs)
        .ulps(0)
        .wrong("shapes must broadcast", "F32[2,3]", "F32[4]")
        .wrong("dtypes must agree", "F32[2]", "F64[2]")
        .wrong("there must be 2 inputs", "F32[2]");
  }

  private static String name(Op op) {
    return op.getClass()
        .getSimpleName()
        .replaceAll("(?<=.)([A-Z])", ".$1")
        .toLowerCase(Locale.ROOT);
  }

  /// Whole numbers from -3 to 3, so that some are equal.
  private static Input small(Draw d, long... dims) {
    return small(d, d.dtype(), dims);
  }

  private static Input small(Draw d, DType t, long... dims) {
    Input x = d.indices(t, 7, dims);
    double[] v = x.values().clone();
    for (int i = 0; i < v.length; i++) {
      v[i] -= 3;
    }
    return new Input(x.spec(), v, false);
  }

  private static List<OpCase> extremes() {
    List<OpCase> cases = new ArrayList<>();
    for (Op op : List.of(new Maximum(), new Minimum())) {
      String name = name(op);
      cases.add(pair(name, op, d -> List.of(d.normal(3, d.n()), d.normal(3, d.n()))));
      cases.add(pair(name + ".row", op, d -> List.of(d.normal(3, d.n()), d.normal(d.n()))));
      cases.add(pair(name + ".scalar", op, d -> List.of(d.normal(), d.normal(2, d.n()))));
      for (DType t : List.of(DType.I32, DType.I64)) {
        cases.add(
            pair(name + "." + t, op, d -> List.of(small(d, t, 3, d.n()), small(d, t, 3, d.n())))
                .noGradient());
      }
    }
    return cases;
  }

  private static List<OpCase> comparisons() {
    List<OpCase> cases = new ArrayList<>();
    for (Op op :
        List.of(
            new Equal(),
            new NotEqual(),
            new Less(),
            new LessEqual(),
            new Greater(),
            new GreaterEqual())) {
      String name = name(op);
      cases.add(test(name, op, d -> List.of(small(d, 3, d.n()), small(d, 3, d.n()))));
      cases.add(test(name + ".column", op, d -> List.of(small(d, 3, d.n()), small(d, 3, 1))));
      cases.add(test(name + ".scalar", op, d -> List.of(small(d), small(d, 2, d.n()))));
      boolean bytes = op instanceof Equal || op instanceof NotEqual;
      for (DType t : bytes ? List.of(DType.U8, DType.BOOL, DType.I32, DType.I64) : integerTypes()) {
        cases.add(
            test(
                name + "." + t,
                op,
                d -> List.of(d.indices(t, 2, 3, d.n()), d.indices(t, 2, d.n()))));
      }
    }
    for (Op op : List.of(new IsNan(), new IsInfinite(), new IsFinite())) {
      cases.add(
          OpCase.of(name(op), op, d -> List.of(d.normal(3, d.n()).constant()))
              .ulps(0)
              .noGradient()
              .wrong("F32 or F64", "I32[2]"));
    }
    return cases;
  }

  private static List<DType> integerTypes() {
    return List.of(DType.I32, DType.I64);
  }

  private static OpCase test(String name, Op op, Function<Draw, List<Input>> inputs) {
    return pair(name, op, inputs).noGradient().wrong("dtypes must agree", "BF16[2]", "BF16[2]");
  }

  private static List<OpCase> logic() {
    List<OpCase> cases = new ArrayList<>();
    for (Op op : List.of(new And(), new Or(), new Xor())) {
      for (DType t : List.of(DType.BOOL, DType.I32, DType.I64)) {
        int bound = t == DType.BOOL ? 2 : Integer.MAX_VALUE;
        cases.add(
            bits(
                name(op) + "." + t,
                op,
                d -> List.of(d.indices(t, bound, 3, d.n()), d.indices(t, bound, 3, d.n()))));
      }
      cases.add(
          bits(
              name(op) + ".row",
              op,
              d -> List.of(d.indices(DType.BOOL, 2, 3, d.n()), d.indices(DType.BOOL, 2, d.n()))));
      cases.add(
          bits(
              name(op) + ".column",
              op,
              d -> List.of(d.indices(DType.BOOL, 2, 3, 1), d.indices(DType.BOOL, 2, 3, d.n()))));
    }
    for (DType t : List.of(DType.BOOL, DType.I32, DType.I64)) {
      cases.add(
          OpCase.of("not." + t, new Not(), d -> List.of(d.indices(t, 2, 3, d.n())))
              .ulps(0)
              .noGradient()
              .wrong("BOOL, I32 or I64", "F32[2]"));
    }
    return cases;
  }

  private static OpCase bits(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs)
        .ulps(0)
        .noGradient()
        .wrong("dtypes must agree", "F32[2]", "F32[2]")
        .wrong("shapes must broadcast", "I32[2,3]", "I32[4]");
  }

  private static List<OpCase> integers() {
    List<OpCase> cases = new ArrayList<>();
    for (DType t : integerTypes()) {
      int most = Integer.MAX_VALUE;
      for (Op op : List.of(new Add(), new Sub(), new Mul())) {
        cases.add(
            pair(
                    name(op) + "." + t,
                    op,
                    d -> List.of(d.indices(t, most, 3, d.n()), d.indices(t, most, 3, d.n())))
                .noGradient());
        cases.add(
            pair(
                    name(op) + ".column." + t,
                    op,
                    d -> List.of(d.indices(t, most, 3, 1), d.indices(t, most, 3, d.n())))
                .noGradient());
      }
      cases.add(
          OpCase.of("neg." + t, new Neg(), d -> List.of(small(d, t, 3, d.n())))
              .ulps(0)
              .noGradient());
      for (Op op : List.of(new ShiftLeft(), new ShiftRight())) {
        cases.add(
            bits(
                name(op) + "." + t,
                op,
                d -> List.of(d.indices(t, most, 3, d.n()), d.indices(t, 32, 3, d.n()))));
      }
    }
    return cases;
  }

  private static List<OpCase> choices() {
    List<OpCase> cases = new ArrayList<>();
    cases.add(
        where("where", d -> List.of(flags(d, 3, d.n()), d.normal(3, d.n()), d.normal(3, d.n()))));
    cases.add(
        where("where.scalar", d -> List.of(flags(d, 3, d.n()), d.normal(), d.normal(3, d.n()))));
    cases.add(
        where("where.row", d -> List.of(flags(d, d.n()), d.normal(2, 1, d.n()), d.normal(3, 1))));
    cases.add(
        where(
            "where.condition", d -> List.of(flags(d, 3, 1), d.normal(d.n()), d.normal(3, d.n()))));
    for (DType t : List.of(DType.BF16, DType.I8, DType.I64)) {
      cases.add(
          where(
                  "where." + t,
                  d -> List.of(flags(d, 3, d.n()), d.typed(t, 3, d.n()), d.typed(t, d.n())))
              .noGradient());
    }
    return cases;
  }

  private static Input flags(Draw d, long... dims) {
    return d.indices(DType.BOOL, 2, dims);
  }

  private static OpCase where(String name, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, new Where(), inputs)
        .ulps(0)
        .wrong("c must be BOOL", "F32[2]", "F32[2]", "F32[2]")
        .wrong("dtypes of x and y must agree", "BOOL[2]", "F32[2]", "F64[2]")
        .wrong("shapes must broadcast", "BOOL[2]", "F32[3]", "F32[3]")
        .wrong("there must be 3 inputs", "BOOL[2]");
  }
}
