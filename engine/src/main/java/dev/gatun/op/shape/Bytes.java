package dev.gatun.op.shape;

import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// Moves and fills of contiguous memory in blocks of 256 KiB, long enough for the system's own
/// copy.
final class Bytes {
  private static final long BLOCK = 1 << 18;

  private Bytes() {}

  static int blocks(long bytes) {
    return Math.toIntExact((bytes + BLOCK - 1) / BLOCK);
  }

  /// Copies a block of input 1 over input 0.
  static void assign(Call c, long phase, int block, int worker) {
    long at = block * BLOCK;
    MemorySegment.copy(c.in(1), at, c.in(0), at, Math.min(BLOCK, c.inSpec(0).bytes() - at));
  }

  /// Repeats the element in register 0, by doubling what is filled.
  static void fill(Call c, long phase, int block, int worker) {
    MemorySegment out = c.out(0);
    long at = block * BLOCK;
    long n = Math.min(BLOCK, c.outSpec(0).bytes() - at);
    int size = c.outSpec(0).dtype().bytes();
    c.set(0, at / size, Double.longBitsToDouble(c.registers()[0]));
    for (long done = size; done < n; done *= 2) {
      MemorySegment.copy(out, at, out, at + done, Math.min(done, n - done));
    }
  }
}
