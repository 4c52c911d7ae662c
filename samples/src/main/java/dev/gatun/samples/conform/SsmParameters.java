package dev.gatun.samples.conform;

import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Diagonal;
import dev.gatun.op.sequence.s4.Dplr;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// Models from the parameters that the authors' code trains.
///
/// @param a the case
/// @param prefix of the inputs' names
record SsmParameters(Arguments a, String prefix) {
  private Tensor in(String name) {
    return a.in(prefix + name);
  }

  private Optional<Tensor> find(String name) {
    return a.find(prefix + name);
  }

  private Tensor dt() {
    Tensor t = in("inv_dt");
    return transformed(t, a.flags().text("dt_transform").orElse("exp"));
  }

  /// What the authors' parameter transforms are.
  private static Tensor transformed(Tensor t, String how) {
    return switch (how) {
      case "none" -> t;
      case "exp" -> t.exp();
      case "relu" -> t.relu().add(1e-4);
      case "sigmoid" -> t.sigmoid();
      case "softplus" -> t.softplus();
      default -> throw new UncoveredCase("there is no transform '" + how + "'");
    };
  }

  /// Minus the transformed parameters, both parts.
  private Complex lambda() {
    Tensor re = transformed(in("A_real"), a.flags().text("real_transform").orElse("exp")).neg();
    String how = a.flags().text("imag_transform").orElse("none");
    return find("A_imag")
        .map(t -> new Complex(re, transformed(t, how).neg()))
        .orElseGet(() -> Complex.real(re));
  }

  private Complex number(String name, boolean real) {
    return real ? Complex.real(in(name)) : Complex.ofPairs(in(name));
  }

  Dplr dplr() {
    Tensor dt = dt();
    Complex b = Complex.ofPairs(in("B")).view(t -> t.select(0, 0));
    Dplr d =
        new Dplr(
            lambda(), b, Complex.ofPairs(in("P")), Complex.ofPairs(in("C")), dt.reshape(dt.dim(0)));
    double rate = a.flags().number("rate", 1);
    d = rate == 1 ? d : d.resampled(rate);
    double band = a.flags().number("bandlimit", 0);
    return band > 0 ? d.limited(band) : d;
  }

  Diagonal diagonal() {
    boolean real = a.flags().bool("is_real", false);
    Complex b = number("B", real).view(t -> t.select(0, 0));
    Diagonal.Rule rule =
        switch (a.flags().text("disc").orElse("zoh")) {
          case "zoh" -> Diagonal.Rule.HOLD;
          case "bilinear" -> Diagonal.Rule.BILINEAR;
          case "dss" -> Diagonal.Rule.SOFTMAX;
          default -> throw new UncoveredCase("there is no such discretisation");
        };
    Diagonal d = new Diagonal(lambda(), b, number("C", real), dt(), rule);
    double rate = a.flags().number("rate", 1);
    d = rate == 1 ? d : d.resampled(rate);
    double band = a.flags().number("bandlimit", 0);
    return band > 0 ? d.limited(band) : d;
  }
}
