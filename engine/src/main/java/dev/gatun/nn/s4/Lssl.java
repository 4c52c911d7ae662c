package dev.gatun.nn.s4;

import dev.gatun.nn.Layer;
import dev.gatun.nn.Linear;
import dev.gatun.op.sequence.s4.DenseSystem;
import dev.gatun.op.sequence.s4.DiscreteSystem;
import dev.gatun.op.sequence.s4.Hippo;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Arrays;
import java.util.Optional;

/// Linear state space layer: each feature goes through the state space model `x' = A x + B u`, `y =
/// C x + D u` with `K` channels and a step of its own, as a convolution, a step at a time, or at
/// points of time that lie apart as they like; see [DenseSystem].
///
/// Parameters: `c [K, H, N]`, `d [K, H]`, `logStep [H]`, and where the matrix is learned `a [S, N,
/// N]` and `b [S, N]`, shared by the features that have a copy.
///
/// Shapes: `x [B, L, H]`, `y [B, L, K H]`, the features of the first channel first. The layer of
/// the paper goes on with GELU and a [Linear] from `K H` to `H`.
///
/// An input that is not finite makes later results of its feature NaN, and none before it. Source:
/// Gu et al., arXiv 2110.13985.
public final class Lssl extends Layer {
  /// Steps of a new layer: the logarithms lie evenly between those of 0.001 and 0.1.
  private static final double LEAST_STEP = 1e-3;

  private static final double MOST_STEP = 0.1;

  private final Optional<Variable> a;
  private final Optional<Variable> b;
  private final Tensor fixedA;
  private final Tensor fixedB;
  private final Variable c;
  private final Variable d;
  private final Variable logStep;
  private final double alpha;

  /// Where a sequence stands: the states, and the recurrence that they belong to, which is made
  /// once.
  ///
  /// @param x `[B, H, N]`
  /// @param system in steps of a step
  public record State(Tensor x, DiscreteSystem system) {
    /// A copy of the states in `scope`, to go on with once their own scope is closed; the
    /// recurrence stays where it is.
    public State in(Scope scope) {
      return new State(x.in(scope), system);
    }
  }

  /// What a call gives.
  ///
  /// @param y `[B, L, K H]`, of a step `[B, K H]`
  /// @param state after the last input
  public record Result(Tensor y, State state) {}

  private Lssl(Scope scope, DenseSystem initial, Tensor d, boolean learned) {
    this.a = learned ? Optional.of(parameter("a", scope, initial.a())) : Optional.empty();
    this.b = learned ? Optional.of(parameter("b", scope, initial.b())) : Optional.empty();
    this.fixedA = initial.a().in(scope);
    this.fixedB = initial.b().in(scope);
    this.c = parameter("c", scope, initial.c());
    this.d = parameter("d", scope, d);
    this.logStep = parameter("logStep", scope, initial.dt().log());
    this.alpha = initial.alpha();
  }

  /// F32 with HiPPO's matrix `measure` shared by all features and the bilinear rule; `C` is normal,
  /// `D` 1, steps are spread over 0.001 to 0.1.
  ///
  /// @param features `H`
  /// @param states `N`
  /// @param channels `K`
  /// @param learned whether `A` and `B` are parameters
  public static Lssl of(
      Scope scope,
      long features,
      int states,
      long channels,
      Hippo measure,
      boolean learned,
      long seed) {
    double[] matrix =
        Arrays.stream(measure.matrix(states)).flatMapToDouble(Arrays::stream).toArray();
    try (Scope initial = scope.device().scope("initial")) {
      DType t = DType.F32;
      Tensor log =
          initial
              .uniform(t, Shape.of(features), seed)
              .mul(Math.log(MOST_STEP / LEAST_STEP))
              .add(Math.log(LEAST_STEP));
      DenseSystem system =
          new DenseSystem(
              initial.tensor(t, Shape.of(1, states, states), matrix),
              initial.tensor(t, Shape.of(1, states), measure.input(states)),
              initial.normal(t, Shape.of(channels, features, states), seed + 1),
              log.exp(),
              0.5);
      return new Lssl(scope, system, initial.full(t, Shape.of(channels, features), 1), learned);
    }
  }

  /// Copies of a given system's parts, with any matrix and rule.
  ///
  /// @param d `[K, H]`
  /// @param learned whether `A` and `B` are parameters
  /// @throws IllegalArgumentException unless `d` fits
  public static Lssl of(Scope scope, DenseSystem initial, Tensor d, boolean learned) {
    if (!d.shape().equals(initial.c().shape().without(2)) || d.dtype() != initial.c().dtype()) {
      throw new IllegalArgumentException(
          "Lssl: d must be [K, H] for c [K, H, N]; got d %s, c %s"
              .formatted(d.spec(), initial.c().spec()));
    }
    return new Lssl(scope, initial, d, learned);
  }

  /// The model in the scope of `x`.
  private DenseSystem system(Tensor x) {
    Scope scope = x.scope();
    return new DenseSystem(
        a.map(v -> borrow(v, x)).orElseGet(() -> scope.borrow(fixedA)),
        b.map(v -> borrow(v, x)).orElseGet(() -> scope.borrow(fixedB)),
        borrow(c, x),
        borrow(logStep, x).exp(),
        alpha);
  }

  private void require(Tensor x, int rank, String rule) {
    long features = c.value().dim(1);
    if (x.shape().rank() != rank || x.dim(-1) != features || x.dtype() != c.value().dtype()) {
      throw new IllegalArgumentException(
          "Lssl: x must be %s with H %d, of the parameters' type %s; got x %s"
              .formatted(rule, features, c.value().dtype(), x.spec()));
    }
  }

  private void require(Tensor x, State state) {
    Shape want = Shape.of(x.dim(0), c.value().dim(1), c.value().dim(2));
    if (!state.x().shape().equals(want)) {
      throw new IllegalArgumentException(
          "Lssl: the state must be %s for x %s; got %s"
              .formatted(want, x.spec(), state.x().spec()));
    }
  }

  /// Results of a convolution, `[B, K, H, L]` with `D u`, as the layer gives them.
  private Tensor joined(Tensor y, Tensor u) {
    Tensor skip = borrow(d, u).unsqueeze(2).mul(u.unsqueeze(1));
    return y.add(skip).permute(0, 3, 1, 2).reshape(y.dim(0), y.dim(3), y.dim(1) * y.dim(2));
  }

  /// A whole sequence from states of zero, by a convolution.
  ///
  /// Cost: the kernel's, which [DiscreteSystem] states, in double, and `K` convolutions.
  @Override
  public Tensor forward(Tensor x) {
    require(x, 3, "[B, L, H]");
    Tensor u = x.transpose(1, 2);
    DenseSystem system = system(x);
    return joined(DiscreteSystem.filtered(u, system.kernel(Math.max(1, x.dim(1)))), u);
  }

  /// A whole sequence that goes on from a state, by a convolution.
  ///
  /// @param x `[B, L, H]`
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result forward(Tensor x, State state) {
    require(x, 3, "[B, L, H]");
    require(x, state);
    Tensor u = x.transpose(1, 2);
    DenseSystem.Result r = system(x).convolved(u, Optional.of(state.x()));
    return new Result(joined(r.y(), u), new State(r.state(), state.system()));
  }

  /// A whole sequence at irregular points of time, step by step: step `t` of row `b` is `gaps[b,
  /// t]` times as long as the feature's own.
  ///
  /// @param x `[B, L, H]`
  /// @param gaps `[B, L]`
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result irregular(Tensor x, Tensor gaps, State state) {
    require(x, 3, "[B, L, H]");
    require(x, state);
    Tensor u = x.transpose(1, 2);
    DenseSystem.Result r = system(x).irregular(u, gaps, Optional.of(state.x()));
    return new Result(joined(r.y(), u), new State(r.state(), state.system()));
  }

  /// Where sequences start. The recurrence is made here, for all steps that follow: make another
  /// one when parameters have changed.
  ///
  /// @param scope of the recurrence, to be open as long as steps go on
  public State start(Scope scope, long batch) {
    Tensor any = scope.zeros(c.value().dtype(), Shape.of(0));
    DiscreteSystem system = system(any).discrete();
    return new State(system.start(batch), system);
  }

  /// One step of the recurrence: `2 N^2` flops a feature and row.
  ///
  /// @param x `[B, H]`
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result step(Tensor x, State state) {
    require(x, 2, "[B, H]");
    require(x, state);
    Tensor next = state.system().step(state.x(), x);
    Tensor y = DiscreteSystem.output(borrow(c, x), next).add(borrow(d, x).mul(x.unsqueeze(1)));
    return new Result(y.reshape(x.dim(0), y.dim(1) * y.dim(2)), new State(next, state.system()));
  }
}
