package dev.gatun.contract;

import dev.gatun.op.shape.Dequantize;
import dev.gatun.op.shape.Quantize;
import dev.gatun.op.shape.ReadRows;
import dev.gatun.op.shape.WriteRows;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;
import java.util.stream.Stream;

/// Cases of the operators of `dev.gatun.op.shape` that caches are made of.
final class CacheCases {
  static final List<OpCase> ALL = Stream.of(rows(), codes()).flatMap(List::stream).toList();

  private CacheCases() {}

  private static List<OpCase> rows() {
    return List.of(
        OpCase.of(
                "write.rows",
                new WriteRows(),
                d ->
                    List.of(
                        d.normal(2, 3, 5, d.n()),
                        d.normal(2, 3, 4, d.n()),
                        places(DType.I64, 4, 3, 4, -1, 4, 5, 6, 3, 0)))
            .inPlace(1)
            .ulps(0)
            .wrong("y must be [P, H, N, D]", "F32[2,3,5,4]", "F32[2,2,1,4]", "I64[2,1]")
            .wrong("of its type", "F32[2,3,5,4]", "F64[2,3,1,4]", "I64[2,1]")
            .wrong("places must be [B, n]", "F32[2,3,5,4]", "F32[2,3,1,4]", "I64[2,2]"),
        OpCase.of(
                "write.rows.long",
                new WriteRows(),
                d ->
                    List.of(
                        d.typed(DType.BF16, 2, 2, d.n() + 3, 5),
                        d.typed(DType.BF16, 1, 2, d.n(), 5),
                        counted(d, d.n())))
            .inPlace(1)
            .ulps(0),
        OpCase.of(
                "read.rows",
                new ReadRows(1),
                d -> List.of(d.normal(2, 3, 5, d.n()), places(DType.I32, 3, 4, 9, 0, 1, 2, -1)))
            .ulps(0)
            .noGradient()
            .wrong("x must be [P, H, N, D]", "F32[2,3,5]", "I64[1,1]")
            .wrong("places must be [B, m]", "F32[2,3,5,4]", "I64[1]"),
        OpCase.of(
                "read.rows.units",
                new ReadRows(2),
                d -> List.of(d.normal(2, 3, 4, d.n()), places(DType.I64, 3, 3, 1, 2, 0, -1, 3)))
            .ulps(0)
            .noGradient()
            .wrong("N a multiple of unit", "F32[2,3,5,4]", "I64[1,1]"),
        OpCase.of(
                "read.rows.U8",
                new ReadRows(1),
                d -> List.of(d.typed(DType.U8, 2, 2, d.n() + 3, 5), counted(d, d.n())))
            .ulps(0)
            .noGradient());
  }

  private static Input places(DType t, int columns, double... values) {
    return new Input(new Spec(t, Shape.of(values.length / columns, columns)), values, false);
  }

  /// Places `1, 2, .. n` over two buffers.
  private static Input counted(Draw d, int n) {
    Input in = d.indices(DType.I64, 1, 1, n);
    for (int i = 0; i < n; i++) {
      in = in.with(i, i + 1);
    }
    return in;
  }

  private static List<OpCase> codes() {
    return List.of(
        OpCase.of("quantize", n -> new Quantize(8, n), d -> List.of(d.normal(3, d.n())))
            .from(1)
            .ulps(0)
            .noGradient()
            .wrong("D must be a multiple of group", "F32[4]")
            .wrong("F32 or F64", "I8[3]"),
        OpCase.of("quantize.groups", new Quantize(8, 8), d -> List.of(d.normal(d.n(), 24)))
            .big(2000)
            .ulps(0)
            .noGradient(),
        OpCase.of("quantize.4", n -> new Quantize(4, 2L * n), d -> List.of(d.normal(3, 2L * d.n())))
            .from(1)
            .ulps(0)
            .noGradient()
            .wrong("D must be a multiple of group", "F32[4]"),
        OpCase.of("quantize.4.odd", new Quantize(4, 6), d -> List.of(d.normal(d.n(), 12)))
            .big(4000)
            .ulps(0)
            .noGradient(),
        back("dequantize", DType.F32, 8),
        back("dequantize.F64", DType.F64, 8),
        back("dequantize.4", DType.F32, 4),
        back("dequantize.4.F64", DType.F64, 4),
        OpCase.of(
                "dequantize.4.groups",
                new Dequantize(DType.F32, 4, 10),
                d -> List.of(codes(d, d.n(), 15), d.typed(DType.F32, d.n(), 3)))
            .big(4000)
            .ulps(0)
            .noGradient()
            .wrong("codes must be I8", "F32[5]", "F32[1]")
            .wrong("scale [.., D / group]", "I8[5]", "F32[2]"));
  }

  private static OpCase back(String name, DType to, int bits) {
    return OpCase.of(
            name,
            n -> new Dequantize(to, bits, 8L / bits * n),
            d -> List.of(codes(d, 3, d.n()), d.typed(DType.F32, 3, 1)))
        .from(1)
        .ulps(0)
        .noGradient();
  }

  private static Input codes(Draw d, long... dims) {
    Input in = d.indices(DType.I8, 256, dims);
    double[] values = in.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] -= 128;
    }
    return new Input(in.spec(), values, false);
  }
}
