package dev.gatun.samples.conform;

import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.scan.Lru;
import dev.gatun.op.sequence.scan.Scan;
import dev.gatun.tensor.Tensor;
import java.util.Map;
import java.util.Optional;

/// `lru`: the linear recurrent unit.
final class LinearRecurrentUnit implements Adapter {
  @Override
  public String file() {
    return "lru";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    if (!op.equals("lru")) {
      throw Adapter.missing(op);
    }
    Lru lru =
        new Lru(
            a.in("nu_log"),
            a.in("theta_log"),
            a.in("gamma_log"),
            new Complex(a.in("B_re"), a.in("B_im")),
            new Complex(a.in("C_re"), a.in("C_im")),
            a.in("D"));
    Tensor x = a.in("x");
    Tensor y = lru.output(lru.states(x, Optional.empty()), x);
    return new Result(Scan.class, Map.of("y", y));
  }
}
