package dev.gatun.op.sequence.rnn;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Gradients of an [Lstm], back through time.
///
/// Inputs: gradients of `y`, of the last state and of the last cell, the inputs of the LSTM, its
/// `y`, the state's part of its gates `[T, B, 4H]` and its cells `[T, B, H]`. Outputs: gradients of
/// `x`, `h0` and `c0`; the states that the steps read `[T, B, P]`; with peepholes the cells that
/// they read `[T, B, H]`; with a projection the gradient of all states `[T, B, P]` and what was
/// projected `[T, B, H]`. The gradients of the weights are products of these. Gates are computed
/// again.
record LstmGrad(Lstm forward) implements Unwound {
  static final int FIRST = 3;

  /// The outputs by name, and what follows from them.
  record Results(LstmGrad op, List<Tensor> out) {
    /// The gradient of input `i`, where it is wanted.
    Optional<Tensor> of(Node n, int i, Supplier<Tensor> d) {
      return n.needs(i) ? Optional.of(d.get()) : Optional.empty();
    }

    Tensor dx() {
      return out.get(0);
    }

    Tensor dh0() {
      return out.get(1);
    }

    Tensor dc0() {
      return out.get(2);
    }

    Tensor dr() {
      return Recurrent.outer(dx(), out.get(3));
    }

    Tensor dprojection() {
      return Recurrent.outer(out.get(op.states()), out.get(op.states() + 1));
    }

    Tensor dpeepholes(LstmCell cell, Tensor cells) {
      Tensor before = out.get(4);
      Tensor i = seen(cell.i(), before);
      Tensor o = seen(cell.o(), cells);
      return i.concat(0, o, seen(cell.f(), before));
    }

    private Tensor seen(int gate, Tensor cells) {
      long n = cells.dim(2);
      return dx().slice(2, gate * n, (gate + 1) * n).mul(cells).sum(0, 1);
    }
  }

  static Results run(Lstm forward, List<Tensor> in) {
    LstmGrad op = new LstmGrad(forward);
    return new Results(op, op.apply(in.toArray(Tensor[]::new)));
  }

  @Override
  public LstmCell cell() {
    return forward.cell();
  }

  @Override
  public int first() {
    return FIRST;
  }

  @Override
  public String names() {
    return "dy dhn dcn " + forward.names() + " y u c";
  }

  /// Output number of the gradient of all states.
  int states() {
    return forward.peepholes() ? 5 : 4;
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    requireLikeResults(in, "dy, dhn, dcn, y, u and c", 3, 4);
    List<Spec> out = new ArrayList<>();
    out.add(in.get(FIRST + X));
    out.add(in.get(FIRST + H0));
    out.add(in.get(FIRST + Lstm.C0));
    out.add(in.get(0));
    if (forward.peepholes()) {
      out.add(in.get(y() + 2));
    }
    if (forward.projection()) {
      out.add(in.get(0));
      out.add(in.get(y() + 2));
    }
    return out;
  }

  @Override
  public void reference(Call c) {
    int n = units(c);
    for (int b = 0; b < batch(c); b++) {
      double[] dh = Values.get(c, 1, b, width(c));
      double[] dc = Values.get(c, 2, b, n);
      for (int s = steps(c) - 1; s >= 0; s--) {
        int t = time(s, steps(c));
        if (active(c, t, b)) {
          dh = referenceStep(c, t, b, dh, dc);
        } else {
          referenceRest(c, (long) t * batch(c) + b);
        }
      }
      Values.set(c, 1, b, dh);
      Values.set(c, 2, b, dc);
    }
  }

  private void referenceRest(Call c, long row) {
    for (int i = 0; i < c.outputs(); i++) {
      Shape s = c.outShape(i);
      if (s.rank() == 3) {
        Values.set(c, i, row, new double[Math.toIntExact(s.dim(2))]);
      }
    }
  }

  private double[] referenceStep(Call c, int t, int b, double[] next, double[] dc) {
    int n = units(c);
    int p = width(c);
    long row = (long) t * batch(c) + b;
    long last = (long) before(t) * batch(c) + b;
    boolean first = starts(c, t, b);
    double[] h = first ? Values.get(c, FIRST + H0, b, p) : Values.get(c, y(), last, p);
    double[] before =
        first ? Values.get(c, FIRST + Lstm.C0, b, n) : Values.get(c, y() + 2, last, n);
    double[] peepholes =
        forward.peepholes()
            ? Values.get(c, FIRST + forward.peepholesAt(), 0, 3 * n)
            : new double[0];
    double[] a =
        Values.sum(Values.get(c, FIRST + X, row, 4 * n), Values.get(c, y() + 1, row, 4 * n));
    double[] gates = new double[4 * n];
    double[] m = new double[n];
    double[] after = before.clone();
    cell().step(a, peepholes, after, gates, m);
    double[] dh = Values.sum(next, Values.get(c, 0, row, p));
    double[] dm = dh;
    if (forward.projection()) {
      dm = new double[n];
      Values.timesTransposed(c, FIRST + forward.projectionAt(), 0, p, dh, dm);
      Values.set(c, states(), row, dh);
      Values.set(c, states() + 1, row, m);
    }
    if (forward.peepholes()) {
      Values.set(c, 4, row, before);
    }
    double[] da = new double[4 * n];
    cell().back(a, peepholes, before, Values.get(c, y() + 2, row, n), gates, dm, dc, da);
    Values.set(c, 0, row, da);
    Values.set(c, 3, row, h);
    double[] dbefore = new double[p];
    Values.timesTransposed(c, FIRST + R, 0, 4 * n, da, dbefore);
    return dbefore;
  }

  @Override
  public void simd(Call c, Workers w) {
    LstmGradSimd.run(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClLstm.back(this, d, in);
  }
}
