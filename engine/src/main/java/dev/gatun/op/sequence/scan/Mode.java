package dev.gatun.op.sequence.scan;

/// How a [Scan] goes through time on a CPU. Results are the same bits for any number of threads in
/// each mode, but differ between modes by rounding.
public enum Mode {
  /// One of the others, by a cost model of the shapes alone.
  AUTO,
  /// Step by step; threads share channels and sequences.
  SEQUENTIAL,
  /// In pieces of time that threads share: what each makes of its start, the starts from first to
  /// last, and the pieces once more. Work doubles, but for memory traffic.
  CHUNKED
}
