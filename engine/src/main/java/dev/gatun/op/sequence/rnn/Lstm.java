package dev.gatun.op.sequence.rnn;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// [LstmCell] over a sequence.
///
/// Shapes: `x [T, B, 4H]`, the input times its weights with all biases; `r [4H, P]`; `h0 [B, P]`;
/// `c0 [B, H]`; then, where there are, peepholes `[3H]` of input, output and forget gate, the
/// projection `[P, H]` of `h'` (without it `P = H`), and `lengths [B]`, I32 or I64 in `[0, T]`.
/// Results: `y [T, B, P]`, zero from a row's length on, the last state `[B, P]` and cell `[B, H]`.
/// F32 or F64.
///
/// Gradient: back through time ([LstmGrad]), one product for each weight after the loop. Cost: `8 T
/// B H P` flops and the activations; twice that for the gradient, and once more for `r`. Steps
/// follow each other; threads share the batch. Error: `P eps sum |R h|` a step, carried on by the
/// cell.
///
/// @param peepholes whether gates see the cell
/// @param projection whether the state is a projection of the output
/// @param lengths whether rows have lengths of their own
/// @param reverse whether each row is read from its end
public record Lstm(
    LstmCell cell, boolean peepholes, boolean projection, boolean lengths, boolean reverse)
    implements Unrolled {
  static final int C0 = 3;

  /// Number of the peepholes among the inputs, where there are.
  int peepholesAt() {
    return 4;
  }

  /// Number of the projection among the inputs, where there is one.
  int projectionAt() {
    return peepholes ? 5 : 4;
  }

  @Override
  public int lengthsAt() {
    return projectionAt() + (projection ? 1 : 0);
  }

  /// Number of inputs.
  int inputs() {
    return lengthsAt() + (lengths ? 1 : 0);
  }

  @Override
  public int first() {
    return 0;
  }

  @Override
  public String names() {
    return "x r h0 c0"
        + (peepholes ? " peepholes" : "")
        + (projection ? " projection" : "")
        + (lengths ? " lengths" : "");
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(inputs(), this, names(), in);
    long p = in.get(R).shape().rank() == 2 ? in.get(R).shape().dim(1) : 0;
    require(in, inputs(), projection ? p : -1);
    Spec x = in.get(X);
    long h = x.shape().dim(2) / 4;
    Spec cell = x.withShape(Shape.of(x.shape().dim(1), h));
    Rules.require(in.get(C0).equals(cell), this, "c0 must be [B, H]", names(), in);
    Rules.require(
        !peepholes || in.get(peepholesAt()).shape().equals(Shape.of(3 * h)),
        this,
        "peepholes must be [3 H]",
        names(),
        in);
    Rules.require(
        !projection || in.get(projectionAt()).shape().equals(Shape.of(p, h)),
        this,
        "projection must be [P, H]",
        names(),
        in);
    Spec state = in.get(H0);
    Shape y = x.shape().with(2, state.shape().dim(1));
    return List.of(x.withShape(y), state, cell, x, x.withShape(x.shape().with(2, h)));
  }

  double[] peepholes(Call c) {
    return peepholes ? Values.get(c, first() + peepholesAt(), 0, 3 * units(c)) : new double[0];
  }

  @Override
  public void reference(Call c) {
    checkLengths(c);
    for (int b = 0; b < batch(c); b++) {
      double[] h = Values.get(c, H0, b, width(c));
      double[] cell = Values.get(c, C0, b, units(c));
      for (int s = 0; s < steps(c); s++) {
        int t = time(s, steps(c));
        if (active(c, t, b)) {
          h = referenceStep(c, (long) t * batch(c) + b, h, cell);
        } else {
          Values.set(c, 0, (long) t * batch(c) + b, new double[h.length]);
        }
      }
      Values.set(c, 1, b, h);
      Values.set(c, 2, b, cell);
    }
  }

  private double[] referenceStep(Call c, long row, double[] h, double[] state) {
    int n = units(c);
    double[] u = new double[4 * n];
    Values.times(c, R, 0, 4 * n, h, u);
    Values.set(c, 3, row, u);
    double[] m = new double[n];
    double[] a = Values.sum(u, Values.get(c, X, row, 4 * n));
    cell.step(a, peepholes(c), state, new double[4 * n], m);
    Values.set(c, 4, row, state);
    if (projection) {
      double[] y = new double[h.length];
      Values.times(c, projectionAt(), 0, y.length, m, y);
      m = y;
    }
    Values.set(c, 0, row, m);
    return m;
  }

  @Override
  public void simd(Call c, Workers w) {
    checkLengths(c);
    LstmSimd.forward(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClLstm.forward(this, d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return UnrolledSimd.forwardScratch(this, in, workers);
  }

  @Override
  public Keep keep() {
    return new Keep((1L << inputs()) - 1, 1, 2);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    List<Tensor> in = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      in.add(Recurrent.orZeros(dy.get(i), n.outSpec(i), n.in(X)));
    }
    for (int i = 0; i < n.inputs(); i++) {
      in.add(n.in(i));
    }
    in.add(n.out(0));
    in.add(n.saved(0));
    in.add(n.saved(1));
    LstmGrad.Results d = LstmGrad.run(this, in);
    List<Optional<Tensor>> dx = new ArrayList<>();
    dx.add(d.of(n, X, d::dx));
    dx.add(d.of(n, R, d::dr));
    dx.add(d.of(n, H0, d::dh0));
    dx.add(d.of(n, C0, d::dc0));
    if (peepholes) {
      dx.add(d.of(n, peepholesAt(), () -> d.dpeepholes(cell, n.saved(1))));
    }
    if (projection) {
      dx.add(d.of(n, projectionAt(), d::dprojection));
    }
    if (lengths) {
      dx.add(Optional.empty());
    }
    return dx;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Recurrent.cost(in.get(X), in.get(R), in, infer(in).subList(0, 3));
  }
}
