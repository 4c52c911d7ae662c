package dev.gatun.nn.scan;

import dev.gatun.nn.Layer;
import dev.gatun.nn.Linear;
import dev.gatun.op.sequence.ssd.Quasiseparable;
import dev.gatun.op.sequence.ssd.Ssd;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;

/// Hydra's block, which sees all of a sequence: `[z, x B C, dt] = W_in x`, a short filter of `x B
/// C`, centred, with SiLU, the [Quasiseparable] mixer, an RMS norm times `silu(z)`, then `W_out`.
///
/// Parameters, named as in the authors' checkpoints, with `E = expand D` and `H = E / P`: `dt_bias
/// [H]`, `A_log [H]`, `D [H]`, `fc_D.weight [H, E]`, `in_proj.weight [2 E + 4 G N + 2 H, D]`,
/// `conv1d.weight [E + 4 G N, 1, W]`, `conv1d.bias`, `norm.weight [E]`, `out_proj.weight [D, E]`.
/// It looks both ways, so it has no state and no steps. Reads all options; the authors' filter is 7
/// long.
///
/// Source: Hwang et al., arXiv 2407.09941.
public final class Hydra extends Layer {
  private final ScanOptions options;
  private final Variable bias;
  private final Variable logRates;
  private final Variable skip;
  private final Diagonal diagonal;
  private final Linear in;
  private final Filter filter;
  private final GatedNorm norm;
  private final Linear out;

  private Hydra(Scope scope, Scope initial, ScanOptions o, long seed) {
    if (o.filter() % 2 == 0) {
      throw new IllegalArgumentException("Hydra: the filter must have a middle; got " + o.filter());
    }
    options = o;
    long inner = o.inner();
    DType t = o.type();
    Shape heads = Shape.of(o.heads());
    bias = parameter("dt_bias", scope, ScanLayer.stepBias(initial, t, o.heads(), seed));
    logRates = parameter("A_log", scope, initial.uniform(t, heads, seed + 1).mul(15).add(1).log());
    skip = parameter("D", scope, initial.full(t, heads, 1));
    diagonal = child("fc_D", new Diagonal(scope, initial, t, o.heads(), inner, seed + 6));
    long all = inner + filtered() + 2L * o.heads();
    in = child("in_proj", ScanLayer.linear(scope, initial, t, o.features(), all, seed + 2));
    filter = child("conv1d", new Filter(scope, initial, t, filtered(), o.filter(), seed + 3));
    norm = child("norm", new GatedNorm(scope, initial, t, inner, 0, true));
    out = child("out_proj", ScanLayer.linear(scope, initial, t, inner, o.features(), seed + 5));
  }

  /// A weight that the mixer reads.
  private static final class Diagonal extends dev.gatun.nn.Module {
    private final Variable weight;

    Diagonal(Scope scope, Scope initial, DType t, long out, long in, long seed) {
      weight = parameter("weight", scope, ScanLayer.weights(initial, t, out, in, seed));
    }

    Tensor weight(Tensor like) {
      return borrow(weight, like);
    }
  }

  /// A block with random weights.
  ///
  /// @throws IllegalArgumentException if the filter is of even length
  public static Hydra of(Scope scope, ScanOptions options, long seed) {
    try (Scope initial = scope.device().scope("initial")) {
      return new Hydra(scope, initial, options, seed);
    }
  }

  private long filtered() {
    return options.inner() + 4L * options.groups() * options.modes();
  }

  @Override
  public Tensor forward(Tensor x) {
    if (x.shape().rank() != 3) {
      throw new IllegalArgumentException("Hydra: x must be [B, L, D]; got " + x.spec());
    }
    long inner = options.inner();
    long end = inner + filtered();
    Tensor all = in.forward(x);
    Tensor u = filter.both(all.slice(2, inner, end));
    Quasiseparable.Weights w =
        new Quasiseparable.Weights(
            borrow(bias, x), borrow(logRates, x), borrow(skip, x), diagonal.weight(x));
    Tensor y =
        new Quasiseparable(options.heads(), options.groups(), Ssd.CHUNK)
            .of(
                u.slice(2, 0, inner),
                u.slice(2, inner, filtered()),
                all.slice(2, end, end + 2L * options.heads()),
                w);
    return out.forward(norm.forward(y, all.slice(2, 0, inner)));
  }
}
