package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.math.Add;
import dev.gatun.op.math.AddTo;
import dev.gatun.op.math.Div;
import dev.gatun.op.math.Exp;
import dev.gatun.op.math.Gelu;
import dev.gatun.op.math.Log;
import dev.gatun.op.math.Mul;
import dev.gatun.op.math.Neg;
import dev.gatun.op.math.Relu;
import dev.gatun.op.math.Sigmoid;
import dev.gatun.op.math.Silu;
import dev.gatun.op.math.Sub;
import dev.gatun.op.math.Tanh;
import dev.gatun.op.random.Normal;
import dev.gatun.op.random.Uniform;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.util.List;
import java.util.function.Function;

/// Cases of `dev.gatun.op.math` and `dev.gatun.op.random`.
final class MathCases {
  static final List<OpCase> ALL =
      List.of(
          binary("add", new Add()),
          binary("sub", new Sub()),
          binary("mul", new Mul()),
          broadcast(
              "div", new Div(), d -> List.of(d.normal(3, d.n()), d.uniform(0.5, 3, 3, d.n()))),
          broadcast("add.row", new Add(), d -> List.of(d.normal(3, d.n()), d.normal(d.n()))),
          broadcast("sub.column", new Sub(), d -> List.of(d.normal(3, 1), d.normal(3, d.n()))),
          broadcast("mul.scalar", new Mul(), d -> List.of(d.normal(), d.normal(2, d.n()))),
          broadcast("div.scalar", new Div(), d -> List.of(d.normal(2, d.n()), d.uniform(-3, -1))),
          broadcast(
              "mul.both", new Mul(), d -> List.of(d.normal(2, 1, d.n(), 3), d.normal(5, 1, 3))),
          OpCase.of("add.to", new AddTo(), d -> List.of(d.normal(3, d.n()), d.normal(3, d.n())))
              .inPlace(1)
              .wrong("shapes must agree", "F32[2]", "F32[3]")
              .wrong("dtypes must agree", "F32[2]", "F64[2]"),
          unary("neg", new Neg()).ulps(0),
          unary("exp", new Exp()).ulps(1.5),
          OpCase.of("log", new Log(), d -> List.of(d.uniform(0.01, 9, 3, d.n())))
              .ulps(1.5)
              .wrong("F32 or F64", "BOOL[2]"),
          unary("tanh", new Tanh()).ulps(2),
          unary("sigmoid", new Sigmoid()).ulps(2.5),
          unary("gelu", new Gelu()).ulps(8),
          unary("relu", new Relu()).ulps(0),
          unary("silu", new Silu()).ulps(4),
          gradient("tanh.grad", new Tanh.Grad()).ulpsOfScale(n -> 4),
          gradient("sigmoid.grad", new Sigmoid.Grad()).ulps(4),
          gradient("gelu.grad", new Gelu.Grad()).ulpsOfScale(n -> 8),
          gradient("relu.grad", new Relu.Grad()).ulps(0).noGradient(),
          gradient("silu.grad", new Silu.Grad()).ulpsOfScale(n -> 8).noGradient(),
          OpCase.of("uniform.f32", n -> new Uniform(DType.F32, Shape.of(n), 7), d -> List.of())
              .ulps(0),
          OpCase.of("uniform.f64", n -> new Uniform(DType.F64, Shape.of(n), 7), d -> List.of())
              .ulps(0),
          OpCase.of("normal.f32", n -> new Normal(DType.F32, Shape.of(n), 7), d -> List.of()),
          OpCase.of("normal.f64", n -> new Normal(DType.F64, Shape.of(n), 7), d -> List.of())
              .ulps(4));

  private MathCases() {}

  private static OpCase unary(String name, Op op) {
    return OpCase.of(name, op, d -> List.of(d.normal(3, d.n()))).wrong("F32 or F64", "BOOL[2]");
  }

  private static OpCase binary(String name, Op op) {
    return broadcast(name, op, d -> List.of(d.normal(3, d.n()), d.normal(3, d.n())));
  }

  private static OpCase broadcast(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs)
        .ulps(0.5)
        .wrong("shapes must broadcast", "F32[2,3]", "F32[4]")
        .wrong("dtypes must agree", "F32[2]", "F64[2]")
        .wrong("there must be 2 inputs", "F32[2]");
  }

  /// The inputs of a fused gradient: that of the result, and the input or the result itself.
  private static OpCase gradient(String name, Op op) {
    return OpCase.of(name, op, d -> List.of(d.normal(3, d.n()), d.uniform(0.1, 0.9, 3, d.n())))
        .wrong("dtypes must agree", "F32[2]", "F64[2]");
  }
}
