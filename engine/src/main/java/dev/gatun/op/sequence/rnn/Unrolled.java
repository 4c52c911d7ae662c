package dev.gatun.op.sequence.rnn;

import dev.gatun.op.Call;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// A cell over a whole sequence: what [Lstm], [Gru] and [Rnn] and their gradients share. Inputs
/// start with `x [T, B, G H]` (the input's part of all gates), `r [G H, P]` (the state's weights)
/// and `h0 [B, P]`; lengths come last. Time runs down for a sequence read from its end, in which a
/// row that is shorter than others starts late.
interface Unrolled extends Kernel {
  int X = 0;
  int R = 1;
  int H0 = 2;

  /// The cell.
  Cell cell();

  /// Number of the first input of the forward call.
  int first();

  /// Whether there are lengths.
  boolean lengths();

  /// Whether sequences are read from their end.
  boolean reverse();

  /// Input number of the lengths in a forward call.
  int lengthsAt();

  /// Names of all inputs.
  String names();

  /// Checks of what all cells have, over the inputs of a forward call.
  ///
  /// @param width columns of `r`, or -1 for as many as there are hidden units
  default void require(List<Spec> in, int count, long width) {
    Rules.count(count, this, names(), in);
    Rules.computing(this, names(), in.subList(0, lengths() ? count - 1 : count));
    Shape x = in.get(X).shape();
    int gates = cell().gates();
    Rules.require(
        x.rank() == 3 && x.dim(2) % gates == 0,
        this,
        "x must be [T, B, " + gates + " H]",
        names(),
        in);
    long p = width < 0 ? x.dim(2) / gates : width;
    Rules.require(
        in.get(R).shape().equals(Shape.of(x.dim(2), p)),
        this,
        "r must be [" + gates + " H, " + (width < 0 ? "H]" : "P]"),
        names(),
        in);
    Shape state = Shape.of(x.dim(1), p);
    Rules.require(in.get(H0).shape().equals(state), this, "h0 must be [B, state]", names(), in);
    Spec last = in.get(count - 1);
    Rules.require(
        !lengths() || last.dtype().indexes() && last.shape().equals(Shape.of(x.dim(1))),
        this,
        "lengths must be I32 or I64 [B]",
        names(),
        in);
  }

  /// Steps.
  default int steps(Call c) {
    return Math.toIntExact(c.inShape(first() + X).dim(0));
  }

  /// Rows.
  default int batch(Call c) {
    return Math.toIntExact(c.inShape(first() + X).dim(1));
  }

  /// Hidden units.
  default int units(Call c) {
    return Math.toIntExact(c.inShape(first() + X).dim(2)) / cell().gates();
  }

  /// Columns of `r`.
  default int width(Call c) {
    return Math.toIntExact(c.inShape(first() + R).dim(1));
  }

  /// The time of step `s` of `steps`.
  default int time(int s, int steps) {
    return reverse() ? steps - 1 - s : s;
  }

  /// Whether row `b` has a step at time `t`.
  default boolean active(Call c, int t, int b) {
    int at = first() + lengthsAt();
    return !lengths() || t < c.inSpec(at).dtype().readLong(c.in(at), b);
  }

  /// Whether the step of row `b` at time `t` reads the initial state.
  default boolean starts(Call c, int t, int b) {
    return reverse() ? t == steps(c) - 1 || !active(c, t + 1, b) : t == 0;
  }

  /// The time before `t`, which must not be a row's first.
  default int before(int t) {
    return reverse() ? t + 1 : t - 1;
  }

  /// Checks the lengths.
  ///
  /// @throws IllegalArgumentException unless all lengths lie in `[0, T]`
  default void checkLengths(Call c) {
    int at = first() + lengthsAt();
    for (int b = 0; lengths() && b < batch(c); b++) {
      long length = c.inSpec(at).dtype().readLong(c.in(at), b);
      if (length < 0 || length > steps(c)) {
        throw new IllegalArgumentException(
            "%s: lengths must lie in [0, %d]; got %d as element %d"
                .formatted(Rules.name(this), steps(c), length, b));
      }
    }
  }
}
