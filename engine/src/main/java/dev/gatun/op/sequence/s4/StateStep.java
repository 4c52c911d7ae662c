package dev.gatun.op.sequence.s4;

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
import java.util.stream.Stream;

/// Steps of linear state space models whose discretised matrix is diagonal plus low rank: for each
/// feature, over `N` complex modes,
///
/// `x' = F x + B u_t - sum_r L_r 2 Re(T_r . x)` and `y_(t, k) = 2 Re(C_k . x') + d_k u_t`,
///
/// one step after the other.
///
/// Shapes: `u [B, S, H]`, `d [K, H]`, `y [B, S, K, H]`. Models and states lie in panels of 16
/// features, side by side, so that sums over modes go in all lanes at once and what belongs
/// together is together in memory; features that fill up the last panel are 0. With `P` panels,
/// `x`, and `x'` after the last step, are `[B, P, 2, N, 16]`, real parts before imaginary ones, and
/// `model [P, M, N, 16]` has the parts of `F`, `B`, of `L_r`, `T_r` for each `r`, and of `C_k` for
/// each `k`, `M = 4
/// + 4 R + 2 K`. The results are `y` and `x'`. F32 or F64.
///
/// Gradient, from the last step to the first: with `g` the gradient of `x'` plus `2 conj(C_k) dy_k`
/// and `s_r = 2 Re(T_r . x)`, `ds_r = -Re(conj(L_r) . g)`, the gradient of `x` is `conj(F) g + 2
/// conj(T_r) ds_r`, `du = Re(conj(B) . g) + d_k dy_k`, and products of these with `x`, `x'` and `u`
/// are the model's. It is made of ops, a few dozen a step: long sequences train as convolutions.
///
/// Cost: `12 + 8 R + 4 K` operations a mode and step, in constant memory. Error of a step: `(N + 8)
/// eps` of the sum of sizes. Source: Gu, Goel, Re, arXiv 2111.00396, appendix C.2, with everything
/// that does not depend on the input taken out ([Recurrence]).
///
/// @param channels `K`
/// @param rank `R`, 0 for a diagonal matrix
/// @param skip whether there is `d`
public record StateStep(int channels, int rank, boolean skip) implements Kernel {
  /// Features of a panel: as many as the widest vectors have floats.
  public static final int PANEL = 16;

  static final int X = 0;
  static final int U = 1;
  static final int MODEL = 2;
  static final int D = 3;

  private String names() {
    return "x u model" + (skip ? " d" : "");
  }

  /// The row of the real parts of `L_r`, after which come its imaginary ones and `T_r`.
  int left(int r) {
    return 4 + 4 * r;
  }

  /// The row of the real parts of `C_k`.
  int output(int k) {
    return 4 + 4 * rank + 2 * k;
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(skip ? 4 : 3, this, names(), in);
    Rules.computing(this, names(), in);
    Shape x = in.get(X).shape();
    Shape u = in.get(U).shape();
    boolean state = x.rank() == 5 && x.dim(2) == 2 && x.dim(4) == PANEL;
    Rules.require(state, this, "x must be [B, P, 2, N, 16]", names(), in);
    boolean inputs =
        u.rank() == 3 && u.dim(0) == x.dim(0) && Math.ceilDiv(u.dim(2), (long) PANEL) == x.dim(1);
    Rules.require(inputs, this, "u must be [B, S, H] with H in P panels of 16", names(), in);
    Shape model = Shape.of(x.dim(1), output(channels), x.dim(3), PANEL);
    Rules.require(
        in.get(MODEL).shape().equals(model),
        this,
        "model must be [P, 4 + 4 R + 2 K, N, 16]",
        names(),
        in);
    Rules.require(
        !skip || in.get(D).shape().equals(Shape.of(channels, u.dim(2))),
        this,
        "d must be [K, H]",
        names(),
        in);
    Shape y = Shape.of(u.dim(0), u.dim(1), channels, u.dim(2));
    return List.of(in.get(X).withShape(y), in.get(X));
  }

  @Override
  public void reference(Call c) {
    int n = Math.toIntExact(c.inShape(X).dim(3));
    long features = c.inShape(X).dim(1) * PANEL;
    for (long i = 0; i < c.inShape(X).dim(0) * features; i++) {
      long b = i / features;
      long h = i % features;
      double[] re = new double[n];
      double[] im = new double[n];
      long at = (b * features / PANEL + h / PANEL) * 2 * n * PANEL + h % PANEL;
      for (int j = 0; j < n; j++) {
        re[j] = c.get(X, at + (long) j * PANEL);
        im[j] = c.get(X, at + (long) (n + j) * PANEL);
      }
      for (long t = 0; t < c.inShape(U).dim(1); t++) {
        reference(c, re, im, b * c.inShape(U).dim(1) + t, h);
      }
      for (int j = 0; j < n; j++) {
        c.set(1, at + (long) j * PANEL, re[j]);
        c.set(1, at + (long) (n + j) * PANEL, im[j]);
      }
    }
  }

  /// One step, of row `row` of `u`.
  private void reference(Call c, double[] re, double[] im, long row, long h) {
    long features = c.inShape(U).dim(2);
    boolean real = h < features;
    double u = real ? c.get(U, row * features + h) : 0;
    double[] dots = new double[rank];
    for (int r = 0; r < rank; r++) {
      dots[r] = referenceDot(c, left(r) + 2, re, im, h);
    }
    for (int n = 0; n < re.length; n++) {
      double fr = row(c, 0, n, h);
      double fi = row(c, 1, n, h);
      double nextRe = fr * re[n] - fi * im[n] + row(c, 2, n, h) * u;
      im[n] = fr * im[n] + fi * re[n] + row(c, 3, n, h) * u;
      re[n] = nextRe;
      for (int r = 0; r < rank; r++) {
        re[n] -= row(c, left(r), n, h) * dots[r];
        im[n] -= row(c, left(r) + 1, n, h) * dots[r];
      }
    }
    for (int k = 0; real && k < channels; k++) {
      double through = skip ? c.get(D, k * features + h) * u : 0;
      double y = referenceDot(c, output(k), re, im, h) + through;
      c.set(0, (row * channels + k) * features + h, y);
    }
  }

  private static double referenceDot(Call c, int row, double[] re, double[] im, long h) {
    double sum = 0;
    for (int n = 0; n < re.length; n++) {
      sum += 2 * (row(c, row, n, h) * re[n] - row(c, row + 1, n, h) * im[n]);
    }
    return sum;
  }

  private static double row(Call c, int row, long mode, long h) {
    Shape m = c.inShape(MODEL);
    return c.get(MODEL, ((h / PANEL * m.dim(1) + row) * m.dim(2) + mode) * PANEL + h % PANEL);
  }

  @Override
  public void simd(Call c, Workers w) {
    StateStepSimd.run(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return StateStepSimd.scratch(rank, in.get(X).dtype()) * workers;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClStateStep.launches(this, d, in);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(skip ? new int[] {X, U, MODEL, D} : new int[] {X, U, MODEL});
  }

  private static Complex parts(Tensor rows, int at) {
    return new Complex(rows.select(1, at), rows.select(1, at + 1));
  }

  private static Complex state(Tensor x) {
    return new Complex(x.select(2, 0), x.select(2, 1));
  }

  private static Tensor state(Complex x) {
    return x.re().stack(2, x.im());
  }

  /// `[..., H]` in panels, `[..., P, 16]`.
  static Tensor panels(Tensor x) {
    long h = x.dim(-1);
    long panels = Math.ceilDiv(h, (long) PANEL);
    int last = x.shape().rank() - 1;
    Tensor whole = panels * PANEL == h ? x : x.pad(last, 0, panels * PANEL - h);
    return whole.reshape(x.shape().with(-1, panels).insert(last + 1, PANEL).dims());
  }

  /// `[..., P, 16]` as `[..., h]`.
  static Tensor features(Tensor x, long h) {
    int last = x.shape().rank() - 2;
    return x.reshape(x.shape().without(-1).with(-1, x.dim(-2) * PANEL).dims()).slice(last, 0, h);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor u = n.in(U);
    Tensor model = n.in(MODEL);
    StateStep step = new StateStep(channels, rank, false);
    List<Tensor> states = new ArrayList<>(List.of(n.in(X)));
    for (long t = 0; t < u.dim(1); t++) {
      Tensor last = states.get(states.size() - 1);
      states.add(step.apply(last, u.slice(1, t, t + 1), model).get(1));
    }
    Tensor dx = dy.get(1).orElseGet(() -> n.in(X).mul(0));
    Tensor dmodel = model.mul(0);
    List<Tensor> du = new ArrayList<>();
    for (int t = states.size() - 2; t >= 0; t--) {
      long at = t;
      Optional<Tensor> d = dy.get(0).map(y -> panels(y.select(1, at)));
      Back back =
          back(
              state(states.get(t)),
              panels(u.select(1, at)),
              model,
              state(states.get(t + 1)),
              state(dx),
              d);
      dx = back.dx();
      dmodel = dmodel.add(back.dmodel());
      du.add(0, features(back.du(), u.dim(2)));
    }
    Tensor inputs =
        du.isEmpty() ? u : du.get(0).stack(1, du.subList(1, du.size()).toArray(Tensor[]::new));
    List<Optional<Tensor>> in = new ArrayList<>(List.of(Optional.of(dx)));
    in.add(
        Optional.of(skip ? dy.get(0).map(d -> inputs.add(through(n, d))).orElse(inputs) : inputs));
    in.add(Optional.of(dmodel));
    if (skip) {
      in.add(dy.get(0).map(d -> d.mul(u.unsqueeze(2)).sum(1).sum(0)));
    }
    return in;
  }

  private static Tensor through(Node n, Tensor dy) {
    return dy.mul(n.in(D)).sum(2);
  }

  private record Back(Tensor dx, Tensor du, Tensor dmodel) {}

  /// The gradients of one step without `d`, `g` being that of its state.
  private Back back(
      Complex x, Tensor u, Tensor model, Complex next, Complex g, Optional<Tensor> dy) {
    List<Complex> outputs = new ArrayList<>();
    for (int k = 0; k < channels; k++) {
      if (dy.isPresent()) {
        Tensor twice = dy.get().select(1, k).unsqueeze(2).mul(2);
        g = g.plus(parts(model, output(k)).conj().times(twice));
        outputs.add(next.conj().times(twice));
      } else {
        outputs.add(next.times(0));
      }
    }
    List<Complex> rows = new ArrayList<>(List.of(x.conj().times(g), g.times(u.unsqueeze(2))));
    Complex dx = parts(model, 0).conj().times(g);
    for (int r = 0; r < rank; r++) {
      Complex left = parts(model, left(r));
      Complex right = parts(model, left(r) + 2);
      Tensor dot = right.times(x).twiceRealSum(2).unsqueeze(2);
      Tensor ds = left.conj().times(g).twiceRealSum(2).neg().unsqueeze(2);
      rows.add(g.times(dot.neg()));
      rows.add(x.conj().times(ds));
      dx = dx.plus(right.conj().times(ds));
    }
    rows.addAll(outputs);
    Tensor du = parts(model, 2).conj().times(g).twiceRealSum(2).mul(0.5);
    // Parts of each pair of rows, summed over the batch.
    List<Tensor> all =
        rows.stream().flatMap(d -> Stream.of(d.re(), d.im())).map(d -> d.sum(0)).toList();
    Tensor dmodel = all.get(0).stack(1, all.subList(1, all.size()).toArray(Tensor[]::new));
    return new Back(state(dx), du, dmodel);
  }

  @Override
  public Cost cost(List<Spec> in) {
    double modes = in.get(X).shape().elems() / 2.0 * in.get(U).shape().dim(1);
    return new Cost(
        modes * (12 + 8.0 * rank + 4.0 * channels), Cost.streaming(0, in, infer(in)).bytes());
  }
}
