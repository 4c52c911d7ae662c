package dev.gatun.contract;

import dev.gatun.op.sequence.scan.SelectiveScan;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/// Cases of the selective scan, in `dev.gatun.op.sequence.scan`: along channels, along time across
/// chunks, and with each of the optional inputs there and absent.
final class SelectiveCases {
  static final List<OpCase> ALL =
      Stream.of(real(), constant(), complex()).flatMap(List::stream).toList();

  private SelectiveCases() {}

  /// Sizes of a case, and whether `b` and `c` change over time.
  private record Sizes(
      long batch, long steps, long channels, long rows, long groups, boolean b, boolean c) {
    Sizes(long batch, long steps, long channels, long rows, long groups) {
      this(batch, steps, channels, rows, groups, true, true);
    }
  }

  private static OpCase of(String name, SelectiveScan op, IntFunction<Sizes> sizes) {
    return OpCase.of("selectiveScan" + name, op, d -> inputs(d, op, sizes.apply(d.n())));
  }

  private static Input operand(Draw d, Sizes s, boolean variable) {
    return variable ? d.normal(s.batch, s.steps, s.groups, s.rows) : d.normal(s.rows, s.channels);
  }

  private static List<Input> inputs(Draw d, SelectiveScan op, Sizes s) {
    List<Input> in = new ArrayList<>();
    in.add(d.normal(s.batch, s.steps, s.channels));
    in.add(d.uniform(0.3, 1, s.batch, s.steps, s.channels));
    in.add(d.uniform(-1, -0.3, s.rows, s.channels));
    in.add(operand(d, s, s.b));
    in.add(operand(d, s, s.c));
    if (op.skip()) {
      in.add(d.normal(s.channels));
    }
    if (op.gate()) {
      in.add(d.normal(s.batch, s.steps, s.channels));
    }
    if (op.bias()) {
      in.add(d.uniform(-0.2, 0.2, s.channels));
    }
    if (op.state()) {
      in.add(d.normal(s.batch, s.rows, s.channels));
    }
    return in;
  }

  private static List<OpCase> real() {
    SelectiveScan.Grad grad =
        new SelectiveScan.Grad(new SelectiveScan(false, true, false, false, false, false));
    return List.of(
        of(
                "",
                new SelectiveScan(false, true, true, true, true, true),
                n -> new Sizes(2, 3, n, 2, 1))
            .ulpsOfScale(n -> 64)
            .big(1_500)
            .wrong("there must be 9 inputs", "F32[2,3,4]")
            .wrong("u and delta must be", nine("F32[2,3,5]", "F32[2,4]", "F32[2,3,4]"))
            .wrong("dtypes must agree", nine("F64[2,3,4]", "F32[2,4]", "F32[2,3,4]"))
            .wrong("a must be", nine("F32[2,3,4]", "F32[2,5]", "F32[2,3,4]"))
            .wrong("b must be", nine("F32[2,3,4]", "F32[3,4]", "F32[2,3,4]"))
            .wrong("z must be", nine("F32[2,3,4]", "F32[2,4]", "F32[2,3,5]")),
        of(
                ".steps",
                new SelectiveScan(false, false, false, false, false, false),
                n -> new Sizes(2, n, 3, 2, 1))
            .ulpsOfScale(n -> 128)
            .big(3_000),
        of(
                ".modes",
                new SelectiveScan(false, false, true, false, true, false),
                n -> new Sizes(1, 5, 4, n, 2))
            .ulpsOfScale(n -> 64 + n)
            .big(1_500)
            .wrong(
                "b and c must have one number",
                "F32[1,3,4]",
                "F32[1,3,4]",
                "F32[2,4]",
                "F32[1,3,1,2]",
                "F32[1,3,2,2]",
                "F32[4]",
                "F32[4]"),
        of(
                ".groups",
                new SelectiveScan(false, true, false, true, false, true),
                n -> new Sizes(2, 2, 3L * n, 2, 3))
            .ulpsOfScale(n -> 64)
            .big(700),
        OpCase.of(
                "selectiveScan.grad",
                grad,
                d -> {
                  List<Input> in = new ArrayList<>();
                  in.add(d.normal(2, 4, d.n()));
                  in.add(d.normal(2, 3, d.n()));
                  in.addAll(inputs(d, grad.of(), new Sizes(2, 4, d.n(), 3, 1)));
                  in.add(d.normal(2, 0, 3, d.n()));
                  return in;
                })
            .ulpsOfScale(n -> 256)
            .noGradient()
            .big(1_500));
  }

  private static List<OpCase> constant() {
    return List.of(
        of(
                ".constantInput",
                new SelectiveScan(false, true, true, false, false, false),
                n -> new Sizes(2, n, 4, 2, 1, false, true))
            .ulpsOfScale(n -> 128)
            .big(2_000),
        of(
                ".constantOutput",
                new SelectiveScan(false, true, false, true, true, true),
                n -> new Sizes(1, 3, n, 2, 1, true, false))
            .ulpsOfScale(n -> 64)
            .big(2_000));
  }

  private static List<OpCase> complex() {
    return List.of(
        of(
                ".complex",
                new SelectiveScan(true, true, true, true, true, true),
                n -> new Sizes(2, 3, 2L * n, 4, 2))
            .ulpsOfScale(n -> 64)
            .big(1_000)
            .wrong("two parts", nine("F32[2,3,4]", "F32[3,4]", "F32[2,3,4]")),
        of(
                ".complexConstant",
                new SelectiveScan(true, false, false, false, false, true),
                n -> new Sizes(1, n, 3, 4, 1, false, false))
            .ulpsOfScale(n -> 256)
            .big(1_500));
  }

  /// Inputs that are right but for these.
  private static String[] nine(String delta, String a, String z) {
    String b = "F32[2,4]";
    return new String[] {"F32[2,3,4]", delta, a, b, b, "F32[4]", z, "F32[4]", "F32[2,2,4]"};
  }
}
