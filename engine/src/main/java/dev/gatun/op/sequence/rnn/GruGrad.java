package dev.gatun.op.sequence.rnn;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Spec;
import java.util.List;

/// Gradients of a [Gru], back through time.
///
/// Inputs: gradients of `y` and of the last state, the inputs of the GRU, its `y` and the state's
/// part of its gates `[T, B, 3H]`. Outputs: gradients of `x` and `h0`; the states that the steps
/// read `[T, B, H]`; if linear before reset the gradient of the state's part of the gates `[T, B,
/// 3H]`, otherwise the states after reset `[T, B, H]`. Gates are computed again.
record GruGrad(Gru forward) implements Unwound {
  static final int FIRST = 2;

  @Override
  public GruCell cell() {
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
    Spec x = in.get(FIRST + X);
    Spec y = in.get(0);
    return List.of(x, in.get(FIRST + H0), y, cell().linearBeforeReset() ? x : y);
  }

  @Override
  public void reference(Call c) {
    int n = units(c);
    for (int b = 0; b < batch(c); b++) {
      double[] dh = Values.get(c, 1, b, n);
      for (int s = steps(c) - 1; s >= 0; s--) {
        int t = time(s, steps(c));
        long row = (long) t * batch(c) + b;
        if (active(c, t, b)) {
          double[] h =
              starts(c, t, b)
                  ? Values.get(c, FIRST + H0, b, n)
                  : Values.get(c, y(), (long) before(t) * batch(c) + b, n);
          dh = Values.sum(dh, Values.get(c, 0, row, n));
          referenceStep(c, row, h, dh);
        } else {
          Values.set(c, 0, row, new double[3 * n]);
          Values.set(c, 2, row, new double[n]);
          Values.set(c, 3, row, new double[cell().linearBeforeReset() ? 3 * n : n]);
        }
      }
      Values.set(c, 1, b, dh);
    }
  }

  /// `dh` is the gradient of the new state, on return that of the state before.
  private void referenceStep(Call c, long row, double[] h, double[] dh) {
    int n = h.length;
    double[] x = Values.get(c, FIRST + X, row, 3 * n);
    double[] u = Values.get(c, y() + 1, row, 3 * n);
    double[] gates = new double[3 * n];
    cell().open(x, u, gates);
    cell().close(x, u, gates, h.clone());
    double[] da = new double[3 * n];
    cell().backClose(x, u, gates, h, dh, da);
    double[] dr = new double[n];
    if (!cell().linearBeforeReset()) {
      Values.timesTransposed(c, FIRST + R, 2 * n, 3 * n, da, dr);
    }
    for (int j = 0; j < n; j++) {
      if (cell().linearBeforeReset()) {
        dr[j] = da[2 * n + j] * u[2 * n + j];
      } else {
        dh[j] += dr[j] * gates[cell().r() * n + j];
        dr[j] *= h[j];
      }
    }
    cell().backOpen(x, u, gates, dr, da);
    double[] du = da.clone();
    for (int j = 0; j < n; j++) {
      du[2 * n + j] *= gates[cell().r() * n + j];
    }
    boolean linear = cell().linearBeforeReset();
    Values.timesTransposed(c, FIRST + R, 0, linear ? 3 * n : 2 * n, du, dh);
    Values.set(c, 0, row, da);
    Values.set(c, 2, row, h);
    Values.set(c, 3, row, linear ? du : forward.reset(gates, h));
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClGru.back(this, d, in);
  }

  @Override
  public void simd(Call c, Workers w) {
    GruGradSimd.run(this, c, w);
  }
}
