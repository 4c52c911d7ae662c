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

/// [GruCell] over a sequence.
///
/// Shapes: `x [T, B, 3H]`, the input times its weights with its bias; `r [3H, H]`; `h0 [B, H]`;
/// then, where there are, the state's bias `[3H]`, which is added to `R h` and only has a place if
/// the cell is linear before reset, and `lengths [B]`, I32 or I64 in `[0, T]`. Results: `y [T, B,
/// H]`, zero from a row's length on, and the last state `[B, H]`. F32 or F64.
///
/// Gradient: back through time ([GruGrad]), one or two products for `r` after the loop. Cost: `6 T
/// B H^2` flops and the activations; twice that for the gradient, and once more for `r`. Steps
/// follow each other; threads share the batch. Error: `H eps sum |R h|` a step, carried on by the
/// cell.
///
/// @param bias whether the state has a bias of its own
/// @param lengths whether rows have lengths of their own
/// @param reverse whether each row is read from its end
public record Gru(GruCell cell, boolean bias, boolean lengths, boolean reverse)
    implements Unrolled {
  static final int BIAS = 3;

  @Override
  public int first() {
    return 0;
  }

  @Override
  public int lengthsAt() {
    return bias ? 4 : 3;
  }

  /// Number of inputs.
  int inputs() {
    return lengthsAt() + (lengths ? 1 : 0);
  }

  @Override
  public String names() {
    return "x r h0" + (bias ? " bias" : "") + (lengths ? " lengths" : "");
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    require(in, inputs(), -1);
    Spec x = in.get(X);
    Rules.require(
        !bias
            || cell.linearBeforeReset() && in.get(BIAS).shape().equals(Shape.of(x.shape().dim(2))),
        this,
        "bias must be [3 H] and the cell linear before reset",
        names(),
        in);
    Shape y = x.shape().with(2, x.shape().dim(2) / 3);
    return List.of(x.withShape(y), in.get(H0), x);
  }

  @Override
  public void reference(Call c) {
    checkLengths(c);
    int n = units(c);
    for (int b = 0; b < batch(c); b++) {
      double[] h = Values.get(c, H0, b, n);
      for (int s = 0; s < steps(c); s++) {
        int t = time(s, steps(c));
        long row = (long) t * batch(c) + b;
        if (!active(c, t, b)) {
          Values.set(c, 0, row, new double[n]);
          continue;
        }
        double[] x = Values.get(c, X, row, 3 * n);
        double[] u = bias ? Values.get(c, BIAS, 0, 3 * n) : new double[3 * n];
        double[] gates = new double[3 * n];
        Values.times(c, R, 0, cell.linearBeforeReset() ? 3 * n : 2 * n, h, u);
        cell.open(x, u, gates);
        if (!cell.linearBeforeReset()) {
          Values.times(c, R, 2 * n, 3 * n, reset(gates, h), u);
        }
        cell.close(x, u, gates, h);
        Values.set(c, 2, row, u);
        Values.set(c, 0, row, h);
      }
      Values.set(c, 1, b, h);
    }
  }

  /// `r h`
  double[] reset(double[] gates, double[] h) {
    double[] v = h.clone();
    for (int j = 0; j < v.length; j++) {
      v[j] *= gates[cell.r() * v.length + j];
    }
    return v;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClGru.forward(this, d, in);
  }

  @Override
  public void simd(Call c, Workers w) {
    checkLengths(c);
    GruSimd.forward(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return UnrolledSimd.forwardScratch(this, in, workers);
  }

  @Override
  public Keep keep() {
    return new Keep((1L << inputs()) - 1, 1, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    List<Tensor> in = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      in.add(Recurrent.orZeros(dy.get(i), n.outSpec(i), n.in(X)));
    }
    for (int i = 0; i < n.inputs(); i++) {
      in.add(n.in(i));
    }
    in.add(n.out(0));
    in.add(n.saved(0));
    List<Tensor> d = new GruGrad(this).apply(in.toArray(Tensor[]::new));
    List<Optional<Tensor>> dx = new ArrayList<>();
    dx.add(n.needs(X) ? Optional.of(d.get(0)) : Optional.empty());
    dx.add(n.needs(R) ? Optional.of(dr(d)) : Optional.empty());
    dx.add(n.needs(H0) ? Optional.of(d.get(1)) : Optional.empty());
    if (bias) {
      dx.add(n.needs(BIAS) ? Optional.of(d.get(3).sum(0, 1)) : Optional.empty());
    }
    if (lengths) {
      dx.add(Optional.empty());
    }
    return dx;
  }

  private Tensor dr(List<Tensor> d) {
    Tensor da = d.get(0);
    Tensor h = d.get(2);
    if (cell.linearBeforeReset()) {
      return Recurrent.outer(d.get(3), h);
    }
    long n = h.dim(2);
    Tensor gates = Recurrent.outer(da.slice(2, 0, 2 * n), h);
    return gates.concat(0, Recurrent.outer(da.slice(2, 2 * n, 3 * n), d.get(3)));
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Recurrent.cost(in.get(X), in.get(R), in, infer(in).subList(0, 2));
  }
}
