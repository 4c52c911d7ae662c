package dev.gatun.op.sequence.scan;

/// How a [Scan] goes through time on a CPU. Results are the same bits for any number of threads in
/// each mode.
public enum Mode {
  /// The results of [#SEQUENTIAL] to the last bit. Where there are more threads than channels to
  /// share and gates fade, threads share time as well: each guesses the state before its steps from
  /// the few thousand steps before, and what was guessed wrong is done again.
  AUTO,
  /// Step by step; threads share channels and sequences.
  SEQUENTIAL,
  /// In pieces of time that threads share: what each makes of its start, the starts from first to
  /// last, and the pieces once more. That is twice the work; it pays for many threads, few channels
  /// and gates that do not fade. Results differ from the others by rounding.
  CHUNKED
}
