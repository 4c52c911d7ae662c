package dev.gatun.contract;

import dev.gatun.op.sequence.ssd.Ssd;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/// Cases of Mamba-2's scan, in `dev.gatun.op.sequence.ssd`: along channels, modes, heads and steps,
/// across chunks, with and without a state.
final class DualCases {
  static final List<OpCase> ALL = List.of(channels(), modes(), steps(), heads(), grad());

  private DualCases() {}

  private record Sizes(
      long batch, long steps, long heads, long channels, long groups, long modes) {}

  private static OpCase of(String name, Ssd op, IntFunction<Sizes> sizes) {
    return OpCase.of("ssd" + name, op, d -> inputs(d, op, sizes.apply(d.n())));
  }

  private static List<Input> inputs(Draw d, Ssd op, Sizes s) {
    List<Input> in = new ArrayList<>();
    in.add(d.normal(s.batch, s.steps, s.heads, s.channels));
    in.add(d.uniform(-1, -0.3, s.batch, s.steps, s.heads));
    in.add(d.normal(s.batch, s.steps, s.groups, s.modes));
    in.add(d.normal(s.batch, s.steps, s.groups, s.modes));
    if (op.state()) {
      in.add(d.normal(s.batch, s.heads, s.channels, s.modes));
    }
    return in;
  }

  private static OpCase channels() {
    return of("", Ssd.fromState(), n -> new Sizes(2, 6, 2, n, 1, 3))
        .ulpsOfScale(n -> 64)
        .big(700)
        .wrong("there must be 5 inputs", "F32[2,3,4,5]")
        .wrong("dtypes must agree", five("F32[2,3,4,5]", "F64[2,3,4]", "F32[2,3,2,6]"))
        .wrong("x must be", five("F32[2,3,4]", "F32[2,3,4]", "F32[2,3,2,6]"))
        .wrong("a must be", five("F32[2,3,4,5]", "F32[2,3]", "F32[2,3,2,6]"))
        .wrong("b and c must be", five("F32[2,3,4,5]", "F32[2,3,4]", "F32[2,3,3,6]"))
        .wrong("state must be", five("F32[2,3,4,5]", "F32[2,3,4]", "F32[2,3,2,7]"));
  }

  /// Inputs that are right but for these.
  private static String[] five(String x, String a, String b) {
    return new String[] {x, a, b, b, "F32[2,4,5,6]"};
  }

  private static OpCase modes() {
    return of(".modes", Ssd.plain(), n -> new Sizes(1, 7, 4, 3, 2, n))
        .ulpsOfScale(n -> 64 + n)
        .big(700);
  }

  private static OpCase steps() {
    return of(".steps", Ssd.plain(), n -> new Sizes(1, n, 2, 5, 2, 4))
        .ulpsOfScale(n -> 256)
        .big(2_000);
  }

  /// Chunks cut short, and more heads than a block has.
  private static OpCase heads() {
    return of(".heads", new Ssd(5, true), n -> new Sizes(2, 12, n, 2, 1, 2))
        .ulpsOfScale(n -> 64 + n)
        .big(207);
  }

  private static OpCase grad() {
    Ssd.Grad grad = new Ssd.Grad(new Ssd(4, true));
    return OpCase.of(
            "ssd.grad",
            grad,
            d -> {
              Sizes s = new Sizes(1, 9, 2, d.n(), 1, 3);
              List<Input> in = new ArrayList<>();
              in.add(d.normal(s.batch, s.steps, s.heads, s.channels));
              in.add(d.normal(s.batch, s.heads, s.channels, s.modes));
              in.addAll(inputs(d, grad.of(), s));
              return in;
            })
        .ulpsOfScale(n -> 128 + n)
        .noGradient()
        .big(700);
  }
}
