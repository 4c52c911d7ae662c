package dev.gatun.op.sequence.linear;

import dev.gatun.op.Call;
import dev.gatun.op.sequence.linear.FastWeights.Decay;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import dev.gatun.tensor.Shape;

/// Plain loops of [FastWeights] and its gradient, head by head, in double.
final class PlainFastWeights {
  private final FastWeights op;
  private final Call c;

  /// Inputs before those of the op.
  private final int first;

  private final long batch;
  private final int steps;
  private final long groups;
  private final long heads;
  private final int keys;
  private final int values;

  PlainFastWeights(FastWeights op, Call c, int first) {
    this.op = op;
    this.c = c;
    this.first = first;
    Shape q = c.inShape(first);
    Shape v = c.inShape(first + FastWeights.V);
    batch = v.dim(0);
    steps = Math.toIntExact(v.dim(1));
    groups = q.dim(2);
    heads = v.dim(2);
    keys = Math.toIntExact(q.dim(3));
    values = Math.toIntExact(v.dim(3));
  }

  /// The operands of one step of one head.
  private final class Step {
    final long row;
    final long keyRow;
    final long head;
    final double[] q = new double[keys];
    final double[] k = new double[keys];
    final double[] e = new double[keys];
    final double[] a = new double[keys];
    final double[] b = new double[keys];
    final double[] u = new double[keys];
    final double[] v = new double[values];
    final double[] beta = new double[values];

    /// What the state reads: for the delta rule the faded one by `k`, otherwise the one before by
    /// `a`.
    final double[] p = new double[values];

    Step(long b0, long h, long t) {
      head = h;
      row = (b0 * steps + t) * heads + h;
      keyRow = (b0 * steps + t) * groups + h / (heads / groups);
      for (int r = 0; r < keys; r++) {
        q[r] = op.scale() * c.get(first, keyRow * keys + r);
        k[r] = c.get(first + FastWeights.K, keyRow * keys + r);
        e[r] =
            switch (op.decay()) {
              case NONE -> 1;
              case HEAD -> Math.exp(c.get(first + 3, row));
              case KEY -> Math.exp(c.get(first + 3, row * keys + r));
            };
        if (op.update() == Update.DPLR) {
          a[r] = c.get(first + op.alphaAt(), row * keys + r);
          b[r] = c.get(first + op.betaAt(), row * keys + r);
        }
        u[r] = op.bonus() ? c.get(first + op.bonusAt(), h * keys + r) : 0;
      }
      for (int i = 0; i < values; i++) {
        v[i] = c.get(first + FastWeights.V, row * values + i);
        if (op.update() == Update.DELTA) {
          boolean own = c.inShape(first + op.betaAt()).rank() == 4;
          beta[i] = c.get(first + op.betaAt(), own ? row * values + i : row);
        }
      }
    }

    /// What is written under `k`.
    double x(int i) {
      return op.update() == Update.DELTA ? beta[i] * (v[i] - p[i]) : v[i];
    }

    /// `sum q u k`
    double through() {
      double sum = 0;
      for (int r = 0; r < keys; r++) {
        sum += q[r] * u[r] * k[r];
      }
      return sum;
    }

    /// Moves `s` on to `next`.
    void advance(double[][] s, double[][] next) {
      for (int i = 0; i < values; i++) {
        p[i] = 0;
        for (int r = 0; r < keys; r++) {
          p[i] += op.update() == Update.DELTA ? k[r] * (e[r] * s[r][i]) : a[r] * s[r][i];
        }
        for (int r = 0; r < keys; r++) {
          double more = op.update() == Update.DPLR ? b[r] * p[i] : 0;
          next[r][i] = e[r] * s[r][i] + k[r] * x(i) + more;
        }
      }
    }
  }

  private double[][] start(long b, long h) {
    double[][] s = new double[keys][values];
    for (int r = 0; op.state() && r < keys; r++) {
      for (int i = 0; i < values; i++) {
        s[r][i] = c.get(first + op.stateAt(), ((b * heads + h) * keys + r) * values + i);
      }
    }
    return s;
  }

  private void put(int output, double[][] s, long at) {
    for (int r = 0; r < keys; r++) {
      for (int i = 0; i < values; i++) {
        c.set(output, (at * keys + r) * values + i, s[r][i]);
      }
    }
  }

  void forward() {
    long starts = c.outShape(2).dim(1);
    for (long b = 0; b < batch; b++) {
      for (long h = 0; h < heads; h++) {
        double[][] s = start(b, h);
        for (int t = 0; t < steps; t++) {
          if (t > 0 && t % FastWeights.CHUNK == 0) {
            put(2, s, (b * starts + t / FastWeights.CHUNK - 1) * heads + h);
          }
          s = step(new Step(b, h, t), s);
        }
        put(1, s, b * heads + h);
      }
    }
  }

  private double[][] step(Step x, double[][] s) {
    double[][] next = new double[keys][values];
    x.advance(s, next);
    double[][] read = op.bonus() ? s : next;
    for (int i = 0; i < values; i++) {
      double sum = op.bonus() ? x.through() * x.v[i] : 0;
      for (int r = 0; r < keys; r++) {
        sum += x.q[r] * read[r][i];
      }
      c.set(0, x.row * values + i, sum);
    }
    return next;
  }

  void backward() {
    double[] dq = new double[Math.toIntExact(c.inShape(first).elems())];
    double[] dk = new double[dq.length];
    double[] du = new double[op.bonus() ? Math.toIntExact(heads * keys) : 0];
    for (long b = 0; b < batch; b++) {
      for (long h = 0; h < heads; h++) {
        double[][][] s = new double[steps + 1][keys][values];
        Step[] x = new Step[steps];
        s[0] = start(b, h);
        for (int t = 0; t < steps; t++) {
          x[t] = new Step(b, h, t);
          x[t].advance(s[t], s[t + 1]);
        }
        double[][] d = new double[keys][values];
        for (int r = 0; r < keys; r++) {
          for (int i = 0; i < values; i++) {
            d[r][i] = c.get(1, ((b * heads + h) * keys + r) * values + i);
          }
        }
        for (int t = steps - 1; t >= 0; t--) {
          back(x[t], s[t], s[t + 1], d, dq, dk, du);
        }
        if (op.state()) {
          put(op.stateAt(), d, b * heads + h);
        }
      }
    }
    for (int i = 0; i < dq.length; i++) {
      c.set(FastWeights.Q, i, dq[i]);
      c.set(FastWeights.K, i, dk[i]);
    }
    for (int i = 0; i < du.length; i++) {
      c.set(op.bonusAt(), i, du[i]);
    }
  }

  /// One step: `d`, the gradient of the state after it, becomes that of the one before.
  private void back(
      Step x, double[][] s, double[][] next, double[][] d, double[] dq, double[] dk, double[] du) {
    double[] up = new double[values];
    double[] dx = new double[values];
    double[] dp = new double[values];
    double through = 0;
    for (int i = 0; i < values; i++) {
      up[i] = c.get(0, x.row * values + i);
      through += up[i] * x.v[i];
      for (int r = 0; r < keys; r++) {
        if (!op.bonus()) {
          d[r][i] += x.q[r] * up[i];
        }
        dx[i] += d[r][i] * x.k[r];
        dp[i] += d[r][i] * x.b[r];
      }
    }
    if (op.bonus()) {
      bonus(x, through, dq, dk, du);
    }
    values(x, up, dx);
    double all = 0;
    for (int r = 0; r < keys; r++) {
      all += row(x, r, s[r], (op.bonus() ? s : next)[r], d[r], up, dx, dp, dq, dk);
    }
    if (op.decay() == Decay.HEAD) {
      c.set(3, x.row, all);
    }
  }

  private void bonus(Step x, double through, double[] dq, double[] dk, double[] du) {
    for (int r = 0; r < keys; r++) {
      int at = Math.toIntExact(x.keyRow * keys + r);
      dq[at] += op.scale() * through * x.u[r] * x.k[r];
      dk[at] += through * x.q[r] * x.u[r];
      du[Math.toIntExact(x.head * keys + r)] += through * x.q[r] * x.k[r];
    }
  }

  /// The part of key element `r`, whose row of the state before is `s` and of its gradient `d`;
  /// returns the gradient of its decay.
  private double row(
      Step x,
      int r,
      double[] s,
      double[] read,
      double[] d,
      double[] up,
      double[] dx,
      double[] dp,
      double[] dq,
      double[] dk) {
    int at = Math.toIntExact(x.keyRow * keys + r);
    double dg = 0;
    double da = 0;
    double db = 0;
    for (int i = 0; i < values; i++) {
      dq[at] += op.scale() * read[i] * up[i];
      dk[at] += d[i] * x.x(i);
      db += d[i] * x.p[i];
      da += s[i] * dp[i];
      if (op.update() == Update.DELTA) {
        dk[at] -= x.e[r] * s[i] * x.beta[i] * dx[i];
        d[i] -= x.k[r] * x.beta[i] * dx[i];
      }
      dg += d[i] * x.e[r] * s[i];
      d[i] = d[i] * x.e[r] + (op.bonus() ? x.q[r] * up[i] : 0);
      d[i] += op.update() == Update.DPLR ? x.a[r] * dp[i] : 0;
    }
    if (op.decay() == Decay.KEY) {
      c.set(3, x.row * keys + r, dg);
    }
    if (op.update() == Update.DPLR) {
      c.set(op.alphaAt(), x.row * keys + r, da);
      c.set(op.betaAt(), x.row * keys + r, db);
    }
    return dg;
  }

  /// Gradients of the value and of `beta`.
  private void values(Step x, double[] up, double[] dx) {
    boolean delta = op.update() == Update.DELTA;
    double all = 0;
    for (int i = 0; i < values; i++) {
      double through = op.bonus() ? x.through() * up[i] : 0;
      c.set(FastWeights.V, x.row * values + i, (delta ? x.beta[i] : 1) * dx[i] + through);
      double db = dx[i] * (x.v[i] - x.p[i]);
      all += db;
      if (delta && c.inShape(first + op.betaAt()).rank() == 4) {
        c.set(op.betaAt(), x.row * values + i, db);
      }
    }
    if (delta && c.inShape(first + op.betaAt()).rank() == 3) {
      c.set(op.betaAt(), x.row, all);
    }
  }
}
