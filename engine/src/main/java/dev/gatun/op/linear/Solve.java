package dev.gatun.op.linear;

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
import java.util.List;
import java.util.Optional;

/// The solution `x` of `a x = b`, or of `a^T x = b`, for each of many small matrices, by Gaussian
/// elimination with partial pivoting in double.
///
/// Shapes: `a [.., N, N]`, `b` and `x [.., N, R]`, leading axes alike; F32 or F64.
///
/// Gradient: `db` solves the transposed system for `dx`, `da = -db x^T`. Cost: `2/3 N^3 + 2 N^2 R`
/// flops a matrix; one worker takes a matrix, so one large matrix has one thread. Error: the
/// residual is that of a solution in double rounded once: `N 2^-52` of `|a| |x|` besides. A
/// singular matrix gives infinities or NaN, and so may an operand that is not finite.
///
/// Source: Golub, Van Loan, Matrix Computations, 4th edition, algorithm 3.4.1.
///
/// @param transposed whether `a^T` is the matrix
public record Solve(boolean transposed) implements Kernel {
  private static final String NAMES = "a b";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Shape a = in.get(0).shape();
    Shape b = in.get(1).shape();
    Rules.require(
        a.rank() >= 2
            && b.rank() == a.rank()
            && a.dim(-1) == a.dim(-2)
            && a.without(-1).equals(b.without(-1)),
        this,
        "a must be [.., N, N] and b [.., N, R]",
        NAMES,
        in);
    return List.of(in.get(1));
  }

  /// Elements of the work memory of one matrix.
  static long work(List<Spec> in) {
    Shape b = in.get(1).shape();
    return b.dim(-2) * (b.dim(-2) + b.dim(-1));
  }

  @Override
  public void reference(Call c) {
    int n = Math.toIntExact(c.inShape(1).dim(-2));
    int r = Math.toIntExact(c.inShape(1).dim(-1));
    long count = c.inShape(1).elems(0, c.inShape(1).rank() - 2);
    for (long g = 0; g < count; g++) {
      double[][] m = new double[n][n + r];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          m[i][j] = c.get(0, g * n * n + (transposed ? j * (long) n + i : i * (long) n + j));
        }
        for (int j = 0; j < r; j++) {
          m[i][n + j] = c.get(1, (g * n + i) * r + j);
        }
      }
      for (int p = 0; p < n; p++) {
        exchange(m, p);
        for (int i = p + 1; i < n; i++) {
          double factor = m[i][p] / m[p][p];
          for (int j = p + 1; j < n + r && factor != 0; j++) {
            m[i][j] = Math.fma(-factor, m[p][j], m[i][j]);
          }
        }
      }
      for (int i = n - 1; i >= 0; i--) {
        for (int j = n; j < n + r; j++) {
          m[i][j] /= m[i][i];
          for (int k = 0; k < i; k++) {
            m[k][j] = Math.fma(-m[k][i], m[i][j], m[k][j]);
          }
          c.set(0, (g * n + i) * r + j - n, m[i][j]);
        }
      }
    }
  }

  /// Brings the first of the largest elements of column `p` to its row.
  private static void exchange(double[][] m, int p) {
    int best = p;
    for (int i = p + 1; i < m.length; i++) {
      best = Math.abs(m[i][p]) > Math.abs(m[best][p]) ? i : best;
    }
    double[] row = m[p];
    m[p] = m[best];
    m[best] = row;
  }

  @Override
  public void simd(Call c, Workers w) {
    SolveSimd.run(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return work(in) * Double.BYTES * workers;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClSolve.launch(this, d, in);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor db = new Solve(!transposed).of(n.in(0), dy.get(0).orElseThrow());
    Optional<Tensor> da = Optional.empty();
    if (n.needs(0)) {
      MatMul outer = new MatMul(false, true);
      Tensor x = n.out(0);
      da = Optional.of((transposed ? outer.of(x, db) : outer.of(db, x)).neg());
    }
    return List.of(da, n.needs(1) ? Optional.of(db) : Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    double n = in.get(1).shape().dim(-2);
    double r = in.get(1).shape().dim(-1);
    double count = in.get(1).shape().elems(0, in.get(1).shape().rank() - 2);
    double bytes = in.get(0).bytes() + 2.0 * in.get(1).bytes();
    return new Cost(count * (2 * n * n * n / 3 + 2 * n * n * r), bytes);
  }
}
