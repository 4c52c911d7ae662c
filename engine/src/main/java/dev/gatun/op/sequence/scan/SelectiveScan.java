package dev.gatun.op.sequence.scan;

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

/// The selective scan of Mamba (S6): a diagonal state space model whose step size, input and output
/// depend on the time. For each channel `d` and mode `n`, with `dt_t = delta_t` plus a bias, and
/// softplus of that if asked for,
///
/// `h_t = exp(dt_t A) h_(t-1) + dt_t B_t u_t`, `y_t = sum_n C_t h_t`, for complex modes `2 Re` of
/// it, then `y_t + D u_t`, and that times `z_t sigmoid(z_t)`.
///
/// Shapes: channels come last, so that they lie in the lanes of vectors: `u`, `delta`, `z` and `y
/// [B, L, D]`, `A [M, D]`, states `[B, M, D]`. `B` and `C` are the same at all times, `[M, D]`, or
/// change, `[B, L, G, M]`: group `g` of channels, each `D / G` of them, has its own. `D` (`skip`)
/// and `bias` are `[D]`. `M` is the number of modes `N`, or, for complex modes, `2 N`: real parts,
/// then imaginary ones. F32 or F64. Inputs: `u delta a b c`, then those that the attributes name,
/// in their order. Results: `y` and the last state, from which another call goes on. [Selective]
/// takes the authors' layouts.
///
/// Softplus is the identity above 20, as the authors have it. States below the least normal number
/// count as 0, which a decaying state comes to; kernels look every 64 steps.
///
/// Gradient: [Grad], from the last step to the first, with states anew from every 64th: `g_t = dy_t
/// C_t + exp(dt_(t+1) A) g_(t+1)`, `du = D dy + dt sum_n g B`, `ddt = sum_n g (B u + A exp(dt A)
/// h_(t-1))`, `dA = sum_t g dt exp(dt A) h_(t-1)`, `dB = g dt u`, `dC = dy h`.
///
/// Cost: an exponential and three multiply-adds a channel, mode and step. Error: `exp` within `(2 +
/// |dt A|) eps`, sums over modes and past states `(N + 4 / (1 - exp(dt A))) eps` of the sum of
/// sizes. Source: Gu and Dao, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces",
/// arXiv 2312.00752, section 3.2 and algorithm 2.
///
/// @param complex whether modes are complex
/// @param softplus whether the step size is softplus of `delta`
/// @param skip whether there is `D`
/// @param gate whether there is `z`
/// @param bias whether `delta` has one
/// @param state whether there is an initial state, which is 0 otherwise
public record SelectiveScan(
    boolean complex, boolean softplus, boolean skip, boolean gate, boolean bias, boolean state)
    implements Kernel {
  /// Steps between the states that the gradient starts from.
  static final int CHUNK = 64;

  static final int U = 0;
  static final int DELTA = 1;
  static final int A = 2;
  static final int B = 3;
  static final int C = 4;

  private String names() {
    return "u delta a b c"
        + (skip ? " skip" : "")
        + (gate ? " z" : "")
        + (bias ? " bias" : "")
        + (state ? " state" : "");
  }

  int skipAt() {
    return 5;
  }

  int gateAt() {
    return 5 + (skip ? 1 : 0);
  }

  int biasAt() {
    return gateAt() + (gate ? 1 : 0);
  }

  int stateAt() {
    return biasAt() + (bias ? 1 : 0);
  }

  int inputs() {
    return stateAt() + (state ? 1 : 0);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(inputs(), this, names(), in);
    Rules.computing(this, names(), in);
    Spec u = in.get(U);
    Shape a = in.get(A).shape();
    boolean steps = u.shape().rank() == 3 && in.get(DELTA).equals(u);
    Rules.require(steps, this, "u and delta must be [B, L, D]", names(), in);
    boolean modes = a.rank() == 2 && a.dim(1) == u.shape().dim(2);
    Rules.require(modes, this, "a must be [M, D]", names(), in);
    boolean parts = !complex || a.dim(0) % 2 == 0;
    Rules.require(parts, this, "complex modes must have two parts", names(), in);
    requireOperand(B, "b must be [M, D] or [B, L, G, M] with G groups of channels", in);
    requireOperand(C, "c must be [M, D] or [B, L, G, M] with G groups of channels", in);
    boolean both = in.get(B).shape().rank() == 4 && in.get(C).shape().rank() == 4;
    boolean same = !both || groups(in.get(B)) == groups(in.get(C));
    Rules.require(same, this, "b and c must have one number of groups", names(), in);
    Shape channels = Shape.of(u.shape().dim(2));
    Spec last = u.withShape(a.insert(0, u.shape().dim(0)));
    requireShape(skip, skipAt(), channels, "skip must be [D]", in);
    requireShape(gate, gateAt(), u.shape(), "z must be [B, L, D]", in);
    requireShape(bias, biasAt(), channels, "bias must be [D]", in);
    requireShape(state, stateAt(), last.shape(), "state must be [B, M, D]", in);
    long starts = Math.max(0, Math.ceilDiv(u.shape().dim(1), (long) CHUNK) - 1);
    return List.of(u, last, u.withShape(last.shape().insert(1, starts)));
  }

  private void requireShape(boolean there, int i, Shape s, String rule, List<Spec> in) {
    Rules.require(!there || in.get(i).shape().equals(s), this, rule, names(), in);
  }

  private void requireOperand(int i, String rule, List<Spec> in) {
    Shape x = in.get(i).shape();
    Shape u = in.get(U).shape();
    Shape a = in.get(A).shape();
    boolean constant = x.equals(a);
    boolean variable =
        x.rank() == 4
            && x.dim(0) == u.dim(0)
            && x.dim(1) == u.dim(1)
            && x.dim(2) > 0
            && x.dim(3) == a.dim(0)
            && u.dim(2) % x.dim(2) == 0;
    Rules.require(constant || variable, this, rule, names(), in);
  }

  /// Groups of `b` or `c`; 1 where it does not depend on the time.
  static long groups(Spec s) {
    return s.shape().rank() == 4 ? s.shape().dim(2) : 1;
  }

  @Override
  public void reference(Call c) {
    new PlainSelectiveScan(this, c, 0).forward();
  }

  @Override
  public void simd(Call c, Workers w) {
    SelectiveScanSimd.run(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return SelectiveScanSimd.scratch(in) * workers;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClSelectiveScan.forward(this, d, in);
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
      in[i] = dy.get(i).orElseGet(() -> n.in(U).scope().zeros(y.dtype(), y.shape()));
    }
    for (int i = 0; i < inputs(); i++) {
      in[2 + i] = n.in(i);
    }
    in[2 + inputs()] = n.saved(0);
    return new Grad(this).apply(in).stream().map(Optional::of).toList();
  }

  @Override
  public Cost cost(List<Spec> in) {
    double updates = 1.0 * in.get(U).shape().elems() * in.get(A).shape().dim(0);
    return new Cost(24 * updates, Cost.streaming(0, in, infer(in)).bytes());
  }

  /// Gradient of a [SelectiveScan]. Inputs: the gradients of `y` and of the last state, the inputs
  /// of the scan, and its states after every 64th step. Results: the gradients of the inputs. Sums
  /// over channels are in pieces of up to 128.
  ///
  /// @param of the scan
  public record Grad(SelectiveScan of) implements Kernel {
    private String names() {
      return "dy dstate " + of.names() + " starts";
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(of.inputs() + 3, this, names(), in);
      Rules.computing(this, names(), in);
      List<Spec> inputs = in.subList(2, 2 + of.inputs());
      List<Spec> out = of.infer(inputs);
      boolean fits = out.subList(0, 2).equals(in.subList(0, 2));
      Rules.require(fits, this, "dy must be [B, L, D] and dstate [B, M, D]", names(), in);
      boolean starts = in.get(in.size() - 1).equals(out.get(2));
      Rules.require(starts, this, "starts must be those of the scan", names(), in);
      return List.copyOf(inputs);
    }

    @Override
    public void reference(Call c) {
      new PlainSelectiveScan(of, c, 2).backward();
    }

    @Override
    public void simd(Call c, Workers w) {
      SelectiveScanGradSimd.run(of, c, w);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return SelectiveScanGradSimd.scratch(of, in, workers);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClSelectiveScan.backward(of, d, in);
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
      double updates = 1.0 * in.get(2).shape().elems() * in.get(2 + A).shape().dim(0);
      return new Cost(48 * updates, Cost.streaming(0, in, infer(in)).bytes());
    }
  }
}
