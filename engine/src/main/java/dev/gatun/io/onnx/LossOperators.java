package dev.gatun.io.onnx;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Losses over classes, which are axis 1.
final class LossOperators {
  private LossOperators() {}

  static void addTo(Operators all) {
    all.one("NegativeLogLikelihoodLoss", 12, n -> loss(n, n.tensor(0)));
    all.add("SoftmaxCrossEntropyLoss", 12, LossOperators::crossEntropy);
  }

  private static List<Value> crossEntropy(Invocation n) {
    Tensor logs = n.tensor(0).logSoftmax(1);
    List<Value> out = new ArrayList<>(List.of(loss(n, logs)));
    if (n.wants(1)) {
      out.add(n.like(0, logs));
    }
    return out;
  }

  /// `-w[t] x[t]` by position, 0 where `t` is ignored; the mean is over the weights.
  private static Value loss(Invocation n, Tensor logs) {
    Tensor target = n.tensor(1).to(DType.I64);
    Tensor ignored = ignored(n, target);
    Tensor safe = target.mul(ignored.not().to(DType.I64));
    Tensor picked = logs.gather(1, safe.unsqueeze(1)).squeeze(1);
    Optional<Tensor> weights = n.optional(2);
    Tensor w =
        weights.isPresent()
            ? weights.get().indexSelect(0, safe.flatten()).reshape(safe.shape().dims())
            : n.scope().full(logs.dtype(), safe.shape(), 1);
    w = w.maskedFill(ignored, 0);
    Tensor each = picked.neg().mul(w).maskedFill(ignored, 0);
    return n.like(
        0,
        switch (n.attributes().text("reduction", "mean")) {
          case "none" -> each;
          case "sum" -> each.flatten().sum(0);
          case "mean" -> each.flatten().sum(0).div(w.flatten().sum(0));
          default ->
              throw new IllegalArgumentException(
                  "attribute reduction must be none, sum or mean; got "
                      + n.attributes().text("reduction"));
        });
  }

  private static Tensor ignored(Invocation n, Tensor target) {
    if (!n.attributes().has("ignore_index")) {
      return n.scope().zeros(DType.BOOL, target.shape());
    }
    double index = n.attributes().integer("ignore_index");
    return target.equal(n.scope().full(DType.I64, Shape.of(), index));
  }
}
