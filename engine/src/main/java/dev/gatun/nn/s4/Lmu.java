package dev.gatun.nn.s4;

import dev.gatun.nn.Initializer;
import dev.gatun.nn.Layer;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.sequence.rnn.Rnn;
import dev.gatun.op.sequence.rnn.RnnCell;
import dev.gatun.op.sequence.s4.DiscreteSystem;
import dev.gatun.op.sequence.s4.Hippo;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.List;
import java.util.Optional;

/// Legendre memory unit: a memory `m` of the last `theta` steps of a signal `u`, as `d`
/// coefficients of Legendre polynomials, beside a hidden state:
///
/// ```
/// u[t] = e_x x[t] + e_h h[t-1] + e_m m[t-1]
/// m[t] = A m[t-1] + B u[t]                              for each of U signals
/// h[t] = tanh(W_x x[t] + W_h h[t-1] + W_m m[t])
/// ```
///
/// `A` and `B` are those of [Hippo#LMU], held for a step of `1 / theta`, and are not learned.
///
/// Parameters: `inputEncoder [U, X]`, `hiddenEncoder [U, H]`, `memoryEncoder [U, U d]`,
/// `inputKernel [H, X]`, `hiddenKernel [H, H]`, `memoryKernel [H, U d]`; which ones there are says
/// [Recurrence]. Shapes: `x [B, L, X]`, `y [B, L, H]`.
///
/// Without a way back into `u` the memory is a linear system, and all of a sequence one convolution
/// with its impulse response. With one, `A` and the encoders are joined to one matrix of `U d + H`
/// rows, and memory and hidden state are the linear and other units of one [Rnn]: `2 B (U d + H)^2`
/// flops a step.
///
/// An input that is not finite touches no earlier result. Source: Voelker, Kajic, Eliasmith,
/// "Legendre Memory Units", NeurIPS 2019, equations 1 to 7; Chilkuri, Eliasmith, "Parallelizing
/// Legendre Memory Unit Training", ICML 2021, arXiv 2102.11417, for the convolution.
public final class Lmu extends Layer {
  /// What goes back.
  public enum Recurrence {
    /// Hidden state and memory into the signal, hidden state into itself: the cell of 2019.
    FULL,
    /// The hidden state into itself: the memory is a convolution, then there is a loop.
    HIDDEN,
    /// Nothing: everything is parallel over time.
    NONE
  }

  private final int order;
  private final long signals;
  private final Recurrence recurrence;
  private final DiscreteSystem memory;
  private final Variable inputEncoder;
  private final Optional<Variable> hiddenEncoder;
  private final Optional<Variable> memoryEncoder;
  private final Variable inputKernel;
  private final Optional<Variable> hiddenKernel;
  private final Variable memoryKernel;

  /// Where a sequence stands.
  ///
  /// @param h hidden state `[B, H]`
  /// @param m memory `[B, U, d]`
  public record State(Tensor h, Tensor m) {
    /// A copy in `scope`.
    public State in(Scope scope) {
      return new State(h.in(scope), m.in(scope));
    }
  }

  /// What a call gives.
  ///
  /// @param y `[B, L, H]`, of a step `[B, H]`
  /// @param state after the last input
  public record Result(Tensor y, State state) {}

  /// Sizes of a layer.
  ///
  /// @param inputs `X`
  /// @param hidden `H`
  /// @param signals `U`, 1 in the paper
  /// @param order `d`, coefficients of each signal
  /// @param theta steps that the memory reaches back
  public record Sizes(long inputs, long hidden, long signals, int order, double theta) {
    /// @throws IllegalArgumentException unless all sizes are positive
    public Sizes {
      if (inputs < 1 || hidden < 1 || signals < 1 || order < 1 || !(theta > 0)) {
        throw new IllegalArgumentException(
            "Lmu: sizes must be positive; got inputs %d, hidden %d, signals %d, order %d, theta %s"
                .formatted(inputs, hidden, signals, order, theta));
      }
    }
  }

  private Lmu(Scope scope, DType type, Sizes s, Recurrence recurrence, long seed) {
    this.order = s.order();
    this.signals = s.signals();
    this.recurrence = recurrence;
    this.memory =
        DiscreteSystem.held(
            scope,
            scope.device().doubles() ? DType.F64 : type,
            Hippo.LMU.matrix(order),
            Hippo.LMU.input(order),
            1 / s.theta());
    try (Scope initial = scope.device().scope("initial")) {
      long h = s.hidden();
      long wide = signals * order;
      boolean full = recurrence == Recurrence.FULL;
      this.inputEncoder =
          parameter("inputEncoder", scope, encoder(initial, type, s.inputs(), seed));
      this.hiddenEncoder =
          optional(full, "hiddenEncoder", scope, encoder(initial, type, h, seed + 1));
      this.memoryEncoder =
          optional(full, "memoryEncoder", scope, initial.zeros(type, Shape.of(signals, wide)));
      this.inputKernel =
          parameter("inputKernel", scope, kernel(initial, type, h, s.inputs(), seed + 2));
      this.hiddenKernel =
          optional(
              recurrence != Recurrence.NONE,
              "hiddenKernel",
              scope,
              kernel(initial, type, h, h, seed + 3));
      this.memoryKernel =
          parameter("memoryKernel", scope, kernel(initial, type, h, wide, seed + 4));
    }
  }

  private Optional<Variable> optional(boolean there, String name, Scope scope, Tensor initial) {
    return there ? Optional.of(parameter(name, scope, initial)) : Optional.empty();
  }

  /// Uniform numbers of variance `1 / in`.
  private Tensor encoder(Scope scope, DType type, long in, long seed) {
    return Initializer.uniform(Math.sqrt(3.0 / in), seed).make(scope, type, Shape.of(signals, in));
  }

  /// Normal numbers of variance `2 / (in + out)`.
  private static Tensor kernel(Scope scope, DType type, long out, long in, long seed) {
    double deviation = Math.sqrt(2.0 / (in + out));
    return Initializer.normal(deviation, seed).make(scope, type, Shape.of(out, in));
  }

  /// A new layer: encoders of inputs and hidden state uniform of variance `1 / width`, that of the
  /// memory 0, kernels normal of variance `2 / (in + out)`.
  ///
  /// @param type F32 or F64
  public static Lmu of(Scope scope, DType type, Sizes sizes, Recurrence recurrence, long seed) {
    return new Lmu(scope, type, sizes, recurrence, seed);
  }

  /// What reads out of `order` coefficients the signal as it was `delay theta` steps ago: `P_i(2
  /// delay - 1)`, Legendre's polynomials.
  ///
  /// @param delay 0 to 1
  /// @throws IllegalArgumentException if `delay` is outside or `order` not positive
  public static double[] decoder(int order, double delay) {
    if (order < 1 || !(delay >= 0 && delay <= 1)) {
      throw new IllegalArgumentException(
          "Lmu: order must be positive and delay 0 to 1; got order %d, delay %s"
              .formatted(order, delay));
    }
    double x = 2 * delay - 1;
    double[] p = new double[order];
    p[0] = 1;
    for (int i = 1; i < order; i++) {
      double before = i > 1 ? p[i - 2] : 0;
      p[i] = ((2.0 * i - 1) * x * p[i - 1] - (i - 1.0) * before) / i;
    }
    return p;
  }

  /// The state before the first step: zeros.
  public State start(Scope scope, long batch) {
    DType type = inputKernel.value().dtype();
    return new State(
        scope.zeros(type, Shape.of(batch, inputKernel.value().dim(0))),
        scope.zeros(type, Shape.of(batch, signals, order)));
  }

  private void require(Tensor x, int rank, String rule, State state) {
    Tensor w = inputKernel.value();
    boolean fits =
        x.shape().rank() == rank
            && x.dim(-1) == w.dim(1)
            && x.dtype() == w.dtype()
            && state.h().shape().equals(Shape.of(x.dim(0), w.dim(0)))
            && state.m().shape().equals(Shape.of(x.dim(0), signals, order));
    if (!fits) {
      throw new IllegalArgumentException(
          "Lmu: x must be %s with X %d, of type %s, and the state h [B, %d], m [B, %d, %d]; got x %s, h %s, m %s"
              .formatted(
                  rule,
                  w.dim(1),
                  w.dtype(),
                  w.dim(0),
                  signals,
                  order,
                  x.spec(),
                  state.h().spec(),
                  state.m().spec()));
    }
  }

  private Tensor linear(Tensor x, Variable weight) {
    return x.linear(borrow(weight, x), Optional.empty(), Activation.NONE);
  }

  /// The memory's recurrence in the scope of `x`, in double where the device can: its powers are
  /// rounded once.
  private DiscreteSystem memory(Tensor x) {
    Scope scope = x.scope();
    return new DiscreteSystem(scope.borrow(memory.matrix()), scope.borrow(memory.input()));
  }

  /// One step.
  ///
  /// @param x `[B, X]`
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result step(Tensor x, State state) {
    require(x, 2, "[B, X]", state);
    long b = x.dim(0);
    Tensor flat = state.m().reshape(b, signals * order);
    Tensor u = linear(x, inputEncoder);
    if (hiddenEncoder.isPresent()) {
      u = u.add(linear(state.h(), hiddenEncoder.get()));
    }
    if (memoryEncoder.isPresent()) {
      u = u.add(linear(flat, memoryEncoder.get()));
    }
    Tensor m =
        memory(x)
            .to(x.dtype())
            .step(state.m().reshape(b * signals, 1, order), u.reshape(b * signals, 1))
            .reshape(b, signals, order);
    Tensor a = linear(x, inputKernel).add(linear(m.reshape(b, signals * order), memoryKernel));
    if (hiddenKernel.isPresent()) {
      a = a.add(linear(state.h(), hiddenKernel.get()));
    }
    Tensor h = a.tanh();
    return new Result(h, new State(h, m));
  }

  /// A whole sequence from zeros.
  @Override
  public Tensor forward(Tensor x) {
    State zeros = start(x.scope(), x.shape().rank() > 0 ? x.dim(0) : 0);
    require(x, 3, "[B, L, X]", zeros);
    return whole(x, zeros, Optional.empty()).y();
  }

  /// A whole sequence that goes on from a state.
  ///
  /// @param x `[B, L, X]`
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result forward(Tensor x, State state) {
    require(x, 3, "[B, L, X]", state);
    return whole(x, state, Optional.of(state.m()));
  }

  private Result whole(Tensor x, State state, Optional<Tensor> m) {
    if (x.dim(1) == 0) {
      Shape none = Shape.of(x.dim(0), 0, state.h().dim(1));
      return new Result(x.scope().zeros(x.dtype(), none), state);
    }
    return recurrence == Recurrence.FULL ? looped(x, state) : parallel(x, state, m);
  }

  /// The memory of all steps, `[B, L, U, d]`, of inputs `[B, L, X]` where nothing goes back into
  /// the signal.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  /// @throws IllegalStateException if the layer has [Recurrence#FULL]
  public Tensor memories(Tensor x, State state) {
    require(x, 3, "[B, L, X]", state);
    if (recurrence == Recurrence.FULL) {
      throw new IllegalStateException(
          "Lmu: the memory must not depend on the hidden state; got FULL");
    }
    return memories(x, Optional.of(state.m()));
  }

  private Tensor memories(Tensor x, Optional<Tensor> start) {
    long rows = x.dim(0) * signals;
    long length = x.dim(1);
    DiscreteSystem system = memory(x);
    Tensor each = x.scope().eye(system.matrix().dtype(), order, order).unsqueeze(1);
    Tensor kernel = system.kernel(each, Math.max(1, length)).to(x.dtype());
    Tensor u = linear(x, inputEncoder).transpose(1, 2).reshape(rows, 1, length);
    Optional<Tensor> m = start.map(t -> t.reshape(rows, 1, order));
    return system
        .to(x.dtype())
        .convolved(u, each.to(x.dtype()), kernel, m)
        .reshape(x.dim(0), signals, order, length)
        .permute(0, 3, 1, 2);
  }

  private Result parallel(Tensor x, State state, Optional<Tensor> start) {
    long b = x.dim(0);
    long length = x.dim(1);
    Tensor m = memories(x, start);
    Tensor a =
        linear(x, inputKernel).add(linear(m.reshape(b, length, signals * order), memoryKernel));
    Tensor last = m.select(1, length - 1);
    if (hiddenKernel.isEmpty()) {
      Tensor y = a.tanh();
      return new Result(y, new State(y.select(1, length - 1), last));
    }
    Rnn loop = new Rnn(RnnCell.of(Activation.TANH), false, false);
    List<Tensor> out = loop.apply(a.transpose(0, 1), borrow(hiddenKernel.get(), x), state.h());
    return new Result(out.get(0).transpose(0, 1), new State(out.get(1), last));
  }

  /// `[m, h]` in one vector: `u` is put into the equations of both.
  private Result looped(Tensor x, State state) {
    long b = x.dim(0);
    long h = state.h().dim(1);
    long wide = signals * order;
    DType type = x.dtype();
    Tensor one = x.scope().eye(type, signals, signals);
    DiscreteSystem system = memory(x).to(x.dtype());
    Tensor input = kronecker(one, system.input().reshape(order, 1));
    Tensor matrix = kronecker(one, system.matrix().reshape(order, order));
    Tensor wm = borrow(memoryKernel, x);
    Tensor mm = matrix.add(input.matmul(borrow(memoryEncoder.orElseThrow(), x)));
    Tensor mh = input.matmul(borrow(hiddenEncoder.orElseThrow(), x));
    Tensor mx = input.matmul(borrow(inputEncoder, x));
    Tensor hh = wm.matmul(mh).add(borrow(hiddenKernel.orElseThrow(), x));
    Tensor hx = wm.matmul(mx).add(borrow(inputKernel, x));
    Tensor step = mm.concat(1, mh).concat(0, wm.matmul(mm).concat(1, hh));
    Tensor inputs = x.transpose(0, 1).linear(mx.concat(0, hx), Optional.empty(), Activation.NONE);
    RnnCell cell = new RnnCell(Activation.TANH, Double.POSITIVE_INFINITY, Math.toIntExact(wide));
    Tensor start = state.m().reshape(b, wide).concat(1, state.h());
    List<Tensor> z = new Rnn(cell, false, false).apply(inputs, step, start);
    Tensor m = z.get(1).slice(1, 0, wide).reshape(b, signals, order);
    Tensor last = z.get(1).slice(1, wide, wide + h);
    return new Result(z.get(0).slice(2, wide, wide + h).transpose(0, 1), new State(last, m));
  }

  /// Every element of `a [P, Q]` times all of `b [R, S]`: `[P R, Q S]`.
  private static Tensor kronecker(Tensor a, Tensor b) {
    return a.reshape(a.dim(0), 1, a.dim(1), 1)
        .mul(b.reshape(1, b.dim(0), 1, b.dim(1)))
        .reshape(a.dim(0) * b.dim(0), a.dim(1) * b.dim(1));
  }
}
