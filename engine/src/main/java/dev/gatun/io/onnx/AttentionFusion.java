package dev.gatun.io.onnx;

import org.jspecify.annotations.Nullable;

/// The patterns that attention comes in.
final class AttentionFusion {
  private AttentionFusion() {}

  /// What a softmax reads, taken apart: slots, or -1 for what is not there.
  ///
  /// @param scores products, maybe scaled
  /// @param bias what is added to them
  /// @param choice truth values
  /// @param low what takes the place of scores where `choice` is `hidden`
  private record Masked(int scores, int bias, int choice, int low, boolean hidden) {}

  /// `softmax(scale q k^T + bias) v`, or the softmax of scores that a `Where` hides some of.
  static @Nullable Step attention(Matcher m, Step last) {
    Step weights = last.node().operator().equals("MatMul") ? m.only(last.in()[0], "Softmax") : null;
    if (weights == null) {
      return null;
    }
    // Before version 13 the axis was 1 if none was named, and all from it on were one.
    long usual = weights.node().version() < 13 ? 1 : -1;
    long axis = weights.node().attributes().integer("axis", usual);
    Masked masked = masked(m, weights.in()[0]);
    return masked == null || axis != -1 && axis != 3 ? null : attend(m, last, masked, axis == 3);
  }

  private static @Nullable Masked masked(Matcher m, int slot) {
    Step choice = m.only(slot, "Where");
    if (choice == null) {
      return biased(m, new Masked(slot, -1, -1, -1, true));
    }
    // The softmax of scores so low is 0 whatever is added to them.
    boolean hidden = m.isLow(choice.in()[1]);
    if (hidden == m.isLow(choice.in()[2])) {
      return null;
    }
    int scores = choice.in()[hidden ? 2 : 1];
    return biased(m, new Masked(scores, -1, choice.in()[0], choice.in()[hidden ? 1 : 2], hidden));
  }

  private static Masked biased(Matcher m, Masked masked) {
    Step sum = m.only(masked.scores, "Add");
    for (int i = 0; i < 2 && sum != null; i++) {
      if (isScores(m, sum.in()[i])) {
        return new Masked(sum.in()[i], sum.in()[1 - i], masked.choice, masked.low, masked.hidden);
      }
    }
    return masked;
  }

  private static boolean isScores(Matcher m, int slot) {
    Step s = m.maker(slot);
    if (s != null && s.in().length == 2 && m.scalarInput(s) >= 0) {
      s = m.maker(s.in()[1 - m.scalarInput(s)]);
    }
    return s != null && s.node().domain().isEmpty() && s.node().operator().equals("MatMul");
  }

  private static @Nullable Step attend(Matcher m, Step last, Masked masked, boolean fourth) {
    double scale = 1;
    int scores = masked.scores;
    Step quotient = m.only(scores, "Div");
    Step scaled = quotient != null ? quotient : m.only(scores, "Mul");
    if (scaled != null && m.scalarInput(scaled) >= 0) {
      int number = m.scalarInput(scaled);
      double c = m.scalar(scaled.in()[number]).orElse(1);
      if (quotient != null && number != 1) {
        return null;
      }
      scale = quotient != null ? 1 / c : c;
      scores = scaled.in()[1 - number];
    }
    Step product = m.only(scores, "MatMul");
    return product == null
        ? null
        : Fusions.step(
            last,
            new Fused.Attend(scale, fourth, masked.hidden),
            product.in()[0],
            product.in()[1],
            last.in()[1],
            masked.bias,
            masked.choice,
            masked.low);
  }
}
