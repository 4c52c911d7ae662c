package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.linear.Fft;
import dev.gatun.op.linear.FftConv;
import dev.gatun.op.linear.Irfft;
import dev.gatun.op.linear.Rfft;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/// Cases of Fourier transforms and what stands on them, in `dev.gatun.op.linear`.
final class FourierCases {
  static final List<OpCase> ALL =
      Stream.of(transforms(), real(), convolutions(), gradients()).flatMap(List::stream).toList();

  private FourierCases() {}

  /// The error grows with the number of stages, and lengths with a large prime factor take three
  /// transforms; see `FftTest` for what it is relative to the norm.
  private static OpCase of(String name, IntFunction<Op> op, Function<Draw, List<Input>> inputs) {
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
        of(
            "irfft.even",
            n -> new Irfft(2L * n),
            d -> List.of(half(d, 2 * d.n()), half(d, 2 * d.n()))),
        of("irfft.adjoint", n -> new Irfft(n, true), d -> List.of(half(d, d.n()), half(d, d.n()))));
  }

  private static OpCase conv(String name, IntFunction<Op> op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs)
        .from(1)
        .ulpsOfScale(n -> 8 + 4 * Math.log(n) / Math.log(2))
        .big(5_000);
  }

  private static List<OpCase> convolutions() {
    return List.of(
        conv(
                "fftConv",
                n -> new FftConv(false, false, false, 0),
                d -> List.of(d.normal(2, 3, d.n()), d.normal(3, d.n())))
            .wrong("u must be [B, H, L]", "F32[3,4]", "F32[3,4]")
            .wrong("k must be [H, 1 to L]", "F32[2,3,4]", "F32[3,5]")
            .wrong("dtypes must agree", "F32[2,3,4]", "F64[3,4]")
            .wrong("there must be 2 inputs", "F32[2,3,4]"),
        conv(
                "fftConv.all",
                n -> new FftConv(true, true, true, 0),
                d ->
                    List.of(
                        d.normal(2, 3, d.n()),
                        d.normal(3, (d.n() + 1) / 2),
                        d.normal(3, d.n()),
                        d.normal(3)))
            .wrong("d must be [H]", "F32[2,3,4]", "F32[3,4]", "F32[3,4]", "F32[4]")
            .wrong("rev must be [H, 1 to L]", "F32[2,3,4]", "F32[3,4]", "F32[2,4]", "F32[3]"),
        conv(
            "fftConv.batch",
            n -> new FftConv(false, true, false, 0),
            d -> List.of(d.normal(d.n(), 2, 20), d.normal(2, 7), d.normal(2))),
        conv(
                "fftConv.circular",
                n -> new FftConv(false, false, false, n),
                d -> List.of(d.normal(2, 2, d.n()), d.normal(2, d.n())))
            .wrong("a period must be at least L", "F32[1,1,1040]", "F32[1,3]"),
        conv(
            "fftConv.circular.padded",
            n -> new FftConv(false, false, true, n + n / 3),
            d -> List.of(d.normal(1, 2, d.n()), d.normal(2, (3 * d.n() + 3) / 4))));
  }

  private static List<OpCase> gradients() {
    return List.of(
        conv(
                "fftConv.grad",
                // Small filters: where the slope of GELU is 0 in F32 but not in double, infinity
                // times it differs.
                n -> new FftConv.Grad(new FftConv(true, true, true, 0)),
                d ->
                    List.of(
                        d.normal(2, 2, d.n()),
                        d.normal(2, 2, d.n()),
                        d.uniform(-0.2, 0.2, 2, d.n()),
                        d.uniform(-0.2, 0.2, 2, (d.n() + 1) / 2),
                        d.normal(2)))
            .noGradient()
            .wrong(
                "dy must have u's shape",
                "F32[2,3,4]",
                "F32[2,3,5]",
                "F32[3,4]",
                "F32[3,4]",
                "F32[3]"),
        conv(
                "fftConv.circular.grad",
                n -> new FftConv.Grad(new FftConv(false, false, false, n + n / 3)),
                d ->
                    List.of(
                        d.normal(2, 2, d.n()),
                        d.normal(2, 2, d.n()),
                        d.normal(2, (3 * d.n() + 3) / 4)))
            .noGradient());
  }

  private static Input half(Draw d, int n) {
    return d.normal(3, n / 2 + 1);
  }
}
