package dev.gatun.op.sequence.rnn;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// [RnnCell] over a sequence: `h_t = activation(x_t + R h_{t-1})`, linear units without activation.
///
/// Shapes: `x [T, B, H]`, the input times its weights with all biases; `r [H, H]`; `h0 [B, H]`;
/// then `lengths [B]`, I32 or I64 in `[0, T]`, where there are. Results: `y [T, B, H]`, zero from a
/// row's length on, and the last state `[B, H]`. F32 or F64.
///
/// Gradient: back through time, one product for `r` after the loop. Cost: `2 T B H^2` flops, twice
/// that and the same again for the gradient. Steps follow each other; threads share the batch.
/// Error: `H eps sum |R h|` a step, carried on by the cell.
///
/// @param lengths whether rows have lengths of their own
/// @param reverse whether each row is read from its end
public record Rnn(RnnCell cell, boolean lengths, boolean reverse) implements Unrolled {
  @Override
  public int first() {
    return 0;
  }

  @Override
  public int lengthsAt() {
    return 3;
  }

  @Override
  public String names() {
    return "x r h0" + (lengths ? " lengths" : "");
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    require(in, lengths ? 4 : 3, -1);
    Rules.require(
        cell.linear() <= in.get(X).shape().dim(2),
        this,
        "linear units must be at most H",
        names(),
        in);
    return List.of(in.get(X), in.get(H0), in.get(X));
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
        double[] a = new double[n];
        Values.times(c, R, 0, n, h, a);
        Values.set(c, 2, row, a);
        cell.step(Values.sum(a, Values.get(c, X, row, n)), h);
        Values.set(c, 0, row, h);
      }
      Values.set(c, 1, b, h);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    checkLengths(c);
    RnnSimd.forward(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return UnrolledSimd.forwardScratch(this, in, workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRnn.forward(this, d, in);
  }

  @Override
  public Keep keep() {
    return new Keep((1L << (lengths ? 4 : 3)) - 1, 1, 1);
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
    List<Tensor> d = new Grad(this).apply(in.toArray(Tensor[]::new));
    Optional<Tensor> dr =
        n.needs(R) ? Optional.of(Recurrent.outer(d.get(0), d.get(2))) : Optional.empty();
    List<Optional<Tensor>> dx = new ArrayList<>();
    dx.add(n.needs(X) ? Optional.of(d.get(0)) : Optional.empty());
    dx.add(dr);
    dx.add(n.needs(H0) ? Optional.of(d.get(1)) : Optional.empty());
    if (lengths) {
      dx.add(Optional.empty());
    }
    return dx;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Recurrent.cost(in.get(X), in.get(R), in, infer(in).subList(0, 2));
  }

  /// Gradients of `x` and `h0`, and the states that the steps read, `[T, B, H]`. Inputs: gradients
  /// of the results, the inputs of the [Rnn], its `y` and the state's part of its gates.
  public record Grad(Rnn forward) implements Unwound {
    private static final int FIRST = 2;

    @Override
    public RnnCell cell() {
      return forward.cell();
    }

    @Override
    public int first() {
      return FIRST;
    }

    @Override
    public String names() {
      return "dy dhn " + forward.names() + " y u";
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      requireLikeResults(in, "dy, dhn, y and u", 2);
      return List.of(in.get(FIRST + X), in.get(FIRST + H0), in.get(0));
    }

    @Override
    public void reference(Call c) {
      int n = units(c);
      for (int b = 0; b < batch(c); b++) {
        double[] dh = Values.get(c, 1, b, n);
        for (int s = steps(c) - 1; s >= 0; s--) {
          int t = time(s, steps(c));
          long row = (long) t * batch(c) + b;
          double[] da = new double[n];
          double[] h = new double[n];
          if (active(c, t, b)) {
            h =
                starts(c, t, b)
                    ? Values.get(c, FIRST + H0, b, n)
                    : Values.get(c, y(), (long) before(t) * batch(c) + b, n);
            double[] a =
                Values.sum(Values.get(c, FIRST + X, row, n), Values.get(c, y() + 1, row, n));
            dh = Values.sum(dh, Values.get(c, 0, row, n));
            cell().back(a, Values.get(c, y(), row, n), dh, da);
            dh = new double[n];
            Values.timesTransposed(c, FIRST + R, 0, n, da, dh);
          }
          Values.set(c, 0, row, da);
          Values.set(c, 2, row, h);
        }
        Values.set(c, 1, b, dh);
      }
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClRnn.back(this, d, in);
    }

    @Override
    public void simd(Call c, Workers w) {
      RnnSimd.backward(this, c, w);
    }
  }
}
