package dev.gatun.op.loss;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A loss that is worked out element by element from predictions `x` and targets `t` of one shape,
/// F32 and F64, then reduced, in one pass over memory.
///
/// Inputs: `x`, `t`, then a factor of each loss if [#weighted] and a parameter of each element if
/// [#positive]; those two may have fewer leading axes than `x`, over which they repeat. They have
/// no gradient.
interface ElementLoss extends Kernel {
  /// Over elements.
  Reduction reduction();

  /// Whether a third input multiplies the losses.
  default boolean weighted() {
    return false;
  }

  /// Whether the last input holds the parameter `p` of each element.
  default boolean positive() {
    return false;
  }

  /// `p` where it is no input.
  default double parameter() {
    return 1;
  }

  /// Whether `t` and `x` may change places.
  default boolean symmetric() {
    return false;
  }

  /// The definition on one element.
  double f(double x, double t, double p);

  /// Its slope along `x`.
  double dx(double x, double t, double p);

  /// Its slope along `t`; not asked of a symmetric loss.
  double dt(double x, double t, double p);

  /// The body of [#f] in OpenCL C, a function of `x`, `t` and `p`; see `element.cl`.
  String cl();

  /// That of [#dx].
  String clDx();

  /// That of [#dt].
  String clDt();

  /// The vector forms of `f`, `dx` and `dt`; touched only where vectors run.
  Workers.Body body();

  /// See [#body].
  Workers.Body dxBody();

  /// See [#body].
  Workers.Body dtBody();

  default String names() {
    return "x t" + (weighted() ? " weight" : "") + (positive() ? " positive" : "");
  }

  /// Checks the inputs from number `first` on and returns the shape of `x`.
  default Spec check(Kernel op, int first, String names, List<Spec> in) {
    Rules.count(first + 2 + (weighted() ? 1 : 0) + (positive() ? 1 : 0), op, names, in);
    Rules.computing(op, names, in);
    Spec x = in.get(first);
    Rules.require(x.equals(in.get(first + 1)), op, "x and t must agree in shape", names, in);
    Rules.require(
        in.stream().skip(first + 2L).allMatch(s -> ends(x.shape(), s.shape())),
        op,
        "weights must have the last axes of x",
        names,
        in);
    return x;
  }

  private static boolean ends(Shape x, Shape w) {
    for (int i = 1; i <= w.rank(); i++) {
      if (i > x.rank() || w.dim(-i) != x.dim(-i)) {
        return false;
      }
    }
    return true;
  }

  @Override
  default List<Spec> infer(List<Spec> in) {
    Spec x = check(this, 0, names(), in);
    return List.of(x.withShape(reduction().of(x.shape())));
  }

  /// Element `i` of the weights, from inputs that start at number `first`.
  default double weight(Call c, int first, long i) {
    return weighted() ? c.get(first + 2, i % c.inShape(first + 2).elems()) : 1;
  }

  /// Element `i` of the parameter.
  default double parameter(Call c, int first, long i) {
    int p = first + 2 + (weighted() ? 1 : 0);
    return positive() ? c.get(p, i % c.inShape(p).elems()) : parameter();
  }

  @Override
  default void reference(Call c) {
    double sum = 0;
    long n = c.inShape(0).elems();
    for (long i = 0; i < n; i++) {
      double loss = weight(c, 0, i) * f(c.get(0, i), c.get(1, i), parameter(c, 0, i));
      sum += loss;
      if (reduction() == Reduction.NONE) {
        c.set(0, i, loss);
      }
    }
    if (reduction() != Reduction.NONE) {
      c.set(0, 0, reduction() == Reduction.MEAN ? sum / n : sum);
    }
  }

  @Override
  default void simd(Call c, Workers w) {
    ElementLossSimd.forward(this, c, w);
  }

  @Override
  default List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClElementLoss.forward(this, d, in);
  }

  @Override
  default long scratch(List<Spec> in, int workers) {
    return ElementLossPlan.scratch(in.get(0), workers);
  }

  @Override
  default Keep keep() {
    return new Keep((4L << (weighted() ? 1 : 0) + (positive() ? 1 : 0)) - 1, 0, 0);
  }

  @Override
  default List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    List<Tensor> in = new ArrayList<>(List.of(dy.get(0).orElseThrow()));
    List<Optional<Tensor>> d = new ArrayList<>();
    for (int i = 0; i < n.inputs(); i++) {
      in.add(n.in(i));
      d.add(Optional.empty());
      if (i > 1 && n.needs(i)) {
        throw new IllegalStateException(
            "%s: weights have no gradient; got %s that wants one; detach() it"
                .formatted(this, n.in(i)));
      }
    }
    if (n.needs(0)) {
      d.set(0, Optional.of(new ElementLossGrad(this, false).of(in.toArray(Tensor[]::new))));
    }
    if (n.needs(1)) {
      if (symmetric()) {
        in.set(1, n.in(1));
        in.set(2, n.in(0));
      }
      d.set(1, Optional.of(new ElementLossGrad(this, !symmetric()).of(in.toArray(Tensor[]::new))));
    }
    return d;
  }

  @Override
  default Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }
}
