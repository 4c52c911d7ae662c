package dev.gatun.op.sequence.attention;

import dev.gatun.op.Call;

/// The reference kernel of [AttentionGrad]: pair by pair, in double.
final class ReferenceGradient {
  private final AttentionGrad op;
  private final Call c;
  private final Scores s;
  private final long d;
  private final double[][] out;
  private final double[] scores;

  ReferenceGradient(AttentionGrad op, Call c) {
    this.op = op;
    this.c = c;
    this.s = new Scores(op.attention(), c, op.first());
    this.d = c.inShape(op.first()).dim(3);
    this.out = new double[c.outputs()][];
    this.scores = new double[Math.toIntExact(s.sk)];
    for (int i = 0; i < out.length; i++) {
      out[i] = new double[Math.toIntExact(c.outShape(i).elems())];
    }
  }

  void run() {
    for (long row = 0; row < s.b * s.h * s.sq; row++) {
      row(row);
    }
    for (int i = 0; i < out.length; i++) {
      for (int e = 0; e < out[i].length; e++) {
        c.set(i, e, out[i][e]);
      }
    }
  }

  private void row(long row) {
    long i = row % s.sq;
    boolean counts = i < s.queries(row);
    if (c.get(op.result() + 2, row) == 0) {
      return;
    }
    double lse = lse(row, i);
    double delta = op.lse() ? -c.get(1, row) : 0;
    for (int j = 0; counts && j < s.sk; j++) {
      if (isSeen(row, i, j)) {
        delta += Math.exp(scores[j] - lse) * s.weight(row, i, j) * product(row, j);
      }
    }
    for (int j = 0; j < s.sk; j++) {
      if (isSeen(row, i, j)) {
        pair(row, i, j, counts, lse, delta);
      }
    }
    if (op.output(Operand.SINK) >= 0) {
      add(Operand.SINK, s.head(row), -Math.exp(s.sink(row) - lse) * delta);
    }
  }

  /// The result of that name again, in double: rounded to F32 it is off by `2^-24` of the greatest
  /// score, and probabilities would not add up to 1 by as much.
  private double lse(long row, long i) {
    double max = s.row(row, scores);
    double total = Math.exp(s.sink(row) - max);
    for (int j = 0; j < s.sk; j++) {
      total += s.isVisible(row, i, j) ? Math.exp(scores[j] - max) : 0;
    }
    return max + Math.log(total);
  }

  private boolean isSeen(long row, long i, int j) {
    return s.isVisible(row, i, j) && scores[j] != Double.NEGATIVE_INFINITY;
  }

  /// `do v`, from which `D` is a sum over keys: of one key it is then the same number, and the
  /// gradient 0, which `do o` would miss by its rounding.
  private double product(long row, long j) {
    long value = s.keyRow(row, j) * s.dv;
    double sum = 0;
    for (long x = 0; x < s.dv; x++) {
      sum += c.get(0, row * s.dv + x) * c.get(op.first() + 2, value + x);
    }
    return sum;
  }

  private void pair(long row, long i, int j, boolean counts, double lse, double delta) {
    double p = Math.exp(scores[j] - lse);
    double weight = s.weight(row, i, j);
    double product = counts ? product(row, j) : 0;
    long value = s.keyRow(row, j) * s.dv;
    for (long x = 0; counts && x < s.dv; x++) {
      out[2][(int) (value + x)] += p * weight * c.get(0, row * s.dv + x);
    }
    double ds = p * (weight * product - delta);
    operands(row, i, j, ds, p * s.kept(row, i, j) * product);
    double cap = op.attention().softcap();
    double capped = cap > 0 ? s.capped(row, j) / cap : 0;
    double slope = 1 - capped * capped;
    double dx = ds * slope * op.attention().scale();
    long key = s.keyRow(row, j) * d;
    for (long e = 0; e < d; e++) {
      out[0][(int) (row * d + e)] += dx * c.get(op.first() + 1, key + e);
      out[1][(int) (key + e)] += dx * c.get(op.first(), row * d + e);
    }
  }

  private void operands(long row, long i, long j, double ds, double dfactor) {
    if (op.output(Operand.BIAS) >= 0) {
      add(Operand.BIAS, s.element(Operand.BIAS, row, j), ds);
    }
    if (op.output(Operand.DECAY) >= 0) {
      add(Operand.DECAY, s.decay(row, i), ds);
      add(Operand.DECAY, s.decayOfKey(row, j), -ds);
    }
    if (op.output(Operand.RELATIVE) >= 0) {
      add(Operand.RELATIVE, s.relative(Operand.RELATIVE, row, i, j), ds);
    }
    if (op.output(Operand.FACTOR) >= 0) {
      add(Operand.FACTOR, s.relative(Operand.FACTOR, row, i, j), dfactor);
    }
  }

  private void add(Operand o, long at, double v) {
    out[op.output(o)][(int) at] += v;
  }
}
