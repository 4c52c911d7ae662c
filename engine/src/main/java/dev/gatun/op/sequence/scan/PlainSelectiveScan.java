package dev.gatun.op.sequence.scan;

import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;

/// Plain loops of [SelectiveScan] and its gradient, channel by channel, in double.
final class PlainSelectiveScan {
  private final SelectiveScan op;
  private final Call c;

  /// Inputs before those of the scan.
  private final int first;

  private final long steps;
  private final long channels;
  private final int rows;
  private final int modes;

  PlainSelectiveScan(SelectiveScan op, Call c, int first) {
    this.op = op;
    this.c = c;
    this.first = first;
    steps = c.inShape(first).dim(1);
    channels = c.inShape(first).dim(2);
    rows = Math.toIntExact(c.inShape(first + SelectiveScan.A).dim(0));
    modes = op.complex() ? rows / 2 : rows;
  }

  private double in(int i, long at) {
    return c.get(first + i, at);
  }

  /// Where `b` or `c` has mode row `m` of channel `d` at row `bt` of batch and time.
  private long at(int i, long bt, int m, long d) {
    Shape s = c.inShape(first + i);
    if (s.rank() == 2) {
      return m * channels + d;
    }
    long group = d / (channels / s.dim(2));
    return (bt * s.dim(2) + group) * rows + m;
  }

  private double raw(long at, long d) {
    return in(SelectiveScan.DELTA, at) + (op.bias() ? in(op.biasAt(), d) : 0);
  }

  private double dt(double raw) {
    return op.softplus() && !(raw > 20)
        ? Math.max(raw, 0) + Math.log1p(Math.exp(-Math.abs(raw)))
        : raw;
  }

  /// Real and imaginary part of `exp(dt a)`.
  private double[] gate(double dt, int n, long d) {
    double size = Math.exp(dt * in(SelectiveScan.A, n * channels + d));
    if (!op.complex()) {
      return new double[] {size, 0};
    }
    double angle = dt * in(SelectiveScan.A, (modes + n) * channels + d);
    return new double[] {size * Math.cos(angle), size * Math.sin(angle)};
  }

  private double[] start(long b, long d) {
    double[] h = new double[rows];
    for (int m = 0; op.state() && m < rows; m++) {
      h[m] = in(op.stateAt(), (b * rows + m) * channels + d);
    }
    return h;
  }

  /// Moves the state of a channel on by one step; `past` is `exp(dt a) h`.
  private void step(double[] h, double[] past, long bt, long d) {
    long at = bt * channels + d;
    double dt = dt(raw(at, d));
    double x = dt * in(SelectiveScan.U, at);
    for (int n = 0; n < modes; n++) {
      double[] e = gate(dt, n, d);
      if (op.complex()) {
        past[n] = e[0] * h[n] - e[1] * h[modes + n];
        past[modes + n] = e[0] * h[modes + n] + e[1] * h[n];
      } else {
        past[n] = e[0] * h[n];
      }
    }
    for (int m = 0; m < rows; m++) {
      h[m] = past[m] + x * in(SelectiveScan.B, at(SelectiveScan.B, bt, m, d));
    }
  }

  /// What mode row `m` counts in the sum for `y`.
  private double factor(int m) {
    return op.complex() ? (m < modes ? 2 : -2) : 1;
  }

  /// `y` before the gate.
  private double output(double[] h, long bt, long d) {
    double y = 0;
    for (int m = 0; m < rows; m++) {
      y += factor(m) * in(SelectiveScan.C, at(SelectiveScan.C, bt, m, d)) * h[m];
    }
    return op.skip() ? y + in(op.skipAt(), d) * in(SelectiveScan.U, bt * channels + d) : y;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  void forward() {
    long starts = c.outShape(2).dim(1);
    for (long i = 0; i < c.outShape(1).dim(0) * channels; i++) {
      long b = i / channels;
      long d = i % channels;
      double[] h = start(b, d);
      for (long t = 0; t < steps; t++) {
        long chunk = t / SelectiveScan.CHUNK - 1;
        for (int m = 0; t % SelectiveScan.CHUNK == 0 && t > 0 && m < rows; m++) {
          c.set(2, ((b * starts + chunk) * rows + m) * channels + d, h[m]);
        }
        long bt = b * steps + t;
        step(h, new double[rows], bt, d);
        double y = output(h, bt, d);
        double z = op.gate() ? in(op.gateAt(), bt * channels + d) : 0;
        c.set(0, bt * channels + d, op.gate() ? y * z * sigmoid(z) : y);
      }
      for (int m = 0; m < rows; m++) {
        c.set(1, (b * rows + m) * channels + d, h[m]);
      }
    }
  }

  private final class Sums {
    private final double[][] of = new double[op.inputs()][];

    Sums() {
      for (int i = 0; i < of.length; i++) {
        of[i] = new double[Math.toIntExact(c.outShape(i).elems())];
      }
    }

    void add(int i, long at, double v) {
      of[i][Math.toIntExact(at)] += v;
    }

    void write() {
      for (int i = 0; i < of.length; i++) {
        for (int e = 0; e < of[i].length; e++) {
          c.set(i, e, of[i][e]);
        }
      }
    }
  }

  void backward() {
    Sums sums = new Sums();
    int length = Math.toIntExact(steps);
    for (long i = 0; i < c.inShape(1).dim(0) * channels; i++) {
      long b = i / channels;
      long d = i % channels;
      double[][] past = new double[length][rows];
      double[][] h = new double[length + 1][];
      h[0] = start(b, d);
      for (int t = 0; t < length; t++) {
        h[t + 1] = h[t].clone();
        step(h[t + 1], past[t], b * steps + t, d);
      }
      double[] g = new double[rows];
      for (int m = 0; m < rows; m++) {
        g[m] = c.get(1, (b * rows + m) * channels + d);
      }
      for (int t = length - 1; t >= 0; t--) {
        back(sums, g, past[t], h[t + 1], b * steps + t, d);
      }
      for (int m = 0; op.state() && m < rows; m++) {
        sums.add(op.stateAt(), (b * rows + m) * channels + d, g[m]);
      }
    }
    sums.write();
  }

  /// The gradient of `y` before the gate.
  private double ungated(Sums sums, double[] h, long bt, long d) {
    long at = bt * channels + d;
    double dy = c.get(0, at);
    if (!op.gate()) {
      return dy;
    }
    double z = in(op.gateAt(), at);
    double s = sigmoid(z);
    sums.add(op.gateAt(), at, dy * output(h, bt, d) * s * (1 + z * (1 - s)));
    return dy * z * s;
  }

  private void back(Sums sums, double[] g, double[] past, double[] h, long bt, long d) {
    long at = bt * channels + d;
    double u = in(SelectiveScan.U, at);
    double raw = raw(at, d);
    double dt = dt(raw);
    double dy = ungated(sums, h, bt, d);
    double ddt = 0;
    double dx = 0;
    for (int m = 0; m < rows; m++) {
      long ofB = at(SelectiveScan.B, bt, m, d);
      long ofC = at(SelectiveScan.C, bt, m, d);
      g[m] += factor(m) * dy * in(SelectiveScan.C, ofC);
      sums.add(SelectiveScan.C, ofC, factor(m) * dy * h[m]);
      sums.add(SelectiveScan.B, ofB, g[m] * dt * u);
      dx += g[m] * in(SelectiveScan.B, ofB);
    }
    for (int n = 0; n < modes; n++) {
      double[] e = gate(dt, n, d);
      ddt += rate(sums, g, past, n, 0, dt, d);
      if (op.complex()) {
        ddt += rate(sums, g, past, n, modes, dt, d);
        double re = g[n];
        double im = g[modes + n];
        g[n] = e[0] * re + e[1] * im;
        g[modes + n] = e[0] * im - e[1] * re;
      } else {
        g[n] *= e[0];
      }
    }
    ddt += dx * u;
    double ddelta = op.softplus() && !(raw > 20) ? ddt * sigmoid(raw) : ddt;
    sums.add(SelectiveScan.DELTA, at, ddelta);
    sums.add(SelectiveScan.U, at, dx * dt + (op.skip() ? in(op.skipAt(), d) * dy : 0));
    if (op.skip()) {
      sums.add(op.skipAt(), d, dy * u);
    }
    if (op.bias()) {
      sums.add(op.biasAt(), d, ddelta);
    }
  }

  /// Through the part of `a` that lies `part` rows behind row `n`; returns what `dt` gets from it.
  private double rate(Sums sums, double[] g, double[] past, int n, int part, double dt, long d) {
    double through = g[n] * past[n];
    if (op.complex()) {
      double re = g[n] * past[n] + g[modes + n] * past[modes + n];
      through = part == 0 ? re : g[modes + n] * past[n] - g[n] * past[modes + n];
    }
    long at = (n + part) * channels + d;
    sums.add(SelectiveScan.A, at, through * dt);
    return through * in(SelectiveScan.A, at);
  }
}
