package dev.gatun.op.sequence.scan;

/// What [Mode#AUTO] decides by. Chunks cost a second pass over gates and states in cache; they pay
/// where channels are too few to be shared by threads, and steps many enough to be shared instead.
final class ScanCost {
  /// Fewer channels than these do not fill two vectors for each of two threads.
  static final long CHANNELS = 32;

  /// Some 20 us of one thread, several times what it takes to share them.
  static final long STEPS = 16_384;

  private ScanCost() {}
}
