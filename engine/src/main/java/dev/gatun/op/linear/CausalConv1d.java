package dev.gatun.op.linear;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Each channel convolved with its own short filter, so that no output sees a later input: `y[b, d,
/// t] = activation(bias[d] + sum_k weight[d, k] x[b, d, t - W + 1 + k])`. What lies before the
/// first input is the initial state, zero where there is none; the final state is the last `W - 1`
/// inputs, those of the initial state included.
///
/// Shapes: `x [B, D, L]`, `weight [D, W]`, then `bias [D]` and `state [B, D, W-1]` where there are;
/// `y [B, D, L]`, then the final state `[B, D, W-1]` if asked for; F32 or F64.
///
/// Gradient, with `p` what the activation sees and `g = dy activation'(p)`: `dx[t] = sum_k
/// weight[k] g[t + W - 1 - k]`, `dweight[k] = sum_{b, t} g[t] x[t - W + 1 + k]`, `dbias = sum g`,
/// and through both states. `p` is computed again. Cost: `2 W` flops an output and one read and
/// write; three times that for the gradient. Error: `W eps sum |weight x|`, and 3 ulp of the
/// activation. Source: Gu, Dao, Mamba, arXiv 2312.00752, section 3.4.
///
/// @param activation [Activation#NONE] or [Activation#SILU]
/// @param bias whether there is a bias
/// @param initialState whether there is an initial state
/// @param finalState whether the final state is a second result
public record CausalConv1d(
    Activation activation, boolean bias, boolean initialState, boolean finalState)
    implements Kernel {
  static final int X = 0;
  static final int WEIGHT = 1;

  /// `y` without the final state.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(
      Tensor x,
      Tensor weight,
      Optional<Tensor> bias,
      Optional<Tensor> state,
      Activation activation) {
    List<Tensor> in = new ArrayList<>(List.of(x, weight));
    bias.ifPresent(in::add);
    state.ifPresent(in::add);
    return new CausalConv1d(activation, bias.isPresent(), state.isPresent(), false)
        .of(in.toArray(Tensor[]::new));
  }

  String names() {
    return "x weight" + (bias ? " bias" : "") + (initialState ? " state" : "");
  }

  /// Input number of the initial state.
  int state() {
    return bias ? 3 : 2;
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2 + (bias ? 1 : 0) + (initialState ? 1 : 0), this, names(), in);
    Rules.computing(this, names(), in);
    requireActivation(this, activation, names(), in);
    Shape x = in.get(X).shape();
    Shape w = in.get(WEIGHT).shape();
    Rules.require(
        x.rank() == 3 && w.rank() == 2 && w.dim(0) == x.dim(1) && w.dim(1) > 0,
        this,
        "x must be [B, D, L] and weight [D, W] with W > 0",
        names(),
        in);
    Rules.require(
        !bias || in.get(2).shape().equals(Shape.of(x.dim(1))),
        this,
        "bias must be [D]",
        names(),
        in);
    Shape state = x.with(2, w.dim(1) - 1);
    Rules.require(
        !initialState || in.get(state()).shape().equals(state),
        this,
        "state must be [B, D, W-1]",
        names(),
        in);
    Spec y = in.get(X);
    return finalState ? List.of(y, y.withShape(state)) : List.of(y);
  }

  static void requireActivation(Kernel op, Activation a, String names, List<Spec> in) {
    Rules.require(
        a == Activation.NONE || a == Activation.SILU,
        op,
        "activation must be NONE or SILU",
        names,
        in);
  }

  /// Input `t` of `row = b D + d`; negative `t` lie in the initial state.
  double at(Call c, int x, int state, long row, long t) {
    long l = c.inShape(x).dim(2);
    long w = c.inShape(x + 1).dim(1);
    if (t >= 0) {
      return c.get(x, row * l + t);
    }
    return initialState ? c.get(state, row * (w - 1) + w - 1 + t) : 0;
  }

  @Override
  public void reference(Call c) {
    Shape x = c.inShape(X);
    long l = x.dim(2);
    long w = c.inShape(WEIGHT).dim(1);
    for (long row = 0; row < x.dim(0) * x.dim(1); row++) {
      long d = row % x.dim(1);
      for (long t = 0; t < l; t++) {
        double p = bias ? c.get(2, d) : 0;
        for (long k = 0; k < w; k++) {
          p += c.get(WEIGHT, d * w + k) * at(c, X, state(), row, t - w + 1 + k);
        }
        c.set(0, row * l + t, activation.f(p));
      }
      for (long j = 0; finalState && j < w - 1; j++) {
        c.set(1, row * (w - 1) + j, at(c, X, state(), row, l - w + 1 + j));
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    CausalConv1dSimd.forward(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClConv1d.forward(this, d, in);
  }

  @Override
  public Keep keep() {
    int kept = 2 + (bias ? 1 : 0) + (initialState ? 1 : 0);
    return new Keep((1L << kept) - 1, 0, 0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Optional<Tensor> dfinal = finalState ? dy.get(1) : Optional.empty();
    Tensor x = n.in(X);
    Tensor d = dy.get(0).orElseGet(() -> x.scope().zeros(x.dtype(), x.shape()));
    List<Tensor> in = new ArrayList<>(List.of(d, x, n.in(WEIGHT)));
    for (int i = 2; i < n.inputs(); i++) {
      in.add(n.in(i));
    }
    dfinal.ifPresent(in::add);
    List<Tensor> out =
        new CausalConv1dGrad(this, dfinal.isPresent()).apply(in.toArray(Tensor[]::new));
    List<Optional<Tensor>> dx = new ArrayList<>();
    for (int i = 0; i < n.inputs(); i++) {
      dx.add(n.needs(i) ? Optional.of(out.get(i)) : Optional.empty());
    }
    return dx;
  }

  @Override
  public Cost cost(List<Spec> in) {
    double flops = 2.0 * in.get(WEIGHT).shape().dim(1) + (activation == Activation.SILU ? 20 : 0);
    return Cost.streaming(flops, in, infer(in));
  }
}
