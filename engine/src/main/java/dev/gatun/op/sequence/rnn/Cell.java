package dev.gatun.op.sequence.rnn;

import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// One step of a recurrent layer: which gates there are and what becomes of them.
public sealed interface Cell permits LstmCell, GruCell, RnnCell {
  /// Gates, whose weights lie below each other.
  int gates();

  /// Runs one direction of one layer.
  ///
  /// @param x `[T, B, I]`
  /// @param w weights of this direction
  /// @param h0 `[B, P]`, zero where there is none
  /// @param c0 `[B, H]`, zero where there is none; for [LstmCell] only
  /// @param lengths `[B]`, I32 or I64, in `[0, T]`; all of `x` where there are none
  /// @param reverse whether a sequence is read from its end
  /// @throws IllegalArgumentException if shapes or types do not fit, or the cell has no place for
  ///   an input
  Recurrent.Result run(
      Tensor x,
      Recurrent.Weights w,
      Optional<Tensor> h0,
      Optional<Tensor> c0,
      Optional<Tensor> lengths,
      boolean reverse);
}
