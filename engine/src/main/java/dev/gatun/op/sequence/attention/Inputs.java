package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// What the sparse forms of attention ask of their inputs before they choose anything.
final class Inputs {
  /// Operands that say themselves which keys a query sees, or where the mask stands.
  private static final Set<Operand> STRUCTURE =
      EnumSet.of(Operand.QUERY_LENGTHS, Operand.KEY_LENGTHS, Operand.RUNS, Operand.BLOCKS);

  private Inputs() {}

  /// Checks one rule.
  ///
  /// @throws IllegalArgumentException unless `holds`
  static void require(boolean holds, String form, String rule, Tensor... in) {
    if (!holds) {
      String got =
          Arrays.stream(in).map(t -> t.spec().toString()).collect(Collectors.joining(", "));
      throw new IllegalArgumentException(form + ": " + rule + "; got " + got);
    }
  }

  /// Checks what every attention asks of `q`, `k` and `v`.
  ///
  /// @throws IllegalArgumentException in the form of [Attention] if shapes or types do not fit
  static void qkv(Tensor q, Tensor k, Tensor v) {
    List<Spec> in = List.of(q.spec(), k.spec(), v.spec());
    AttentionRules.require(new Attention(Mask.none(), 1, 0, List.of(), 0, 0, false), in);
  }

  /// Checks that `options` leave the choice of keys to the form.
  ///
  /// @throws IllegalArgumentException if there are blocks, runs or lengths
  static void free(String form, AttentionOptions options) {
    boolean free = options.operands().keySet().stream().noneMatch(STRUCTURE::contains);
    if (!free) {
      throw new IllegalArgumentException(
          form
              + ": options must have no lengths, runs or blocks of their own; got "
              + options.operands().keySet());
    }
  }

  /// Checks that `options` hold a scale, a cap and one of `masks`, no more: keys change places.
  ///
  /// @throws IllegalArgumentException otherwise
  static void plain(String form, AttentionOptions options, Mask... masks) {
    boolean fits = options.operands().isEmpty() && options.dropout() == 0 && !options.maxLogits();
    if (!fits || Arrays.stream(masks).noneMatch(options.mask()::equals)) {
      throw new IllegalArgumentException(
          "%s: options must have no more than a scale, a cap and one of the masks %s; got %s"
              .formatted(form, List.of(masks), options));
    }
  }

  /// Where the results of `q`, `k` and `v` live.
  static Scope scope(Tensor q, Tensor k, Tensor v) {
    return Scope.youngest(List.of(q, k, v));
  }
}
