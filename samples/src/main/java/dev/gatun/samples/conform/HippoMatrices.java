package dev.gatun.samples.conform;

import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Hippo;
import dev.gatun.op.sequence.s4.Nplr;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// `s4_hippo_nplr`: HiPPO's matrices and what they are in the basis of their eigenvectors, as far
/// as it does not depend on the phase of these. Made on the host, in double.
final class HippoMatrices implements Adapter {
  @Override
  public String file() {
    return "s4_hippo_nplr";
  }

  /// Eigenvectors, and all that has their phases.
  @Override
  public Set<String> arbitrary() {
    return Set.of("V", "P_eig", "B_eig", "B_eig_noclip");
  }

  @Override
  public Result call(Arguments a) {
    String name = a.flags().text("measure").orElse("");
    Hippo measure =
        switch (name) {
          case "legs" -> Hippo.LEGS;
          case "legt" -> Hippo.LEGT;
          case "lmu" -> Hippo.LMU;
          case "fout", "fourier" -> Hippo.FOURIER;
          default -> throw Adapter.missing(name);
        };
    int n = Math.toIntExact(a.flags().integer("N", 0));
    int rank = Math.toIntExact(a.flags().integer("rank", 1));
    // What is clipped has no unique value.
    a.flags().number("B_clip", 0);
    Nplr nplr = measure.nplr(n, rank);
    Map<String, Tensor> out = new LinkedHashMap<>();
    out.put("A", matrix(a, measure.matrix(n)));
    out.put("B", row(a, measure.input(n)).unsqueeze(1));
    out.put("P_real", matrix(a, measure.correction(rank, n)));
    out.put("A_reconstructed", matrix(a, nplr.matrix()));
    double[] re = new double[n / 2];
    Arrays.fill(re, nplr.real());
    out.put("Lambda", new Complex(row(a, re), row(a, nplr.frequencies())).pairs());
    Complex p = new Complex(matrix(a, nplr.correctionRe()), matrix(a, nplr.correctionIm()));
    Tensor b = row(a, nplr.input());
    out.put("PPh_abs", p.re().square().add(p.im().square()).sqrt());
    out.put("B_abs", b);
    out.put("BconjP", p.conj().view(t -> t.select(0, 0)).times(b).pairs());
    return new Result(Optional.empty(), out);
  }

  private static Tensor row(Arguments a, double[] x) {
    Scope s = a.scope();
    return s.tensor(DType.F64, Shape.of(x.length), x).to(a.dtype());
  }

  private static Tensor matrix(Arguments a, double[][] x) {
    double[] all = Arrays.stream(x).flatMapToDouble(Arrays::stream).toArray();
    return row(a, all).reshape(x.length, x[0].length);
  }
}
