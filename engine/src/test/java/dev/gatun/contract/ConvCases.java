package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.AvgPool;
import dev.gatun.op.linear.Conv;
import dev.gatun.op.linear.ConvTranspose;
import dev.gatun.op.linear.MaxPool;
import dev.gatun.op.linear.PackedConv;
import dev.gatun.op.linear.Window;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/// Cases of convolutions and pooling of `dev.gatun.op.linear`.
final class ConvCases {
  private static final Window PLAIN = Window.PLAIN;

  /// Everything at once, and unlike on every side.
  private static final Window ODD = PLAIN.stride(2, 3).padding(2, 1, 1, 3).dilation(1, 2);

  static final List<OpCase> ALL =
      Stream.of(convolutions(), special(), packed(), transposed(), weights(), pools())
          .flatMap(List::stream)
          .toList();

  private ConvCases() {}

  private static Conv conv(int axes, Window window, int groups, boolean bias) {
    return new Conv(axes, window, groups, bias, Activation.NONE);
  }

  /// Few terms to an output.
  private static OpCase few(String name, IntFunction<Op> op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs).ulpsOfScale(n -> 16).big(20_000);
  }

  private static OpCase few(String name, Op op, Function<Draw, List<Input>> inputs) {
    return few(name, n -> op, inputs);
  }

  /// `n` terms to an output, times a few.
  private static OpCase sum(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs).ulpsOfScale(n -> 16 + n / 8.0);
  }

  private static List<OpCase> convolutions() {
    return List.of(
        few(
                "conv1d",
                conv(1, PLAIN, 1, true),
                d -> List.of(d.normal(2, 4, d.n()), d.normal(6, 4, 3), d.normal(6)))
            .from(3)
            .wrong("x must be [N, C, W]", "F32[2,4,5,5]", "F32[6,4,3]", "F32[6]")
            .wrong("bias must be [O]", "F32[2,4,5]", "F32[6,4,3]", "F32[5]")
            .wrong("x must have C channels", "F32[2,4,5]", "F32[6,3,3]", "F32[6]")
            .wrong("dtypes must agree", "F32[2,4,5]", "F64[6,4,3]", "F32[6]")
            .wrong("the taps must fit", "F32[2,4,2]", "F32[6,4,3]", "F32[6]")
            .wrong("the taps must fit", "F32[2,4,2]", "F32[6,4,0]", "F32[6]"),
        few(
            "conv1d.odd",
            conv(1, ODD, 2, false),
            d -> List.of(d.normal(2, 4, d.n() + 1), d.normal(6, 2, 3))),
        few(
                "conv1d.same",
                conv(1, PLAIN.dilation(1, 3).same(1, 4), 1, false),
                d -> List.of(d.normal(1, 3, d.n()), d.normal(2, 3, 4)))
            .from(1),
        few(
                "conv2d",
                conv(2, Window.of(1, 1, 1), 1, false),
                d -> List.of(d.normal(2, 3, 5, d.n()), d.normal(7, 3, 3, 3)))
            .from(1)
            .wrong("x must be [N, C, H, W]", "F32[2,4,5]", "F32[6,4,3]")
            .wrong("the taps must fit", "F32[2,3,0,5]", "F32[7,3,3,3]"),
        few(
            "conv2d.odd",
            conv(2, ODD, 2, true),
            d -> List.of(d.normal(1, 6, 4, d.n() + 3), d.normal(4, 3, 2, 4), d.normal(4))),
        few(
                "conv2d.beyond",
                conv(2, Window.of(3, 5, 2), 1, false),
                d -> List.of(d.normal(1, 2, 3, d.n()), d.normal(3, 2, 3, 2)))
            .from(1),
        sum(
                "conv2d.channels",
                conv(2, Window.of(1, 1, 1), 1, true),
                d -> List.of(d.normal(1, d.n(), 4, 5), d.normal(3, d.n(), 3, 3), d.normal(3)))
            .big(1200),
        few(
                "conv2d.outputs",
                conv(2, Window.of(2, 1, 1), 1, false),
                d -> List.of(d.normal(1, 3, 9, 7), d.normal(d.n(), 3, 3, 3)))
            .big(1200),
        few(
            "conv2d.batch",
            conv(2, Window.of(1, 0, 1), 1, false),
            d -> List.of(d.normal(d.n(), 2, 4, 4), d.normal(5, 2, 3, 3))));
  }

  /// Forms with a path of their own.
  private static List<OpCase> special() {
    return List.of(
        few(
                "conv2d.point",
                conv(2, PLAIN, 2, true),
                d -> List.of(d.normal(2, 6, 3, d.n()), d.normal(10, 3, 1, 1), d.normal(10)))
            .from(1),
        few(
                "conv2d.point.one",
                conv(2, PLAIN, 1, false),
                d -> List.of(d.normal(3, 6, 1, 1), d.normal(d.n(), 6, 1, 1)))
            .big(1200),
        few(
                "conv2d.depth",
                conv(2, Window.of(1, 1, 1), 3, true),
                d -> List.of(d.normal(2, 3, 5, d.n()), d.normal(6, 1, 3, 3), d.normal(6)))
            .from(1),
        few(
            "conv2d.depth.odd",
            conv(2, ODD, 3, false),
            d -> List.of(d.normal(2, 3, 5, d.n() + 3), d.normal(3, 1, 3, 4))),
        few(
            "conv1d.depth",
            conv(1, ODD, 4, true),
            d -> List.of(d.normal(2, 4, d.n() + 1), d.normal(4, 1, 3), d.normal(4))),
        few(
                "conv1d.silu",
                new Conv(1, Window.of(1, 1, 1), 1, true, Activation.SILU),
                d -> List.of(d.normal(2, 4, d.n()), d.normal(6, 4, 3), d.normal(6)))
            .from(1),
        few(
                "conv1d.depth.relu",
                new Conv(1, Window.of(1, 1, 1), 4, false, Activation.RELU),
                d -> List.of(d.normal(2, 4, d.n()), d.normal(4, 1, 3)))
            .from(1));
  }

  /// The packed weight as an input of its own; its last panel is not full.
  private static List<OpCase> packed() {
    return List.of(
        few(
                "packedConv1d",
                new PackedConv(1, ODD, 37, List.of(3L), true, Activation.NONE),
                d -> List.of(d.normal(2, 4, d.n() + 1), d.normal(2, 12, 32), d.normal(37)))
            .wrong("packed must be", "F32[2,4,9]", "F32[2,11,32]", "F32[37]")
            .wrong("bias must be [O]", "F32[2,4,9]", "F32[2,12,32]", "F32[36]")
            .wrong("x must be", "F32[2,4,9,9]", "F32[2,12,32]", "F32[37]")
            .wrong("the taps must fit", "F32[2,4,0]", "F32[2,12,32]", "F32[37]"),
        few(
            "packedConv1d.step",
            new PackedConv(1, PLAIN, 64, List.of(5L), false, Activation.GELU),
            d -> List.of(d.normal(1, d.n(), 5), d.normal(2, 5 * d.n(), 32))),
        few(
            "packedConv2d",
            new PackedConv(2, ODD, 33, List.of(3L, 4L), true, Activation.SILU),
            d -> List.of(d.normal(2, 3, 5, d.n() + 3), d.normal(2, 36, 32), d.normal(33))));
  }

  private static List<OpCase> transposed() {
    return List.of(
        few(
                "convTranspose1d",
                n -> new ConvTranspose(1, PLAIN, 1, List.of(n + 2L), true),
                d -> List.of(d.normal(2, 4, d.n()), d.normal(4, 5, 3), d.normal(5)))
            .from(1)
            .wrong("must have the size of x", "F32[2,4,5]", "F32[4,5,3]", "F32[5]")
            .wrong("bias must be [O]", "F32[2,4,3]", "F32[4,5,3]", "F32[4]")
            .wrong("x must have C channels", "F32[2,4,3]", "F32[3,5,3]", "F32[5]"),
        few(
            "convTranspose2d.odd",
            n -> new ConvTranspose(2, ODD, 2, List.of(6L, 3 * n + 2L), true),
            d -> List.of(d.normal(2, 4, 4, d.n() + 1), d.normal(4, 3, 2, 3), d.normal(6))),
        few(
                "convTranspose2d.point",
                n -> new ConvTranspose(2, PLAIN, 2, List.of(3L, (long) n), true),
                d -> List.of(d.normal(2, 4, 3, d.n()), d.normal(4, 3, 1, 1), d.normal(6)))
            .from(1),
        few(
            "convTranspose2d.depth",
            n -> new ConvTranspose(2, ODD, 3, List.of(6L, 3 * n + 2L), true),
            d -> List.of(d.normal(2, 6, 4, d.n() + 1), d.normal(6, 1, 2, 3), d.normal(3))),
        few(
                "convTranspose2d.channels",
                n -> new ConvTranspose(2, Window.of(2, 1, 1), 1, List.of(8L, 7L), false),
                d -> List.of(d.normal(1, 3, 4, 4), d.normal(3, d.n(), 3, 3)))
            .big(1200));
  }

  private static List<OpCase> weights() {
    return List.of(
        sum(
                "conv1d.grad",
                new Conv.Grad(1, Window.of(1, 1, 1), 2, List.of(3L)),
                d -> List.of(d.normal(2, 4, d.n()), d.normal(2, 6, d.n())))
            .from(1)
            .wrong("dy must be a result", "F32[2,4,5]", "F32[2,6,6]")
            .wrong("dy must be a result", "F32[2,4,5]", "F32[1,6,5]"),
        sum(
            "conv2d.grad.odd",
            new Conv.Grad(2, ODD, 1, List.of(2L, 3L)),
            d -> List.of(d.normal(2, 3, 6, 3 * d.n() + 2), d.normal(2, 5, 4, d.n() + 1))),
        sum(
                "conv2d.grad.point",
                new Conv.Grad(2, PLAIN, 1, List.of(1L, 1L)),
                d -> List.of(d.normal(2, 3, 2, d.n()), d.normal(2, 5, 2, d.n())))
            .from(1),
        sum(
                "conv2d.grad.depth",
                new Conv.Grad(2, Window.of(1, 1, 1), 3, List.of(3L, 3L)),
                d -> List.of(d.normal(2, 3, 4, d.n()), d.normal(2, 3, 4, d.n())))
            .from(1),
        sum(
                "conv2d.grad.channels",
                new Conv.Grad(2, Window.of(2, 1, 1), 1, List.of(3L, 3L)),
                d -> List.of(d.normal(1, d.n(), 8, 7), d.normal(1, 5, 4, 4)))
            .big(1200));
  }

  private static List<OpCase> pools() {
    Window pad = PLAIN.stride(2, 2).padding(1, 0, 0, 1);
    Window dilated = Window.of(1, 1, 2);
    MaxPool max = new MaxPool(2, 2, 3, pad);
    AvgPool avg = new AvgPool(2, 2, 3, pad, false);
    return List.of(
        OpCase.of("maxPool1d", new MaxPool(1, 0, 3, dilated), d -> List.of(d.normal(2, 3, d.n())))
            .from(3)
            .ulps(0)
            .wrong("x must be [N, C, W]", "F32[2,3]")
            .wrong("a window must fit", "F32[2,3,2]")
            .wrong("F32 or F64", "I32[2,3,9]"),
        OpCase.of("maxPool2d", max, d -> List.of(d.normal(2, 3, 5, d.n()))).from(2).ulps(0),
        OpCase.of(
                "maxPool2d.grad",
                new MaxPool.Grad(max),
                d ->
                    List.of(
                        d.indices(d.dtype(), 3, 2, 3, 5, 2 * d.n()),
                        d.indices(d.dtype(), 3, 2, 3, 3, d.n()),
                        d.normal(2, 3, 3, d.n())))
            .from(1)
            .big(5_000)
            .ulpsOfScale(n -> 4)
            .noGradient()
            .wrong("the shape of the result", "F32[1,1,5,6]", "F32[1,1,3,3]", "F32[1,1,3,4]"),
        OpCase.of(
                "avgPool1d",
                new AvgPool(1, 0, 3, dilated, true),
                d -> List.of(d.normal(2, 3, d.n())))
            .from(3)
            .ulpsOfScale(n -> 4),
        OpCase.of("avgPool2d", avg, d -> List.of(d.normal(2, 3, 5, d.n())))
            .from(2)
            .ulpsOfScale(n -> 4)
            .wrong("x must be [N, C, H, W]", "F32[2,3,5]"),
        OpCase.of(
                "avgPool2d.grad",
                n -> new AvgPool.Grad(avg, List.of(5L, 2L * n)),
                d -> List.of(d.normal(2, 3, 3, d.n())))
            .from(1)
            .big(5_000)
            .ulpsOfScale(n -> 4)
            .wrong("the shape of the result", "F32[2,3,3,4]"));
  }
}
