package dev.gatun.op.sequence.ssd;

import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;

/// Plain loops of [Ssd] and its gradient, step by step, in double.
final class PlainSsd {
  private final Ssd op;
  private final Call c;

  /// Inputs before those of the scan.
  private final int first;

  private final long steps;
  private final long heads;
  private final int channels;
  private final long groups;
  private final int modes;
  private final long batch;

  PlainSsd(Ssd op, Call c, int first) {
    this.op = op;
    this.c = c;
    this.first = first;
    Shape x = c.inShape(first);
    batch = x.dim(0);
    steps = x.dim(1);
    heads = x.dim(2);
    channels = Math.toIntExact(x.dim(3));
    groups = c.inShape(first + Ssd.B).dim(2);
    modes = Math.toIntExact(c.inShape(first + Ssd.B).dim(3));
  }

  private double in(int i, long at) {
    return c.get(first + i, at);
  }

  /// A row of `x` or `y`.
  private long ofHead(long b, long t, long h) {
    return ((b * steps + t) * heads + h) * channels;
  }

  /// A row of `b` or `c`.
  private long ofGroup(long b, long t, long h) {
    return ((b * steps + t) * groups + h / (heads / groups)) * modes;
  }

  private long ofState(long b, long h) {
    return (b * heads + h) * channels * modes;
  }

  private double[] start(long b, long h) {
    double[] s = new double[channels * modes];
    for (int i = 0; op.state() && i < s.length; i++) {
      s[i] = in(Ssd.STATE, ofState(b, h) + i);
    }
    return s;
  }

  private double gate(long b, long t, long h) {
    return Math.exp(in(Ssd.A, (b * steps + t) * heads + h));
  }

  private void step(double[] s, long b, long t, long h) {
    double f = gate(b, t, h);
    for (int i = 0; i < s.length; i++) {
      double x = in(Ssd.X, ofHead(b, t, h) + i / modes);
      s[i] = f * s[i] + x * in(Ssd.B, ofGroup(b, t, h) + i % modes);
    }
  }

  void forward() {
    for (long i = 0; i < batch * heads; i++) {
      long b = i / heads;
      long h = i % heads;
      double[] s = start(b, h);
      for (long t = 0; t < steps; t++) {
        step(s, b, t, h);
        for (int p = 0; p < channels; p++) {
          double y = 0;
          for (int n = 0; n < modes; n++) {
            y += s[p * modes + n] * in(Ssd.C, ofGroup(b, t, h) + n);
          }
          c.set(0, ofHead(b, t, h) + p, y);
        }
      }
      for (int k = 0; k < s.length; k++) {
        c.set(1, ofState(b, h) + k, s[k]);
      }
    }
  }

  void backward() {
    int length = Math.toIntExact(steps);
    double[] db = new double[Math.toIntExact(c.outShape(Ssd.B).elems())];
    double[] dc = new double[db.length];
    for (long i = 0; i < batch * heads; i++) {
      long b = i / heads;
      long h = i % heads;
      double[][] s = new double[length + 1][];
      s[0] = start(b, h);
      for (int t = 0; t < length; t++) {
        s[t + 1] = s[t].clone();
        step(s[t + 1], b, t, h);
      }
      double[] g = new double[s[0].length];
      for (int k = 0; k < g.length; k++) {
        g[k] = c.get(1, ofState(b, h) + k);
      }
      for (int t = length - 1; t >= 0; t--) {
        back(g, s[t], s[t + 1], b, t, h, db, dc);
      }
      for (int k = 0; op.state() && k < g.length; k++) {
        c.set(Ssd.STATE, ofState(b, h) + k, g[k]);
      }
    }
    for (int k = 0; k < db.length; k++) {
      c.set(Ssd.B, k, db[k]);
      c.set(Ssd.C, k, dc[k]);
    }
  }

  /// Through step `t` from the state `past` to `now`.
  private void back(
      double[] g, double[] past, double[] now, long b, long t, long h, double[] db, double[] dc) {
    double f = gate(b, t, h);
    int row = Math.toIntExact(ofGroup(b, t, h));
    double da = 0;
    for (int p = 0; p < channels; p++) {
      double dy = c.get(0, ofHead(b, t, h) + p);
      double x = in(Ssd.X, ofHead(b, t, h) + p);
      double dx = 0;
      for (int n = 0; n < modes; n++) {
        int i = p * modes + n;
        g[i] += dy * in(Ssd.C, row + n);
        dc[row + n] += dy * now[i];
        db[row + n] += g[i] * x;
        dx += g[i] * in(Ssd.B, row + n);
        g[i] *= f;
        da += g[i] * past[i];
      }
      c.set(Ssd.X, ofHead(b, t, h) + p, dx);
    }
    c.set(Ssd.A, (b * steps + t) * heads + h, da);
  }
}
