package dev.gatun.op.sequence.scan;

import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// The minimal long short-term memory: `h_t = f_t h_(t-1) + i_t g(u_t)` with `[u_t, f'_t, i'_t] = W
/// x_t + b` and gates `sigmoid(f')`, `sigmoid(i')`, normalised to a sum of 1 where asked for; `g`
/// is [MinGru#positive]. Source: Feng et al., "Were RNNs All We Needed?", arXiv 2410.01201, section
/// 3.2.
///
/// @param weight `[3 H, D]`, of states, of forget gates, of input gates
/// @param bias `[3 H]`
/// @param normalized whether gates are divided by their sum
public record MinLstm(Tensor weight, Optional<Tensor> bias, boolean normalized) {
  /// Factor of the state before, and what is added.
  private record Parts(Tensor a, Tensor b) {}

  private Parts parts(Tensor x) {
    List<Tensor> parts = x.linear(weight, bias, Activation.NONE).chunk(-1, 3);
    Tensor f = parts.get(1).sigmoid();
    Tensor i = parts.get(2).sigmoid();
    Tensor u = MinGru.positive(parts.get(0));
    Tensor sum = f.add(i);
    return normalized ? new Parts(f.div(sum), i.div(sum).mul(u)) : new Parts(f, i.mul(u));
  }

  /// All states `[.., T, H]` for `x [.., T, D]`, from `h0 [.., H]` or 0.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor states(Tensor x, Optional<Tensor> h0) {
    Parts p = parts(x);
    return MinGru.scan(p.a, p.b, h0);
  }

  /// The next state for `x [.., D]`, from `h [.., H]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor step(Tensor x, Tensor h) {
    Parts p = parts(x);
    return p.a.mul(h).add(p.b);
  }
}
