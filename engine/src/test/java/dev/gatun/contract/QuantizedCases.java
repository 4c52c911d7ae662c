package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.linear.MatMulInteger;
import dev.gatun.op.linear.QuantizedLinear;
import dev.gatun.op.shape.DequantizeLinear;
import dev.gatun.op.shape.DynamicQuantize;
import dev.gatun.op.shape.QuantizeLinear;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/// Cases of codes of 8 bits with scales and zero points, and of products of them. All are exact.
final class QuantizedCases {
  private static final DType I8 = DType.I8;
  private static final DType U8 = DType.U8;
  private static final DType F32 = DType.F32;

  static final List<OpCase> ALL =
      Stream.of(products(), zeroPoints(), layers(), quantize(), dequantize())
          .flatMap(List::stream)
          .toList();

  private QuantizedCases() {}

  private static OpCase exact(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs).ulps(0).noGradient();
  }

  /// Bytes of the whole range.
  private static Input bytes(Draw d, DType t, long... dims) {
    Input codes = d.indices(t, 256, dims);
    if (t == U8) {
      return codes;
    }
    double[] values = codes.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] -= 128;
    }
    return new Input(codes.spec(), values, false);
  }

  /// The least of a type throughout: products as large as they come.
  private static Input least(long... dims) {
    Spec spec = new Spec(I8, Shape.of(dims));
    double[] values = new double[Math.toIntExact(spec.shape().elems())];
    Arrays.fill(values, -128);
    return new Input(spec, values, false);
  }

  private static Input floats(Draw d, long... dims) {
    return d.typed(F32, dims);
  }

  /// Scales, none of which is 0.
  private static Input scales(Draw d, long... dims) {
    Input x = d.typed(F32, dims);
    double[] values = x.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.01 + Math.abs(values[i]) / 50);
    }
    return new Input(x.spec(), values, false);
  }

  private static List<OpCase> products() {
    MatMulInteger plain = new MatMulInteger(false, false);
    return List.of(
        exact("matMulInteger", plain, d -> List.of(bytes(d, U8, 5, d.n()), bytes(d, I8, d.n(), 7)))
            .big(5_000)
            .wrong("a and b must agree in k", "U8[2,3]", "I8[2,3]")
            .wrong("must be I8 or U8", "F32[2,3]", "I8[3,2]")
            .wrong("must be I8 or U8", "U8[2,3]", "I32[3,2]")
            .wrong("a and b must have two axes", "U8[3]", "I8[3,2]")
            .wrong("leading axes must broadcast", "U8[2,3,4]", "I8[3,4,5]")
            .wrong("there must be 2 inputs", "U8[2,3]"),
        exact("matMulInteger.least", plain, d -> List.of(least(3, d.n()), least(d.n(), 20)))
            .big(5_000),
        exact("matMulInteger.wide", plain, d -> List.of(bytes(d, I8, 3, 6), bytes(d, U8, 6, d.n())))
            .big(20_000),
        exact(
                "matMulInteger.tall",
                plain,
                d -> List.of(bytes(d, U8, d.n(), 6), bytes(d, U8, 6, 17)))
            .big(20_000),
        exact(
                "matMulInteger.square",
                plain,
                d -> List.of(bytes(d, I8, d.n(), d.n()), bytes(d, I8, d.n(), d.n())))
            .big(219),
        exact(
                "matMulInteger.few",
                plain,
                d -> List.of(bytes(d, U8, 7, 520), bytes(d, U8, 520, d.n())))
            .big(1_037),
        exact(
                "matMulInteger.row",
                new MatMulInteger(true, true),
                d ->
                    List.of(
                        bytes(d, U8, 1, d.n()),
                        bytes(d, U8, d.n(), 120),
                        bytes(d, U8, 1),
                        bytes(d, U8, 120)))
            .big(5_000),
        exact(
                "matMulInteger.deep",
                plain,
                d -> List.of(bytes(d, U8, 14, 1030), bytes(d, U8, 1030, d.n())))
            .big(300));
  }

  private static List<OpCase> zeroPoints() {
    MatMulInteger both = new MatMulInteger(true, true);
    MatMulInteger left = new MatMulInteger(true, false);
    MatMulInteger right = new MatMulInteger(false, true);
    return List.of(
        exact(
                "matMulInteger.zeros",
                both,
                d ->
                    List.of(
                        bytes(d, U8, 4, d.n()),
                        bytes(d, I8, d.n(), 9),
                        bytes(d, U8),
                        bytes(d, I8, 1)))
            .big(5_000)
            .wrong("aZero must be one number", "U8[2,3]", "I8[3,2]", "U8[3]", "I8[]")
            .wrong("aZero must be one number", "U8[2,3]", "I8[3,2]", "I8[]", "I8[]")
            .wrong("bZero must be one number", "U8[2,3]", "I8[3,4]", "U8[2]", "I8[3]")
            .wrong("bZero must be one number", "U8[2,3]", "I8[3,4]", "U8[2]", "U8[]"),
        exact(
                "matMulInteger.zeros.each",
                both,
                d ->
                    List.of(
                        bytes(d, I8, 7, d.n()),
                        bytes(d, U8, d.n(), 19),
                        bytes(d, I8, 7),
                        bytes(d, U8, 19)))
            .big(5_000),
        exact(
                "matMulInteger.zeros.wide",
                right,
                d -> List.of(bytes(d, I8, 7, 30), bytes(d, I8, 30, d.n()), bytes(d, I8, d.n())))
            .big(10_000),
        exact(
                "matMulInteger.zeros.rows",
                left,
                d ->
                    List.of(
                        bytes(d, U8, 2, 5, d.n()), bytes(d, I8, d.n(), 9), bytes(d, U8, 2, 5, 1)))
            .big(5_000),
        exact(
                "matMulInteger.batch",
                both,
                d ->
                    List.of(
                        bytes(d, U8, 2, 1, 4, d.n()),
                        bytes(d, I8, 3, d.n(), 5),
                        bytes(d, U8, 4),
                        bytes(d, I8, 3, 1, 5)))
            .big(3_000),
        exact(
                "matMulInteger.batches",
                both,
                d ->
                    List.of(
                        bytes(d, I8, d.n(), 3, 4),
                        bytes(d, I8, d.n(), 4, 5),
                        bytes(d, I8, d.n(), 3, 1),
                        bytes(d, I8, d.n(), 1, 5)))
            .big(3_000));
  }

  private static List<OpCase> layers() {
    return List.of(
        exact(
                "quantizedLinear",
                new QuantizedLinear(false, true, true),
                d ->
                    List.of(
                        floats(d, 5, d.n()),
                        bytes(d, I8, d.n(), 9),
                        scales(d, 9),
                        bytes(d, I8, 9),
                        floats(d, 9)))
            .big(5_000)
            .wrong("x must be [.., k]", "F32[2,3]", "I8[2,3]", "F32[3]", "I8[3]", "F32[3]")
            .wrong(
                "x, scale and bias must be F32", "F64[2,3]", "I8[3,2]", "F32[]", "I8[]", "F32[2]")
            .wrong("zero of the type of w", "F32[2,3]", "I8[3,2]", "F32[]", "U8[]", "F32[2]")
            .wrong("one number or [n]", "F32[2,3]", "I8[3,2]", "F32[3]", "I8[]", "F32[2]")
            .wrong("bias must be [n]", "F32[2,3]", "I8[3,2]", "F32[]", "I8[]", "F32[3]"),
        exact(
                "quantizedLinear.plain",
                new QuantizedLinear(false, false, false),
                d -> List.of(floats(d, 2, 3, 12), bytes(d, U8, 12, d.n()), scales(d)))
            .big(20_000),
        exact(
                "quantizedLinear.bias",
                new QuantizedLinear(false, false, true),
                d -> List.of(floats(d, d.n(), 40), bytes(d, I8, 40, 33), scales(d), floats(d, 33)))
            .big(5_000),
        exact(
                "quantizedLinear.rows",
                new QuantizedLinear(true, false, true),
                d ->
                    List.of(
                        floats(d, 2, 4, d.n()), bytes(d, I8, d.n(), 9), scales(d, 9), floats(d, 9)))
            .big(5_000),
        exact(
                "quantizedLinear.rows.tall",
                new QuantizedLinear(true, true, false),
                d ->
                    List.of(floats(d, d.n(), 20), bytes(d, U8, 20, 16), scales(d, 1), bytes(d, U8)))
            .big(5_000),
        exact("dynamicQuantize", new DynamicQuantize(), d -> List.of(floats(d, 3, d.n())))
            .wrong("x must be F32", "F64[3]"));
  }

  private static List<OpCase> quantize() {
    return List.of(
        exact(
                "quantizeLinear",
                new QuantizeLinear(U8, true),
                d -> List.of(floats(d, 3, d.n()), scales(d), bytes(d, U8)))
            .wrong("x and scale must be F32", "F64[3]", "F32[]", "U8[]")
            .wrong("zero of that type", "F32[3]", "F32[]", "I8[]")
            .wrong("zero must be as scale", "F32[3]", "F32[]", "U8[1]")
            .wrong("scale must be one number", "F32[3]", "F32[2]", "U8[2]"),
        exact(
            "quantizeLinear.i8",
            new QuantizeLinear(I8, false),
            d -> List.of(floats(d, 3, d.n()), scales(d, 1))),
        exact(
            "quantizeLinear.last",
            new QuantizeLinear(I8, 1, 0, true),
            d -> List.of(floats(d, 5, d.n()), scales(d, d.n()), bytes(d, I8, d.n()))),
        exact(
            "quantizeLinear.last.plain",
            new QuantizeLinear(U8, 1, 0, false),
            d -> List.of(floats(d, 5, d.n()), scales(d, d.n()))),
        exact(
            "quantizeLinear.axis",
            new QuantizeLinear(U8, 1, 0, true),
            d -> List.of(floats(d, 2, 3, d.n()), scales(d, 3), bytes(d, U8, 3))),
        exact(
                "quantizeLinear.blocks",
                new QuantizeLinear(I8, 1, 16, true),
                d -> {
                  long g = (d.n() + 15L) / 16;
                  return List.of(floats(d, 3, d.n()), scales(d, 3, g), bytes(d, I8, 3, g));
                })
            .wrong("one a block", "F32[3,20]", "F32[3,3]", "I8[3,3]"),
        exact(
            "quantizeLinear.blocks.rows",
            new QuantizeLinear(U8, 1, 2, false),
            d -> List.of(floats(d, 2, 5, d.n()), scales(d, 2, 3, d.n()))));
  }

  private static List<OpCase> dequantize() {
    return List.of(
        exact(
                "dequantizeLinear",
                new DequantizeLinear(true),
                d -> List.of(bytes(d, U8, 3, d.n()), scales(d), bytes(d, U8)))
            .wrong("codes must be I8 or U8", "F32[3]", "F32[]", "U8[]")
            .wrong("codes must be I8 or U8", "I32[3]", "F32[]", "I32[]")
            .wrong("zero must be as scale", "U8[3]", "F32[]", "U8[1]")
            .wrong("scale must be one number", "U8[3]", "F32[2]", "U8[2]"),
        exact(
            "dequantizeLinear.i32",
            new DequantizeLinear(false),
            d -> List.of(d.indices(DType.I32, 1 << 30, 3, d.n()), scales(d))),
        exact(
            "dequantizeLinear.i32.last",
            new DequantizeLinear(1, 0, false),
            d -> List.of(d.indices(DType.I32, 1 << 30, 3, d.n()), scales(d, d.n()))),
        exact(
            "dequantizeLinear.last",
            new DequantizeLinear(1, 0, true),
            d -> List.of(bytes(d, I8, 5, d.n()), scales(d, d.n()), bytes(d, I8, d.n()))),
        exact(
            "dequantizeLinear.last.plain",
            new DequantizeLinear(1, 0, false),
            d -> List.of(bytes(d, U8, 5, d.n()), scales(d, d.n()))),
        exact(
            "dequantizeLinear.axis",
            new DequantizeLinear(0, 0, true),
            d -> List.of(bytes(d, I8, 3, d.n()), scales(d, 3), bytes(d, I8, 3))),
        exact(
            "dequantizeLinear.blocks",
            new DequantizeLinear(1, 16, false),
            d -> List.of(bytes(d, I8, 3, d.n()), scales(d, 3, (d.n() + 15) / 16))),
        exact(
            "dequantizeLinear.blocks.rows",
            new DequantizeLinear(0, 2, true),
            d -> List.of(bytes(d, U8, 5, d.n()), scales(d, 3, d.n()), bytes(d, U8, 3, d.n()))));
  }
}
