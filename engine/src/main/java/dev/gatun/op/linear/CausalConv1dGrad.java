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
import java.util.List;
import java.util.Optional;

/// Gradients of a [CausalConv1d] in one pass. Inputs: `dy`, those of the convolution, then the
/// gradient of the final state where somebody used it. Outputs: the gradient of each input of the
/// convolution.
///
/// @param finalState whether the last input is there
record CausalConv1dGrad(CausalConv1d conv, boolean finalState) implements Kernel {
  static final int X = 1;
  static final int WEIGHT = 2;

  private String names() {
    return "dy " + conv.names() + (finalState ? " dfinal" : "");
  }

  /// Input number of the initial state.
  int state() {
    return 1 + conv.state();
  }

  /// Input number of the gradient of the final state.
  int dfinal() {
    return state() + (conv.initialState() ? 1 : 0);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(dfinal() + (finalState ? 1 : 0), this, names(), in);
    Rules.computing(this, names(), in);
    List<Spec> inputs = in.subList(1, dfinal());
    conv.infer(inputs);
    Spec x = in.get(X);
    Shape state = x.shape().with(2, in.get(WEIGHT).shape().dim(1) - 1);
    Rules.require(
        in.get(0).equals(x) && (!finalState || in.get(dfinal()).shape().equals(state)),
        this,
        "dy must have the shape of x and dfinal be [B, D, W-1]",
        names(),
        in);
    return inputs;
  }

  @Override
  public void reference(Call c) {
    Shape x = c.inShape(X);
    double[] dw = new double[Math.toIntExact(c.inShape(WEIGHT).dim(1))];
    for (long d = 0; d < x.dim(1); d++) {
      java.util.Arrays.fill(dw, 0);
      double db = 0;
      for (long b = 0; b < x.dim(0); b++) {
        db += referenceRow(c, b * x.dim(1) + d, d, dw);
      }
      for (int k = 0; k < dw.length; k++) {
        c.set(1, d * dw.length + k, dw[k]);
      }
      if (conv.bias()) {
        c.set(2, d, db);
      }
    }
  }

  /// Adds to `dw`, sets the gradients of `x` and of the state, returns the sum of `g`.
  private double referenceRow(Call c, long row, long d, double[] dw) {
    int w = dw.length;
    int l = Math.toIntExact(c.inShape(X).dim(2));
    double[] dx = new double[l + w - 1];
    double db = 0;
    for (int t = 0; t < l; t++) {
      double p = conv.bias() ? c.get(3, d) : 0;
      for (int k = 0; k < w; k++) {
        p += c.get(WEIGHT, d * w + k) * conv.at(c, X, state(), row, t - w + 1 + k);
      }
      double g = c.get(0, row * l + t) * slope(conv.activation(), p);
      db += g;
      for (int k = 0; k < w; k++) {
        dw[k] += g * conv.at(c, X, state(), row, t - w + 1 + k);
        dx[t + k] += g * c.get(WEIGHT, d * w + k);
      }
    }
    for (int j = 0; finalState && j < w - 1; j++) {
      dx[l + j] += c.get(dfinal(), row * (w - 1) + j);
    }
    for (int i = 0; i < dx.length; i++) {
      if (i >= w - 1) {
        c.set(0, row * l + i - (w - 1), dx[i]);
      } else if (conv.initialState()) {
        c.set(conv.state(), row * (w - 1) + i, dx[i]);
      }
    }
    return db;
  }

  static double slope(Activation a, double p) {
    if (a == Activation.NONE) {
      return 1;
    }
    double s = 1 / (1 + Math.exp(-p));
    return s * (1 + p * (1 - s));
  }

  @Override
  public void simd(Call c, Workers w) {
    CausalConv1dGradSimd.run(this, c, w);
  }

  /// Elements of scratch of each worker: `g` with `W - 1` zeros on either side, and one result.
  static long spare(Shape x, long w) {
    return x.dim(2) + 2 * (w - 1) + 16;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClConv1d.back(this, d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    Spec x = in.get(X);
    return workers * spare(x.shape(), in.get(WEIGHT).shape().dim(1)) * x.dtype().bytes();
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  /// @throws IllegalStateException always
  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    throw new IllegalStateException(
        this + ": there is no second derivative; got a request for one");
  }

  @Override
  public Cost cost(List<Spec> in) {
    double flops = 6.0 * in.get(WEIGHT).shape().dim(1);
    return Cost.streaming(flops, in, infer(in).subList(0, 1));
  }
}
