package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.LongVector;

/// Philox4x32-10 (Salmon et al., SC 2011) on the lanes of vectors. A lane of 64 bits holds one word
/// of 32, as products have 64; blocks of even number are one half of the state and those of odd
/// number the other, so that a shift and an or make neighbours of their words.
public final class PhiloxLanes {
  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final long W0 = 0x9E3779B9L;
  private static final long W1 = 0xBB67AE85L;
  private static final long LOW = 0xffffffffL;
  private static final int ROUNDS = 10;
  private static final int LANES = Lanes.I64.length();
  private static final LongVector EVEN = LongVector.zero(Lanes.I64).addIndex(2);

  /// Blocks of a group.
  private static final int BLOCKS = 16;

  private PhiloxLanes() {}

  /// The words of `groups` groups of 16 blocks from number `group` on, as 32-bit integers from byte
  /// offset `at` of `out`: of each group words 0 of its blocks, then words 1, 2 and 3.
  public static void fill(long seed, long group, int groups, MemorySegment out, long at) {
    for (int g = 0; g < groups; g++) {
      for (int l = 0; l < BLOCKS; l += 2 * LANES) {
        long block = (group + g) * BLOCKS + l;
        blocks(seed, block, out, at + (g * 4L * BLOCKS + l) * 4);
      }
    }
  }

  /// The blocks from number `first` on, as longs, for [#words].
  public static void count(long first, int n, MemorySegment out, long at) {
    out = Lanes.offHeap(out);
    LongVector block = LongVector.zero(Lanes.I64).addIndex(1).add(first);
    for (int i = 0; i < n; i += LANES) {
      block.intoMemorySegment(out, at + (long) i * 8, Lanes.ORDER);
      block = block.add(LANES);
    }
  }

  /// The words of `n` blocks, a multiple of 16, whose numbers are longs from byte offset `blocks`
  /// of `x` on: to byte offset `first` words 0 (low half) and 1 of each as a long, to `second`
  /// words 2 and 3.
  ///
  /// What stands in the upper halves of lanes between the rounds is of no account: products take
  /// the lower ones.
  public static void words(
      long seed, long stream, int n, MemorySegment x, long blocks, long first, long second) {
    x = Lanes.offHeap(x);
    LongVector m0 = LongVector.broadcast(Lanes.I64, M0).and(LOW);
    LongVector m1 = LongVector.broadcast(Lanes.I64, M1).and(LOW);
    long seed1 = seed >>> 32;
    for (int i = 0; i < n; i += 2 * LANES) {
      long at = (long) i * 8;
      LongVector a0 = LongVector.fromMemorySegment(Lanes.I64, x, blocks + at, Lanes.ORDER);
      LongVector b0 =
          LongVector.fromMemorySegment(Lanes.I64, x, blocks + at + LANES * 8L, Lanes.ORDER);
      LongVector a1 = a0.lanewise(LSHR, 32);
      LongVector b1 = b0.lanewise(LSHR, 32);
      LongVector a2 = LongVector.broadcast(Lanes.I64, stream);
      LongVector b2 = a2;
      LongVector a3 = LongVector.zero(Lanes.I64);
      LongVector b3 = a3;
      long k0 = seed;
      long k1 = seed1;
      for (int round = 0; round < ROUNDS; round++) {
        LongVector p = a0.and(LOW).mul(m0);
        LongVector q = a2.and(LOW).mul(m1);
        a0 = q.lanewise(LSHR, 32).lanewise(XOR, a1).lanewise(XOR, k0);
        a1 = q;
        a2 = p.lanewise(LSHR, 32).lanewise(XOR, a3).lanewise(XOR, k1);
        a3 = p;
        p = b0.and(LOW).mul(m0);
        q = b2.and(LOW).mul(m1);
        b0 = q.lanewise(LSHR, 32).lanewise(XOR, b1).lanewise(XOR, k0);
        b1 = q;
        b2 = p.lanewise(LSHR, 32).lanewise(XOR, b3).lanewise(XOR, k1);
        b3 = p;
        k0 += W0;
        k1 += W1;
      }
      long next = at + LANES * 8L;
      a0 = a0.and(LOW).or(a1.lanewise(LSHL, 32));
      a2 = a2.and(LOW).or(a3.lanewise(LSHL, 32));
      b0 = b0.and(LOW).or(b1.lanewise(LSHL, 32));
      b2 = b2.and(LOW).or(b3.lanewise(LSHL, 32));
      a0.intoMemorySegment(x, first + at, Lanes.ORDER);
      b0.intoMemorySegment(x, first + next, Lanes.ORDER);
      a2.intoMemorySegment(x, second + at, Lanes.ORDER);
      b2.intoMemorySegment(x, second + next, Lanes.ORDER);
    }
  }

  /// Words 0 to 3 of `2 LANES` blocks, which do not cross a multiple of 2^32, 64 bytes apart.
  private static void blocks(long seed, long block, MemorySegment out, long at) {
    out = Lanes.offHeap(out);
    long k0 = seed & LOW;
    long k1 = seed >>> 32;
    LongVector m0 = LongVector.broadcast(Lanes.I64, M0).and(LOW);
    LongVector m1 = LongVector.broadcast(Lanes.I64, M1).and(LOW);
    LongVector a0 = EVEN.add(block & LOW);
    LongVector b0 = a0.add(1);
    LongVector a1 = LongVector.broadcast(Lanes.I64, block >>> 32);
    LongVector b1 = a1;
    LongVector a2 = LongVector.zero(Lanes.I64);
    LongVector b2 = a2;
    LongVector a3 = a2;
    LongVector b3 = a2;
    for (int i = 0; i < ROUNDS; i++) {
      LongVector p = a0.and(LOW).mul(m0);
      LongVector q = a2.and(LOW).mul(m1);
      a0 = q.lanewise(LSHR, 32).lanewise(XOR, a1);
      a0 = a0.lanewise(XOR, k0);
      a1 = q.and(LOW);
      a2 = p.lanewise(LSHR, 32).lanewise(XOR, a3);
      a2 = a2.lanewise(XOR, k1);
      a3 = p.and(LOW);
      p = b0.and(LOW).mul(m0);
      q = b2.and(LOW).mul(m1);
      b0 = q.lanewise(LSHR, 32).lanewise(XOR, b1);
      b0 = b0.lanewise(XOR, k0);
      b1 = q.and(LOW);
      b2 = p.lanewise(LSHR, 32).lanewise(XOR, b3);
      b2 = b2.lanewise(XOR, k1);
      b3 = p.and(LOW);
      k0 = k0 + W0 & LOW;
      k1 = k1 + W1 & LOW;
    }
    a0.or(b0.lanewise(LSHL, 32)).intoMemorySegment(out, at, Lanes.ORDER);
    a1.or(b1.lanewise(LSHL, 32)).intoMemorySegment(out, at + 64, Lanes.ORDER);
    a2.or(b2.lanewise(LSHL, 32)).intoMemorySegment(out, at + 128, Lanes.ORDER);
    a3.or(b3.lanewise(LSHL, 32)).intoMemorySegment(out, at + 192, Lanes.ORDER);
  }
}
