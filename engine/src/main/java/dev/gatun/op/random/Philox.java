package dev.gatun.op.random;

/// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy
/// as 1, 2, 3" (SC 2011): a keyed bijection of 128-bit counters, so that any number of a stream is
/// had without those before it.
///
/// Here the key is the seed (low word first) and the counter is `(block low, block high, 0, 0)`.
final class Philox {
  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;
  private static final int ROUNDS = 10;

  private Philox() {}

  /// Words 0 and 1 (`half` 0) or 2 and 3 (`half` 1) of block `block`, the first in the low half.
  static long words(long seed, long block, int half) {
    int k0 = (int) seed;
    int k1 = (int) (seed >>> 32);
    int c0 = (int) block;
    int c1 = (int) (block >>> 32);
    int c2 = 0;
    int c3 = 0;
    for (int i = 0; i < ROUNDS; i++) {
      long p0 = M0 * (c0 & 0xffffffffL);
      long p1 = M1 * (c2 & 0xffffffffL);
      int a = (int) (p1 >>> 32) ^ c1 ^ k0;
      int b = (int) (p0 >>> 32) ^ c3 ^ k1;
      c1 = (int) p1;
      c3 = (int) p0;
      c0 = a;
      c2 = b;
      k0 += W0;
      k1 += W1;
    }
    return half == 0 ? join(c0, c1) : join(c2, c3);
  }

  private static long join(int low, int high) {
    return low & 0xffffffffL | (long) high << 32;
  }
}
