package dev.gatun.contract;

import dev.gatun.op.sequence.linear.FastWeights;
import dev.gatun.op.sequence.linear.FastWeights.Decay;
import dev.gatun.op.sequence.linear.FastWeights.Mode;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/// Cases of `dev.gatun.op.sequence.linear`: along values, keys and time, with each decay and
/// update. Keys within 0.6 and decays keep states small.
final class FastWeightCases {
  static final List<OpCase> ALL =
      Stream.of(added(), corrected(), chunked()).flatMap(List::stream).toList();

  private FastWeightCases() {}

  /// Sizes of a case, and whether `beta` has a number for each value.
  private record Sizes(
      long batch, long steps, long groups, long heads, long keys, long values, boolean own) {
    Sizes(long batch, long steps, long groups, long heads, long keys, long values) {
      this(batch, steps, groups, heads, keys, values, false);
    }
  }

  private static FastWeights op(Decay decay, Update update, boolean state) {
    return FastWeights.of(decay, update, 0.7).withState(state).by(Mode.RECURRENT);
  }

  private static OpCase of(String name, FastWeights op, IntFunction<Sizes> sizes) {
    return OpCase.of("fastWeights" + name, op, d -> inputs(d, op, sizes.apply(d.n())));
  }

  private static List<Input> inputs(Draw d, FastWeights op, Sizes s) {
    List<Input> in = new ArrayList<>();
    in.add(d.normal(s.batch, s.steps, s.groups, s.keys));
    in.add(d.uniform(-0.6, 0.6, s.batch, s.steps, s.groups, s.keys));
    in.add(d.normal(s.batch, s.steps, s.heads, s.values));
    if (op.decay() == Decay.HEAD) {
      in.add(d.uniform(-0.9, -0.3, s.batch, s.steps, s.heads));
    } else if (op.decay() == Decay.KEY) {
      in.add(d.uniform(-0.9, -0.3, s.batch, s.steps, s.heads, s.keys));
    }
    if (op.update() == Update.DPLR) {
      in.add(d.uniform(-0.5, 0.5, s.batch, s.steps, s.heads, s.keys));
      in.add(d.uniform(-0.5, 0.5, s.batch, s.steps, s.heads, s.keys));
    } else if (op.update() == Update.DELTA && s.own) {
      in.add(d.uniform(0.3, 0.9, s.batch, s.steps, s.heads, s.values));
    } else if (op.update() == Update.DELTA) {
      in.add(d.uniform(0.3, 0.9, s.batch, s.steps, s.heads));
    }
    if (op.bonus()) {
      in.add(d.normal(s.heads, s.keys));
    }
    if (op.state()) {
      in.add(d.normal(s.batch, s.heads, s.keys, s.values));
    }
    return in;
  }

  private static List<OpCase> added() {
    return List.of(
        of("", op(Decay.KEY, Update.ADD, true), n -> new Sizes(2, 3, 1, 2, 3, n))
            .ulpsOfScale(n -> 64)
            .big(1_500)
            .wrong("there must be 5 inputs", "F32[1,2,1,3]")
            .wrong("dtypes must agree", five("F64[1,2,1,3]", "F32[1,2,2,4]", "F32[1,2,2,3]"))
            .wrong("q and k must be", five("F32[1,2,1,4]", "F32[1,2,2,4]", "F32[1,2,2,3]"))
            .wrong("v must be", five("F32[1,2,1,3]", "F32[1,3,2,4]", "F32[1,2,2,3]"))
            .wrong("g must be", five("F32[1,2,1,3]", "F32[1,2,2,4]", "F32[1,2,2]"))
            .wrong("state must be", five("F32[1,2,1,3]", "F32[1,2,2,5]", "F32[1,2,2,3]")),
        of(".steps", op(Decay.HEAD, Update.ADD, false), n -> new Sizes(2, n, 2, 2, 3, 5))
            .ulpsOfScale(n -> 128)
            .big(1_037),
        of(".keys", op(Decay.NONE, Update.ADD, true), n -> new Sizes(1, 3, 1, 1, n, 4))
            .ulpsOfScale(n -> 64 + n)
            .big(1_037),
        of(".bonus", op(Decay.KEY, Update.ADD, true).withBonus(), n -> new Sizes(2, n, 1, 2, 4, 5))
            .ulpsOfScale(n -> 128)
            .big(207)
            .wrong(
                "u must be",
                "F32[1,2,1,3]",
                "F32[1,2,1,3]",
                "F32[1,2,2,4]",
                "F32[1,2,2,3]",
                "F32[2,4]",
                "F32[1,2,3,4]"));
  }

  private static List<OpCase> corrected() {
    return List.of(
        of(".delta", op(Decay.HEAD, Update.DELTA, false), n -> new Sizes(2, n, 1, 2, 3, 5))
            .ulpsOfScale(n -> 128)
            .big(1_037),
        of(
                ".deltaValues",
                op(Decay.NONE, Update.DELTA, true),
                n -> new Sizes(1, 3, 1, 3, 3, n, true))
            .ulpsOfScale(n -> 64)
            .big(1_037)
            .wrong(
                "beta must be",
                "F32[1,2,1,3]",
                "F32[1,2,1,3]",
                "F32[1,2,2,4]",
                "F32[1,2,2,5]",
                "F32[1,2,3,4]"),
        of(".kda", op(Decay.KEY, Update.DELTA, true), n -> new Sizes(1, 3, 1, 2, n, 3))
            .ulpsOfScale(n -> 256 + 64 * n)
            .big(207),
        of(".dplr", op(Decay.KEY, Update.DPLR, true), n -> new Sizes(2, 3, 1, 2, 3, n))
            .ulpsOfScale(n -> 64)
            .big(1_037)
            .wrong(
                "a must be",
                "F32[1,2,1,3]",
                "F32[1,2,1,3]",
                "F32[1,2,2,4]",
                "F32[1,2,2,3]",
                "F32[1,2,1,3]",
                "F32[1,2,2,3]",
                "F32[1,2,3,4]"),
        of(".dplrSteps", op(Decay.NONE, Update.DPLR, false), n -> new Sizes(1, n, 1, 2, 3, 4))
            .ulpsOfScale(n -> 256)
            .big(207));
  }

  private static List<OpCase> chunked() {
    FastWeights.Grad grad = new FastWeights.Grad(op(Decay.HEAD, Update.DELTA, true));
    return List.of(
        of(
                ".chunked",
                op(Decay.KEY, Update.ADD, true).by(Mode.CHUNKED),
                n -> new Sizes(1, n, 1, 2, 3, 5))
            .ulpsOfScale(n -> 128)
            .big(207),
        of(
                ".chunkedBonus",
                op(Decay.KEY, Update.ADD, false).withBonus().by(Mode.CHUNKED),
                n -> new Sizes(1, 18, 1, 1, n, 3))
            .ulpsOfScale(n -> 128 + n)
            .big(207),
        of(
                ".chunkedDelta",
                op(Decay.HEAD, Update.DELTA, true).by(Mode.CHUNKED),
                n -> new Sizes(1, n, 1, 2, 3, 5))
            .ulpsOfScale(n -> 128)
            .big(207),
        of(
                ".chunkedDeltaValues",
                op(Decay.NONE, Update.DELTA, true).by(Mode.CHUNKED),
                n -> new Sizes(1, 18, 1, 1, 3, n, true))
            .ulpsOfScale(n -> 256)
            .big(207),
        of(
                ".chunkedDplr",
                op(Decay.KEY, Update.DPLR, true).by(Mode.CHUNKED),
                n -> new Sizes(1, n, 1, 2, 3, 4))
            .ulpsOfScale(n -> 256)
            .big(207),
        OpCase.of(
                "fastWeights.grad",
                grad,
                d -> {
                  List<Input> in = new ArrayList<>();
                  in.add(d.normal(2, 4, 2, d.n()));
                  in.add(d.normal(2, 2, 3, d.n()));
                  in.addAll(inputs(d, grad.of(), new Sizes(2, 4, 1, 2, 3, d.n())));
                  in.add(d.normal(2, 0, 2, 3, d.n()));
                  return in;
                })
            .ulpsOfScale(n -> 256 + n)
            .noGradient()
            .big(1_037));
  }

  /// Inputs that are right but for these.
  private static String[] five(String k, String v, String g) {
    return new String[] {"F32[1,2,1,3]", k, v, g, "F32[1,2,3,4]"};
  }
}
