package dev.gatun.op.random;

/// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy
/// as 1, 2, 3" (SC 2011): a keyed bijection of 128-bit counters, so that any number of a stream is
/// had without those before it.
///
/// Here the key is the seed (low word first) and the counter is `(block low, block high, stream,
/// 0)`, with stream 0 where none is named.
final class Philox {
  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;
  private static final int ROUNDS = 10;

  private Philox() {}

  /// Words 0 and 1 (`half` 0) or 2 and 3 (`half` 1) of block `block`, the first in the low half.
  static long words(long seed, long block, int half) {
    return words(seed, block, half, 0);
  }

  /// The same of stream `stream`.
  static long words(long seed, long block, int half, int stream) {
    int k0 = (int) seed;
    int k1 = (int) (seed >>> 32);
    int c0 = (int) block;
    int c1 = (int) (block >>> 32);
    int c2 = stream;
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

  /// Elements of a group of [#word].
  static final int GROUP = 64;

  /// One word for each element: element `64 g + 16 j + l` has word `j` of block `16 g + l`, so that
  /// vectors of any width work on neighbouring blocks and store neighbouring words.
  static int word(long seed, long element) {
    long block = element / GROUP * 16 + element % 16;
    int j = (int) (element % GROUP / 16);
    return (int) (words(seed, block, j >> 1) >>> 32 * (j & 1));
  }
}
