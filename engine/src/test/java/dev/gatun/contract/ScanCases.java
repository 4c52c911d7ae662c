package dev.gatun.contract;

import dev.gatun.op.sequence.scan.Mode;
import dev.gatun.op.sequence.scan.Scan;
import java.util.List;
import java.util.stream.Stream;

/// Cases of linear recurrences, in `dev.gatun.op.sequence.scan`. Gates within 1 keep states small;
/// errors are those of some dozen steps in the type.
final class ScanCases {
  static final List<OpCase> ALL =
      Stream.of(affine(), chunked(), complex(), blocks()).flatMap(List::stream).toList();

  private ScanCases() {}

  private static Input gates(Draw d, long... dims) {
    return d.uniform(0.4, 0.9, dims);
  }

  private static List<OpCase> affine() {
    return List.of(
        OpCase.of(
                "scan", Scan.affine(1), d -> List.of(gates(d, 2, 5, d.n()), d.normal(2, 5, d.n())))
            .ulpsOfScale(n -> 16)
            .wrong("there must be 2 inputs", "F32[2,3]")
            .wrong("dtypes must agree", "F32[2,3]", "F64[2,3]")
            .wrong("each axis of a be that of b or 1", "F32[2,3]", "F32[2,4]")
            .wrong("axis must exist", "F32[2]", "F32[2]")
            .wrong("h0 must be b without", "F32[2,3]", "F32[2,3]", "F32[3]"),
        OpCase.of(
                "scan.time",
                Scan.affine(1),
                d -> List.of(gates(d, 3, d.n()), d.normal(3, d.n()), d.normal(3)))
            .ulpsOfScale(n -> 32),
        OpCase.of(
                "scan.reverse",
                Scan.affine(0).reversed(),
                d -> List.of(gates(d, d.n(), 3), d.normal(d.n(), 3), d.normal(3)))
            .ulpsOfScale(n -> 32),
        OpCase.of(
                "scan.reverse.time",
                Scan.affine(0).reversed(),
                d -> List.of(gates(d, d.n()), d.normal(d.n()), d.normal()))
            .ulpsOfScale(n -> 32),
        OpCase.of(
                "scan.exclusive",
                Scan.affine(1).exclusively(),
                d -> List.of(gates(d, 2, 6, d.n()), d.normal(2, 6, d.n()), d.normal(2, d.n())))
            .ulpsOfScale(n -> 32)
            .big(4_000),
        OpCase.of(
                "scan.exclusive.time",
                Scan.affine(1).exclusively().reversed(),
                d -> List.of(gates(d, 2, d.n()), d.normal(2, d.n())))
            .ulpsOfScale(n -> 32),
        OpCase.of(
                "scan.constant",
                Scan.affine(1),
                d -> List.of(gates(d, 1, 1, d.n()), d.normal(2, 5, d.n()), d.normal(2, d.n())))
            .ulpsOfScale(n -> 32)
            .big(4_000),
        OpCase.of(
                "scan.shared",
                Scan.affine(1),
                d -> List.of(gates(d, 2, 5, 3, 1), d.normal(2, 5, 3, d.n())))
            .ulpsOfScale(n -> 32 + n)
            .big(4_000),
        OpCase.of(
                "scan.middle",
                Scan.affine(1),
                d -> List.of(gates(d, 1, 5, 1, d.n()), d.normal(2, 5, 3, d.n())))
            .ulpsOfScale(n -> 32)
            .big(4_000));
  }

  private static List<OpCase> chunked() {
    return List.of(
        OpCase.of(
                "scan.chunked",
                Scan.affine(0).by(Mode.CHUNKED),
                d -> List.of(gates(d, d.n(), 5), d.normal(d.n(), 5), d.normal(5)))
            .ulpsOfScale(n -> 32),
        OpCase.of(
                "scan.chunked.time",
                Scan.affine(0).by(Mode.CHUNKED).exclusively(),
                d -> List.of(gates(d, d.n()), d.normal(d.n()), d.normal()))
            .ulpsOfScale(n -> 32),
        OpCase.of(
                "scan.chunked.columns",
                Scan.affine(0).by(Mode.CHUNKED).reversed(),
                d -> List.of(gates(d, 300, d.n()), d.normal(300, d.n())))
            .ulpsOfScale(n -> 32)
            .big(1_037));
  }

  private static List<OpCase> complex() {
    return List.of(
        OpCase.of(
                "scan.complex",
                Scan.complex(1),
                d ->
                    List.of(
                        d.uniform(0.3, 0.6, 2, 5, d.n()),
                        d.uniform(-0.6, -0.3, 2, 5, d.n()),
                        d.normal(2, 5, d.n()),
                        d.normal(2, 5, d.n())))
            .ulpsOfScale(n -> 32)
            .big(10_000)
            .wrong("parts must agree", "F32[2,3]", "F32[2,3]", "F32[2,3]", "F32[2,4]"),
        OpCase.of(
                "scan.complex.time",
                Scan.complex(1).reversed(),
                d ->
                    List.of(
                        d.uniform(0.3, 0.6, 3, 1),
                        d.uniform(-0.6, -0.3, 3, 1),
                        d.normal(3, d.n()),
                        d.normal(3, d.n()),
                        d.normal(3),
                        d.normal(3)))
            .ulpsOfScale(n -> 64 + n),
        OpCase.of(
                "scan.complex.chunked",
                Scan.complex(0).by(Mode.CHUNKED).exclusively(),
                d ->
                    List.of(
                        d.uniform(0.3, 0.6, d.n(), 3),
                        d.uniform(-0.6, -0.3, d.n(), 3),
                        d.normal(d.n(), 3),
                        d.normal(d.n(), 3)))
            .ulpsOfScale(n -> 64));
  }

  /// Matrices that make states no larger.
  private static Input matrices(Draw d, long... dims) {
    return d.uniform(-0.45, 0.45, dims);
  }

  private static List<OpCase> blocks() {
    return List.of(
        OpCase.of(
                "scan.blocks",
                Scan.blocks(1, 2),
                d -> List.of(matrices(d, 2, 5, 2, 2, d.n()), d.normal(2, 5, 2, d.n())))
            .ulpsOfScale(n -> 32)
            .big(4_000)
            .wrong("a [.., T, k, k, ..]", "F32[3,2]", "F32[3,2]")
            .wrong("a [.., T, k, k, ..]", "F32[2,3,2,2,4]", "F32[2,3,3,4]"),
        OpCase.of(
                "scan.blocks.time",
                Scan.blocks(1, 3).reversed(),
                d -> List.of(matrices(d, 2, d.n(), 3, 3), d.normal(2, d.n(), 3), d.normal(2, 3)))
            .ulpsOfScale(n -> 32)
            .big(4_000),
        OpCase.of(
                "scan.blocks.chunked",
                Scan.blocks(0, 2).by(Mode.CHUNKED).exclusively(),
                d -> List.of(matrices(d, d.n(), 2, 2, 3), d.normal(d.n(), 2, 3), d.normal(2, 3)))
            .ulpsOfScale(n -> 32)
            .big(9_000),
        OpCase.of(
                "scan.blocks.shared",
                Scan.blocks(1, 2).by(Mode.CHUNKED),
                d -> List.of(matrices(d, 1, 1, 2, 2, 1), d.normal(2, 70, 2, d.n())))
            .ulpsOfScale(n -> 64 + 2 * n)
            .big(1_037));
  }
}
