package dev.gatun.op.sequence.s4;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// What is left of S4's generating function when a correction of low rank is taken out by
/// Woodbury's identity: at every node, with the matrix `R` of [BilinearCauchy]'s sums cut into `R00
/// [C, 1]`, `R01 [C, rank]`, `R10 [rank, 1]`, `R11 [rank, rank]` and `h = (1 + omega) / 2 = exp(-i
/// theta) cos theta`, `theta = pi k / L`,
///
/// `K[c] = R00[c] - h R01[c] (I + h R11)^(-1) R10`.
///
/// Shapes: real and imaginary parts of `R [..., (C + rank) (1 + rank), F]` with `F = L/2 + 1`,
/// whose rows `i (1 + rank) + j` pair row `i` (the channels of `C`, then `conj P`) with column `j`
/// (`B`, then `P`), F32 or F64; the parts of `K [..., C, F]`. A node at which a number is not
/// finite becomes NaN.
///
/// Gradient, with `X = (I + h R11)^(-1) R10`, `Y = R01 (I + h R11)^(-1)`: `dR00 = dK`, `dR01 =
/// -conj(h X) dK`, `dR10 = -sum_c conj(h Y[c]) dK[c]`, `dR11[i, j] = sum_c conj(h^2 Y[c, i] X[j])
/// dK[c]`.
///
/// Cost: `rank^3 + 4 C rank^2` complex operations a node, by elimination without exchange of rows:
/// of stable models `I + h R11` has a real part above 0. Source: Gu, Goel, Re, arXiv 2111.00396,
/// appendix C.3.
///
/// @param length `L`, 1 or more
/// @param channels `C`, 1 or more
/// @param rank 1 to 4
public record Woodbury(long length, int channels, int rank) implements Kernel {
  private static final String NAMES = "r.re r.im";
  static final int MOST = 4;

  /// Rows of `R`.
  long rows() {
    return (long) (channels + rank) * (1 + rank);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Rules.require(length > 0, this, "length must be 1 or more", NAMES, in);
    Rules.require(channels > 0, this, "channels must be 1 or more", NAMES, in);
    Rules.require(rank > 0 && rank <= MOST, this, "rank must be 1 to 4", NAMES, in);
    Shape r = in.get(0).shape();
    boolean fits =
        r.rank() > 1
            && r.dim(-2) == rows()
            && r.dim(-1) == length / 2 + 1
            && in.get(0).equals(in.get(1));
    Rules.require(fits, this, "r must be [..., (C + rank) (1 + rank), L/2 + 1]", NAMES, in);
    return Collections.nCopies(2, new Spec(in.get(0).dtype(), r.with(-2, channels)));
  }

  /// The matrix of one node and what is computed from it, in double; complex numbers are pairs.
  static final class Solution {
    private final int channels;
    private final int rank;
    final double[] matrix;
    final double[] h;
    final double[] x;
    final double[] y;

    Solution(Woodbury op, double[] matrix, long k) {
      channels = op.channels;
      rank = op.rank;
      this.matrix = matrix;
      double cos = BilinearCauchy.cos(k, op.length);
      double sin = Math.sin(Math.PI * k / op.length);
      h = new double[] {cos * cos, -sin * cos};
      double[] inverse = inverse();
      x = new double[2 * rank];
      y = new double[2 * rank * channels];
      for (int i = 0; i < rank; i++) {
        for (int j = 0; j < rank; j++) {
          add(x, i, inverse, i * rank + j, matrix, at(channels + j, 0), 1);
          for (int c = 0; c < channels; c++) {
            add(y, c * rank + i, matrix, at(c, 1 + j), inverse, j * rank + i, 1);
          }
        }
      }
    }

    int at(int row, int column) {
      return row * (1 + rank) + column;
    }

    /// `to[t] += scale a[i] b[j]`
    static void add(double[] to, int t, double[] a, int i, double[] b, int j, double scale) {
      to[2 * t] += scale * (a[2 * i] * b[2 * j] - a[2 * i + 1] * b[2 * j + 1]);
      to[2 * t + 1] += scale * (a[2 * i] * b[2 * j + 1] + a[2 * i + 1] * b[2 * j]);
    }

    /// `(I + h R11)^(-1)` by the elimination of Gauss and Jordan.
    private double[] inverse() {
      double[] a = new double[2 * rank * rank];
      double[] b = new double[2 * rank * rank];
      for (int i = 0; i < rank; i++) {
        a[2 * (i * rank + i)] = 1;
        b[2 * (i * rank + i)] = 1;
        for (int j = 0; j < rank; j++) {
          add(a, i * rank + j, h, 0, matrix, at(channels + i, 1 + j), 1);
        }
      }
      for (int p = 0; p < rank; p++) {
        double re = a[2 * (p * rank + p)];
        double im = a[2 * (p * rank + p) + 1];
        double[] inverse = {re / (re * re + im * im), -im / (re * re + im * im)};
        scale(a, p, inverse);
        scale(b, p, inverse);
        for (int i = 0; i < rank; i++) {
          if (i != p) {
            double[] factor = {a[2 * (i * rank + p)], a[2 * (i * rank + p) + 1]};
            for (int j = 0; j < rank; j++) {
              add(a, i * rank + j, factor, 0, a, p * rank + j, -1);
              add(b, i * rank + j, factor, 0, b, p * rank + j, -1);
            }
          }
        }
      }
      return b;
    }

    private void scale(double[] a, int row, double[] factor) {
      for (int j = 0; j < rank; j++) {
        double[] v = new double[2];
        add(v, 0, a, row * rank + j, factor, 0, 1);
        a[2 * (row * rank + j)] = v[0];
        a[2 * (row * rank + j) + 1] = v[1];
      }
    }
  }

  /// The matrix of `group` at node `k`, from inputs `first` and the next.
  double[] matrix(Call c, int first, long group, long k) {
    int rows = Math.toIntExact(rows());
    long nodes = length / 2 + 1;
    double[] r = new double[2 * rows];
    for (int i = 0; i < rows; i++) {
      long at = (group * rows + i) * nodes + k;
      r[2 * i] = c.get(first, at);
      r[2 * i + 1] = c.get(first + 1, at);
    }
    return r;
  }

  static double nan(double[] numbers) {
    double zero = 0;
    for (double v : numbers) {
      zero += 0 * v;
    }
    return zero;
  }

  @Override
  public void reference(Call c) {
    long nodes = length / 2 + 1;
    Shape r = c.inShape(0);
    for (long group = 0; group < r.elems(0, r.rank() - 2); group++) {
      for (long k = 0; k < nodes; k++) {
        double[] matrix = matrix(c, 0, group, k);
        Solution s = new Solution(this, matrix, k);
        double nan = nan(matrix);
        for (int ch = 0; ch < channels; ch++) {
          double[] sum = new double[2];
          for (int j = 0; j < rank; j++) {
            Solution.add(sum, 0, matrix, s.at(ch, 1 + j), s.x, j, 1);
          }
          double[] y = {nan + matrix[2 * s.at(ch, 0)], nan + matrix[2 * s.at(ch, 0) + 1]};
          Solution.add(y, 0, s.h, 0, sum, 0, -1);
          c.set(0, (group * channels + ch) * nodes + k, y[0]);
          c.set(1, (group * channels + ch) * nodes + k, y[1]);
        }
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    WoodburySimd.forward(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return WoodburySimd.scratch(this, in.get(0).dtype()) * workers;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClWoodbury.forward(this, d, in);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Spec y = n.outSpec(0);
    Tensor zeros = n.in(0).scope().zeros(y.dtype(), y.shape());
    return new Grad(this)
        .apply(dy.get(0).orElse(zeros), dy.get(1).orElse(zeros), n.in(0), n.in(1)).stream()
            .map(Optional::of)
            .toList();
  }

  private double flops() {
    return 8.0 * rank * rank * (rank + 2.0 * channels);
  }

  @Override
  public Cost cost(List<Spec> in) {
    double nodes = 1.0 * in.get(0).shape().elems() / rows();
    return new Cost(nodes * flops(), Cost.streaming(0, in, infer(in)).bytes());
  }

  /// Gradient of a [Woodbury]: inputs `dK.re dK.im r.re r.im`, outputs the gradients of `r`.
  public record Grad(Woodbury of) implements Kernel {
    private static final String NAMES = "dy.re dy.im " + Woodbury.NAMES;

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(4, this, NAMES, in);
      Rules.computing(this, NAMES, in);
      List<Spec> r = in.subList(2, 4);
      boolean fits = of.infer(r).equals(in.subList(0, 2));
      Rules.require(fits, this, "dy must be [..., C, F]", NAMES, in);
      return r;
    }

    @Override
    public void reference(Call c) {
      long nodes = of.length / 2 + 1;
      Shape r = c.inShape(2);
      int rows = Math.toIntExact(of.rows());
      for (long group = 0; group < r.elems(0, r.rank() - 2); group++) {
        for (long k = 0; k < nodes; k++) {
          double[] matrix = of.matrix(c, 2, group, k);
          double[] d = new double[2 * rows];
          double nan = nan(matrix);
          Solution s = new Solution(of, matrix, k);
          for (int ch = 0; ch < of.channels; ch++) {
            long at = (group * of.channels + ch) * nodes + k;
            // All conjugated: the gradient is conj(conj(dK) times a derivative).
            double[] g = {c.get(0, at), -c.get(1, at)};
            nan += nan(g);
            node(s, ch, g, d);
          }
          for (int i = 0; i < rows; i++) {
            c.set(0, (group * rows + i) * nodes + k, nan + d[2 * i]);
            c.set(1, (group * rows + i) * nodes + k, nan - d[2 * i + 1]);
          }
        }
      }
    }

    private void node(Solution s, int ch, double[] g, double[] d) {
      int rank = of.rank;
      double[] hg = new double[2];
      Solution.add(hg, 0, s.h, 0, g, 0, 1);
      double[] hhg = new double[2];
      Solution.add(hhg, 0, s.h, 0, hg, 0, 1);
      d[2 * s.at(ch, 0)] += g[0];
      d[2 * s.at(ch, 0) + 1] += g[1];
      for (int i = 0; i < rank; i++) {
        Solution.add(d, s.at(ch, 1 + i), hg, 0, s.x, i, -1);
        Solution.add(d, s.at(of.channels + i, 0), hg, 0, s.y, ch * rank + i, -1);
        double[] y = new double[2];
        Solution.add(y, 0, hhg, 0, s.y, ch * rank + i, 1);
        for (int j = 0; j < rank; j++) {
          Solution.add(d, s.at(of.channels + i, 1 + j), y, 0, s.x, j, 1);
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      WoodburySimd.backward(of, c, w);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return WoodburySimd.scratch(of, in.get(0).dtype()) * workers;
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClWoodbury.backward(of, d, in);
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    /// @throws IllegalStateException always
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      throw new IllegalStateException(
          this + ": there is no second derivative; got a request for one");
    }

    @Override
    public Cost cost(List<Spec> in) {
      double nodes = 1.0 * in.get(2).shape().elems() / of.rows();
      return new Cost(2 * nodes * of.flops(), Cost.streaming(0, in, infer(in)).bytes());
    }
  }
}
