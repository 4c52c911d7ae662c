package dev.gatun.contract;

import dev.gatun.op.shape.Assign;
import dev.gatun.op.shape.Broadcast;
import dev.gatun.op.shape.Cast;
import dev.gatun.op.shape.Copy;
import dev.gatun.op.shape.Full;
import dev.gatun.op.shape.Permute;
import dev.gatun.op.shape.Reshape;
import dev.gatun.op.shape.Slice;
import dev.gatun.op.shape.Unslice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/// Cases of `dev.gatun.op.shape`.
final class ShapeCases {
  static final List<OpCase> ALL = all();

  private ShapeCases() {}

  private static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>(moves());
    for (DType t : List.of(DType.F64, DType.BF16, DType.F16)) {
      cases.add(cast(DType.F32, t));
      cases.add(cast(t, DType.F32));
    }
    cases.add(cast(DType.I32, DType.F32));
    cases.add(cast(DType.F64, DType.I8));
    cases.add(cast(DType.I64, DType.I64));
    return List.copyOf(cases);
  }

  private static List<OpCase> moves() {
    return List.of(
        exact(OpCase.of("copy", new Copy(), d -> List.of(d.normal(3, d.n())))),
        exact(OpCase.of("full", n -> new Full(DType.F32, Shape.of(3, n), 1.5), d -> List.of())),
        exact(OpCase.of("full.bf16", n -> new Full(DType.BF16, Shape.of(n), 3), d -> List.of())),
        exact(OpCase.of("full.i64", n -> new Full(DType.I64, Shape.of(n), -3), d -> List.of())),
        exact(
                OpCase.of(
                    "assign", new Assign(), d -> List.of(d.normal(3, d.n()), d.normal(3, d.n()))))
            .inPlace(1)
            .wrong("types and shapes must agree", "F32[2]", "F32[3]"),
        exact(
                OpCase.of(
                    "broadcast",
                    n -> new Broadcast(Shape.of(2, 3, n)),
                    d -> List.of(d.normal(3, 1))))
            .wrong("must broadcast", "F32[3,2]"),
        exact(
                OpCase.of(
                    "permute", new Permute(List.of(2, 0, 1)), d -> List.of(d.normal(3, 2, d.n()))))
            .wrong("every axis must be named once", "F32[3,2]"),
        exact(
                OpCase.of(
                    "reshape", n -> new Reshape(Shape.of(n, 3)), d -> List.of(d.normal(3, d.n()))))
            .wrong("the number of elements must stay the same", "F32[2]"),
        exact(
                OpCase.of(
                    "slice",
                    n -> new Slice(1, n / 3, n / 3, 2),
                    d -> List.of(d.normal(3, d.n() + 2))))
            .wrong("within its axis", "F32[0]"),
        exact(
                OpCase.of(
                    "unslice",
                    n -> new Unslice(new Slice(1, 1, n, 1), Shape.of(3, n + 2, 2)),
                    d -> List.of(d.normal(3, d.n(), 2))))
            .wrong("slice's shape", "F32[2]"),
        exact(
                OpCase.of(
                    "unslice.step",
                    n -> new Unslice(new Slice(1, 2 * n, n, -2), Shape.of(3, 2 * n + 1)),
                    d -> List.of(d.normal(3, d.n()))))
            .wrong("slice's shape", "F32[2]"));
  }

  private static OpCase exact(OpCase c) {
    return c.ulps(0);
  }

  private static OpCase cast(DType from, DType to) {
    return OpCase.of("cast." + from + "." + to, new Cast(to), d -> List.of(d.typed(from, 3, d.n())))
        .ulps(0)
        .noGradient();
  }
}
