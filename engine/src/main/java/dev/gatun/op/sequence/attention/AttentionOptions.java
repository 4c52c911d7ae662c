package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Tensor;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalDouble;

/// How an [Attention] differs from the plain one; every `with` gives a new set of options.
///
/// @param mask which keys a query sees, by position
/// @param scale factor on the products of queries and keys; `D^-1/2` where absent
/// @param softcap scaled scores become `softcap tanh(score / softcap)`, or stay where this is 0
/// @param operands further inputs
/// @param dropout probability that an attention weight is dropped
/// @param seed of the dropped weights
/// @param maxLogits whether the greatest score of each query is a result
public record AttentionOptions(
    Mask mask,
    OptionalDouble scale,
    double softcap,
    Map<Operand, Tensor> operands,
    double dropout,
    long seed,
    boolean maxLogits) {

  /// A copy, so that nobody changes the map.
  public AttentionOptions {
    EnumMap<Operand, Tensor> copy = new EnumMap<>(Operand.class);
    copy.putAll(operands);
    operands = java.util.Collections.unmodifiableMap(copy);
  }

  /// Plain attention under `mask`.
  public static AttentionOptions of(Mask mask) {
    return new AttentionOptions(mask, OptionalDouble.empty(), 0, Map.of(), 0, 0, false);
  }

  /// Another mask.
  public AttentionOptions withMask(Mask m) {
    return new AttentionOptions(m, scale, softcap, operands, dropout, seed, maxLogits);
  }

  /// Another factor on the scores.
  public AttentionOptions withScale(double factor) {
    OptionalDouble s = OptionalDouble.of(factor);
    return new AttentionOptions(mask, s, softcap, operands, dropout, seed, maxLogits);
  }

  /// Scores held within `cap`.
  public AttentionOptions withSoftcap(double cap) {
    return new AttentionOptions(mask, scale, cap, operands, dropout, seed, maxLogits);
  }

  /// A further input.
  public AttentionOptions with(Operand name, Tensor value) {
    EnumMap<Operand, Tensor> more = new EnumMap<>(Operand.class);
    more.putAll(operands);
    more.put(name, value);
    return new AttentionOptions(mask, scale, softcap, more, dropout, seed, maxLogits);
  }

  /// All but one of the further inputs, where it is there.
  AttentionOptions without(Operand name) {
    EnumMap<Operand, Tensor> fewer = new EnumMap<>(Operand.class);
    fewer.putAll(operands);
    fewer.remove(name);
    return new AttentionOptions(mask, scale, softcap, fewer, dropout, seed, maxLogits);
  }

  /// Weights dropped with probability `p`.
  public AttentionOptions withDropout(double p, long seed) {
    return new AttentionOptions(mask, scale, softcap, operands, p, seed, maxLogits);
  }

  /// The greatest score of each query as a further result.
  public AttentionOptions withMaxLogits() {
    return new AttentionOptions(mask, scale, softcap, operands, dropout, seed, true);
  }
}
