package dev.gatun.contract;

import dev.gatun.op.sequence.s4.BilinearCauchy;
import dev.gatun.op.sequence.s4.Cauchy;
import dev.gatun.op.sequence.s4.StateStep;
import dev.gatun.op.sequence.s4.Vandermonde;
import dev.gatun.op.sequence.s4.VandermondeTransposed;
import dev.gatun.op.sequence.s4.Woodbury;
import java.util.List;
import java.util.stream.Stream;

/// Cases of sums over the modes of state space models, in `dev.gatun.op.sequence.s4`.
final class SsmCases {
  static final List<OpCase> ALL =
      Stream.of(vandermonde(), bilinear(), cauchy(), woodbury(), step())
          .flatMap(List::stream)
          .toList();

  private SsmCases() {}

  /// Modes that decay by some percent a step.
  private static List<Input> modes(Draw d, long rows, long n) {
    return List.of(d.uniform(-0.2, -0.01, rows, n), d.uniform(-3, 3, rows, n));
  }

  private static List<OpCase> vandermonde() {
    return List.of(
        OpCase.of(
                "vandermonde",
                n -> new Vandermonde(n),
                d ->
                    Stream.concat(
                            Stream.of(d.normal(3, 5), d.normal(3, 5)), modes(d, 3, 5).stream())
                        .toList())
            .ulpsOfScale(n -> 64)
            .big(20_000)
            .wrong("v must be [..., N]", "F32[]", "F32[]", "F32[]", "F32[]")
            .wrong("v and x must have one shape", "F32[2,3]", "F32[2,3]", "F32[2,4]", "F32[2,4]")
            .wrong("there must be 4 inputs", "F32[2,3]"),
        OpCase.of(
                "vandermonde.modes",
                n -> new Vandermonde(9),
                d ->
                    Stream.concat(
                            Stream.of(d.normal(2, d.n()), d.normal(2, d.n())),
                            modes(d, 2, d.n()).stream())
                        .toList())
            .ulpsOfScale(n -> 64 + n)
            .big(1_031),
        OpCase.of(
                "vandermondeTransposed",
                n -> new VandermondeTransposed(false),
                d -> Stream.concat(Stream.of(d.normal(3, d.n())), modes(d, 3, 5).stream()).toList())
            .ulpsOfScale(n -> 128)
            .big(20_000)
            .wrong("u must be [..., L]", "F32[2,3]", "F32[3,4]", "F32[3,4]")
            .wrong("dtypes must agree", "F32[2,3]", "F64[2,4]", "F64[2,4]"),
        OpCase.of(
                "vandermondeTransposed.moments",
                n -> new VandermondeTransposed(true),
                d ->
                    Stream.concat(Stream.of(d.normal(2, 3, 130)), modes(d, 2, 3, d.n()).stream())
                        .toList())
            .ulpsOfScale(n -> 128)
            .noGradient()
            .big(1_031));
  }

  private static List<Input> modes(Draw d, long rows, long more, long n) {
    return List.of(d.uniform(-0.2, -0.01, rows, more, n), d.uniform(-3, 3, rows, more, n));
  }

  /// `v` of three products, `w` as a step of 0.1 makes it.
  private static List<Input> products(Draw d, int products, long n) {
    return List.of(
        d.normal(2, products, n),
        d.normal(2, products, n),
        d.uniform(-1, -0.5, 2, n),
        d.uniform(-3, 3, 2, n),
        d.uniform(1, 2, 2));
  }

  private static List<OpCase> bilinear() {
    return List.of(
        OpCase.of("bilinearCauchy", n -> new BilinearCauchy(n), d -> products(d, 5, 6))
            .ulpsOfScale(n -> 2_000)
            .from(1)
            .big(20_000)
            .wrong("v must be [..., M, N]", "F32[3]", "F32[3]", "F32[3]", "F32[3]", "F32[]")
            .wrong("v must be [..., M, N]", "F32[2,3]", "F32[2,3]", "F32[4]", "F32[4]", "F32[]")
            .wrong("there must be 5 inputs", "F32[3]"),
        OpCase.of(
                "bilinearCauchy.modes",
                n -> new BilinearCauchy(63),
                d ->
                    List.of(
                        d.normal(2, 2, d.n()),
                        d.normal(2, 2, d.n()),
                        d.uniform(-1, -0.5, 2, d.n()),
                        d.uniform(-4, 4, 2, d.n()),
                        d.uniform(1, 2, 2)))
            .ulpsOfScale(n -> 2_000)
            .big(1_031),
        OpCase.of(
                "bilinearCauchy.grad",
                n -> new BilinearCauchy.Grad(new BilinearCauchy(n)),
                d ->
                    Stream.concat(
                            Stream.of(d.normal(2, 5, d.n() / 2 + 1), d.normal(2, 5, d.n() / 2 + 1)),
                            products(d, 5, 6).stream())
                        .toList())
            .ulpsOfScale(n -> 10_000)
            .from(1)
            .noGradient()
            .big(5_000));
  }

  /// Poles in the left half plane, nodes in the right one.
  private static List<Input> poles(Draw d, long rows, long n, long nodes) {
    return List.of(
        d.normal(rows, n),
        d.normal(rows, n),
        d.uniform(-1, -0.5, rows, n),
        d.uniform(-4, 4, rows, n),
        d.uniform(0.5, 1, nodes),
        d.uniform(-4, 4, nodes));
  }

  private static List<OpCase> cauchy() {
    return List.of(
        OpCase.of("cauchy", n -> new Cauchy(), d -> poles(d, 3, 5, d.n()))
            .ulpsOfScale(n -> 256)
            .big(20_000)
            .wrong(
                "v and w must be [..., N]", "F32[]", "F32[]", "F32[]", "F32[]", "F32[3]", "F32[3]")
            .wrong("z [L]", "F32[3]", "F32[3]", "F32[3]", "F32[3]", "F32[2,3]", "F32[2,3]")
            .wrong("there must be 6 inputs", "F32[3]"),
        OpCase.of("cauchy.modes", n -> new Cauchy(), d -> poles(d, 2, d.n(), 37))
            .ulpsOfScale(n -> 256)
            .big(1_031),
        OpCase.of(
                "cauchy.grad",
                n -> new Cauchy.Grad(),
                d ->
                    Stream.concat(
                            Stream.of(d.normal(3, d.n()), d.normal(3, d.n())),
                            poles(d, 3, 5, d.n()).stream())
                        .toList())
            .ulpsOfScale(n -> 2_000)
            .noGradient()
            .big(5_000));
  }

  /// Matrices that are small beside the identity.
  private static List<Input> matrices(Draw d, int rows) {
    return List.of(
        d.uniform(-0.2, 0.2, 2, rows, d.n() / 2 + 1), d.uniform(-0.2, 0.2, 2, rows, d.n() / 2 + 1));
  }

  private static List<OpCase> woodbury() {
    return List.of(
        OpCase.of("woodbury", n -> new Woodbury(n, 1, 1), d -> matrices(d, 4))
            .ulpsOfScale(n -> 64)
            .from(1)
            .big(20_000)
            .wrong("r must be", "F32[5,1]", "F32[5,1]")
            .wrong("there must be 2 inputs", "F32[4,1]"),
        OpCase.of("woodbury.channels", n -> new Woodbury(n, 2, 3), d -> matrices(d, 20))
            .ulpsOfScale(n -> 64)
            .from(1)
            .big(5_000),
        OpCase.of(
                "woodbury.grad",
                n -> new Woodbury.Grad(new Woodbury(n, 2, 2)),
                d ->
                    Stream.concat(
                            Stream.of(d.normal(2, 2, d.n() / 2 + 1), d.normal(2, 2, d.n() / 2 + 1)),
                            matrices(d, 12).stream())
                        .toList())
            .ulpsOfScale(n -> 64)
            .from(1)
            .noGradient()
            .big(5_000));
  }

  /// A state of `n` features, an input, and a model that shrinks the state.
  private static List<Input> state(Draw d, int steps, int modes, int rank, int channels) {
    long panels = Math.ceilDiv(d.n(), (long) StateStep.PANEL);
    return List.of(
        d.normal(2, panels, 2, modes, StateStep.PANEL),
        d.normal(2, steps, d.n()),
        d.uniform(-0.5, 0.5, panels, 4 + 4 * rank + 2 * channels, modes, StateStep.PANEL));
  }

  private static List<OpCase> step() {
    return List.of(
        OpCase.of("stateStep", n -> new StateStep(1, 1, false), d -> state(d, 1, 3, 1, 1))
            .ulpsOfScale(n -> 16)
            .big(10_000)
            .wrong("x must be [B, P, 2, N, 16]", "F32[1,2,4,5]", "F32[1,1,5]", "F32[10,4,5]")
            .wrong("u must be", "F32[1,1,2,4,16]", "F32[1,1,17]", "F32[1,10,4,16]")
            .wrong("model must be", "F32[1,1,2,4,16]", "F32[1,1,5]", "F32[1,8,4,16]")
            .wrong("there must be 3 inputs", "F32[3]"),
        OpCase.of("stateStep.diagonal", n -> new StateStep(2, 0, false), d -> state(d, 3, 2, 0, 2))
            .ulpsOfScale(n -> 16)
            .big(10_000),
        OpCase.of(
                "stateStep.skip",
                n -> new StateStep(2, 2, true),
                d ->
                    Stream.concat(state(d, 2, 2, 2, 2).stream(), Stream.of(d.normal(2, d.n())))
                        .toList())
            .ulpsOfScale(n -> 16)
            .big(10_000)
            .wrong(
                "d must be [K, H]", "F32[1,1,2,4,16]", "F32[1,1,5]", "F32[1,16,4,16]", "F32[5]"));
  }
}
