package dev.gatun.op.random;

import dev.gatun.op.Call;

/// Scratch of a worker that makes numbers of whole blocks of the generator, a piece at a time. Free
/// of vector types, as the reference path asks for the size of scratch here.
final class Piece {
  /// Blocks whose numbers lie in the first-level cache at a time, a multiple of [#STEP].
  static final int BLOCKS = 512;

  /// What the vector forms take at a time, at any width.
  static final int STEP = 16;

  /// Numbers of blocks, in each of the parts that follow 8 bytes to a block.
  static final int NUMBERS = 0;

  /// Words 0 and 1.
  static final int FIRST = BLOCKS * 8;

  /// Words 2 and 3.
  static final int SECOND = 2 * BLOCKS * 8;

  /// Both in turn, or whatever else is to be stored; 16 bytes to a block.
  static final int RESULT = 3 * BLOCKS * 8;

  private static final int BYTES = 5 * BLOCKS * 8;

  private Piece() {}

  static long scratch(int workers) {
    return (long) BYTES * workers;
  }

  /// Byte offset of what worker `worker` has.
  static long at(int worker) {
    return (long) worker * BYTES;
  }

  /// The blocks of `n` elements, up to whole steps.
  static int blocks(int n, int perBlock) {
    return (n + perBlock * STEP - 1) / (perBlock * STEP) * STEP;
  }

  /// Elements from `at` on in one piece.
  static int elems(Call c, int block, long at, int perBlock) {
    return (int) Math.min((long) BLOCKS * perBlock, Random.end(c, block) - at);
  }
}
