package dev.gatun.op.sequence.s4;

import dev.gatun.op.linear.Irfft;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// S4's state space model of each feature, diagonal plus low rank: `x' = A x + B u`, `y = 2 Re(C
/// x)` with `A = diag(lambda) - P P^H` over `2 N` modes, of which `N` are stored and the others are
/// their conjugates; discretised by the bilinear rule with step `dt`.
///
/// All of it is made of ops, so gradients with respect to every part come from them.
///
/// Source: Gu, Goel, Re, "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv
/// 2111.00396.
///
/// @param lambda `[S, N]`: `S` divides the number of features `H`, feature `h` has copy `h mod S`
/// @param b `[S, N]`
/// @param p `[R, S, N]`, the rank `R` 1 to 4
/// @param c `[K, H, N]`, `K` channels: `C` itself, or what [#forLength] makes of it
/// @param dt steps, `[H]`
public record Dplr(Complex lambda, Complex b, Complex p, Complex c, Tensor dt) {
  private long features() {
    return c.re().dim(1);
  }

  private long modes() {
    return c.re().dim(2);
  }

  private int channels() {
    return Math.toIntExact(c.re().dim(0));
  }

  private int rank() {
    return Math.toIntExact(p.re().dim(0));
  }

  /// `[..., S, N]` for each feature, `[..., H, N]`.
  private Complex copies(Complex x) {
    long repeat = features() / x.re().dim(-2);
    if (repeat == 1) {
      return x;
    }
    long[] times = new long[x.re().shape().rank()];
    Arrays.fill(times, 1);
    times[times.length - 2] = repeat;
    return x.view(t -> t.tile(times));
  }

  private Tensor steps() {
    return dt.reshape(features(), 1);
  }

  /// The same model with steps `factor` times as long: a signal sampled at another rate.
  public Dplr resampled(double factor) {
    return new Dplr(lambda, b, p, c, dt.mul(factor));
  }

  /// The same model without modes whose frequency times `dt`, in cycles a step, is `band / 2` or
  /// more.
  public Dplr limited(double band) {
    return new Dplr(lambda, b, p, limited(c, copies(lambda), steps(), band), dt);
  }

  static Complex limited(Complex c, Complex lambda, Tensor dt, double band) {
    Tensor cycles = lambda.im().abs().mul(dt).mul(0.5 / Math.PI);
    return c.times(cycles.less(band / 2).to(c.re().dtype()));
  }

  /// The convolution kernel `[K, H, length]`: `y[k, h, l] = 2 Re(C A'^l B')` of the discretised
  /// model, from `C (I - A'^length)` in the place of `C`, as [#forLength] makes it and as S4 trains
  /// it. No power is taken: the kernel's generating function at the roots of unity is a
  /// [BilinearCauchy] sum with a [Woodbury] correction.
  public Tensor kernel(long length) {
    return generated(copies(b).view(t -> t.unsqueeze(0)), length).select(0, 0);
  }

  /// What a state adds to the results: `[S, K, H, length]` for states `[S, H, N]`, from the same
  /// `C` as [#kernel].
  public Tensor stateKernel(Complex state, long length) {
    // A state is an input before the first step whose B is (I + dt A / 2) s / dt.
    Complex l = copies(lambda);
    Complex q = copies(p);
    Complex as = state.times(l);
    for (int r = 0; r < rank(); r++) {
      int i = r;
      Complex one = q.view(t -> t.select(0, i));
      Tensor dot = state.times(one.conj()).twiceRealSum().unsqueeze(-1);
      as = as.minus(one.times(dot));
    }
    Tensor inverse = steps().reciprocal();
    return generated(state.times(inverse).plus(as.times(0.5)), length);
  }

  /// Kernels of the model with other inputs `[G, H, N]`: `[G, K, H, length]`. The generating
  /// function is made in double wherever the device can: the correction takes out most of what the
  /// sums are near a mode's frequency, and with it digits.
  private Tensor generated(Complex input, long length) {
    DType type = c.re().dtype();
    DType made = c.re().device().doubles() ? DType.F64 : type;
    Dplr model =
        new Dplr(
            to(lambda, made),
            to(b, made),
            to(p, made),
            to(c, made),
            dt.dtype() == made ? dt : dt.to(made));
    Complex k = to(model.spectrum(to(input, made), length), type);
    long g = input.re().dim(0);
    return new Irfft(length)
        .of(k.re(), k.im())
        .reshape(g, features(), channels(), length)
        .permute(0, 2, 1, 3);
  }

  private static Complex to(Complex x, DType type) {
    return x.re().dtype() == type ? x : x.view(t -> t.to(type));
  }

  /// Half of the kernels' Fourier transforms, `[G H, K, length / 2 + 1]`.
  private Complex spectrum(Complex input, long length) {
    long g = input.re().dim(0);
    long h = features();
    long n = modes();
    long rows = (long) channels() + rank();
    Complex low = copies(p);
    Complex left = c.concat(low.conj()).view(t -> t.permute(1, 0, 2).reshape(1, h, rows, 1, n));
    Complex columns =
        input
            .view(t -> t.reshape(g, h, 1, n))
            .concat(
                2,
                low.view(t ->
                    t.permute(1, 0, 2)
                        .reshape(1, h, rank(), n)
                        .broadcastTo(Shape.of(g, h, rank(), n))));
    Complex right = columns.view(t -> t.reshape(g, h, 1, 1 + rank(), n));
    Complex v = left.times(right).times(dt.reshape(h, 1, 1, 1));
    long products = rows * (1 + rank());
    Complex flat = v.view(t -> t.reshape(g * h, products, n));
    Complex poles =
        copies(lambda)
            .view(t -> t.reshape(1, h, n).broadcastTo(Shape.of(g, h, n)).reshape(g * h, n));
    Tensor steps = dt.reshape(1, h).broadcastTo(Shape.of(g, h)).reshape(g * h);
    List<Tensor> r =
        new BilinearCauchy(length).apply(flat.re(), flat.im(), poles.re(), poles.im(), steps);
    List<Tensor> k = new Woodbury(length, channels(), rank()).apply(r.get(0), r.get(1));
    return new Complex(k.get(0), k.get(1));
  }

  /// The discretised model for steps one after the other, with `C` itself: `(I - dt A / 2)^(-1) (I
  /// + dt A / 2)` is diagonal plus low rank as `A` is. With `D = 1 / (2 / dt - lambda)`, `E = 2 /
  ///   dt + lambda`, `F = D E` and `M = I + 2 Re(P^H D P)`, it is `F - D P M^(-1) (1 + F) P^H` over
  ///   all modes, by the identity of Woodbury.
  public Recurrence recurrence() {
    Complex l = copies(lambda);
    Tensor two = steps().reciprocal().mul(2);
    Complex d = new Complex(l.re().neg().add(two), l.im().neg()).reciprocal();
    Complex factor = d.times(new Complex(l.re().add(two), l.im()));
    Complex input = d.times(copies(b)).times(2);
    List<Complex> ps = ranks(copies(p));
    List<Complex> left = ps.stream().map(d::times).toList();
    List<Complex> dual = ps.stream().map(q -> q.conj().times(factor.plus(1))).toList();
    List<Tensor> real = new ArrayList<>(dual.stream().map(Complex::re).toList());
    List<Tensor> imaginary = new ArrayList<>(dual.stream().map(Complex::im).toList());
    List<Tensor> taken = new ArrayList<>();
    List<List<Tensor>> m = new ArrayList<>();
    for (int i = 0; i < rank(); i++) {
      Complex q = ps.get(i).conj();
      List<Tensor> row = new ArrayList<>();
      for (int j = 0; j < rank(); j++) {
        Tensor dot = q.times(left.get(j)).twiceRealSum().unsqueeze(-1);
        row.add(i == j ? dot.add(1) : dot);
      }
      m.add(row);
      taken.add(q.times(input).twiceRealSum().unsqueeze(-1));
    }
    solve(m, List.of(real, imaginary, taken));
    List<Complex> right = new ArrayList<>();
    for (int r = 0; r < rank(); r++) {
      right.add(new Complex(real.get(r), imaginary.get(r)));
      input = input.minus(left.get(r).times(taken.get(r)));
    }
    return Recurrence.of(factor, input, left, right, c);
  }

  private List<Complex> ranks(Complex all) {
    List<Complex> each = new ArrayList<>();
    for (int r = 0; r < rank(); r++) {
      long i = r;
      each.add(all.view(t -> t.select(0, i)));
    }
    return each;
  }

  /// The states after one step from states `[B, H, N]` with inputs `[B, H]`, in `O(R N)` a feature.
  public Complex step(Complex state, Tensor u) {
    return recurrence().step(state, u);
  }

  /// Solves a small system for several right hand sides in place, by the elimination of Gauss and
  /// Jordan without exchange of rows: the real part of the matrix is positive definite.
  private static void solve(List<List<Tensor>> m, List<List<Tensor>> sides) {
    int n = m.size();
    for (int p = 0; p < n; p++) {
      int at = p;
      Tensor inverse = m.get(p).get(p).reciprocal();
      List<Tensor> pivot = m.get(p).stream().map(t -> t.mul(inverse)).toList();
      m.set(p, pivot);
      sides.forEach(side -> side.set(at, side.get(at).mul(inverse)));
      for (int i = 0; i < n; i++) {
        if (i != p) {
          int row = i;
          List<Tensor> old = m.get(i);
          Tensor factor = old.get(p);
          List<Tensor> next = new ArrayList<>();
          for (int j = 0; j < n; j++) {
            next.add(old.get(j).sub(factor.mul(pivot.get(j))));
          }
          m.set(i, next);
          sides.forEach(side -> side.set(row, side.get(row).sub(factor.mul(side.get(at)))));
        }
      }
    }
  }

  /// `2 Re(C x)`, `[B, K, H]`, of states `[B, H, N]`: `C` itself.
  public Tensor output(Complex state) {
    return c.times(state.view(t -> t.unsqueeze(1))).twiceRealSum();
  }

  private Scope scope() {
    return Scope.youngest(List.of(c.re(), dt, lambda.re()));
  }

  /// The discretised matrix over real and imaginary parts, transposed, `[H, 2 N, 2 N]`: a row `[Re
  /// x, Im x]` times it is the next state.
  public Tensor transposedMatrix() {
    long n = modes();
    long h = features();
    DType t = c.re().dtype();
    Tensor unit = scope().eye(t, 2 * n, 2 * n).reshape(2 * n, 1, 2 * n);
    Tensor all = unit.broadcastTo(Shape.of(2 * n, h, 2 * n));
    Complex states = new Complex(all.slice(2, 0, n), all.slice(2, n, 2 * n));
    Complex next = step(states, scope().zeros(t, Shape.of(2 * n, h)));
    return row(next).permute(1, 0, 2);
  }

  /// The discretised input, `[H, N]`.
  public Complex discreteInput() {
    DType t = c.re().dtype();
    Tensor zeros = scope().zeros(t, Shape.of(1, features(), modes()));
    Tensor one = scope().full(t, Shape.of(1, features()), 1);
    return step(new Complex(zeros, zeros), one).view(x -> x.select(0, 0));
  }

  /// `[Re x, Im x]` along the last axis.
  private static Tensor row(Complex x) {
    return x.re().concat(x.re().shape().rank() - 1, x.im());
  }

  private Complex parts(Tensor row) {
    int axis = row.shape().rank() - 1;
    return new Complex(row.slice(axis, 0, modes()), row.slice(axis, modes(), 2 * modes()));
  }

  static Tensor power(Tensor matrix, long exponent) {
    Tensor result = matrix.scope().eye(matrix.dtype(), matrix.dim(-1), matrix.dim(-1));
    result = result.broadcastTo(matrix.shape());
    Tensor square = matrix;
    for (long e = exponent; e > 0; e /= 2) {
      result = e % 2 == 1 ? result.matmul(square) : result;
      square = e > 1 ? square.matmul(square) : square;
    }
    return result;
  }

  /// The model with `C (I - A'^length)` in the place of `C`, which is what [#kernel] takes.
  public Dplr forLength(long length) {
    return withC(length, -1);
  }

  /// From what [#forLength] made for `length` to that for twice the length.
  public Dplr doubled(long length) {
    return withC(length, 1);
  }

  private Dplr withC(long length, double sign) {
    // C as a row over real and imaginary parts is [2 Re C, -2 Im C]; only its image matters.
    Tensor line = row(c.conj()).permute(1, 0, 2);
    Tensor moved = line.matmul(power(transposedMatrix(), length).transpose(1, 2));
    Complex other = parts(line.add(moved.mul(sign)).permute(1, 0, 2)).conj();
    return new Dplr(lambda, b, p, other, dt);
  }

  /// From what [#forLength] made for `length` back to `C`, by elimination in double on the host; no
  /// gradient. Digits are lost as `dt length` gets small.
  public Dplr fromLength(long length) {
    Tensor power = power(transposedMatrix(), length);
    double[] a = power.toDoubleArray();
    double[] line = row(c.conj()).permute(1, 0, 2).toDoubleArray();
    int n = Math.toIntExact(2 * modes());
    for (int h = 0; h < features(); h++) {
      Elimination.solve(a, h * n * n, line, h * channels() * n, channels(), n);
    }
    Tensor solved =
        scope().tensor(c.re().dtype(), Shape.of(features(), channels(), n), line).permute(1, 0, 2);
    return new Dplr(lambda, b, p, parts(solved).conj(), dt);
  }

  /// The states after inputs `u [B, H, L]` from `state [B, H, N]`: `A'^L x + sum_l A'^(L - 1 - l)
  /// B' u[l]`, by powers of two: `log2 L` products.
  public Complex after(Tensor u, Complex state) {
    long length = u.dim(2);
    Tensor matrix = transposedMatrix();
    Tensor kept = row(state).unsqueeze(2).matmul(power(matrix, length)).squeeze(2);
    if (length == 0) {
      return parts(kept);
    }
    long whole = Long.highestOneBit(2 * length - 1);
    Tensor input = row(discreteInput()).unsqueeze(1);
    Tensor x = u.pad(2, whole - length, 0).unsqueeze(3).mul(input);
    for (Tensor power = matrix; x.dim(2) > 1; power = power.matmul(power)) {
      Tensor pairs = x.reshape(x.dim(0), x.dim(1), x.dim(2) / 2, 2, x.dim(3));
      x = pairs.select(3, 0).matmul(power).add(pairs.select(3, 1));
    }
    return parts(x.squeeze(2).add(kept));
  }

  /// The discretised matrix over all `2 N` modes, stored ones first, `[H, 2 N, 2 N]`.
  public Complex discreteMatrix() {
    long n = modes();
    Tensor t = transposedMatrix().transpose(1, 2);
    Tensor rr = t.slice(1, 0, n).slice(2, 0, n);
    Tensor ri = t.slice(1, 0, n).slice(2, n, 2 * n);
    Tensor ir = t.slice(1, n, 2 * n).slice(2, 0, n);
    Tensor ii = t.slice(1, n, 2 * n).slice(2, n, 2 * n);
    Complex same = new Complex(rr.add(ii), ir.sub(ri)).times(0.5);
    Complex other = new Complex(rr.sub(ii), ir.add(ri)).times(0.5);
    Complex upper = same.concat(2, other);
    Complex lower = other.conj().concat(2, same.conj());
    return upper.concat(1, lower);
  }
}
