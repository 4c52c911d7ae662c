package dev.gatun.op.sequence.attention;

import dev.gatun.op.Call;
import dev.gatun.op.random.Dropout;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;

/// The scores of an [Attention] by its definition, for the reference kernels. A row is a query of a
/// head of a batch, counted through `[B, H, Sq]`.
final class Scores {
  final long b;
  final long h;
  final long sq;
  final long sk;
  final long dv;
  private final long d;
  private final long group;
  private final Attention op;
  private final Call c;
  private final int first;

  /// @param first input number of the queries
  Scores(Attention op, Call c, int first) {
    this.op = op;
    this.c = c;
    this.first = first;
    Shape q = c.inShape(first);
    Shape v = c.inShape(first + 2);
    b = q.dim(0);
    h = q.dim(1);
    sq = q.dim(2);
    d = q.dim(3);
    sk = v.dim(2);
    dv = v.dim(3);
    group = h / v.dim(1);
  }

  /// Input number of an operand.
  int input(Operand o) {
    return first + op.input(o);
  }

  long batch(long row) {
    return row / sq / h;
  }

  long head(long row) {
    return row / sq % h;
  }

  /// Row of `k` and `v` for key `j`.
  long keyRow(long row, long j) {
    return (batch(row) * (h / group) + head(row) / group) * sk + j;
  }

  /// Queries of the row's sequence.
  long queries(long row) {
    return length(Operand.QUERY_LENGTHS, row, sq);
  }

  /// Keys of the row's sequence.
  long keys(long row) {
    return length(Operand.KEY_LENGTHS, row, sk);
  }

  private long length(Operand o, long row, long all) {
    return op.has(o) ? Math.clamp((long) c.get(input(o), batch(row)), 0L, all) : all;
  }

  /// Position of query `i`.
  long position(long row, long i) {
    return op.mask().position(i, queries(row), keys(row));
  }

  /// Whether query `i` sees key `j`.
  boolean isVisible(long row, long i, long j) {
    Mask m = op.mask();
    long q = queries(row);
    long k = keys(row);
    boolean seen =
        j >= m.begin(i, q, k) && j < m.end(i, q, k)
            || j >= m.sinkBegin(i, q, k) && j < m.sinkEnd(i, q, k);
    seen = seen && j < k;
    if (seen && op.has(Operand.RUNS)) {
      int in = input(Operand.RUNS);
      long at = perHead(in, row) * sq * 4 + i * 4;
      seen =
          j >= c.get(in, at) && j < c.get(in, at + 1)
              || j >= c.get(in, at + 2) && j < c.get(in, at + 3);
    }
    if (seen && op.has(Operand.BLOCKS)) {
      int in = input(Operand.BLOCKS);
      long rows = c.inShape(in).dim(2);
      long columns = c.inShape(in).dim(3);
      long at = (perHead(in, row) * rows + i / Attention.BLOCK) * columns + j / Attention.BLOCK;
      seen = c.get(in, at) != 0;
    }
    return seen
        && (!op.has(Operand.VISIBLE)
            || c.get(input(Operand.VISIBLE), element(Operand.VISIBLE, row, j)) != 0);
  }

  /// Which `[rows, columns]` of an input `[B or 1, H or 1, rows, columns]` or `[rows, columns]`.
  private long perHead(int in, long row) {
    Shape s = c.inShape(in);
    if (s.rank() == 2) {
      return 0;
    }
    return (s.dim(0) == 1 ? 0 : batch(row)) * s.dim(1) + (s.dim(1) == 1 ? 0 : head(row));
  }

  /// Element of [Operand#VISIBLE] or [Operand#BIAS].
  long element(Operand o, long row, long j) {
    Shape s = c.inShape(input(o));
    Shape all = Shape.of(b, h, sq, sk);
    return Layout.contiguous(s, 0).broadcast(s, all).at(all, row * sk + j);
  }

  /// The scaled and capped product.
  double capped(long row, long j) {
    double sum = 0;
    long key = keyRow(row, j) * d;
    for (long e = 0; e < d; e++) {
      sum += c.get(first, row * d + e) * c.get(first + 1, key + e);
    }
    sum *= op.scale();
    return op.softcap() > 0 ? op.softcap() * Math.tanh(sum / op.softcap()) : sum;
  }

  /// What operands add.
  double bias(long row, long i, long j) {
    double s = 0;
    if (op.has(Operand.BIAS)) {
      s += c.get(input(Operand.BIAS), element(Operand.BIAS, row, j));
    }
    if (op.has(Operand.SLOPES)) {
      boolean perBatch = c.inShape(input(Operand.SLOPES)).rank() == 2;
      double slope = c.get(input(Operand.SLOPES), (perBatch ? batch(row) * h : 0) + head(row));
      s -= slope * Math.abs(position(row, i) - j);
    }
    if (op.has(Operand.DECAY)) {
      int in = input(Operand.DECAY);
      s += c.get(in, decay(row, i)) - c.get(in, decayOfKey(row, j));
    }
    if (op.has(Operand.RELATIVE)) {
      s += c.get(input(Operand.RELATIVE), relative(Operand.RELATIVE, row, i, j));
    }
    return s;
  }

  /// Element of [Operand#DECAY] at the query's position, the nearest key's where there is none.
  long decay(long row, long i) {
    return decayOfKey(row, Math.clamp(position(row, i), 0L, sk - 1));
  }

  long decayOfKey(long row, long j) {
    return row / sq * sk + j;
  }

  /// Element of [Operand#RELATIVE] or [Operand#FACTOR].
  long relative(Operand o, long row, long i, long j) {
    Shape s = c.inShape(input(o));
    long n = s.dim(1);
    long at = Math.clamp(j - position(row, i) + n / 2, 0L, n - 1);
    return (s.dim(0) == 1 ? 0 : head(row)) * n + at;
  }

  /// What the probability is multiplied with: factor and dropout.
  double weight(long row, long i, long j) {
    return factor(row, i, j) * kept(row, i, j);
  }

  double factor(long row, long i, long j) {
    return op.has(Operand.FACTOR)
        ? c.get(input(Operand.FACTOR), relative(Operand.FACTOR, row, i, j))
        : 1;
  }

  double kept(long row, long i, long j) {
    long rounded = AttentionRules.blocks(sq) * Attention.BLOCK;
    return op.dropout() == 0
        ? 1
        : Dropout.factor(op.dropout(), op.seed(), (row / sq * sk + j) * rounded + i);
  }

  /// The row's sink, or -inf.
  double sink(long row) {
    return op.has(Operand.SINK) ? c.get(input(Operand.SINK), head(row)) : Double.NEGATIVE_INFINITY;
  }

  /// Fills `scores` where visible and returns the greatest, sink included.
  double row(long row, double[] scores) {
    double max = sink(row);
    long i = row % sq;
    for (int j = 0; j < sk; j++) {
      if (isVisible(row, i, j)) {
        scores[j] = capped(row, j) + bias(row, i, j);
        max = Math.max(max, scores[j]);
      }
    }
    return max;
  }

  /// `sum += e w v[j]`
  void addValue(long row, long i, long j, double e, double[] sum) {
    double p = e * weight(row, i, j);
    long at = keyRow(row, j) * dv;
    for (int x = 0; x < dv; x++) {
      sum[x] += p * c.get(first + 2, at + x);
    }
  }
}
