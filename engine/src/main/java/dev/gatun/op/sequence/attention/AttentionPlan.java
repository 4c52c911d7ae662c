package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Spec;
import java.util.List;

/// Sizes of the work of attention, free of vector types.
final class AttentionPlan {
  private AttentionPlan() {}

  static long scratch(Attention op, List<Spec> in, int workers) {
    return DecodePlan.scratch(op, in, workers);
  }

  static long gradScratch(AttentionGrad op, List<Spec> in, int workers) {
    return 0;
  }
}
