package dev.gatun.op.sequence.linear;

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

/// Linear attention with decays and updates of any kind of its family: each head has a matrix `S
/// [K, V]`, its fast weights, which a step fades, changes and reads. With `e_t = exp(g_t)`,
///
/// `S_t = diag(e_t) S_(t-1) + k_t x_t^T`, `o_t = scale S_t^T q_t`, where
///
/// * [Update#ADD]: `x = v`; with a bonus `o_t = scale (S_(t-1) + diag(u) k_t v_t^T)^T q_t`;
/// * [Update#DELTA]: `x = beta (v - (diag(e) S_(t-1))^T k)`, which puts `v` in the place of what
///   the key `k` reads;
/// * [Update#DPLR]: `x = v`, and `b_t (S_(t-1)^T a_t)^T` is added.
///
/// Shapes: `q`, `k [B, T, G, K]`, `v`, `o [B, T, H, V]`, `H` a multiple of `G`: each key serves `H
/// / G` heads next to each other. `g [B, T, H]` or `[B, T, H, K]`; `beta` of the delta rule `[B, T,
/// H]` or `[B, T, H, V]`; `a`, `b [B, T, H, K]`; `u [H, K]`; states `[B, H, K, V]`. F32 or F64.
/// Inputs: `q k v`, then, where the attributes ask for them, `g`, `a`, `beta` (or `b`), `u` and the
/// initial state. Results: `o` and the last state, from which another call goes on.
///
/// Numbers below `1e-30` in a state count as 0, which a decaying state comes to; kernels look at
/// the end of every 64 steps. Keys of the delta rule should have length 1 and `beta` lie in (0, 2):
/// otherwise states grow.
///
/// Gradient: [Grad], from the last step to the first, from states kept every 64 steps. With `D`
/// that of `S_t`: `D += scale q do^T`, `dq = scale S do`, `dk = D x`, `dv = D^T k`, `dg = e sum_v D
/// S_(t-1)`, and `D_(t-1) = diag(e) D`.
///
/// Cost: `2 K V` multiply-adds a step and head, `3 K V` for the other updates. Error: that of sums
/// over `K` terms and the last `1 / (1 - e)` steps. Source: Katharopoulos et al. 2006.16236; Yang
/// et al. 2312.06635 (GLA), 2406.06484 (delta rule in chunks), 2412.06464 (gated delta).
///
/// @param decay of states
/// @param update of states
/// @param bonus whether results read the state before the step and `diag(u) k v^T`; with
///   [Update#ADD] only
/// @param state whether there is an initial state, which is 0 otherwise
/// @param scale of `q`
/// @param mode of computation on a CPU
public record FastWeights(
    Decay decay, Update update, boolean bonus, boolean state, double scale, Mode mode)
    implements Kernel {
  /// Steps between the states that the gradient starts from.
  static final int CHUNK = 64;

  static final int Q = 0;
  static final int K = 1;
  static final int V = 2;

  /// What fades a state.
  public enum Decay {
    /// Nothing.
    NONE,
    /// A factor for each head and step.
    HEAD,
    /// A factor for each key's element, head and step.
    KEY
  }

  /// What a step adds to a state.
  public enum Update {
    /// The value, under its key.
    ADD,
    /// The value in the place of what its key reads.
    DELTA,
    /// The value, and what one vector reads under another.
    DPLR
  }

  /// How a CPU goes through time. Results differ by rounding.
  public enum Mode {
    /// [#CHUNKED] where that is faster.
    AUTO,
    /// Step by step.
    RECURRENT,
    /// In chunks of 16 steps made of matrix products.
    CHUNKED
  }

  /// @throws IllegalArgumentException if there is a bonus and the update is not [Update#ADD]
  public FastWeights {
    if (bonus && update != Update.ADD) {
      throw new IllegalArgumentException(
          "FastWeights: a bonus goes with update ADD; got " + update);
    }
  }

  /// An op that adds, without bonus and initial state.
  public static FastWeights of(Decay decay, Update update, double scale) {
    return new FastWeights(decay, update, false, false, scale, Mode.AUTO);
  }

  /// With an initial state or without.
  public FastWeights withState(boolean there) {
    return new FastWeights(decay, update, bonus, there, scale, mode);
  }

  /// With a bonus.
  public FastWeights withBonus() {
    return new FastWeights(decay, update, true, state, scale, mode);
  }

  /// In another mode.
  public FastWeights by(Mode m) {
    return new FastWeights(decay, update, bonus, state, scale, m);
  }

  private String names() {
    return "q k v"
        + (decay == Decay.NONE ? "" : " g")
        + (update == Update.DPLR ? " a" : "")
        + (update == Update.ADD ? "" : " beta")
        + (bonus ? " u" : "")
        + (state ? " state" : "");
  }

  int alphaAt() {
    return decay == Decay.NONE ? 3 : 4;
  }

  int betaAt() {
    return alphaAt() + (update == Update.DPLR ? 1 : 0);
  }

  int bonusAt() {
    return betaAt() + (update == Update.ADD ? 0 : 1);
  }

  int stateAt() {
    return bonusAt() + (bonus ? 1 : 0);
  }

  int inputs() {
    return stateAt() + (state ? 1 : 0);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(inputs(), this, names(), in);
    Rules.computing(this, names(), in);
    Shape q = in.get(Q).shape();
    Shape v = in.get(V).shape();
    boolean keys = q.rank() == 4 && in.get(K).shape().equals(q);
    Rules.require(keys, this, "q and k must be [B, T, G, K]", names(), in);
    boolean values = v.rank() == 4 && v.dim(0) == q.dim(0) && v.dim(1) == q.dim(1);
    boolean heads = values && q.dim(2) > 0 && v.dim(2) % q.dim(2) == 0;
    Rules.require(heads, this, "v must be [B, T, H, V], H a multiple of G", names(), in);
    Shape head = v.without(3);
    Shape key = v.with(3, q.dim(3));
    Shape s = Shape.of(v.dim(0), v.dim(2), q.dim(3), v.dim(3));
    requireShape(decay == Decay.HEAD, 3, "g must be [B, T, H]", in, head);
    requireShape(decay == Decay.KEY, 3, "g must be [B, T, H, K]", in, key);
    requireShape(update == Update.DPLR, alphaAt(), "a must be [B, T, H, K]", in, key);
    requireShape(update == Update.DPLR, betaAt(), "beta must be [B, T, H, K]", in, key);
    String either = "beta must be [B, T, H] or [B, T, H, V]";
    requireShape(update == Update.DELTA, betaAt(), either, in, head, v);
    requireShape(bonus, bonusAt(), "u must be [H, K]", in, Shape.of(v.dim(2), q.dim(3)));
    requireShape(state, stateAt(), "state must be [B, H, K, V]", in, s);
    long starts = Math.max(0, Math.ceilDiv(v.dim(1), (long) CHUNK) - 1);
    return List.of(in.get(V), in.get(V).withShape(s), in.get(V).withShape(s.insert(1, starts)));
  }

  private void requireShape(boolean there, int i, String rule, List<Spec> in, Shape... any) {
    Rules.require(!there || List.of(any).contains(in.get(i).shape()), this, rule, names(), in);
  }

  @Override
  public void reference(Call c) {
    new PlainFastWeights(this, c, 0).forward();
  }

  @Override
  public void simd(Call c, Workers w) {
    FastWeightsSimd.run(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return FastWeightsSimd.scratch(this, in, workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClFastWeights.forward(this, d, in);
  }

  @Override
  public Keep keep() {
    return new Keep((1L << inputs()) - 1, 0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor[] in = new Tensor[inputs() + 3];
    for (int i = 0; i < 2; i++) {
      Spec y = n.outSpec(i);
      in[i] = dy.get(i).orElseGet(() -> n.in(Q).scope().zeros(y.dtype(), y.shape()));
    }
    for (int i = 0; i < inputs(); i++) {
      in[2 + i] = n.in(i);
    }
    in[2 + inputs()] = n.saved(0);
    return new Grad(this).apply(in).stream().map(Optional::of).toList();
  }

  @Override
  public Cost cost(List<Spec> in) {
    double updates = 1.0 * in.get(V).shape().elems() * in.get(Q).shape().dim(3);
    double flops = update == Update.ADD ? 5 : 7;
    return new Cost(flops * updates, Cost.streaming(0, in, infer(in)).bytes());
  }

  /// Gradient of [FastWeights]. Inputs: the gradients of `o` and of the last state, the inputs of
  /// the op, and its states after every 64th step. Results: the gradients of the inputs.
  ///
  /// @param of the op
  public record Grad(FastWeights of) implements Kernel {
    private String names() {
      return "do dstate " + of.names() + " starts";
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(of.inputs() + 3, this, names(), in);
      Rules.computing(this, names(), in);
      List<Spec> inputs = in.subList(2, 2 + of.inputs());
      List<Spec> out = of.infer(inputs);
      boolean fits = out.subList(0, 2).equals(in.subList(0, 2));
      Rules.require(fits, this, "do must be [B, T, H, V] and dstate [B, H, K, V]", names(), in);
      boolean starts = in.get(in.size() - 1).equals(out.get(2));
      Rules.require(starts, this, "starts must be those of the op", names(), in);
      return List.copyOf(inputs);
    }

    @Override
    public void reference(Call c) {
      new PlainFastWeights(of, c, 2).backward();
    }

    @Override
    public void simd(Call c, Workers w) {
      FastWeightsGradSimd.run(of, c, w);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return FastWeightsGradSimd.scratch(of, in, workers);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClFastWeights.backward(of, d, in);
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
      double updates = 1.0 * in.get(2 + V).shape().elems() * in.get(2).shape().dim(3);
      double flops = of.update() == Update.ADD ? 15 : 25;
      return new Cost(flops * updates, Cost.streaming(0, in, infer(in)).bytes());
    }
  }
}
