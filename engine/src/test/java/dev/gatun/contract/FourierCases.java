package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.linear.Fft;
import dev.gatun.op.linear.Irfft;
import dev.gatun.op.linear.Rfft;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/// Cases of Fourier transforms and what stands on them, in `dev.gatun.op.linear`.
final class FourierCases {
  static final List<OpCase> ALL =
      Stream.of(transforms(), real()).flatMap(List::stream).toList();

  private FourierCases() {}

  /// The error grows with the number of stages, and lengths with a large prime factor take three
  /// transforms; see `FftTest` for what it is relative to the norm.
  private static OpCase of(
      String name, IntFunction<Op> op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs)
        .from(1)
        .ulpsOfScale(n -> 4 + Math.log(n) / Math.log(2))
        .big(20_000);
  }

  private static List<OpCase> transforms() {
    return List.of(
        of("fft", n -> Fft.forward(), d -> List.of(d.normal(3, d.n()), d.normal(3, d.n())))
            .wrong("shapes must agree", "F32[2,3]", "F32[3,2]")
            .wrong("the last axis must have 1 to 2^27 elements", "F32[2,0]", "F32[2,0]")
            .wrong("the last axis must have 1 to 2^27 elements", "F32[]", "F32[]")
            .wrong("dtypes must agree", "F32[3]", "F64[3]")
            .wrong("there must be 2 inputs", "F32[3]"),
        of("ifft", n -> Fft.backward(), d -> List.of(d.normal(3, d.n()), d.normal(3, d.n()))),
        of("fft.rows", n -> Fft.forward(), d -> List.of(d.normal(d.n(), 20), d.normal(d.n(), 20)))
            .big(5_000),
        of(
            "fft.split",
            n -> Fft.backward(),
            d -> List.of(d.normal(2, 16 * d.n()), d.normal(2, 16 * d.n())))
            .big(1_031));
  }

  private static List<OpCase> real() {
    return List.of(
        of("rfft", n -> new Rfft(), d -> List.of(d.normal(3, d.n())))
            .wrong("the last axis must have 1 to 2^27 elements", "F32[2,0]")
            .wrong("dtypes must agree", "I32[3]"),
        of("rfft.even", n -> new Rfft(), d -> List.of(d.normal(3, 2 * d.n()))),
        of("rfft.rows", n -> new Rfft(), d -> List.of(d.normal(d.n(), 30))).big(5_000),
        of("rfft.adjoint", n -> new Rfft(true), d -> List.of(d.normal(2, d.n()))),
        of("irfft", n -> new Irfft(n), d -> List.of(half(d, d.n()), half(d, d.n())))
            .wrong("n/2 + 1", "F32[5]", "F32[5]")
            .wrong("shapes must agree", "F32[2,2]", "F32[3,2]"),
        of("irfft.even", n -> new Irfft(2L * n), d -> List.of(half(d, 2 * d.n()), half(d, 2 * d.n()))),
        of("irfft.adjoint", n -> new Irfft(n, true), d -> List.of(half(d, d.n()), half(d, d.n()))));
  }

  private static Input half(Draw d, int n) {
    return d.normal(3, n / 2 + 1);
  }
}
