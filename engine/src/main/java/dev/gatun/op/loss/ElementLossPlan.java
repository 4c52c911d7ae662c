package dev.gatun.op.loss;

import dev.gatun.tensor.Spec;

/// How the work of an [ElementLoss] is cut, as registers of its call. Free of vector types, as the
/// reference path asks for the size of scratch here.
final class ElementLossPlan {
  /// Elements of a block of work.
  static final int BLOCK = 16_384;

  /// Elements that go through all steps of a loss at a time, so that what lies between two steps
  /// stays in the first-level cache.
  static final int PIECE = 2048;

  /// Rows of a piece that each worker has: losses, two steps between, weight, parameter.
  static final int ROWS = 5;

  // Registers. Operands are numbered by input, -1 where there is none.
  static final int ELEMS = 0;
  static final int FIRST = 1;
  static final int EACH = 2;
  static final int WEIGHT = 3;
  static final int PARAMETER = 4;
  static final int SCALE = 5;

  private ElementLossPlan() {}

  static int blocks(long elems) {
    return Math.toIntExact((elems + BLOCK - 1) / BLOCK);
  }

  /// Byte offset in scratch of the blocks' sums, which are doubles; a row of the parameter lies
  /// before them.
  static long sums(int bytes) {
    return (long) PIECE * bytes;
  }

  /// Element number in scratch of the first row of worker `worker`.
  static long rows(int bytes, long elems, int worker) {
    long at = sums(bytes) + 8L * blocks(elems) + 63 & -64;
    return at / bytes + (long) ROWS * PIECE * worker;
  }

  static long scratch(Spec x, int workers) {
    return rows(x.dtype().bytes(), x.shape().elems(), workers) * x.dtype().bytes();
  }
}
