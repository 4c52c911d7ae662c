package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.math.Acos;
import dev.gatun.op.math.Asin;
import dev.gatun.op.math.Atan;
import dev.gatun.op.math.Atan2;
import dev.gatun.op.math.Cos;
import dev.gatun.op.math.Cosh;
import dev.gatun.op.math.Elu;
import dev.gatun.op.math.Erf;
import dev.gatun.op.math.Exp2;
import dev.gatun.op.math.Expm1;
import dev.gatun.op.math.GeluTanh;
import dev.gatun.op.math.HardSigmoid;
import dev.gatun.op.math.HardSwish;
import dev.gatun.op.math.LeakyRelu;
import dev.gatun.op.math.Log1p;
import dev.gatun.op.math.Log2;
import dev.gatun.op.math.Mish;
import dev.gatun.op.math.Pow;
import dev.gatun.op.math.Rsqrt;
import dev.gatun.op.math.Selu;
import dev.gatun.op.math.Sin;
import dev.gatun.op.math.Sinh;
import dev.gatun.op.math.Softplus;
import dev.gatun.op.math.Softsign;
import dev.gatun.op.math.Sqrt;
import dev.gatun.op.math.Tan;
import java.util.List;
import java.util.function.Function;

/// Cases of functions of `dev.gatun.op.math`: roots, trigonometry, activations.
final class FunctionCases {
  static final List<OpCase> ALL =
      List.of(
          on("sqrt", new Sqrt(), 0.1, 9).ulps(0.5),
          on("rsqrt", new Rsqrt(), 0.1, 9).ulps(1.5),
          on("expm1", new Expm1(), -3, 3).ulps(1.5),
          on("exp2", new Exp2(), -3, 3).ulps(1.5),
          on("log1p", new Log1p(), -0.9, 5).ulps(1.5),
          on("log2", new Log2(), 0.1, 9).ulps(2),
          on("sin", new Sin(), -9, 9).ulps(1.5),
          on("cos", new Cos(), -9, 9).ulps(1.5),
          on("sin.far", new Sin(), -3e6, 3e6).ulps(1.5).noGradient(),
          on("cos.far", new Cos(), -3e6, 3e6).ulps(1.5).noGradient(),
          on("tan", new Tan(), -1.2, 1.2).ulps(2),
          on("tan.far", new Tan(), -3e6, 3e6).ulps(2).noGradient(),
          on("asin", new Asin(), -0.9, 0.9).ulps(1.5),
          on("acos", new Acos(), -0.9, 0.9).ulps(1.5),
          on("atan", new Atan(), -3, 3).ulps(1.5),
          pair("atan2", new Atan2(), d -> List.of(d.normal(3, d.n()), d.normal(3, d.n()))).ulps(2),
          pair("atan2.row", new Atan2(), d -> List.of(d.normal(3, d.n()), d.uniform(1, 2, d.n())))
              .ulps(2),
          on("sinh", new Sinh(), -3, 3).ulps(2),
          on("cosh", new Cosh(), -3, 3).ulps(2),
          on("erf", new Erf(), -3, 3).ulps(3),
          on("gelu.tanh", new GeluTanh(), -3, 3).ulps(4),
          on("softplus", new Softplus(), -3, 3).ulps(3),
          on("mish", new Mish(), -3, 3).ulps(4),
          on("elu", new Elu(0.7), -3, 3).ulps(2.5),
          on("selu", new Selu(), -3, 3).ulps(2.5),
          on("hard.swish", new HardSwish(), -5, 5).ulps(1.5),
          on("hard.sigmoid", new HardSigmoid(), -5, 5).ulps(1),
          on("leaky.relu", new LeakyRelu(0.01), -3, 3).ulps(1.5),
          on("softsign", new Softsign(), -3, 3).ulps(1.5),
          pair("pow", new Pow(), d -> List.of(d.uniform(0.2, 3, 3, d.n()), d.normal(3, d.n())))
              .ulps(1.5),
          pair("pow.row", new Pow(), d -> List.of(d.uniform(0.2, 3, 3, 1), d.normal(3, d.n())))
              .ulps(1.5),
          pair("pow.column", new Pow(), d -> List.of(d.uniform(0.2, 3, 3, d.n()), d.normal(3, 1)))
              .ulps(1.5),
          on("pow.constant", new Pow.Constant(1.7), 0.2, 3).ulps(1.5),
          on("pow.cube", new Pow.Constant(3), -3, 3).ulps(1.5));

  private FunctionCases() {}

  private static OpCase on(String name, Op op, double low, double high) {
    return OpCase.of(name, op, d -> List.of(d.uniform(low, high, 3, d.n())))
        .wrong("F32 or F64", "BOOL[2]");
  }

  private static OpCase pair(String name, Op op, Function<Draw, List<Input>> inputs) {
    return OpCase.of(name, op, inputs)
        .wrong("shapes must broadcast", "F32[2,3]", "F32[4]")
        .wrong("dtypes must agree", "F32[2]", "F64[2]");
  }
}
