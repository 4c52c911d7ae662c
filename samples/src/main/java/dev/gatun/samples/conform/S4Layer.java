package dev.gatun.samples.conform;

import dev.gatun.op.sequence.s4.BilinearCauchy;
import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.LongConvolution;
import dev.gatun.op.sequence.s4.Vandermonde;
import dev.gatun.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.LongFunction;

/// `s4_fftconv_layer`: S4's kernel, convolution, skip and activation.
final class S4Layer implements Adapter {
  @Override
  public String file() {
    return "s4_fftconv_layer";
  }

  @Override
  public Result call(Arguments a) {
    a.flags().integer("H");
    a.flags().integer("N");
    a.flags().integer("channels");
    Tensor x = a.in("x");
    long length = a.flags().integer("L", x.dim(2));
    long kernel = Math.min(length, a.flags().integer("l_max", length));
    SsmParameters p = new SsmParameters(a, "kernel__");
    boolean diagonal = !a.flags().text("mode").orElse("dplr").equals("dplr");
    LongFunction<Tensor> kernels = diagonal ? p.diagonal()::kernel : p.dplr()::kernel;
    BiFunction<Complex, Long, Tensor> states =
        diagonal ? p.diagonal()::stateKernel : p.dplr()::stateKernel;
    Tensor k = kernels.apply(kernel);
    Tensor y =
        a.flags().bool("bidirectional", false)
            ? LongConvolution.bidirectional(x, k)
            : LongConvolution.causal(x, k);
    y = y.add(x.unsqueeze(1).mul(a.in("D").unsqueeze(2)));
    Map<String, Tensor> out = new LinkedHashMap<>();
    Optional<Complex> state = a.find("state").map(Complex::ofPairs);
    if (state.isPresent()) {
      y = y.add(states.apply(state.get(), length));
      out.put(
          "next_state",
          (diagonal ? p.diagonal().after(x, state.get()) : p.dplr().after(x, state.get())).pairs());
    }
    y = y.reshape(x.dim(0), y.dim(1) * y.dim(2), length);
    out.put("y", activated(y, a.flags().text("activation").orElse("none")));
    return new Result(diagonal ? Vandermonde.class : BilinearCauchy.class, out);
  }

  static Tensor activated(Tensor y, String activation) {
    return switch (activation) {
      case "none", "id", "identity", "linear" -> y;
      case "gelu", "gelu(erf)" -> y.gelu();
      case "relu" -> y.relu();
      case "tanh" -> y.tanh();
      case "silu", "swish" -> y.silu();
      case "sigmoid" -> y.sigmoid();
      default -> throw new UncoveredCase("there is no activation '" + activation + "'");
    };
  }
}
