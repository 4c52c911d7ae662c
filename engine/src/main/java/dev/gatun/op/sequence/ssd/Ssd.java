package dev.gatun.op.sequence.ssd;

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
import java.util.stream.IntStream;

/// Mamba-2's scan: for each head a matrix of states with one gate a step,
///
/// `S_t = exp(a_t) S_(t-1) + x_t b_t^T`, `y_t = S_t c_t`.
///
/// Shapes: `x` and `y [B, T, H, P]`, `a [B, T, H]` (logarithms of gates), `b` and `c [B, T, G, N]`,
/// where each of `G` groups serves `H / G` heads, states `[B, H, P, N]`. F32 or F64. Inputs: `x a b
/// c`, and the state before the first step, if it is not 0. Results: `y` and the last state, from
/// which another call goes on. [SsdCombined] adds step sizes, skip and gate.
///
/// Steps go in chunks. With running sums `s` of `a` in a chunk, `L_ij = exp(s_i - s_j)` for `j <=
/// i` and 0 above, `Y = ((C B^T) * L) X + exp(s_i) C S^T`, and the state behind it is `exp(s_Q) S +
/// sum_j exp(s_Q - s_j) x_j b_j^T`: products of matrices. A chunk may be cut short; results depend
/// on its length by rounding only. Up to four steps in all go one by one, memory read once. A gate
/// of `exp(-inf) = 0` starts anew, which is how sequences are packed into one.
///
/// Gradient: [Grad]. With `G_t = dy_t c_t^T + exp(a_(t+1)) G_(t+1)`: `dx = G b`, `db = G^T x`, `dc
/// = S^T dy`, `da_t = exp(a_t) <G_t, S_(t-1)>`.
///
/// Cost: `Q (N / 2 + P / 2) + 2 N P` multiply-adds a step and head; the state stays in cache. Error
/// of one call: `(Q + N + 4) eps` of the sum of sizes for each of the terms above, and `eps` for
/// each of the chunks that a state went through; `s_i - s_j` is kept to twice the precision of the
/// type in F32, to `eps |s_i|` in F64 that much and what the sum lost. Factors below the least
/// normal number count as 0. A call with infinities (but gates of 0) or NaN takes the plain loops.
/// Source: Dao and Gu, "Transformers are SSMs", arXiv 2405.21060, section 6 and listing 1.
///
/// @param chunk steps of a chunk, at least 1; kernels take 64 at most
/// @param state whether there is an initial state
public record Ssd(int chunk, boolean state) implements Kernel {
  /// A usual length of chunks: operands of one fit in the second-level cache.
  public static final int CHUNK = 64;

  static final int X = 0;
  static final int A = 1;
  static final int B = 2;
  static final int C = 3;
  static final int STATE = 4;

  /// Without an initial state, in chunks of [#CHUNK].
  public static Ssd plain() {
    return new Ssd(CHUNK, false);
  }

  /// Going on from a state, in chunks of [#CHUNK].
  public static Ssd fromState() {
    return new Ssd(CHUNK, true);
  }

  private String names() {
    return state ? "x a b c state" : "x a b c";
  }

  int inputs() {
    return state ? 5 : 4;
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.require(chunk >= 1, this, "chunk must be at least 1", names(), in);
    Rules.count(inputs(), this, names(), in);
    Rules.computing(this, names(), in);
    Shape x = in.get(X).shape();
    Rules.require(x.rank() == 4, this, "x must be [B, T, H, P]", names(), in);
    boolean gates = in.get(A).shape().equals(Shape.of(x.dim(0), x.dim(1), x.dim(2)));
    Rules.require(gates, this, "a must be [B, T, H]", names(), in);
    Shape b = in.get(B).shape();
    boolean groups =
        b.rank() == 4
            && b.dim(0) == x.dim(0)
            && b.dim(1) == x.dim(1)
            && b.dim(2) > 0
            && x.dim(2) % b.dim(2) == 0
            && in.get(C).shape().equals(b);
    String rule = "b and c must be [B, T, G, N], H a multiple of G";
    Rules.require(groups, this, rule, names(), in);
    Shape last = Shape.of(x.dim(0), x.dim(2), x.dim(3), b.dim(3));
    boolean start = !state || in.get(STATE).shape().equals(last);
    Rules.require(start, this, "state must be [B, H, P, N]", names(), in);
    return List.of(in.get(X), in.get(X).withShape(last));
  }

  @Override
  public void reference(Call c) {
    new PlainSsd(this, c, 0).forward();
  }

  @Override
  public void simd(Call c, Workers w) {
    SsdSimd.run(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return SsdWork.bytes(this, in, 0, workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClSsd.forward(this, d, in);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(IntStream.range(0, inputs()).toArray());
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor[] in = new Tensor[inputs() + 2];
    for (int i = 0; i < 2; i++) {
      Spec y = n.outSpec(i);
      in[i] = dy.get(i).orElseGet(() -> n.in(X).scope().zeros(y.dtype(), y.shape()));
    }
    for (int i = 0; i < inputs(); i++) {
      in[2 + i] = n.in(i);
    }
    return new Grad(this).apply(in).stream().map(Optional::of).toList();
  }

  /// Multiply-adds of `products` of a chunk's square with one of its sides, and `full` of a state
  /// with one.
  private Cost cost(List<Spec> in, int first, double products, double full, List<Spec> out) {
    Shape x = in.get(first + X).shape();
    double n = in.get(first + B).shape().dim(3);
    double p = x.dim(3);
    double steps = 1.0 * x.dim(0) * x.dim(1) * x.dim(2);
    double q = Math.min(chunk, CHUNK);
    return new Cost(
        steps * (q * products * (n + p) / 2 + 2 * full * n * p),
        Cost.streaming(0, in, out).bytes());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return cost(in, 0, 2, 2, infer(in));
  }

  /// Gradient of an [Ssd]. Inputs: the gradients of `y` and of the last state, and the inputs of
  /// the scan. Results: the gradients of the inputs. States at the starts of chunks are made anew,
  /// in work memory of as many elements for a head and chunk as a state has. Sums over heads of a
  /// group are in pieces of up to four.
  ///
  /// @param of the scan
  public record Grad(Ssd of) implements Kernel {
    private String names() {
      return "dy dlast " + of.names();
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(of.inputs() + 2, this, names(), in);
      Rules.computing(this, names(), in);
      List<Spec> inputs = in.subList(2, in.size());
      boolean fits = of.infer(inputs).equals(in.subList(0, 2));
      Rules.require(fits, this, "dy must be [B, T, H, P] and dlast [B, H, P, N]", names(), in);
      return List.copyOf(inputs);
    }

    @Override
    public void reference(Call c) {
      new PlainSsd(of, c, 2).backward();
    }

    @Override
    public void simd(Call c, Workers w) {
      SsdGradSimd.run(this, c, w);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return SsdWork.bytes(of, in, 2, workers);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClSsd.backward(of, d, in);
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
      return of.cost(in, 2, 5, 5, infer(in));
    }
  }
}
