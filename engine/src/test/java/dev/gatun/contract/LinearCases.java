package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.CausalConv1d;
import dev.gatun.op.linear.CausalConv1dUpdate;
import dev.gatun.op.linear.Embedding;
import dev.gatun.op.linear.MatMul;
import dev.gatun.op.linear.Monarch;
import dev.gatun.op.linear.PackedMatMul;
import dev.gatun.op.linear.Solve;
import dev.gatun.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/// Cases of `dev.gatun.op.linear`.
final class LinearCases {
  static final List<OpCase> ALL =
      Stream.of(
              products(),
              packed(),
              batches(),
              activations(),
              rows(),
              embeddings(),
              convolutions(),
              updates(),
              monarch(),
              solutions())
          .flatMap(List::stream)
          .toList();

  private LinearCases() {}

  /// A product that sums `n` terms, `n` as far as a plain loop bears.
  private static OpCase sum(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs).ulpsOfScale(n -> 4 + n / 16.0).big(5_000);
  }

  /// A product of few terms, wide or tall in `n`.
  private static OpCase few(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs).ulpsOfScale(n -> 4).big(20_000);
  }

  private static List<OpCase> products() {
    MatMul plain = new MatMul(false, false);
    MatMul transA = new MatMul(true, false);
    MatMul transB = new MatMul(false, true);
    MatMul both = new MatMul(true, true);
    return List.of(
        sum("matMul", plain, d -> List.of(d.normal(5, d.n()), d.normal(d.n(), 7)))
            .wrong("a and b must agree in k", "F32[2,3]", "F32[2,3]")
            .wrong("dtypes must agree", "F32[2,3]", "F64[3,2]")
            .wrong("dtypes must agree", "F64[2,3]", "BF16[3,2]")
            .wrong("dtypes must agree", "I32[2,3]", "I32[3,2]")
            .wrong("a and b must have two axes", "F32[3]", "F32[3,2]")
            .wrong("there must be 2 inputs", "F32[2,3]"),
        few("matMul.wide", plain, d -> List.of(d.normal(3, 6), d.normal(6, d.n()))),
        few("matMul.tall", plain, d -> List.of(d.normal(d.n(), 6), d.normal(6, 5))),
        sum("matMul.square", plain, d -> List.of(d.normal(d.n(), d.n()), d.normal(d.n(), d.n())))
            .big(219),
        sum("matMul.transA", transA, d -> List.of(d.normal(d.n(), 5), d.normal(d.n(), 9)))
            .wrong("a and b must agree in k", "F32[2,3]", "F32[3,2]"),
        few("matMul.transA.tall", transA, d -> List.of(d.normal(6, d.n()), d.normal(6, 5))),
        sum("matMul.transB", transB, d -> List.of(d.normal(5, d.n()), d.normal(9, d.n())))
            .wrong("a and b must agree in k", "F32[2,3]", "F32[3,2]"),
        few("matMul.transB.wide", transB, d -> List.of(d.normal(3, 6), d.normal(d.n(), 6))),
        sum("matMul.both", both, d -> List.of(d.normal(d.n(), 5), d.normal(9, d.n())))
            .wrong("a and b must agree in k", "F32[2,3]", "F32[2,3]"),
        few("matMul.both.wide", both, d -> List.of(d.normal(6, 3), d.normal(d.n(), 6))));
  }

  /// The packed matrix as an input of its own; its last panel is not full.
  private static List<OpCase> packed() {
    PackedMatMul plain = new PackedMatMul(37, false, Activation.NONE);
    PackedMatMul gelu = new PackedMatMul(64, true, Activation.GELU);
    return List.of(
        sum("packedMatMul", plain, d -> List.of(d.normal(5, d.n()), panels(d, 37, d.n())))
            .wrong("x and packed must agree in k", "F32[2,3]", "F32[2,4,32]")
            .wrong("packed must be", "F32[2,3]", "F32[3,37]")
            .wrong("dtypes must agree", "F32[2,3]", "F64[2,3,32]")
            .wrong("there must be 2 inputs", "F32[2,3]"),
        sum(
                "packedMatMul.bias",
                gelu,
                d -> List.of(d.normal(2, 3, d.n()), panels(d, 64, d.n()), d.normal(64)))
            .wrong("bias must be [n]", "F32[2,3]", "F32[2,3,32]", "F32[63]"),
        few("packedMatMul.tall", plain, d -> List.of(d.normal(d.n(), 6), panels(d, 37, 6))));
  }

  private static Input panels(Draw d, long columns, long k) {
    int width = PackedMatMul.WIDTH;
    return d.normal(Math.ceilDiv(columns, (long) width), k, width);
  }

  private static List<OpCase> batches() {
    MatMul plain = new MatMul(false, false);
    MatMul transB = new MatMul(false, true);
    return List.of(
        sum("matMul.batch", plain, d -> List.of(d.normal(2, 3, 4, d.n()), d.normal(2, 3, d.n(), 5)))
            .wrong("leading axes must broadcast", "F32[2,3,4]", "F32[3,4,5]"),
        sum(
            "matMul.batch.transB",
            transB,
            d -> List.of(d.normal(3, 4, d.n()), d.normal(3, 2, d.n()))),
        sum(
            "matMul.broadcast",
            plain,
            d -> List.of(d.normal(2, 1, 4, d.n()), d.normal(3, d.n(), 2))),
        sum("matMul.broadcast.a", plain, d -> List.of(d.normal(4, d.n()), d.normal(3, d.n(), 2))),
        sum("matMul.broadcast.b", plain, d -> List.of(d.normal(3, 4, d.n()), d.normal(d.n(), 2))),
        few("matMul.batches", plain, d -> List.of(d.normal(d.n(), 2, 3), d.normal(d.n(), 3, 2))),
        few(
                "matMul.batches.small",
                plain,
                d -> List.of(d.normal(d.n(), 7, 5), d.normal(d.n(), 5, 9)))
            .big(6_000),
        few(
                "matMul.batches.small.transA",
                new MatMul(true, false),
                d -> List.of(d.normal(3, 1, 5, 4), d.normal(d.n(), 5, 16)))
            .big(1_000));
  }

  /// A linear layer's product with each activation.
  private static List<OpCase> activations() {
    return Arrays.stream(Activation.values())
        .map(a ->
            OpCase.of(
                    "matMul.bias." + a,
                    new MatMul(false, true, true, a),
                    d -> List.of(d.normal(4, 6), d.normal(d.n(), 6), d.normal(d.n())))
                .ulpsOfScale(n -> 8)
                .big(20_000)
                .wrong("bias must be [n]", "F32[2,3]", "F32[4,3]", "F32[2]")
                .wrong("bias must be [n]", "F32[2,3]", "F32[4,3]", "F32[1,4]")
                .wrong("dtypes must agree", "F32[2,3]", "F32[4,3]", "F64[4]"))
        .toList();
  }

  /// Products of one row, and with weights in BF16.
  private static List<OpCase> rows() {
    MatMul plain = new MatMul(false, false);
    MatMul transB = new MatMul(false, true);
    DType f32 = DType.F32;
    DType bf16 = DType.BF16;
    return List.of(
        sum("matMul.row", plain, d -> List.of(d.normal(1, d.n()), d.normal(d.n(), 7))),
        few("matMul.row.wide", plain, d -> List.of(d.normal(1, 6), d.normal(6, d.n()))),
        sum("matMul.row.transB", transB, d -> List.of(d.normal(1, d.n()), d.normal(7, d.n()))),
        few("matMul.row.transB.wide", transB, d -> List.of(d.normal(1, 6), d.normal(d.n(), 6))),
        few("matMul.column", plain, d -> List.of(d.normal(d.n(), 6), d.normal(6, 1))),
        few("matMul.bf16", plain, d -> List.of(d.typed(f32, 4, 6), d.typed(bf16, 6, d.n())))
            .noGradient(),
        sum(
                "matMul.bf16.transB",
                transB,
                d -> List.of(d.typed(f32, 4, d.n()), d.typed(bf16, 5, d.n())))
            .noGradient(),
        few("matMul.bf16.row", plain, d -> List.of(d.typed(f32, 1, 6), d.typed(bf16, 6, d.n())))
            .noGradient(),
        sum(
                "matMul.bf16.row.transB",
                transB,
                d -> List.of(d.typed(f32, 1, d.n()), d.typed(bf16, 5, d.n())))
            .noGradient());
  }

  private static List<OpCase> embeddings() {
    return List.of(
        OpCase.of(
                "embedding",
                new Embedding(),
                d -> List.of(d.normal(7, d.n()), d.indices(DType.I64, 7, 2, 5)))
            .ulps(0)
            .wrong("table must be [V, D]", "F32[3]", "I64[2]")
            .wrong("table must be F32, F64 or BF16", "I8[3,2]", "I64[2]")
            .wrong("I32 or I64", "F32[3,2]", "F32[2]"),
        OpCase.of(
                "embedding.bf16",
                new Embedding(),
                d -> List.of(d.typed(DType.BF16, 7, d.n()), d.indices(DType.I32, 7, 5)))
            .ulps(0)
            .noGradient(),
        OpCase.of(
                "embedding.grad",
                new Embedding.Grad(4),
                d -> List.of(d.normal(9, d.n()), d.indices(DType.I32, 4, 9)))
            .ulpsOfScale(n -> 8)
            .wrong("dy must be [.., D]", "F32[3,5]", "I64[4]"));
  }

  private static List<OpCase> convolutions() {
    Activation silu = Activation.SILU;
    return List.of(
        OpCase.of(
                "causalConv1d",
                new CausalConv1d(silu, true, true, true),
                d -> List.of(d.normal(2, 3, d.n()), d.normal(3, 4), d.normal(3), d.normal(2, 3, 3)))
            .ulpsOfScale(n -> 16)
            .wrong("bias must be [D]", "F32[2,3,5]", "F32[3,4]", "F32[2]", "F32[2,3,3]")
            .wrong("state must be [B, D, W-1]", "F32[2,3,5]", "F32[3,4]", "F32[3]", "F32[2,3,4]"),
        OpCase.of(
                "causalConv1d.plain",
                new CausalConv1d(Activation.NONE, false, false, false),
                d -> List.of(d.normal(2, 3, d.n()), d.normal(3, 7)))
            .ulpsOfScale(n -> 16)
            .wrong("weight [D, W]", "F32[2,3,5]", "F32[4,4]")
            .wrong("dtypes must agree", "F32[2,3,5]", "F64[3,4]"),
        OpCase.of(
                "causalConv1d.single",
                new CausalConv1d(silu, false, true, true),
                d -> List.of(d.normal(2, 3, d.n()), d.normal(3, 1), d.normal(2, 3, 0)))
            .ulpsOfScale(n -> 16),
        OpCase.of(
                "causalConv1d.final",
                new CausalConv1d(silu, false, false, true),
                d -> List.of(d.normal(1, 2, d.n()), d.normal(2, 2)))
            .ulpsOfScale(n -> 16));
  }

  private static List<OpCase> updates() {
    return List.of(
        OpCase.of(
                "causalConv1dUpdate",
                new CausalConv1dUpdate(Activation.SILU, true, false),
                d ->
                    List.of(
                        d.normal(2, d.n()),
                        d.normal(2, d.n(), 5),
                        d.normal(d.n(), 3),
                        d.normal(d.n())))
            .ulpsOfScale(n -> 16)
            .wrong("0 < W <= S + 1", "F32[2,3]", "F32[2,3,1]", "F32[3,4]", "F32[3]"),
        OpCase.of(
                "causalConv1dUpdate.ring",
                new CausalConv1dUpdate(Activation.NONE, false, true),
                d ->
                    List.of(
                        d.normal(2, 3, d.n()),
                        d.normal(2, 3, 6),
                        d.normal(3, 4),
                        d.indices(DType.I64, 99, 2)))
            .ulpsOfScale(n -> 16)
            .wrong("position must be [B]", "F32[2,3]", "F32[2,3,5]", "F32[3,4]", "I32[3]"),
        OpCase.of(
                "causalConv1dUpdate.ring.step",
                new CausalConv1dUpdate(Activation.SILU, true, true),
                d ->
                    List.of(
                        d.normal(3, d.n()),
                        d.normal(3, d.n(), 4),
                        d.normal(d.n(), 4),
                        d.normal(d.n()),
                        d.indices(DType.I32, 99, 3)))
            .ulpsOfScale(n -> 16),
        OpCase.of(
                "causalConv1dUpdate.long",
                new CausalConv1dUpdate(Activation.SILU, true, false),
                d -> List.of(d.normal(2, 3, d.n()), d.normal(2, 3, 6), d.normal(3, 4), d.normal(3)))
            .ulpsOfScale(n -> 16),
        OpCase.of(
                "causalConv1dUpdate.single",
                new CausalConv1dUpdate(Activation.NONE, false, false),
                d -> List.of(d.normal(2, d.n()), d.normal(2, d.n(), 0), d.normal(d.n(), 1)))
            .ulpsOfScale(n -> 16));
  }

  /// Blocks of `left` and `right` whose numbers divide each other or do not.
  private static List<OpCase> monarch() {
    return List.of(
        few(
                "monarch",
                new Monarch(),
                d -> List.of(d.normal(d.n(), 9), d.normal(3, 3, 3), d.normal(3, 3, 3)))
            .wrong("x must be [.., k p]", "F32[2,8]", "F32[3,3,3]", "F32[3,3,3]")
            .wrong("x must be [.., k p]", "F32[]", "F32[3,3,3]", "F32[3,3,3]")
            .wrong("x must be [.., k p]", "F32[2,9]", "F32[3,9]", "F32[3,3,3]")
            .wrong("k q of left", "F32[2,9]", "F32[3,3,3]", "F32[3,3,4]")
            .wrong("dtypes must agree", "F32[2,9]", "F64[3,3,3]", "F32[3,3,3]")
            .wrong("there must be 3 inputs", "F32[2,9]", "F32[3,3,3]"),
        sum(
            "monarch.blocks",
            new Monarch(),
            d -> List.of(d.normal(2, 2L * d.n()), d.normal(2, 6, d.n()), d.normal(3, 5, 4))),
        few(
            "monarch.fine",
            new Monarch(),
            d -> List.of(d.normal(d.n(), 8), d.normal(4, 2, 2), d.normal(4, 3, 2))),
        few(
            "monarch.uneven",
            new Monarch(),
            d -> List.of(d.normal(2, 3, 4), d.normal(2, 9, 2), d.normal(6, d.n(), 3))));
  }

  /// Matrices with 3 on the other diagonal: rows are exchanged, and nothing is nearly singular.
  private static Input matrices(Draw d, long count, int n) {
    Input x = d.uniform(-0.5, 0.5, count, n, n);
    for (int i = 0; i < count * n; i++) {
      x = x.with(i * n + n - 1 - i % n, 3);
    }
    return x;
  }

  private static List<OpCase> solutions() {
    return List.of(
        few("solve", new Solve(false), d -> List.of(matrices(d, 2, 4), d.normal(2, 4, d.n())))
            .wrong("a must be [.., N, N]", "F32[2,3]", "F32[2,3]")
            .wrong("a must be [.., N, N]", "F32[2,3,3]", "F32[3,3]")
            .wrong("a must be [.., N, N]", "F32[3,3]", "F32[2,3]")
            .wrong("a must be [.., N, N]", "F32[3]", "F32[3]")
            .wrong("dtypes must agree", "F32[3,3]", "F64[3,2]")
            .wrong("there must be 2 inputs", "F32[3,3]"),
        few(
                "solve.transposed",
                new Solve(true),
                d -> List.of(matrices(d, d.n(), 3), d.normal(d.n(), 3, 2)))
            .big(2_000),
        OpCase.of(
                "solve.size",
                new Solve(false),
                d -> List.of(matrices(d, 1, d.n()), d.normal(1, d.n(), 3)))
            .ulpsOfScale(n -> 64)
            .big(131));
  }
}
