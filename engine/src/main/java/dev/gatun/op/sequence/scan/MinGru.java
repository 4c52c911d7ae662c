package dev.gatun.op.sequence.scan;

import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// The minimal gated recurrent unit: `h_t = (1 - z_t) h_(t-1) + z_t g(u_t)` with `[u_t, z'_t] = W
/// x_t + b` and `z = sigmoid(z')`: gates that do not see the state, so that it is a [Scan]. It runs
/// on `1 - z` and `z g`, which are at most 1 and positive; the authors' logarithms of them lose
/// digits that grow with the length. Source: Feng et al., "Were RNNs All We Needed?", arXiv
/// 2410.01201, section 3.1 and appendix B.
///
/// @param weight `[2 H, D]`, of states, then of gates
/// @param bias `[2 H]`
public record MinGru(Tensor weight, Optional<Tensor> bias) {
  /// `x + 1/2` where `x >= 0`, else `sigmoid(x)`: positive, with all of the line's slopes.
  public static Tensor positive(Tensor x) {
    return x.greaterEqual(0).where(x.add(0.5), x.sigmoid());
  }

  /// All states `[.., T, H]` for `x [.., T, D]`, from `h0 [.., H]` or 0.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor states(Tensor x, Optional<Tensor> h0) {
    List<Tensor> parts = parts(x);
    Tensor a = parts.get(1).neg().sigmoid();
    Tensor b = parts.get(1).sigmoid().mul(positive(parts.get(0)));
    return scan(a, b, h0);
  }

  /// The next state for `x [.., D]`, from `h [.., H]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor step(Tensor x, Tensor h) {
    List<Tensor> parts = parts(x);
    Tensor z = parts.get(1);
    return z.neg().sigmoid().mul(h).add(z.sigmoid().mul(positive(parts.get(0))));
  }

  private List<Tensor> parts(Tensor x) {
    return x.linear(weight, bias, Activation.NONE).chunk(-1, 2);
  }

  /// A scan along the axis before the last; one initial state may do for all sequences.
  static Tensor scan(Tensor a, Tensor b, Optional<Tensor> h0) {
    int axis = b.shape().rank() - 2;
    Shape state = b.shape().without(axis);
    Scan scan = Scan.affine(axis);
    return h0.map(h -> scan.of(a, b, h.broadcastTo(state))).orElseGet(() -> scan.of(a, b));
  }
}
