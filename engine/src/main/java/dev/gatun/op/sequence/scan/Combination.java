package dev.gatun.op.sequence.scan;

import dev.gatun.tensor.Tensor;
import java.util.List;

/// An associative way to join neighbours, for an [AssociativeScan]: `join(join(x, y), z)` is
/// `join(x, join(y, z))` up to rounding. A program brings its own as a function of tensors.
///
/// An element is a list of tensors with an axis of time, of which a call sees many positions at
/// once: what is joined must not mix them. Made of ops with gradients, the scan has one too.
@FunctionalInterface
public interface Combination {
  /// `earlier` and then `later`, position by position, in the shapes of an element.
  List<Tensor> join(List<Tensor> earlier, List<Tensor> later);

  /// Logarithms of steps `h = a h + b` with `a, b > 0`: elements `(log a, log b)`, joined as `(la1
  /// + la2, log(exp(la2 + lb1) + exp(lb2)))`. Nothing is divided by products of gates: their sum of
  ///   logarithms, subtracted again, would cost digits that grow with the length. The identity is
  ///   `(0, -inf)`.
  static Combination logarithmic() {
    return (x, y) -> List.of(x.get(0).add(y.get(0)), logAddExp(y.get(0).add(x.get(1)), y.get(1)));
  }

  /// Running softmax of scores: elements `(m, u, w)`, a greatest score, the sum of the weights
  /// `exp(s - m)` and that of the weighted values; `w / u` is the attention of one query. A leaf is
  /// `(s, 1, v)`, where `s` and `1` have a last axis of 1 beside that of `v`; the identity is
  /// `(-inf, 0, 0)`. Source: Feng et al., "Attention as an RNN", arXiv 2405.13956, section 3.2.
  static Combination softmax() {
    return (x, y) -> {
      Tensor m = x.get(0).maximum(y.get(0));
      Tensor base = m.maskedFill(m.isFinite().not(), 0);
      Tensor p = x.get(0).sub(base).exp();
      Tensor q = y.get(0).sub(base).exp();
      return List.of(m, x.get(1).mul(p).add(y.get(1).mul(q)), x.get(2).mul(p).add(y.get(2).mul(q)));
    };
  }

  /// This combination within segments: elements get a first tensor of type BOOL, true where a
  /// segment begins, that broadcasts to the others. Nothing of a segment reaches the next one, not
  /// even NaN.
  default Combination segmented() {
    return (x, y) -> {
      Tensor begins = y.get(0);
      List<Tensor> own = y.subList(1, y.size());
      List<Tensor> joined = join(x.subList(1, x.size()), own);
      Tensor[] all = new Tensor[y.size()];
      all[0] = x.get(0).or(begins);
      for (int i = 1; i < all.length; i++) {
        all[i] = begins.where(own.get(i - 1), joined.get(i - 1));
      }
      return List.of(all);
    };
  }

  /// `log(exp(x) + exp(y))` without overflow, also where both are infinite.
  private static Tensor logAddExp(Tensor x, Tensor y) {
    Tensor apart = x.sub(y).maskedFill(x.equal(y), 0).abs();
    return x.maximum(y).add(apart.neg().exp().log1p());
  }
}
