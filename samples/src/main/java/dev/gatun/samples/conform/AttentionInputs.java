package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.op.sequence.attention.Rotary;
import dev.gatun.tensor.Tensor;

/// What the files of attention have in common.
final class AttentionInputs {
  private static final String HALVES = "half-split";
  private static final String PAIRS = "interleaved";
  private static final int[] HEADS_FIRST = {0, 2, 1, 3};

  private AttentionInputs() {}

  /// `[B, S, H, D]` as `[B, H, S, D]`, or back.
  static Tensor swap(Tensor x) {
    return x.permute(HEADS_FIRST);
  }

  /// Input `name` with heads before time.
  static Tensor heads(Arguments a, String name) {
    return swap(a.in(name));
  }

  /// `options` with the flag `scale`: a number, or the usual one.
  static AttentionOptions scaled(Arguments a, AttentionOptions options) {
    var scale = a.flags().numberOr("scale", "D^-0.5");
    return scale.isPresent() ? options.withScale(scale.getAsDouble()) : options;
  }

  /// The embedding that flags `rope` and `rope_base` name, of whole heads.
  static Rotary rotary(Arguments a) {
    String layout = a.flags().text("rope").orElse(HALVES);
    if (!layout.equals(HALVES) && !layout.equals(PAIRS)) {
      throw new UncoveredCase(
          "flag 'rope' must be %s or %s; got '%s'".formatted(HALVES, PAIRS, layout));
    }
    return Rotary.of(a.in("q").dim(-1))
        .withBase(a.flags().number("rope_base", 10_000))
        .withInterleaved(layout.equals(PAIRS));
  }

  /// `options` with input `name`, where it is there.
  static AttentionOptions with(
      Arguments a, AttentionOptions options, Operand operand, String name) {
    return a.find(name).map(t -> options.with(operand, t)).orElse(options);
  }
}
