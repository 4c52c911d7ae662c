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

/// One step, or a few, of a [CausalConv1d] that streams: the new inputs after those in the state.
///
/// A plain state holds the last `S` inputs in order; the new state has the new inputs appended and
/// the oldest dropped. A circular state is a ring: input number `p` of sequence `b` lies at `p mod
/// S`, `position [b]` inputs came before, and only the new ones are written, the last of those that
/// fall on one place.
///
/// Shapes: `x [B, D]` or `[B, D, T]`, `state [B, D, S]` with `S >= W - 1`, `weight [D, W]`, then
/// `bias [D]` where there is one and `position [B]` I32 or I64 for a ring; results `y` like `x` and
/// the new state. Gradient: of `x`, `state`, `weight` and `bias`, through both results. Cost: `2 W`
/// flops an output and one read and write of the state. Error: as [CausalConv1d].
///
/// @param activation [Activation#NONE] or [Activation#SILU]
/// @param bias whether there is a bias
/// @param circular whether the state is a ring
public record CausalConv1dUpdate(Activation activation, boolean bias, boolean circular)
    implements Kernel {
  /// A step's results.
  public record Step(Tensor y, Tensor state) {}

  /// Takes a step; a ring where there are positions.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Step of(
      Tensor x,
      Tensor state,
      Tensor weight,
      Optional<Tensor> bias,
      Optional<Tensor> position,
      Activation activation) {
    List<Tensor> in = new ArrayList<>(List.of(x, state, weight));
    bias.ifPresent(in::add);
    position.ifPresent(in::add);
    List<Tensor> out =
        new CausalConv1dUpdate(activation, bias.isPresent(), position.isPresent())
            .apply(in.toArray(Tensor[]::new));
    return new Step(out.get(0), out.get(1));
  }

  private String names() {
    return "x state weight" + (bias ? " bias" : "") + (circular ? " position" : "");
  }

  /// Input number of the positions.
  int position() {
    return bias ? 4 : 3;
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(3 + (bias ? 1 : 0) + (circular ? 1 : 0), this, names(), in);
    Spec x = in.get(0);
    Rules.require(
        x.dtype().computes()
            && in.subList(0, position()).stream().allMatch(s -> s.dtype() == x.dtype()),
        this,
        "dtypes must agree and be F32 or F64",
        names(),
        in);
    CausalConv1d.requireActivation(this, activation, names(), in);
    Rules.require(
        fits(x.shape(), in.get(1).shape(), in.get(2).shape()),
        this,
        "x must be [B, D] or [B, D, T], state [B, D, S] and weight [D, W] with 0 < W <= S + 1",
        names(),
        in);
    Rules.require(
        !bias || in.get(3).shape().equals(Shape.of(x.shape().dim(1))),
        this,
        "bias must be [D]",
        names(),
        in);
    Rules.require(
        !circular
            || in.get(position()).dtype().indexes()
                && in.get(position()).shape().equals(Shape.of(x.shape().dim(0)))
                && in.get(1).shape().dim(2) > 0,
        this,
        "position must be [B], I32 or I64, and the ring must have a place",
        names(),
        in);
    return List.of(x, in.get(1));
  }

  private static boolean fits(Shape x, Shape state, Shape w) {
    return (x.rank() == 2 || x.rank() == 3)
        && state.rank() == 3
        && w.rank() == 2
        && state.dim(0) == x.dim(0)
        && state.dim(1) == x.dim(1)
        && w.dim(0) == x.dim(1)
        && w.dim(1) > 0
        && state.dim(2) >= w.dim(1) - 1;
  }

  static long steps(Shape x) {
    return x.rank() == 3 ? x.dim(2) : 1;
  }

  /// Place in the state of input `t` of sequence `b`, counted from the first new one, `t < 0`.
  long place(Call c, int position, long s, long b, long t) {
    if (!circular) {
      return s + t;
    }
    return Math.floorMod(c.inSpec(position).dtype().readLong(c.in(position), b) + t, s);
  }

  @Override
  public void reference(Call c) {
    Shape x = c.inShape(0);
    long rows = x.dim(0) * x.dim(1);
    long n = steps(x);
    long s = c.inShape(1).dim(2);
    long w = c.inShape(2).dim(1);
    for (long row = 0; row < rows; row++) {
      long b = row / x.dim(1);
      long d = row % x.dim(1);
      for (long t = 0; t < n; t++) {
        double p = bias ? c.get(3, d) : 0;
        for (long k = 0; k < w; k++) {
          long from = t - w + 1 + k;
          double v =
              from >= 0
                  ? c.get(0, row * n + from)
                  : c.get(1, row * s + place(c, position(), s, b, from));
          p += c.get(2, d * w + k) * v;
        }
        c.set(0, row * n + t, activation.f(p));
      }
      for (long i = 0; i < s; i++) {
        long from = circular ? i : i + n;
        c.set(1, row * s + i, from < s ? c.get(1, row * s + from) : c.get(0, row * n + from - s));
      }
      for (long t = 0; circular && t < n; t++) {
        c.set(1, row * s + place(c, position(), s, b, t), c.get(0, row * n + t));
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    CausalConv1dUpdateSimd.run(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClConv1d.update(this, d, in);
  }

  /// For each worker, the end of a row's state and the inputs after it.
  @Override
  public long scratch(List<Spec> in, int workers) {
    return 2 * (in.get(2).shape().dim(1) - 1) * in.get(0).dtype().bytes() * workers;
  }

  @Override
  public Keep keep() {
    return new Keep((1L << position() + (circular ? 1 : 0)) - 1, 0, 0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    List<Tensor> in = new ArrayList<>();
    for (int i = 0; i < n.inputs(); i++) {
      in.add(n.in(i));
    }
    for (int i = 0; i < 2; i++) {
      Tensor like = n.in(i);
      in.add(dy.get(i).orElseGet(() -> like.scope().zeros(like.dtype(), like.shape())));
    }
    List<Tensor> out = new Grad(this).apply(in.toArray(Tensor[]::new));
    List<Optional<Tensor>> dx = new ArrayList<>();
    for (int i = 0; i < n.inputs(); i++) {
      dx.add(n.needs(i) ? Optional.of(out.get(i)) : Optional.empty());
    }
    return dx;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(2.0 * in.get(2).shape().dim(1), in, infer(in));
  }

  /// Gradients of an update, from its inputs and the gradients of both results.
  record Grad(CausalConv1dUpdate update) implements Kernel {
    @Override
    public List<Spec> infer(List<Spec> in) {
      String names = update.names() + " dy dstate";
      Rules.require(in.size() > 4, this, "there must be inputs", names, in);
      List<Spec> inputs = in.subList(0, in.size() - 2);
      Rules.require(
          in.subList(in.size() - 2, in.size()).equals(update.infer(inputs)),
          this,
          "dy and dstate must be like x and state",
          names,
          in);
      return inputs.subList(0, update.position());
    }

    @Override
    public void reference(Call c) {
      Shape x = c.inShape(0);
      long w = c.inShape(2).dim(1);
      double[] dw = new double[Math.toIntExact(w)];
      for (long d = 0; d < x.dim(1); d++) {
        java.util.Arrays.fill(dw, 0);
        double db = 0;
        for (long b = 0; b < x.dim(0); b++) {
          db += referenceRow(c, b, d, dw);
        }
        for (int k = 0; k < w; k++) {
          c.set(2, d * w + k, dw[k]);
        }
        if (update.bias) {
          c.set(3, d, db);
        }
      }
    }

    private double referenceRow(Call c, long b, long d, double[] dw) {
      int n = Math.toIntExact(steps(c.inShape(0)));
      int s = Math.toIntExact(c.inShape(1).dim(2));
      int w = dw.length;
      long row = b * c.inShape(0).dim(1) + d;
      int dy = c.inputs() - 2;
      double[] dx = new double[n];
      double[] ds = new double[s];
      states(c, b, row, dx, ds);
      double db = 0;
      for (int t = 0; t < n; t++) {
        double p = update.bias ? c.get(3, d) : 0;
        for (int k = 0; k < w; k++) {
          p += c.get(2, d * w + k) * input(c, b, row, t - w + 1 + k);
        }
        double g = c.get(dy, row * n + t) * CausalConv1dGrad.slope(update.activation, p);
        db += g;
        for (int k = 0; k < w; k++) {
          int from = t - w + 1 + k;
          dw[k] += g * input(c, b, row, from);
          double v = g * c.get(2, d * w + k);
          if (from >= 0) {
            dx[from] += v;
          } else {
            ds[(int) update.place(c, update.position(), s, b, from)] += v;
          }
        }
      }
      for (int t = 0; t < n; t++) {
        c.set(0, row * n + t, dx[t]);
      }
      for (int i = 0; i < s; i++) {
        c.set(1, row * s + i, ds[i]);
      }
      return db;
    }

    private double input(Call c, long b, long row, long t) {
      long s = c.inShape(1).dim(2);
      return t >= 0
          ? c.get(0, row * steps(c.inShape(0)) + t)
          : c.get(1, row * s + update.place(c, update.position(), s, b, t));
    }

    /// What comes straight through the new state, from the last write to each place.
    private void states(Call c, long b, long row, double[] dx, double[] ds) {
      int n = dx.length;
      int s = ds.length;
      int dstate = c.inputs() - 1;
      for (int i = 0; i < s; i++) {
        int from = update.circular ? i : i + n;
        if (from < s) {
          ds[from] = c.get(dstate, row * s + i);
        } else {
          dx[from - s] = c.get(dstate, row * s + i);
        }
      }
      for (int t = n - 1; update.circular && t >= 0; t--) {
        int i = (int) update.place(c, update.position(), s, b, t);
        dx[t] = t + s < n ? 0 : ds[i];
      }
      for (int t = 0; update.circular && t < n; t++) {
        ds[(int) update.place(c, update.position(), s, b, t)] = 0;
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      CausalConv1dUpdateGradSimd.run(update, c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClConv1d.updateBack(update, d, in);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      Spec x = in.get(0);
      long taps = in.get(2).shape().dim(1);
      long spare = CausalConv1dUpdateGradSimd.spare(steps(x.shape()), taps);
      return spare * x.dtype().bytes() * workers;
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
      return Cost.streaming(6.0 * in.get(2).shape().dim(1), in, infer(in));
    }
  }
}
