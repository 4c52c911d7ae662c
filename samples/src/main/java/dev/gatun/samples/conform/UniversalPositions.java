package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.SigSoftmax;
import java.util.Map;

/// `urpe_sigsoftmax`: attention with Toeplitz matrices, the softmax of `z + log sigmoid(z)`.
final class UniversalPositions implements Adapter {
  @Override
  public String file() {
    return "urpe_sigsoftmax";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "sigsoftmax" -> sigSoftmax(a);
      case "urpe" -> UrpeAttention.weighted(a);
      default -> throw Adapter.missing(op);
    };
  }

  private static Result sigSoftmax(Arguments a) {
    SigSoftmax.Result r = SigSoftmax.both(a.in("z"));
    return new Result(SigSoftmax.class, Map.of("p", r.p(), "logp", r.logp()));
  }
}
