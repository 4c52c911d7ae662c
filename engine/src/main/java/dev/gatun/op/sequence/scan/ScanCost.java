package dev.gatun.op.sequence.scan;

/// What [Mode#AUTO] decides by, in steps.
final class ScanCost {
  /// Steps before a run of them that a guess of its state comes from. Gates of 0.99 leave `2^-59`
  /// of what was before. A multiple of the steps of a piece.
  static final long WARM_UP = 4_096;

  /// Steps of a thread at least: a guess costs an eighth of them, and sharing them some 5 us.
  static final long LEAST = 8 * WARM_UP;

  private ScanCost() {}
}
