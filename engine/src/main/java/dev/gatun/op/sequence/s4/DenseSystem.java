package dev.gatun.op.sequence.s4;

import dev.gatun.op.linear.Solve;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A state space model of each feature with any dense matrix, in its three views: `x' = A x + B u`,
/// `y = C x` in continuous time, its recurrence in steps of `dt`, and a convolution.
///
/// In steps it is the generalised bilinear transform: `(I - alpha dt A) x[t] = (I + (1 - alpha) dt
/// A) x[t - 1] + dt B u[t]`; `alpha` 0 is Euler's rule, 1/2 the bilinear one, 1 the backward rule.
/// The matrix is solved for densely, in double.
///
/// All of it is made of ops, so gradients with respect to every part come from them. Cost: `2 N^3`
/// and more for each feature to discretise, then as [DiscreteSystem] says. The kernel is made in
/// double where the device can, whatever the type: rounding `A` to F32 would cost `L` times as much
/// after `L` steps.
///
/// Source: Gu, Johnson, Goel, Saab, Dao, Rudra, Re, "Combining Recurrent, Convolutional, and
/// Continuous-time Models with Linear State-Space Layers", arXiv 2110.13985, sections 2 and 3.
///
/// @param a `[S, N, N]`: `S` divides the number of features `H`, feature `h` has copy `h mod S`
/// @param b `[S, N]`
/// @param c `[K, H, N]`, `K` channels
/// @param dt steps, `[H]`
/// @param alpha how much of the step the new state accounts for, 0 to 1
public record DenseSystem(Tensor a, Tensor b, Tensor c, Tensor dt, double alpha) {
  /// What a sequence gives.
  ///
  /// @param y `[B, K, H, L]`
  /// @param state after the last input, `[B, H, N]`
  public record Result(Tensor y, Tensor state) {}

  /// @throws IllegalArgumentException if shapes or types do not fit or `alpha` is not 0 to 1
  public DenseSystem {
    boolean fits =
        a.dtype().computes()
            && List.of(b, c, dt).stream().allMatch(t -> t.dtype() == a.dtype())
            && a.shape().rank() == 3
            && c.shape().rank() == 3
            && a.dim(1) == a.dim(2)
            && a.dim(0) > 0
            && b.shape().equals(a.shape().without(2))
            && c.dim(2) == a.dim(1)
            && c.dim(1) % a.dim(0) == 0
            && dt.shape().equals(Shape.of(c.dim(1)))
            && alpha >= 0
            && alpha <= 1;
    if (!fits) {
      throw new IllegalArgumentException(
          ("DenseSystem[alpha=%s]: a must be [S, N, N], b [S, N], c [K, H, N] and dt [H] with S a"
                  + " divisor of H and alpha 0 to 1; got a %s, b %s, c %s, dt %s")
              .formatted(alpha, a.spec(), b.spec(), c.spec(), dt.spec()));
    }
  }

  private long features() {
    return c.dim(1);
  }

  private long size() {
    return c.dim(2);
  }

  /// One copy for each feature.
  private Tensor matrices() {
    long repeat = features() / a.dim(0);
    return repeat == 1 ? a : a.tile(repeat, 1, 1);
  }

  private Tensor inputs() {
    long repeat = features() / a.dim(0);
    return repeat == 1 ? b : b.tile(repeat, 1);
  }

  private DenseSystem to(DType t) {
    return t == a.dtype() ? this : new DenseSystem(a.to(t), b.to(t), c.to(t), dt.to(t), alpha);
  }

  /// The same model with steps `factor` times as long: a signal sampled at another rate.
  public DenseSystem resampled(double factor) {
    return new DenseSystem(a, b, c, dt.mul(factor), alpha);
  }

  /// The recurrence in steps of `dt`.
  public DiscreteSystem discrete() {
    long h = features();
    long n = size();
    Tensor scaled = matrices().mul(dt.reshape(h, 1, 1));
    Tensor unit = scaled.scope().eye(a.dtype(), n, n);
    Tensor right =
        scaled.mul(1 - alpha).add(unit).concat(2, inputs().mul(dt.reshape(h, 1)).unsqueeze(2));
    Tensor both = new Solve(false).of(scaled.mul(-alpha).add(unit), right);
    return new DiscreteSystem(both.slice(2, 0, n), both.slice(2, n, n + 1).squeeze(2));
  }

  /// The convolution kernel `[K, H, length]`: `C A'^l B'` of the discretised model.
  ///
  /// @throws IllegalArgumentException unless `length` is 1 or more
  public Tensor kernel(long length) {
    DenseSystem made = to(c.device().doubles() ? DType.F64 : c.dtype());
    return made.discrete().kernel(made.c, length).to(c.dtype());
  }

  /// All of a sequence `u [B, H, L]` in regular steps, as a convolution.
  ///
  /// @param state before the first input, `[B, H, N]`, or zeros
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result convolved(Tensor u, Optional<Tensor> state) {
    DiscreteSystem system = discrete();
    Tensor x = state.orElseGet(() -> system.start(u.dim(0)));
    Tensor kernel = kernel(Math.max(1, u.dim(2)));
    return new Result(system.convolved(u, c, kernel, state), system.after(u, x));
  }

  /// The states `[B, H, N]` after one step of any length, with an input `[B, H]`.
  ///
  /// Cost: `2/3 N^3` flops a row and feature, as every step has a matrix of its own.
  ///
  /// @param steps `[B, H]`, or `[H]`
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor step(Tensor state, Tensor u, Tensor steps) {
    long n = size();
    Tensor length = steps.broadcastTo(u.shape());
    Tensor scaled = matrices().mul(length.reshape(u.dim(0), u.dim(1), 1, 1));
    Tensor x = state.unsqueeze(3);
    Tensor input = inputs().mul(length.mul(u).unsqueeze(2)).unsqueeze(3);
    Tensor right = scaled.matmul(x).mul(1 - alpha).add(x).add(input);
    Tensor left = scaled.mul(-alpha).add(scaled.scope().eye(a.dtype(), n, n));
    return new Solve(false).of(left, right).squeeze(3);
  }

  /// All of a sequence `u [B, H, L]` at points of time that lie apart as they like: step `t` of row
  /// `b` has the length `gaps[b, t] dt[h]`.
  ///
  /// Cost: that of `L` times [#step(Tensor, Tensor, Tensor)], one after the other.
  ///
  /// @param gaps since the point before, `[B, L]`; 1 is a step of `dt`
  /// @param state before the first input, `[B, H, N]`, or zeros
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result irregular(Tensor u, Tensor gaps, Optional<Tensor> state) {
    if (u.shape().rank() != 3 || !gaps.shape().equals(u.shape().without(1))) {
      throw new IllegalArgumentException(
          "DenseSystem: u must be [B, H, L] and gaps [B, L]; got u %s, gaps %s"
              .formatted(u.spec(), gaps.spec()));
    }
    Scope scope = Scope.youngest(List.of(u, gaps, c));
    Tensor x =
        state.orElseGet(() -> scope.zeros(u.dtype(), Shape.of(u.dim(0), features(), size())));
    List<Tensor> y = new ArrayList<>();
    for (long t = 0; t < u.dim(2); t++) {
      Tensor steps = gaps.select(1, t).unsqueeze(1).mul(dt);
      x = step(x, u.select(2, t), steps);
      y.add(DiscreteSystem.output(c, x));
    }
    if (y.isEmpty()) {
      Shape none = Shape.of(u.dim(0), c.dim(0), features(), 0);
      return new Result(scope.zeros(u.dtype(), none), x);
    }
    return new Result(y.get(0).stack(3, y.subList(1, y.size()).toArray(Tensor[]::new)), x);
  }
}
