package dev.gatun.op.sequence.attention;

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

/// Gradients of an [Attention] in one pass over its scores. Inputs: `do`, `dlse` where somebody
/// used it, the result `o`, of each row a number no less than its scores and the sum relative to
/// that, then the inputs of the attention. Outputs: the gradients of `q`, `k` and `v`, and of the
/// operands in `wanted`.
///
/// With `P = exp(s - top) / total`, `dP = w (do v)` and `D = do o`: `dS = P (dP - D + dlse)`, and
/// from it, times the slope of the cap, `dq = scale dS k` and `dk = scale dS^T q`; `dv = (w P)^T
/// do`. Rows whose `total` is 0 have `P = 0`. Sources: Dao et al., FlashAttention, arXiv
/// 2205.14135, appendix B.2; Dao, FlashAttention-2, arXiv 2307.08691, algorithm 2.
///
/// @param attention the attention
/// @param lse whether there is a gradient of `lse`
/// @param wanted the operands whose gradients are outputs
record AttentionGrad(Attention attention, boolean lse, List<Operand> wanted) implements Kernel {
  AttentionGrad {
    wanted = List.copyOf(wanted);
  }

  /// Input number of the result `o`; the greatest scores and the sums relative to them are next.
  int result() {
    return lse ? 2 : 1;
  }

  /// Input number of the queries.
  int first() {
    return result() + 3;
  }

  /// Output number of the gradient of `operand`, or -1.
  int output(Operand operand) {
    int at = wanted.indexOf(operand);
    return at < 0 ? -1 : Attention.FIRST_OPERAND + at;
  }

  private String names() {
    return "do " + (lse ? "dlse " : "") + "o top total " + attention.names();
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(first() + Attention.FIRST_OPERAND + attention.operands().size(), this, names(), in);
    List<Spec> inputs = in.subList(first(), in.size());
    List<Spec> results = attention.infer(inputs);
    Rules.require(
        in.get(0).equals(results.get(0))
            && in.get(result()).equals(results.get(0))
            && in.get(result() + 1).equals(results.get(1))
            && in.get(result() + 2).equals(results.get(1))
            && (!lse || in.get(1).equals(results.get(1))),
        this,
        "do and o must be as o, dlse, top and total as lse",
        names(),
        in);
    List<Spec> out = new ArrayList<>(inputs.subList(0, Attention.FIRST_OPERAND));
    wanted.forEach(o -> out.add(inputs.get(attention.input(o))));
    return out;
  }

  @Override
  public void reference(Call c) {
    new ReferenceGradient(this, c).run();
  }

  @Override
  public void simd(Call c, Workers w) {
    AttentionGradSimd.run(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClAttention.back(this, d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return AttentionPlan.gradScratch(this, in, workers);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  /// @throws IllegalStateException always
  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    throw new IllegalStateException(
        Rules.name(this) + ": there is no second derivative; got a request for one");
  }

  @Override
  public Cost cost(List<Spec> in) {
    List<Spec> inputs = in.subList(first(), in.size());
    double bytes = 0;
    for (Spec s : in) {
      bytes += s.bytes();
    }
    for (Spec s : infer(in)) {
      bytes += s.bytes();
    }
    Shape q = inputs.get(Attention.Q).shape();
    double width = 6.0 * q.dim(3) + 4.0 * inputs.get(Attention.V).shape().dim(3);
    return new Cost(width * attention.pairs(inputs), bytes);
  }
}
