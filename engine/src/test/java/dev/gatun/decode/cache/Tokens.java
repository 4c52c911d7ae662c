package dev.gatun.decode.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;

/// Random tokens of sequences of one length, and attention over them worked out by plain loops:
/// what caches must give.
final class Tokens {
  final int batch;
  final int heads;
  final int keyHeads;
  final int length;
  final int dim;
  private final DType type;
  private final double[] q;
  private final double[] k;
  private final double[] v;

  Tokens(DType type, int batch, int heads, int keyHeads, int length, int dim) {
    this.type = type;
    this.batch = batch;
    this.heads = heads;
    this.keyHeads = keyHeads;
    this.length = length;
    this.dim = dim;
    Random random = new Random(length * 31L + dim);
    q = random.doubles(batch * heads * length * dim, -2, 2).toArray();
    k = random.doubles(batch * keyHeads * length * dim, -2, 2).toArray();
    v = random.doubles(batch * keyHeads * length * dim, -2, 2).toArray();
  }

  CacheSpec spec() {
    return CacheSpec.of(type, batch, keyHeads, dim);
  }

  Tensor q(Scope s, int from, int to) {
    return cut(s, q, heads, from, to);
  }

  Tensor k(Scope s, int from, int to) {
    return cut(s, k, keyHeads, from, to);
  }

  Tensor v(Scope s, int from, int to) {
    return cut(s, v, keyHeads, from, to);
  }

  private Tensor cut(Scope s, double[] x, int h, int from, int to) {
    return s.tensor(type, Shape.of(batch, h, length, dim), x).slice(2, from, to);
  }

  /// The score of key `j` for query `t` of two vectors, or -inf where it is not seen.
  @FunctionalInterface
  interface Score {
    double of(double[] q, double[] k, int t, int j);
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum / Math.sqrt(a.length);
  }

  /// Plain causal attention.
  static double causal(double[] q, double[] k, int t, int j) {
    return j <= t ? dot(q, k) : Double.NEGATIVE_INFINITY;
  }

  /// `x` turned to `position`, half-split, base 10,000.
  static double[] turned(double[] x, double position) {
    int h = x.length / 2;
    double[] y = new double[x.length];
    for (int i = 0; i < h; i++) {
      double angle = position * Math.pow(10_000, -2.0 * i / x.length);
      y[i] = x[i] * Math.cos(angle) - x[i + h] * Math.sin(angle);
      y[i + h] = x[i + h] * Math.cos(angle) + x[i] * Math.sin(angle);
    }
    return y;
  }

  private double[] row(double[] x, int h, int b, int head, int t) {
    int at = ((b * h + head) * length + t) * dim;
    return Arrays.copyOfRange(x, at, at + dim);
  }

  /// Checks `got` for queries `[from, to)` against scores.
  void check(String what, Attention.Result got, int from, int to, Score score, double bound) {
    double[] o = got.o().toDoubleArray();
    double[] lse = got.lse().toDoubleArray();
    int n = to - from;
    assertEquals(batch * heads * n, lse.length, what);
    for (int r = 0; r < lse.length; r++) {
      int b = r / n / heads;
      int h = r / n % heads;
      double[] want = new double[dim + 1];
      attention(want, b, h, from + r % n, score);
      assertEquals(want[dim], lse[r], bound * Math.max(1, Math.abs(want[dim])), what + " lse " + r);
      for (int i = 0; i < dim; i++) {
        assertEquals(want[i], o[r * dim + i], 2 * bound, what + " o " + r + ", " + i);
      }
    }
  }

  private void attention(double[] want, int b, int h, int t, Score score) {
    double[] query = row(q, heads, b, h, t);
    int kh = h / (heads / keyHeads);
    double[] s = new double[length];
    for (int j = 0; j < length; j++) {
      s[j] = score.of(query, row(k, keyHeads, b, kh, j), t, j);
    }
    double max = Arrays.stream(s).max().orElseThrow();
    double sum = 0;
    for (int j = 0; j < length; j++) {
      double e = Math.exp(s[j] - max);
      sum += e;
      double[] value = row(v, keyHeads, b, kh, j);
      for (int i = 0; i < dim; i++) {
        want[i] += e * value[i];
      }
    }
    for (int i = 0; i < dim; i++) {
      want[i] /= sum;
    }
    want[dim] = max + Math.log(sum);
  }
}
